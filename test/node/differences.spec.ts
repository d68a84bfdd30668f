// Where spawn, exec, execFile and fork are not as Node's own, on purpose; each with its reason. Everything
// else is in the other files of this folder, for all three.
import { answerOf } from '../support/answers';
import { installedApp } from '../support/apps';
import { lifeOf } from '../support/lives';
import { capability } from '../support/needs';
import { script } from '../support/programs';
import { describeEachReaper } from '../support/reapers';
import { describeThreeWays } from '../support/three-ways';

const app = installedApp();

describeThreeWays('a child of spawn', (subject) => {
  const isNode = (): boolean => subject().reapedBy === undefined;
  const sh = (commands: string) => subject().cp.spawn('sh', ['-c', commands]);

  // A child then opens /dev/stdin, /dev/stdout and /dev/fd/N, which are no files where they are sockets.
  it('has real pipes for 0 to 2, and sockets from 3 on, which carry both ways', async () => {
    const kinds = 'for i in 0 1 2 3; do readlink /proc/$$/fd/$i; done | sed s/:.*//';

    const child = subject().cp.spawn('sh', ['-c', kinds], { stdio: Array<'pipe'>(4).fill('pipe') });

    const kind = isNode() ? 'socket\n' : 'pipe\n';
    expect((await lifeOf(child)).output[1]).toBe(`${kind.repeat(3)}socket\n`);
  });

  it('can open /dev/stdin', async () => {
    const child = subject().cp.spawn('cat', ['/dev/stdin']);
    const life = lifeOf(child);
    child.stdin.on('error', () => undefined).end('in');

    const { output, closed } = await life;

    expect([output[1], closed.exitCode]).toEqual(isNode() ? ['', 1] : ['in', 0]);
  });

  it.each(['/dev/stdout', '/dev/fd/1'])('can open %s', async (path) => {
    const { output, closed } = await lifeOf(sh(`{ echo out >${path}; } 2>/dev/null`));

    expect([output[1], closed.exitCode === 0]).toEqual(isNode() ? ['', false] : ['out\n', true]);
  });

  // What is read from is not written to: that a socket is both has no reader in Node.js either.
  it('cannot write to its standard input', async () => {
    const { closed } = await lifeOf(sh('{ echo a >&0; } 2>/dev/null'));

    expect(closed.exitCode === 0).toBe(isNode());
  });

  // It has a name. Node.js knows none above 31 and says that the child has ended well, with 0.
  it.each([
    ['-40', 'SIGRTMIN+6'],
    ['-34', 'SIGRTMIN'],
    ['-64', 'SIGRTMIN+30'],
  ])('was killed by what `kill %s` sends: %s', async (signal, name) => {
    const { events, closed } = await lifeOf(sh(`kill ${signal} $$`));

    const how = isNode() ? [0, null] : [null, name];
    expect(events).toEqual([['spawn'], ['exit', ...how], ['close', ...how]]);
    expect([closed.exitCode, closed.signalCode]).toEqual(how);
  });

  it('fails for the callback of exec where such a signal has killed it', async () => {
    const { error } = await answerOf((callback) => subject().cp.exec('kill -40 $$', callback));

    if (isNode()) expect(error).toBeNull();
    else expect(error).toMatchObject({ code: null, signal: 'SIGRTMIN+6' });
  });

  // Nothing that lists, copies or compares a child sees them.
  it('has a pidfd, a reaper and a promise of its end, and no new key', async () => {
    const child = subject().cp.spawn('sh', ['-c', 'exit 3'], { stdio: 'ignore' });
    const has = ['pidfd', 'reapedBy', 'exited'].map((name) => name in child);
    const { closed } = await lifeOf(child);

    expect(has).toEqual(Array(3).fill(!isNode()));
    expect(closed.keys).not.toEqual(expect.arrayContaining(['pidfd']));
    if (isNode()) return;
    const { exited, pid } = child as unknown as { exited: Promise<object>; pid: number };
    expect(await exited).toMatchObject({ pid, exitCode: 3, signalCode: null, statusLost: false });
  });

  // The event stays Node's own, word for word; what it does not say is in the rejection.
  it('says by `exited` at which step its birth failed', async () => {
    const child = subject().cp.spawn('true', { cwd: '/no/such', stdio: 'ignore' });
    const { exited } = child as unknown as { exited: Promise<unknown> | undefined };
    const { events } = await lifeOf(child);

    const error = { code: 'ENOENT', message: 'spawn true ENOENT' };
    expect(events[0]).toEqual(['error', expect.objectContaining(error)]);
    expect(events[0]![1]).not.toHaveProperty('step');
    if (isNode()) expect(exited).toBeUndefined();
    else await expect(exited).rejects.toMatchObject({ code: 'ENOENT', step: 'chdir' });
  });
});

// Node's own never emits 'exit'.
describeEachReaper('a child whose status others take', ({ name, options: { autoreap } }) => {
  const kept = name === 'kernel' || capability('PIDFD_INFO_EXIT').supported;

  it(kept ? 'ends as it did, all the same' : 'ends, and says if the status is lost', async () => {
    const source = `
      const { exec, spawn } = require('autoreap/child_process');
      require(${JSON.stringify(script('lab'))}).load('thief');
      const ends = ['exit 0', 'exit 3', 'kill -9 $$', 'echo out; exit 255'].map((it) => {
        const child = spawn('sh', ['-c', it], { stdio: 'ignore' });
        return new Promise((resolve) => child.once('close', (code, signal) => {
          child.exited.then(({ statusLost }) => resolve(statusLost ? 'lost' : code ?? signal));
        }));
      });
      ends.push(new Promise((resolve) => {
        const child = exec('exit 4', (error) => {
          child.exited.then(({ statusLost }) => resolve(statusLost ? 'lost' : error?.code));
        });
      }));
      Promise.all(ends).then((all) => console.log(JSON.stringify(all)));`;

    const seen = await app.tell<unknown[]>('thief.cjs', source, {
      env: { AUTOREAP: autoreap, THIEF_FD: '3' },
      through: ['sh', '-c', 'exec "$@" 3>/dev/null', 'sh'],
    });

    const due = [0, 3, 'SIGKILL', 255, 4];
    expect(seen).toEqual(due.map((it, i) => (kept || seen[i] !== 'lost' ? it : 'lost')));
  });
});

describeEachReaper('a spawn that runs out of descriptors', ({ options: { autoreap } }) => {
  // Node's own may leave open what it had opened by then.
  it('leaves none open', async () => {
    const source = `
      const fs = require('node:fs');
      const { spawn } = require('autoreap/child_process');
      void process.stdout;
      const attempt = (stdio) => new Promise((resolve) => {
        let code = 'born';
        const child = spawn('true', { stdio });
        child.on('error', (error) => (code = error.code));
        child.on('close', () => setImmediate(resolve, code));
        for (const stream of child.stdio ?? []) stream?.resume?.();
      });
      const open = () => Array.from({ length: 64 }, (_, fd) => {
        try { return fs.fstatSync(fd).ino > 0; } catch { return false; }
      }).filter(Boolean).length;
      (async () => {
        await attempt('pipe');
        const held = [];
        try {
          for (;;) held.push(fs.openSync('/dev/null'));
        } catch {}
        const steps = [];
        while (held.length > 0) {
          const before = open();
          const code = await attempt(Array(4).fill('pipe'));
          steps.push([code, open() - before]);
          fs.closeSync(held.pop());
        }
        console.log(JSON.stringify(steps));
      })();`;
    const env = { AUTOREAP: autoreap };

    const steps = await app.tell<unknown[][]>('few.cjs', source, { env, rlimits: { nofile: 64 } });

    const failed = steps.filter(([code]) => code === 'EMFILE').length;
    expect(steps).toEqual(steps.map((_, i) => [i < failed ? 'EMFILE' : 'born', 0]));
    expect(failed).toBeGreaterThan(3);
    expect(failed).toBeLessThan(20);
  });
});
