// What only the model can show: its programs as functions, streams in memory, and a world that a test can turn.
// That everything else is as on Linux is said by the suites of describeEachBackend.
// Long, because what the model has of its own is one subject to whoever tests with it.
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import {
  createAutoreap,
  modelBackend,
  modelKernel,
  type Autoreap,
  type Child,
} from '../../lib/index';
import { translation } from '../../lib/backend/model-numbers';
import { ModelKernel, signals, type AbiName, type Program } from '../../lib/model';
import { outputOf, tell } from '../support/programs';

const forever = (): Promise<never> => new Promise(() => {});

/** A machine with one program, `worker`, and the library on it. */
function machine(
  program?: Program,
  { abi = 'linux-7.1' }: { readonly abi?: AbiName } = {},
): Autoreap & { readonly kernel: ModelKernel; readonly backend: ReturnType<typeof modelBackend> } {
  const kernel = new ModelKernel({ abi });
  kernel.install('/bin/worker', { program });
  const backend = modelBackend(kernel);
  return { ...createAutoreap({ backend }), kernel, backend };
}

const closed = (child: Child): Promise<unknown> => once(child, 'close');

const codeOf = (code: string): Error => expect.objectContaining({ code }) as Error;

describe('a program of the model', () => {
  it('exits with what it returns, and else with 0', async () => {
    for (const [returned, exitCode] of [
      [3, 3],
      [Promise.resolve(4), 4],
      [undefined, 0],
      [256, 0],
    ] as const) {
      const { run } = machine(() => returned);

      expect(await run('worker', { reject: false })).toMatchObject({ exitCode });
    }
  });

  it('exits with 1 when it throws, its stack on stderr', async () => {
    for (const program of [
      () => {
        throw new Error('one day');
      },
      () => Promise.reject(new Error('one day')),
    ]) {
      const { run } = machine(program);

      const { exitCode, stderr } = await run('worker', { reject: false });

      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^Error: one day\n +at /);
    }
  });

  it('has what it was started with', async () => {
    const { run } = machine(({ argv, env, cwd, umask, nice, gid, groups, stdout }) => {
      stdout.write(JSON.stringify({ argv, env, cwd, umask, nice, gid, groups }));
    });
    const env = { A: '1', PATH: '/bin' };
    const more = { umask: 0o77, nice: 5, gid: 7, groups: [1, 2] };

    const { stdout } = await run('worker', ['a', 'b'], { cwd: '/tmp', env, ...more });

    expect(JSON.parse(stdout)).toEqual({ argv: ['worker', 'a', 'b'], cwd: '/tmp', env, ...more });
  });

  it('has begun in a later turn than its spawn', async () => {
    let began = false;
    const { spawn } = machine(() => void (began = true));

    const child = spawn('worker');

    expect(began).toBe(false);
    await closed(child);
    expect(began).toBe(true);
  });

  it('never begins when it is killed before', async () => {
    let began = false;
    const { spawn } = machine(() => void (began = true));
    const child = spawn('worker');
    const ended = outputOf(child);

    child.kill('SIGKILL');

    expect((await ended).signalCode).toBe('SIGKILL');
    expect(began).toBe(false);
  });

  it('exits where it says so, with all that it has written, and does nothing after that', async () => {
    const written = 'x'.repeat(1 << 20);
    const { run, kernel } = machine(async (process) => {
      process.stdout.write(written);
      process.exit(5);
      process.exit(6);
      process.stdout.write('more');
      expect(process.kill(1, 'SIGTERM')).toBe(false);
      expect(process.spawn('/bin/worker').pid).toBe(0);
      await forever();
    });

    const { exitCode, stdout } = await run('worker', { reject: false });

    expect({ exitCode, stdout: stdout === written }).toEqual({ exitCode: 5, stdout: true });
    expect(kernel.processes()).toHaveLength(2);
  });

  it('hears that it was killed, and its streams are at their end', async () => {
    const heard: unknown[] = [];
    const { spawn } = machine(async ({ signal, stdin, stdout }) => {
      signal.addEventListener('abort', () => heard.push('abort', stdout.destroyed));
      stdout.write('ready');
      await text(stdin).catch((error: unknown) => heard.push((error as { code: string }).code));
      stdout.write('unheard');
    });
    const child = spawn('worker');
    const ended = outputOf(child);
    child.stdout.once('data', () => child.kill('SIGKILL'));

    expect(await ended).toMatchObject({ stdout: 'ready', signalCode: 'SIGKILL' });
    expect([...heard].sort()).toEqual(['ERR_STREAM_PREMATURE_CLOSE', 'abort', true]);
  });

  it('catches the signals that it listens to, and ignores those that it ignores', async () => {
    const { spawn } = machine(async (process) => {
      const asked = new Promise<string>((resolve) => process.on('SIGTERM', resolve));
      process.ignore('SIGINT').stdout.write('ready');
      process.stdout.write(await asked);
      return 9;
    });
    const child = spawn('worker');
    const ended = outputOf(child);
    child.stdout.once('data', () => {
      child.kill('SIGINT');
      child.kill('SIGTERM');
    });

    expect(await ended).toMatchObject({ stdout: 'readySIGTERM', exitCode: 9 });
    const { run } = machine((process) => void process.on('SIGNONE', () => {}));
    expect((await run('worker', { reject: false })).stderr).toContain('Unknown signal: SIGNONE');
    const { run: runOther } = machine((process) => void process.ignore('SIGKILL'));
    expect((await runOther('worker', { reject: false })).stderr).toMatch(
      /rt_sigaction EINVAL: SIGKILL cannot be caught or ignored/,
    );
  });

  it('makes no system call while it is stopped, not even its exit', async () => {
    let goOn!: () => void;
    const { spawn, kernel } = machine(async ({ stdout }) => {
      stdout.write('ready');
      await new Promise<void>((resolve) => (goOn = resolve));
      return 7;
    });
    const child = spawn('worker');
    const ended = outputOf(child);
    await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    goOn();
    await new Promise(setImmediate);
    expect(kernel.task(child.pid!)!.state).toBe('T');

    child.kill('SIGCONT');

    expect((await ended).exitCode).toBe(7);
  });

  it('has children, and hears how they end', async () => {
    const { run, kernel } = machine(async (process) => {
      const [, word, signal] = process.argv;
      if (word === 'child') {
        if (signal !== undefined) process.kill(process.pid, signal);
        process.stdout.write(`child of ${process.ppid}, `);
        return 4;
      }
      const one = process.spawn('/bin/worker', ['child']);
      const other = process.spawn('/bin/worker', ['child', 'SIGKILL'], { detached: true });
      expect(() => process.spawn('/bin/nothing')).toThrow('spawn /bin/nothing ENOENT');
      const ends = await Promise.all([one.ended, other.ended]);
      process.stdout.write(`${process.pid}: ${JSON.stringify(ends)}`);
      return 0;
    });

    const { stdout, pid = 0 } = await run('worker');

    expect(stdout).toBe(
      `child of ${pid}, ${pid}: ` +
        '[{"exitCode":4,"signalCode":null},{"exitCode":null,"signalCode":"SIGKILL"}]',
    );
    expect(kernel.processes()).toHaveLength(2);
  });

  it('may be none at all: then a test is the process', async () => {
    const { spawn, kernel } = machine();
    const child = spawn('worker', { stdio: 'ignore' });

    kernel.task(child.pid!)!.exitGroup(6);

    expect(await child.exited).toMatchObject({ exitCode: 6 });
  });
});

describe('the streams of the model', () => {
  it('are our own where they are inherited', async () => {
    const { spawn } = machine(async ({ stdin, stdout, stderr }) => {
      stdout.write(`out${await text(stdin)}`);
      stderr.write('err');
    });
    const said: string[] = [];
    const spies = (['stdout', 'stderr'] as const).map((name) =>
      jest.spyOn(process[name], 'write').mockImplementation((data) => {
        said.push(`${name} ${String(data)}`);
        return true;
      }),
    );

    await closed(spawn('worker', { stdio: 'inherit' }));
    for (const spy of spies) spy.mockRestore();

    expect(said).toEqual(['stdout out', 'stderr err']);
  });

  it('are no real descriptors, and no channel', () => {
    const { spawn, kernel } = machine();
    const fd = openSync('/dev/null', 'r');
    try {
      expect(() => spawn('worker', { stdio: ['ignore', fd, 'ignore'] })).toThrow(
        codeOf('ERR_AUTOREAP_UNSUPPORTED'),
      );
      expect(() => spawn('worker', { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] })).toThrow(
        /stdio\[3\]: 'ipc' needs a real process.*'pipe'/,
      );
    } finally {
      closeSync(fd);
    }
    expect(kernel.processes()).toHaveLength(2);
  });
});

describe('this process in the model', () => {
  it('is a node, whose thread reaps at once', () => {
    const { spawn, kernel, backend } = machine(undefined, { abi: 'linux-6.18' });
    const child = spawn('worker', { stdio: 'ignore' });
    child.unref();
    expect(kernel.tree()).toContain('\\_ worker');

    child.kill('SIGKILL');

    expect(kernel.tree()).not.toContain('worker');
    expect(kernel.task(backend.self.pid)).toBe(backend.self);
  });

  it.each<[AbiName, string, string]>([
    ['linux-7.1', 'kernel', 'kernel'],
    ['linux-6.18', 'waitid', 'pdeathsig'],
    ['autoreap-v2', 'kernel', 'pdeathsig'],
  ])('can do on %s what that can do', async (abi, reapedBy, autokill) => {
    const { support, run } = machine(() => 0, { abi });

    expect(support()).toMatchObject({
      backend: 'model',
      kernel: `model of ${abi}`,
      reapedBy,
      guarantees: { autokill, statusSafe: true, noSigchld: reapedBy === 'kernel' },
    });
    expect((await run('worker')).reapedBy).toBe('model');
  });

  it.each<AbiName>(['clone4-2015', 'linux-2.4'])('is not on %s, from before pidfds', (abi) => {
    expect(() => modelBackend(new ModelKernel({ abi }))).toThrow(
      expect.objectContaining({
        code: 'ERR_AUTOREAP_UNSUPPORTED',
        capability: 'pidfd_open',
      }) as Error,
    );
  });

  it('can die there, and then its autokill children do, and the others live', async () => {
    for (const abi of ['linux-7.1', 'linux-6.18'] as const) {
      const { spawn, kernel, backend } = machine(undefined, { abi });
      const mortal = spawn('worker', { stdio: 'ignore', autokill: true });
      const other = spawn('worker', { stdio: 'ignore' });

      kernel.init.kill(backend.self.pid, signals.SIGKILL);

      expect(kernel.processes().map(({ pid }) => pid)).toEqual([1, other.pid]);
      // Nobody is there to be told, and nobody waits for ever.
      expect(await mortal.exited).toMatchObject({ statusLost: true, statusLostCode: 'ESRCH' });
      await other.exited;
    }
  });

  it('inherits the orphans of its tree if it is a subreaper, and else init does', () => {
    for (const enabled of [true, false]) {
      const { spawn, kernel, backend, subreaper } = machine();
      if (enabled) subreaper.enable();
      const child = spawn('worker', { stdio: 'ignore' });
      child.unref();
      const orphan = kernel.task(kernel.task(child.pid!)!.fork())!;

      child.kill('SIGKILL');

      expect(orphan.getppid()).toBe(enabled ? backend.self.pid : 1);
      expect(kernel.processes()).toHaveLength(3);
    }
  });

  it('may do what its user may', async () => {
    const kernel = new ModelKernel();
    const program: Program = ({ task }) => task.getuid();
    kernel.install('/bin/worker', { program });
    const backend = modelBackend(kernel, { uid: 12, cwd: '/home/us', folders: ['/srv'] });
    const { run } = createAutoreap({ backend });
    const options = { reject: false, env: { PATH: '/bin' } } as const;

    expect((await run('worker', options)).exitCode).toBe(12);
    for (const [refused, step, code] of [
      [{ uid: 13 }, 'setuid', 'EPERM'],
      [{ gid: 13 }, 'setgid', 'EPERM'],
      [{ groups: [13] }, 'setgroups', 'EPERM'],
      [{ nice: -1 }, 'setpriority', 'EACCES'],
      [{ cwd: '/var' }, 'chdir', 'ENOENT'],
    ] as const) {
      expect((await run('worker', { ...options, ...refused })).cause).toMatchObject({ step, code });
    }
    expect((await run('worker', { ...options, cwd: '/srv' })).exitCode).toBe(12);
    await expect(async () => run('worker', { cgroup: '/sys/fs/cgroup' })).rejects.toThrow(
      codeOf('ERR_AUTOREAP_UNSUPPORTED'),
    );
  });

  it('says of what is not there how it would be', async () => {
    const { run, kernel } = machine(() => 0);
    const said = async (file: string, options: object = {}): Promise<string> => {
      const { cause, stderr } = await run(file, { reject: false, ...options });
      return (cause as Error | undefined)?.message ?? stderr;
    };

    expect(await said('/bin/nothing')).toMatch(
      /^spawn .* ENOENT: no such program in the model.*install/,
    );
    expect(await said('/bin')).toMatch(/^spawn .* EACCES: it is a folder of the model/);
    expect(await said('worker', { cwd: '/var' })).toMatch(
      /chdir: no folder `cwd` in .*kernel\.mkdir/,
    );
    expect(await said('/usr/bin/node')).toMatch(/^This is a model, without Node\.js/);
    kernel.pidsMax = 3;
    expect(await said('worker')).toMatch(/EAGAIN: clone: no room .* in the model/);
  });

  it('runs out of processes where there may be no more', async () => {
    const { run, kernel } = machine(() => 0);
    kernel.pidsMax = 3;

    expect((await run('worker', { reject: false })).cause).toMatchObject({
      code: 'EAGAIN',
      step: 'clone',
    });
  });

  it('speaks the numbers of the platform that it runs on', () => {
    const mac = { SIGUSR1: 30, SIGCHLD: 20, SIGSTOP: 17, SIGKILL: 9, SIGINFO: 29 };
    const toMac = translation(signals, mac);
    const toLinux = translation(mac, signals);

    expect([10, 17, 19, 9, 0, 64].map(toMac)).toEqual([30, 20, 17, 9, 0, 64]);
    expect([30, 20, 17, 9, 0].map(toLinux)).toEqual([10, 17, 19, 9, 0]);
  });
});

describe('AUTOREAP_BACKEND=model', () => {
  const env = { ...process.env, AUTOREAP_BACKEND: 'model', AUTOREAP_ADDON: '/nonexistent' };

  it('is what the package runs on, without its addon; child_process is not', async () => {
    expect(await tell('on-model', ['tell'], { env })).toEqual({
      run: { isExpected: true, exitCode: 3, reapedBy: 'model' },
      support: { backend: 'model', addon: false, name: 'model of linux-7.1' },
      subreaper: true,
      init: true,
      left: ['init', 'node'],
      dropIn: { exitCode: 0, reapedBy: 'libuv' },
    });
  });

  it.each([
    ['keeps a process for its child', 'stay', { code: 5 }],
    ['lets a process go whose child is unreferenced', 'leave', { code: 'none' }],
  ])('%s', async (_title, how, told) => {
    expect(await tell('on-model', [how], { env })).toEqual(told);
  });

  it('is what modelKernel() is for', () => {
    expect(() => modelKernel()).toThrow(codeOf('ERR_AUTOREAP_UNSUPPORTED'));
  });
});
