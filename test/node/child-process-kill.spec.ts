// Class: ChildProcess, subprocess.kill([signal]) and subprocess.killed.
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { lifeOf, thrownBy, type Life } from '../support/lives';
import { describeThreeWays, expectAsNode, type ChildProcessApi } from '../support/three-ways';

const silent = { stdio: 'ignore' } as const;
type Kill = (...args: unknown[]) => boolean;

/** Kills a `cat`, which then ends, if not of that, then of an empty stdin. */
async function killed(
  cp: ChildProcessApi,
  ...args: readonly unknown[]
): Promise<{ readonly said: unknown; readonly now: boolean; readonly life: Life }> {
  const child = cp.spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  const life = lifeOf(child);
  const said = thrownBy(() => (child.kill as Kill)(...args));
  const now = child.killed;
  if (!now || args[0] === 0) child.stdin.end();
  return { said, now, life: await life };
}

describeThreeWays('subprocess.kill([signal])', (subject) => {
  it.each<readonly [string, unknown[], string]>([
    ['nothing', [], 'SIGTERM'],
    ['undefined', [undefined], 'SIGTERM'],
    ['a name', ['SIGINT'], 'SIGINT'],
    ['another name', ['SIGKILL'], 'SIGKILL'],
    ['a name in small letters', ['sighup'], 'SIGHUP'],
    ['a number', [constants.signals.SIGUSR1], 'SIGUSR1'],
    ['a number', [9], 'SIGKILL'],
  ])('sends what is called by %s: %j', async (_title, args, signal) => {
    const seen = await expectAsNode(subject(), (cp) => killed(cp, ...args));

    expect([seen.said, seen.now]).toEqual([{ returned: true }, true]);
    expect(seen.life.events).toEqual([['spawn'], ['exit', null, signal], ['close', null, signal]]);
    expect(seen.life.closed).toMatchObject({ killed: true, signalCode: signal });
  });

  it('sends nothing with 0, and says that the child is there', async () => {
    const seen = await expectAsNode(subject(), (cp) => killed(cp, 0));

    expect(seen.said).toEqual({ returned: true });
    expect(seen.life.closed).toMatchObject({ exitCode: 0, signalCode: null });
  });

  it.each<readonly [string, unknown]>([
    ['a name that none has', 'SIGNONE'],
    ['a name that is cut short', 'TERM'],
    ['an empty name', ''],
    ['a number in letters', '15'],
    ['a number that none has', 1000],
    ['a negative number', -15],
    ['a fraction', 1.5],
    ['NaN', NaN],
    ['null', null],
    ['a boolean', true],
    ['an object', {}],
  ])('refuses %s, and the child lives on', async (_title, signal) => {
    const seen = await expectAsNode(subject(), (cp) => killed(cp, signal));

    expect(seen.said).toMatchObject({
      thrown: {
        name: 'TypeError',
        code: expect.stringMatching(/^ERR_(UNKNOWN_SIGNAL|INVALID_ARG_TYPE)$/) as unknown,
      },
    });
    expect(seen.now).toBe(false);
    expect(seen.life.closed).toMatchObject({ killed: false, exitCode: 0, signalCode: null });
  });

  it('is false for a child that has ended, whatever the signal, and is no error', async () => {
    const seen = await expectAsNode(subject(), async (cp) => {
      const child = cp.spawn('true', silent);
      const { events } = await lifeOf(child);
      const answers = [child.kill(), child.kill(0), child.kill('SIGKILL')];
      return { events, answers, killed: child.killed, invalid: thrownBy(() => child.kill(1000)) };
    });

    expect(seen).toMatchObject({ answers: [false, false, false], killed: false });
    expect(seen.invalid).toMatchObject({ thrown: { code: 'ERR_UNKNOWN_SIGNAL' } });
  });

  it('is false for a child that has ended, from its own listener of exit on', async () => {
    const child = subject().cp.spawn('true', silent);
    let answer: boolean | undefined;
    child.once('exit', () => (answer = child.kill()));

    await once(child, 'close');

    expect([answer, child.killed]).toEqual([false, false]);
  });

  it('is false for a child that was never born', async () => {
    const seen = await expectAsNode(subject(), async (cp) => {
      const child = cp.spawn('no-such-program', silent);
      const life = lifeOf(child);
      await life;
      return [child.kill(), child.kill(0), child.killed];
    });

    expect(seen).toEqual([false, false, false]);
  });

  it('sets killed when the signal is sent, and not when it ends the child', async () => {
    const script = `trap 'echo got it; exit 5' USR1; read _ <&3 & echo ready; wait`;
    const child = subject().cp.spawn('sh', ['-c', script], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    const life = lifeOf(child);
    await once(child.stdout!, 'data');

    expect([child.kill('SIGUSR1'), child.killed, child.exitCode]).toEqual([true, true, null]);
    await once(child, 'exit');
    (child.stdio[3] as Duplex).end();

    expect(await life).toMatchObject({
      output: { 1: 'ready\ngot it\n' },
      closed: { killed: true, exitCode: 5, signalCode: null },
    });
  });

  it('can stop a child and let it go on', async () => {
    const child = subject().cp.spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
    const life = lifeOf(child);

    expect([child.kill('SIGSTOP'), child.kill('SIGCONT')]).toEqual([true, true]);
    child.stdin.end('went on');

    expect(await life).toMatchObject({ output: { 1: 'went on' }, closed: { exitCode: 0 } });
  });

  it('can be called until the child obeys', async () => {
    const child = subject().cp.spawn('sh', ['-c', "trap '' TERM; echo ready; exec cat"], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const life = lifeOf(child);
    await once(child.stdout, 'data');

    expect([child.kill(), child.kill(), child.kill('SIGKILL')]).toEqual([true, true, true]);
    expect((await life).closed).toMatchObject({ killed: true, signalCode: 'SIGKILL' });
  });
});
