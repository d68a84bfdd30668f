// What can go wrong on the model that a kernel would not let happen: all of this runs in one thread, so that who is
// stopped or dead there may go on here. Long, as there is a test for each moment at which that can happen.
import childProcess from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Pidfd, createAutoreap, modelBackend, type Autoreap, type Child } from '../../lib/index';
import { ModelKernel, signals, type AbiName, type Program } from '../../lib/model';

const { SIGCONT, SIGKILL, SIGSTOP } = signals;
const ABIS: readonly AbiName[] = ['linux-7.1', 'linux-6.18'];

type Machine = Autoreap & {
  readonly kernel: ModelKernel;
  readonly backend: ReturnType<typeof modelBackend>;
};

function machine(program?: Program, abi: AbiName = 'linux-7.1'): Machine {
  const kernel = new ModelKernel({ abi });
  kernel.install('/bin/worker', { program });
  kernel.install('/bin/idle');
  const backend = modelBackend(kernel);
  return { ...createAutoreap({ backend }), kernel, backend };
}

const codeOf = (code: string): Error => expect.objectContaining({ code }) as Error;

const forever = (): Promise<never> => new Promise(() => {});

/** A child whose program has begun, and what that was given. */
async function begun({ abi }: { readonly abi?: AbiName } = {}): Promise<
  Machine & { child: Child; inside: Parameters<Program>[0] }
> {
  let begin!: (process: Parameters<Program>[0]) => void;
  const began = new Promise<Parameters<Program>[0]>((resolve) => (begin = resolve));
  const all = machine((process) => {
    begin(process);
    return forever();
  }, abi);
  const child = all.spawn('worker', { stdio: 'ignore' });
  return { ...all, child, inside: await began };
}

describe('a program that is stopped', () => {
  it('sends its signals, catches and ignores when it goes on', async () => {
    const { child, inside, kernel, spawn } = await begun();
    const other = spawn('idle', { stdio: 'ignore' });
    child.kill(SIGSTOP);
    const heard = new Promise((resolve) => inside.on('SIGTERM', resolve));

    expect(inside.kill(other.pid!)).toBe(true);
    inside.ignore('SIGHUP');
    expect(kernel.task(other.pid!)!.state).toBe('R');
    child.kill('SIGHUP');
    child.kill(SIGCONT); // SIGHUP comes first, and kills: it was not ignored when it was sent.

    expect((await child.exited).signalCode).toBe('SIGHUP');
    expect(kernel.task(other.pid!)!.state).toBe('R');
    other.kill('SIGKILL');
    await other.exited;
    void heard;
  });

  it('does then what it has called meanwhile, in that order', async () => {
    const { child, inside, spawn } = await begun();
    const other = spawn('idle', { stdio: 'ignore' });
    child.kill(SIGSTOP);
    const heard = new Promise((resolve) => inside.on('SIGTERM', resolve));
    inside.kill(other.pid!, 'SIGINT');
    inside.kill(inside.pid, 'SIGTERM');

    child.kill(SIGCONT);

    expect((await other.exited).signalCode).toBe('SIGINT');
    expect(await heard).toBe('SIGTERM');
    child.kill('SIGKILL');
    await child.exited;
  });

  it('cannot have a child: nobody could wait for its number', async () => {
    const { child, inside } = await begun();
    child.kill(SIGSTOP);

    expect(() => inside.spawn('/bin/idle')).toThrow(
      expect.objectContaining({
        code: 'EINTR',
        message: expect.stringMatching(/^spawn \/bin\/idle EINTR: .* is stopped/) as string,
      }) as Error,
    );
    child.kill('SIGKILL');
    await child.exited;
  });

  it.each(ABIS)('hears of a child that has ended meanwhile (%s)', async (abi) => {
    const { child, inside, kernel } = await begun({ abi });
    const { pid, ended } = inside.spawn('/bin/idle');
    child.kill(SIGSTOP);
    kernel.init.kill(pid, SIGKILL);

    child.kill(SIGCONT);

    expect(await ended).toEqual({ exitCode: null, signalCode: 'SIGKILL' });
    child.kill('SIGKILL');
    await child.exited;
  });
});

describe('a program that is dead', () => {
  it('does nothing, and throws nothing, whatever it calls', async () => {
    const { child, inside, kernel } = await begun();
    child.kill('SIGKILL');
    const before = kernel.history.length;

    expect(inside.kill(1)).toBe(false);
    expect(inside.on('SIGTERM', () => undefined).ignore('SIGHUP')).toBe(inside);
    expect(inside.spawn('/bin/idle').pid).toBe(0);
    inside.exit(3);

    expect(kernel.history).toHaveLength(before);
    expect((await child.exited).signalCode).toBe('SIGKILL');
  });
});

describe('a program', () => {
  it('that is dead and writes on and on does not keep the event loop', async () => {
    const { spawn } = machine(async ({ stdout }) => {
      for (;;) await new Promise((resolve) => stdout.write('x', resolve));
    });
    const child = spawn('worker');
    await once(child.stdout, 'data');

    child.kill('SIGKILL');

    await once(child, 'close');
    expect((await child.exited).signalCode).toBe('SIGKILL');
  });

  it('leaves a socket to those who share it, when it exits', async () => {
    const { spawn, kernel } = machine(async (process) => {
      const socket = process.stdio[3]!;
      if (process.argv[1] === 'child') {
        socket.write('child,');
        return;
      }
      for (let n = 0; n < 2; n++) await process.spawn('/bin/worker', ['child']).ended;
      socket.write('parent');
    });
    const child = spawn('worker', { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });

    expect(await text(child.stdio[3] as Readable)).toBe('child,child,parent');
    expect(await child.exited).toMatchObject({ exitCode: 0 });
    expect(kernel.processes()).toHaveLength(2);
  });

  it.each<[string, Program]>([
    ['"args"', (process) => void process.spawn('/bin/idle', 'a b' as never)],
    ['"path"', (process) => void process.spawn(undefined as never)],
    ['"options.stdio"', (p) => void p.spawn('/bin/idle', [], { stdio: ['pipe' as never] })],
    ['"listener"', (process) => void process.on('SIGTERM', undefined as never)],
    ['Unknown signal: 1.5', (process) => void process.kill(1, 1.5)],
  ])('crashes of a mistake in %s', async (what, program) => {
    const { run } = machine(program);

    const { exitCode, stderr } = await run('worker', { reject: false });

    expect(exitCode).toBe(1);
    expect(stderr).toContain(what);
  });

  it('says of a child that it cannot have how it could', async () => {
    const { inside, child, kernel } = await begun();
    expect(() => inside.spawn('/bin/x')).toThrow(
      /^spawn \/bin\/x ENOENT: no such program in the model/,
    );
    kernel.pidsMax = 1;
    expect(() => inside.spawn('/bin/idle')).toThrow(/EAGAIN: no room .* `pidMax` or `pidsMax`/);
    child.kill('SIGKILL');
    await child.exited;
  });

  it('is told at once of an argument that no call can have, and crashes of it', async () => {
    const { run } = machine((process) => void process.kill(undefined as never));

    expect((await run('worker', { reject: false })).stderr).toContain('The "pid" argument must be');
  });

  it('has its children in folders that there are', async () => {
    const { child, inside, kernel } = await begun();
    kernel.mkdir('/srv/data');

    expect(() => inside.spawn('/bin/idle', [], { cwd: '/var' })).toThrow(
      expect.objectContaining({ code: 'ENOENT', step: 'chdir' }) as Error,
    );
    expect(() => inside.spawn('/bin/idle', [], { cwd: '/bin/idle' })).toThrow(codeOf('ENOTDIR'));
    expect(inside.spawn('/bin/idle', [], { cwd: 'srv/data' }).pid).toBeGreaterThan(inside.pid);
    child.kill('SIGKILL');
    await child.exited;
  });
});

describe('a child that somebody kills before it has become its program', () => {
  it.each(ABIS)('was born, and ended so (%s)', async (abi) => {
    const { spawn, kernel, backend } = machine(() => 0, abi);
    const stop = kernel.onChange((tids) => {
      for (const tid of tids) if (tid > backend.self.pid + 1) kernel.init.kill(tid, SIGKILL);
    });

    const child = spawn('worker');
    const closed = once(child, 'close');
    stop();

    expect((await child.exited).signalCode).toBe('SIGKILL');
    await closed;
    expect(kernel.processes()).toHaveLength(2);
  });

  it.each(ABIS)('or stops: is not born, and not left behind (%s)', (abi) => {
    const { spawn, kernel, backend } = machine(() => 0, abi);
    const stop = kernel.onChange((tids) => {
      for (const tid of tids) {
        if (kernel.task(tid)?.canRun === true && tid > backend.self.pid + 1) {
          kernel.init.kill(tid, SIGSTOP);
        }
      }
    });

    expect(() => spawn('worker', { stdio: 'ignore' })).toThrow(codeOf('EINTR'));
    stop();

    expect(kernel.processes()).toHaveLength(2);
  });
});

describe('this process, while a child of it is born', () => {
  const births = ABIS.flatMap((abi) =>
    ['pipe', 'ignore'].flatMap((stdio) => [1, 2, 3, 4, 5].map((at) => [abi, stdio, at] as const)),
  );

  /** Sends us a signal at the n-th change of the kernel. */
  function at({ kernel, backend }: Machine, change: number, signo: number): () => void {
    let changes = 0;
    return kernel.onChange(() => {
      if (changes++ === change) kernel.init.kill(backend.self.pid, signo);
    });
  }

  it.each(births)(
    'is stopped, and hears of it when it goes on (%s, %s, change %d)',
    async (abi, stdio, n) => {
      const all = machine(() => 4, abi);
      const { spawn, kernel, backend } = all;
      const stop = at(all, n, SIGSTOP);
      const child = spawn('worker', { stdio: stdio as 'pipe' });
      stop();

      kernel.init.kill(backend.self.pid, SIGCONT);

      expect((await child.exited).exitCode).toBe(4);
      expect(kernel.processes()).toHaveLength(2);
      expect(kernel.processes()[1]!.pidfds).toEqual([]);
    },
  );

  it.each(births)(
    'is killed, and nobody waits for ever (%s, %s, change %d)',
    async (abi, stdio, n) => {
      const all = machine(() => 4, abi);
      const stop = at(all, n, SIGKILL);
      const child = all.spawn('worker', { stdio: stdio as 'pipe' });
      const closed = once(child, 'close');
      stop();

      expect((await child.exited).statusLostCode).toBe('ESRCH');
      await closed;
    },
  );
});

describe('this process, stopped in the model', () => {
  it('sends its signals and closes its descriptors when it is continued', async () => {
    const { child, kernel, backend, spawn, Pidfd: There } = await begun();
    const other = spawn('idle', { stdio: 'ignore' });
    const pidfd = There.open(other.pid!);
    kernel.init.kill(backend.self.pid, SIGSTOP);

    expect(child.kill('SIGKILL')).toBe(true);
    pidfd.close();
    expect(() => There.open(1)).toThrow(codeOf('EINTR'));
    expect(kernel.task(child.pid!)!.state).toBe('R');
    kernel.init.kill(other.pid!, SIGKILL);
    kernel.init.kill(backend.self.pid, SIGCONT);

    expect((await child.exited).signalCode).toBe('SIGKILL');
    await other.exited;
    expect(kernel.processes().find(({ pid }) => pid === backend.self.pid)!.pidfds).toEqual([]);
  });

  it('comes to the end of stop() and of a timeout after it was continued', async () => {
    const { kernel, backend, spawn, run } = machine((process) => {
      process.ignore('SIGTERM');
      return forever();
    });
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const child = spawn('worker', { stdio: 'ignore' });
    const result = run('worker', { timeout: 1000, graceMs: 1000, reject: false });
    await new Promise(setImmediate);
    kernel.init.kill(backend.self.pid, SIGSTOP);
    const stopped = child.stop({ graceMs: 1000 });
    jest.advanceTimersByTime(5000); // All of it is over, and nobody was sent anything.
    jest.useRealTimers();
    expect(kernel.task(child.pid!)!.state).toBe('R');

    kernel.init.kill(backend.self.pid, SIGCONT);

    expect((await stopped).signalCode).toBe('SIGKILL');
    expect(await result).toMatchObject({ timedOut: true, signalCode: 'SIGKILL' });
  });

  it('watches who was to be watched meanwhile', async () => {
    const { kernel, backend, child, Pidfd: There } = await begun();
    const pidfd = There.open(child.pid!);
    kernel.init.kill(backend.self.pid, SIGSTOP);
    const { exited } = pidfd;
    kernel.init.kill(backend.self.pid, SIGCONT);

    child.kill('SIGKILL');

    expect((await exited).pid).toBe(child.pid);
    pidfd.close();
  });

  it.each(ABIS)('is not taken for a kernel that can do less, or more (%s)', (abi) => {
    const kernel = new ModelKernel({ abi });
    kernel.install('/bin/worker');
    const backend = modelBackend(kernel);
    kernel.init.kill(backend.self.pid, SIGSTOP);
    const { spawn, support } = createAutoreap({ backend });

    expect(() => spawn('worker')).toThrow(codeOf('ERR_AUTOREAP_UNSUPPORTED'));
    kernel.init.kill(backend.self.pid, SIGCONT);

    expect(support().reapedBy).toBe(abi === 'linux-7.1' ? 'kernel' : 'waitid');
    const child = spawn('worker', { stdio: 'ignore' });
    expect(child.pid).toBeGreaterThan(1);
    child.kill('SIGKILL');
  });
});

describe('a real program', () => {
  it('is not started where somebody wraps child_process.spawn', () => {
    const { spawn } = machine(() => 0);
    const [file, stock] = [`/tmp/autoreap-real-${String(process.pid)}`, childProcess.spawn];
    // As those do who measure what an application does.
    const wrapped = (name: string, args: readonly string[], options: object): unknown => {
      const child = stock(name, args, { stdio: (options as { stdio: 'ignore' }).stdio });
      childProcess.execFileSync('sleep', ['0.1']);
      return child;
    };
    childProcess.spawn = wrapped as never;
    try {
      expect(() => spawn('/usr/bin/touch', [file], { stdio: 'ignore' })).toThrow(
        codeOf('ERR_AUTOREAP_UNSUPPORTED'),
      );
    } finally {
      childProcess.spawn = stock;
    }
    expect(existsSync(file)).toBe(false);
  });
});

describe('a program that outlives this process', () => {
  it('goes on: it hears signals and ends, and its streams end with it', async () => {
    const heard: unknown[] = [];
    const { kernel, backend, spawn } = machine(async (process) => {
      if (process.argv[1] === 'child') return 3;
      process.on('SIGTERM', () => heard.push('SIGTERM'));
      const aborted = once(process.signal, 'abort');
      heard.push(await process.spawn('/bin/worker', ['child']).ended);
      await aborted;
      heard.push('abort');
      return 0;
    });
    const child = spawn('worker', { stdio: 'ignore', detached: true });
    child.unref();
    await new Promise(setImmediate);

    kernel.init.kill(backend.self.pid, SIGKILL);
    kernel.init.kill(child.pid!, signals.SIGTERM);
    while (heard.length < 2) await new Promise(setImmediate);
    kernel.init.kill(child.pid!, SIGKILL);
    await new Promise(setImmediate);

    expect(heard).toEqual(
      expect.arrayContaining([{ exitCode: 3, signalCode: null }, 'SIGTERM', 'abort']),
    );
    expect(kernel.processes()).toHaveLength(1);
  });
});

describe('this process, killed in the model', () => {
  it.each(ABIS)('makes no system call any more, and says so (%s)', async (abi) => {
    const { spawn, kernel, backend, run, subreaper, Pidfd: There } = machine(() => forever(), abi);
    const child = spawn('worker');
    const closed = once(child, 'close');

    kernel.init.kill(backend.self.pid, SIGKILL);

    // What it had open is closed, and who wrote to it hears that.
    expect(await child.exited).toMatchObject({ statusLost: true, statusLostCode: 'ESRCH' });
    await closed;
    expect(child.kill()).toBe(false);
    expect(() => There.open(1)).toThrow(codeOf('ESRCH'));
    expect(() => {
      subreaper.enable();
    }).toThrow(codeOf('ESRCH'));
    const { cause } = await run('worker', { reject: false, stdio: 'inherit' });
    expect(cause).toMatchObject({
      code: 'ESRCH',
      step: 'clone',
      message: expect.stringContaining('this process was killed in the model') as string,
    });
    // Its child lives: it is init's.
    expect(kernel.processes().map(({ pid }) => pid)).toEqual([1, child.pid]);
  });

  it('stopped, has no child before it is continued', async () => {
    const { spawn, kernel, backend, run } = machine(() => 4);
    kernel.init.kill(backend.self.pid, SIGSTOP);

    expect(() => spawn('worker', { stdio: 'ignore' })).toThrow(
      expect.objectContaining({
        ...{ code: 'EINTR', step: 'clone' },
        message: expect.stringContaining('somebody there has to continue it') as string,
      }) as Error,
    );
    kernel.init.kill(backend.self.pid, SIGCONT);

    expect((await run('worker', { reject: false })).exitCode).toBe(4);
  });

  it('stopped, hears of an end when it is continued', async () => {
    const { kernel, backend, child } = await begun();
    kernel.init.kill(backend.self.pid, SIGSTOP);
    kernel.init.kill(child.pid!, SIGKILL);

    kernel.init.kill(backend.self.pid, SIGCONT);

    expect((await child.exited).signalCode).toBe('SIGKILL');
  });
});

describe('a history that is limited', () => {
  it('keeps the last of it, with the numbers that it had', () => {
    const kernel = new ModelKernel({ historyMax: 100 });
    for (let i = 0; i < 500; i++) {
      kernel.task(kernel.init.fork())!.exitGroup();
      kernel.init.wait4(-1, 0);
    }

    const { length } = kernel.history;
    expect(length).toBeGreaterThanOrEqual(100);
    expect(length).toBeLessThanOrEqual(125);
    expect(kernel.history.at(-1)!.n - kernel.history[0]!.n).toBe(length - 1);
    expect(kernel.history[0]!.n).toBeGreaterThan(1000);
  });
});

describe('a machine without an init', () => {
  it('has nobody who lives, and tells those who wait so', async () => {
    const { child, kernel, spawn } = await begun();
    const closed = once(child, 'close');

    expect(() => {
      kernel.init.exitGroup();
    }).toThrow(/Attempted to kill init/);

    expect(await child.exited).toMatchObject({ statusLost: true, statusLostCode: 'ESRCH' });
    await closed;
    expect(() => spawn('idle')).toThrow(codeOf('ESRCH'));
  });
});

describe('what is no backend, and no kernel', () => {
  it.each([null, { folders: '/srv' }, { uid: -1 }, { uid: 'root' }, { cwd: 'srv' }])(
    'is an option of neither: %p',
    (options) => {
      expect(() => modelBackend(new ModelKernel(), options as never)).toThrow(
        expect.objectContaining({
          message: expect.stringMatching(/options|absolute/) as string,
        }) as Error,
      );
    },
  );

  it.each([undefined, null, {}, { backend: undefined }, { backend: {} }, { backend: 'model' }])(
    'is refused by createAutoreap: %p',
    (options) => {
      expect(() => createAutoreap(options as never)).toThrow(codeOf('ERR_INVALID_ARG_TYPE'));
    },
  );

  it.each([undefined, null, {}, 'linux-7.1', ModelKernel])(
    'is refused by modelBackend: %p',
    (kernel) => {
      expect(() => modelBackend(kernel as never)).toThrow(codeOf('ERR_INVALID_ARG_TYPE'));
    },
  );
});

describe('the Pidfd of a machine', () => {
  it('has the instances of the package, and can be extended', () => {
    const { Pidfd: There, kernel } = machine();
    class Mine extends (There as unknown as new () => object) {}

    const pidfd = There.open(kernel.init.pid);
    expect(pidfd).toBeInstanceOf(Pidfd);
    expect(pidfd).toBeInstanceOf(There);
    expect(Mine.prototype).toBeInstanceOf(Pidfd);
    pidfd.close();
  });
});
