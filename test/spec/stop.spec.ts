// stop(): asks politely, waits, insists; and is over when the child is.
import { once } from 'node:events';
import type { Child, ChildWithStreams } from '../../lib/index';
import { describeEachBackend, type OnBackend } from '../support/backends';

const closing: Promise<unknown>[] = [];

function born<T extends Child>(child: T): T {
  closing.push(new Promise((resolve) => child.once('close', resolve)));
  return child;
}

/** Runs until it is killed or its stdin ends. */
function polite({ spawn, programs, options }: OnBackend): ChildWithStreams {
  return born(spawn(...programs.cat(), options));
}

/** Runs until it is killed by a signal that nobody can ignore, or until its stdin ends: exit code 7. */
async function stubborn({ spawn, programs, options }: OnBackend): Promise<ChildWithStreams> {
  const child = born(spawn(...programs.catchesTerm(), options));
  await once(child.stdout, 'data');
  return child;
}

/** The streams of a child that has ended close a little later. */
const close = async (): Promise<void> => void (await Promise.all(closing.splice(0)));

const timers = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

describeEachBackend('stop()', (on) => {
  const { spawn, programs, options } = on;
  afterEach(close);

  it('sends SIGTERM and resolves with the record', async () => {
    const child = polite(on);

    const record = await child.stop();

    expect(record).toMatchObject({ pid: child.pid, exitCode: null, signalCode: 'SIGTERM' });
    expect(record).toBe(await child.exited);
  });

  it('sends the signal that is asked for', async () => {
    expect(await polite(on).stop({ killSignal: 'SIGINT' })).toMatchObject({
      signalCode: 'SIGINT',
    });
  });

  it('sends SIGKILL to what outlives its grace period', async () => {
    const child = await stubborn(on);

    expect(await child.stop({ graceMs: 1 })).toMatchObject({ signalCode: 'SIGKILL' });
  });

  it('sends SIGKILL at once to what gets no grace period', async () => {
    const child = await stubborn(on);

    expect(await child.stop({ graceMs: 0 })).toMatchObject({ signalCode: 'SIGKILL' });
  });

  it('never escalates when the grace period is endless', async () => {
    const child = await stubborn(on);
    const before = timers();

    const stopped = child.stop({ graceMs: Infinity });

    expect(timers()).toBe(before);
    expect(String(await once(child.stdout, 'data'))).toBe('asked\n');
    child.stdin.end();
    expect(await stopped).toMatchObject({ exitCode: 7, signalCode: null });
  });

  it('is cut short by a second one with SIGKILL', async () => {
    const child = await stubborn(on);
    const first = child.stop({ graceMs: Infinity });
    await once(child.stdout, 'data');

    const second = child.stop({ killSignal: 'SIGKILL' });

    expect(await second).toMatchObject({ signalCode: 'SIGKILL' });
    expect(await first).toBe(await second);
  });

  it('is not prolonged by a second one', async () => {
    const child = await stubborn(on);
    const first = child.stop({ graceMs: 1 });

    const second = child.stop({ graceMs: Infinity });

    expect(await first).toMatchObject({ signalCode: 'SIGKILL' });
    expect(await second).toBe(await first);
  });

  it('leaves no timer behind', async () => {
    const graceMs = 2 ** 31 - 1;
    const armed = jest.spyOn(globalThis, 'setTimeout');
    const child = spawn(...programs.sleeps(), { ...options, stdio: 'ignore' });

    await child.stop({ graceMs });
    const at = armed.mock.calls.findIndex(([, delay]) => delay === graceMs);
    const timer = armed.mock.results[at]?.value as { _destroyed?: boolean } | undefined;
    armed.mockRestore();

    expect(timer?._destroyed).toBe(true);
  });

  it('resolves with the record of a child that is dead', async () => {
    const child = spawn(...programs.exits(4), { stdio: 'ignore', ...options });
    const record = await child.exited;

    expect(await child.stop()).toBe(record);
    expect(record).toMatchObject({ exitCode: 4, signalCode: null });
  });

  it('rejects with the error of a child that was never born', async () => {
    const child = born(spawn('/nonexistent/program', { stdio: 'ignore', ...options }));
    const stopped = child.stop();
    const [error] = (await once(child, 'error')) as [Error];

    await expect(stopped).rejects.toBe(error);
    await expect(child.stop()).rejects.toBe(error);
    expect(error).toMatchObject({ code: 'ENOENT', step: 'execve' });
  });

  it.each([
    ['SIGKILL' as unknown as object, 'ERR_INVALID_ARG_TYPE'],
    [null as unknown as object, 'ERR_INVALID_ARG_TYPE'],
    [{ killSignal: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ graceMs: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ graceMs: NaN }, 'ERR_OUT_OF_RANGE'],
    [{ graceMs: 2 ** 31 }, 'ERR_OUT_OF_RANGE'],
    [{ graceMs: '5' as unknown as number }, 'ERR_INVALID_ARG_TYPE'],
    [{ killSignal: 'SIGNOTHING' as 'SIGHUP' }, 'ERR_UNKNOWN_SIGNAL'],
  ])('refuses %j, and signals nobody', async (stopOptions, code) => {
    const child = polite(on);

    await expect(child.stop(stopOptions)).rejects.toMatchObject({ code });

    child.stdin.end();
    expect(await child.exited).toMatchObject({ exitCode: 0, signalCode: null });
  });
});

describeEachBackend('a block that is left', (on) => {
  const { spawn, programs, options } = on;
  afterEach(close);

  it('has stopped its child and waited for it: await using', async () => {
    let child: ChildWithStreams;
    {
      await using cat = polite(on);
      child = cat;
    }

    expect(child.signalCode).toBe('SIGTERM');
  });

  it('has killed its child: using', async () => {
    let child: ChildWithStreams;
    {
      using cat = polite(on);
      child = cat;
    }

    expect(child.signalCode).toBeNull();
    expect(await child.exited).toMatchObject({ signalCode: 'SIGKILL' });
  });

  it('does not mind a child that is dead, or never was', async () => {
    {
      await using dead = spawn(...programs.exits(0), { stdio: 'ignore', ...options });
      using gone = dead;
      await gone.exited;
    }
    {
      await using unborn = spawn('/nonexistent/program', { stdio: 'ignore', ...options });
      using nobody = unborn;
      await once(nobody, 'error');
    }
  });
});
