// Where our synchronous family is not as Node's own, on purpose; each with its reason. Everything else is
// in the other files of this folder, for all three.
import { installedApp, type AppOptions } from '../support/apps';
import { capability } from '../support/needs';
import { script } from '../support/programs';
import { describeEachReaper } from '../support/reapers';
import { describeThreeWays, type ChildProcessApi } from '../support/three-ways';

const app = installedApp();

/** Runs a program that has our `childProcess`; the JSON that it prints. */
function tell<T>(AUTOREAP: string, source: string, options: AppOptions = {}): Promise<T> {
  const program = `const childProcess = require('autoreap/child_process');\n${source}`;
  return app.tell<T>('ours.cjs', program, { ...options, env: { AUTOREAP, ...options.env } });
}

describeThreeWays('spawnSync', (subject) => {
  const isNode = (): boolean => subject().reapedBy === undefined;

  // A child then opens /dev/stdin, /dev/stdout and /dev/fd/N, which are no files where they are sockets.
  it('gives its child real pipes for 0 to 2', () => {
    const kinds = 'for i in 0 1 2; do readlink /proc/$$/fd/$i; done | sed s/:.*//';

    const { stdout } = subject().cp.spawnSync('sh', ['-c', kinds], { encoding: 'utf8' });

    expect(stdout).toBe((isNode() ? 'socket\n' : 'pipe\n').repeat(3));
  });

  it('lets its child open /dev/stdin', () => {
    const options = { input: 'a', encoding: 'utf8' } as const;

    const { stdout, status } = subject().cp.spawnSync('cat', ['/dev/stdin'], options);

    expect([stdout, status]).toEqual(isNode() ? ['', 1] : ['a', 0]);
  });

  // It has a name; Node.js knows none above 31, and says ''.
  it('names a real-time signal that killed its child', () => {
    const { status, signal } = subject().cp.spawnSync('sh', ['-c', 'kill -40 $$']);

    expect([status, signal]).toEqual([null, isNode() ? '' : 'SIGRTMIN+6']);
  });

  it('names it in what execSync throws', () => {
    expect(signalOf(subject().cp, 'kill -40 $$')).toBe(isNode() ? '' : 'SIGRTMIN+6');
  });
});

function signalOf(cp: ChildProcessApi, command: string): unknown {
  try {
    return cp.execSync(command, { stdio: 'ignore' });
  } catch (error) {
    return (error as { signal: unknown }).signal;
  }
}

// On Linux it is a pipe, as for spawn. Node's own ends the whole process, by an assertion.
describeEachReaper("the stdio kind 'overlapped' of spawnSync", ({ options: { autoreap } }) => {
  const source = (module: string): string => `
    const stdio = ['overlapped', 'overlapped', 'pipe'];
    const { output } = require('${module}').spawnSync('cat', { stdio, input: 'a' });
    console.log(JSON.stringify(output.map((it) => it && String(it))));`;

  it('is a pipe', async () => {
    const env = { AUTOREAP: autoreap };

    const output = await app.tell('pipe.cjs', source('autoreap/child_process'), { env });

    expect(output).toEqual([null, 'a', '']);
  });

  it('is the end of a process that leaves it to Node.js', async () => {
    const end = await app.run('abort.cjs', source('node:child_process'), { rlimits: { core: 0 } });

    expect(end).toMatchObject({ stdout: '', exitCode: null, signalCode: 'SIGABRT' });
  });
});

describeEachReaper('a spawnSync that runs out of descriptors', ({ options: { autoreap } }) => {
  // Node's own leaves open what it had opened by then (seen on 20 to 26).
  it('leaves none open', async () => {
    const source = `
      const fs = require('node:fs');
      void process.stdout;
      childProcess.spawnSync('true');
      const open = () => Array.from({ length: 64 }, (_, fd) => {
        try { return fs.fstatSync(fd).ino > 0; } catch { return false; }
      }).filter(Boolean).length;
      const held = [];
      try {
        for (;;) held.push(fs.openSync('/dev/null'));
      } catch {}
      const steps = [];
      while (held.length > 0) {
        const before = open();
        const { error } = childProcess.spawnSync('true', { stdio: Array(4).fill('pipe') });
        steps.push([error?.code ?? 'born', open() - before]);
        fs.closeSync(held.pop());
      }
      console.log(JSON.stringify(steps));`;

    const steps = await tell<[string, number][]>(autoreap, source, { rlimits: { nofile: 64 } });

    const failed = steps.filter(([code]) => code === 'EMFILE').length;
    expect(steps).toEqual(steps.map((_, i) => [i < failed ? 'EMFILE' : 'born', 0]));
    expect(failed).toBeGreaterThan(3);
    expect(failed).toBeLessThan(20);
  });
});

// Node's own never returns.
describeEachReaper('a spawnSync whose status others take', ({ name, options: { autoreap } }) => {
  const kept = name === 'kernel' || capability('PIDFD_INFO_EXIT').supported;

  it(`returns ${kept ? 'it all the same' : 'and says if it is lost'}`, async () => {
    const source = `
      require(${JSON.stringify(script('lab'))}).load('thief');
      const scripts = ['exit 0', 'exit 3', 'kill -9 $$', 'echo out; exit 255'];
      const results = scripts.map((it) => childProcess.spawnSync('sh', ['-c', it]));
      console.log(JSON.stringify(results.map(({ status, signal, error }) => {
        return error ? error.code : status ?? signal;
      })));`;

    const seen = await tell<unknown[]>(autoreap, source, {
      env: { THIEF_FD: '3' },
      through: ['sh', '-c', 'exec "$@" 3>/dev/null', 'sh'],
    });

    const due = [0, 3, 'SIGKILL', 255];
    expect(seen).toEqual(due.map((it, i) => (kept || seen[i] !== 'ESRCH' ? it : 'ESRCH')));
  });
});
