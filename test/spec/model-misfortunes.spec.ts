// What can go wrong on the model that a kernel would not let happen: all of this runs in one thread, so that who is
// stopped or dead there may go on here.
import { once } from 'node:events';
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

  it('has its children in folders that there are', async () => {
    const { child, inside, kernel } = await begun();
    kernel.mkdir('/srv/data');

    expect(() => inside.spawn('/bin/idle', [], { cwd: '/var' })).toThrow(
      expect.objectContaining({ code: 'ENOENT', step: 'chdir' }) as Error,
    );
    expect(inside.spawn('/bin/idle', [], { cwd: '/srv' }).pid).toBeGreaterThan(inside.pid);
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
    const { cause } = await run('worker', { reject: false });
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

describe('what is no backend, and no kernel', () => {
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
