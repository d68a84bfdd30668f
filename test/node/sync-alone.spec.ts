// child_process.spawnSync and its kin, where the whole process is at stake: its own standard streams, its
// limits, its threads.
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { installedApp, wayOf, type AppOptions } from '../support/apps';
import type { Output } from '../support/programs';
import { capability } from '../support/needs';
import { script } from '../support/programs';
import { describeThreeWays, type Subject } from '../support/three-ways';

const app = installedApp();

/** Runs a program that has a `childProcess`, to its end. */
function run(subject: Subject, source: string, options: AppOptions = {}): Promise<Output> {
  const { module, node, env } = wayOf(subject);
  const program = `const childProcess = require('${module}');\n${source}`;
  return app.run('alone.cjs', program, { ...options, node, env: { ...env, ...options.env } });
}

/** The JSON that it prints. */
async function tell(subject: Subject, source: string, options: AppOptions = {}): Promise<unknown> {
  const { stdout, ...end } = await run(subject, source, options);
  expect(end).toEqual({ stderr: '', exitCode: 0, signalCode: null });
  return JSON.parse(stdout);
}

describeThreeWays('a process that calls the synchronous family', (subject) => {
  it("shares its streams by stdio: 'inherit', or by their descriptors", async () => {
    const source = `
      const script = 'cat; echo out$0; echo err$0 >&2';
      const spawn = (stdio, i) => childProcess.spawnSync('sh', ['-c', script, i], { stdio });
      const results = [spawn('inherit', 1), spawn([0, 1, 2], 2)];
      results.push(spawn(['inherit', process.stdout, process.stderr], 3));
      results.push(spawn(['ignore', 2, 1], 4));
      const output = childProcess.execSync('echo out5', { stdio: 'inherit' });
      console.log(JSON.stringify([output, ...results.map(({ output }) => output)]));`;

    const { stdout, stderr, exitCode } = await run(subject(), source);

    const nothing = JSON.stringify([null, ...Array<null[]>(4).fill([null, null, null])]);
    expect(stdout).toBe(`out1\nout2\nout3\nerr4\nout5\n${nothing}\n`);
    expect([stderr, exitCode]).toEqual(['err1\nerr2\nerr3\nout4\n', 0]);
  });

  it('shares its standard input', async () => {
    const source = `
      const [first] = childProcess.spawnSync('cat', { stdio: 'inherit' }).output;
      console.log(childProcess.execSync('cat', { stdio: ['inherit', 'pipe'] }).toString());`;
    const through = ['sh', '-c', 'echo input | "$@"', 'sh'];

    expect(await run(subject(), source, { through })).toMatchObject({ stdout: 'input\n\n' });
  });

  it('shows what execSync and execFileSync hear on standard error, unless stdio is given', async () => {
    const source = `
      const { execFileSync, execSync } = childProcess;
      const script = (i) => 'echo err' + i + ' >&2; echo out';
      execSync(script(1));
      execFileSync('sh', ['-c', script(2)]);
      execSync(script(3), { stdio: 'pipe' });
      try {
        execSync(script(4) + '; exit 1');
      } catch ({ stderr, message }) {
        console.log(JSON.stringify([String(stderr), message]));
      }`;

    const { stdout, stderr } = await run(subject(), source);

    expect(stderr).toBe('err1\nerr2\nerr4\n');
    const message = 'Command failed: echo err4 >&2; echo out; exit 1\nerr4\n';
    expect(JSON.parse(stdout)).toEqual(['err4\n', message]);
  });

  it('is told EMFILE where it may have no more descriptors', async () => {
    const source = `
      const fs = require('node:fs');
      void process.stdout;
      const { spawnSync } = childProcess;
      const held = [];
      try {
        for (;;) held.push(fs.openSync('/dev/null'));
      } catch {}
      const told = () => {
        const { error, ...rest } = spawnSync('true', ['a'], { stdio: 'pipe', encoding: 'utf8' });
        return { error: { ...error }, ...rest, pid: undefined };
      };
      const none = told();
      for (const fd of held) fs.closeSync(fd);
      console.log(JSON.stringify([none, told()]));`;

    const told = await tell(subject(), source, { rlimits: { nofile: 64 } });

    const error = { code: 'EMFILE', errno: -constants.errno.EMFILE };
    const about = { syscall: 'spawnSync true', path: 'true', spawnargs: ['a'] };
    expect(told).toEqual([
      expect.objectContaining({
        error: { ...error, ...about },
        ...{ status: null, signal: null, output: null },
      }),
      { error: {}, status: 0, signal: null, output: [null, '', ''], stdout: '', stderr: '' },
    ]);
  });

  it('is told EAGAIN where its user may have no more processes', async () => {
    const source = `
      childProcess.spawnSync('true');
      process.setgid(65534);
      process.setuid(65534);
      const { error, ...rest } = childProcess.spawnSync('/bin/true', ['a']);
      console.log(JSON.stringify({ error, ...rest }));`;

    const told = await tell(subject(), source, { rlimits: { nproc: 1 } });

    expect(told).toMatchObject({
      error: { errno: -constants.errno.EAGAIN, code: 'EAGAIN', syscall: 'spawnSync /bin/true' },
      ...{ status: null, signal: null, output: null, pid: 0 },
    });
  });

  it('may be a Worker', async () => {
    const { module } = wayOf(subject());
    const worker = app.write(
      'worker.cjs',
      `const { execSync, execFileSync, spawnSync } = require('${module}');
      require('node:worker_threads').parentPort.postMessage([
        spawnSync('sh', ['-c', 'cat; exit 3'], { input: 'a', encoding: 'utf8' }).stdout,
        spawnSync('sh', ['-c', 'cat; exit 3'], { input: 'a' }).status,
        String(execSync('readlink /proc/self/fd/1')).replace(/:.*\\s/, ''),
        String(execFileSync('echo')),
      ]);`,
    );
    const source = `
      const { Worker } = require('node:worker_threads');
      const workers = [1, 2, 3].map(() => new Promise((resolve) => {
        new Worker(${JSON.stringify(worker)}).once('message', resolve);
      }));
      Promise.all(workers).then((all) => console.log(JSON.stringify(all)));`;

    const said = await tell(subject(), source);

    const kind = subject().reapedBy === undefined ? 'socket' : 'pipe';
    expect(said).toEqual(Array(3).fill(['a', 3, kind, '\n']));
  });

  it('may be a Worker that is terminated meanwhile, and leaves no child and no descriptor', async () => {
    const { module, ...way } = wayOf(subject());

    const left = await app.tell('sync-worker.cjs', readFileSync(script('sync-worker'), 'utf8'), {
      ...way,
      args: [module],
    });

    expect(left).toEqual({ gained: 0, children: 0 });
  });

  it('may ignore SIGCHLD', async () => {
    const source = `
      require(${JSON.stringify(script('lab'))}).load('sigchld');
      const results = [1, 2, 3].map((i) => childProcess.spawnSync('sh', ['-c', 'exit ' + i]));
      console.log(JSON.stringify(results.map(({ status, signal }) => [status, signal])));`;

    // Node.js puts its own handler there. Then it is the kernel that has to tell of what nobody waited for.
    const { reapedBy } = subject();
    const told = reapedBy !== 'waitid' || capability('PIDFD_INFO_EXIT').supported;
    for (const SIGCHLD of ['SIG_IGN', 'SA_NOCLDWAIT']) {
      expect(await tell(subject(), source, { env: { SIGCHLD } })).toEqual([
        ...[1, 2, 3].map((status) => [told ? status : null, null]),
      ]);
    }
  });

  it('hears nothing on its event loop until it is done', async () => {
    const source = `
      const heard = [];
      process.on('SIGCHLD', () => heard.push('SIGCHLD'));
      setImmediate(() => heard.push('immediate'));
      process.nextTick(() => heard.push('tick'));
      childProcess.spawnSync('sh', ['-c', 'cat; exit 3'], { input: 'a' });
      heard.push('done');
      setImmediate(() => console.log(JSON.stringify(heard.filter((it) => it !== 'SIGCHLD'))));`;

    expect(await tell(subject(), source)).toEqual(['done', 'tick', 'immediate']);
  });
});
