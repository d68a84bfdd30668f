// child_process.exec, execFile and fork, option signal. Of spawn: see spawn-end.spec.ts.
import type { ChildProcess } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { answerOf } from '../support/answers';
import { lifeOf, thrownBy } from '../support/lives';
import { describeThreeWays, expectAsNode, type ChildProcessApi } from '../support/three-ways';

type Callback = (...args: unknown[]) => void;
interface Options {
  readonly signal: AbortSignal;
  readonly killSignal?: NodeJS.Signals;
}

const aborted = (reason: unknown): unknown =>
  expect.objectContaining({
    ...{
      name: 'AbortError',
      code: 'ABORT_ERR',
      message: 'The operation was aborted',
      cause: reason,
    },
  });

describeThreeWays('an AbortSignal', (subject) => {
  const called = {
    exec: (cp: ChildProcessApi, options: Options, callback: Callback) =>
      cp.exec('exec cat', options, callback),
    execFile: (cp: ChildProcessApi, options: Options, callback: Callback) =>
      cp.execFile('cat', options, callback),
  };
  const names = ['exec', 'execFile'] as const;

  it.each(names)('that is aborted ends what %s runs, and is told to the callback', async (name) => {
    const answer = await expectAsNode(subject(), (cp) => {
      const controller = new AbortController();
      return answerOf((callback) => {
        const child = called[name](cp, { signal: controller.signal }, callback as Callback);
        child.once('spawn', () => controller.abort('why'));
        return child;
      });
    });

    expect(answer.error).toEqual(aborted('why'));
    expect(answer.closed).toMatchObject({ killed: true, signalCode: 'SIGTERM' });
  });

  it.each(names)('that was aborted before is told to the callback of %s', async (name) => {
    const answer = await expectAsNode(subject(), (cp) =>
      answerOf((callback) =>
        called[name](cp, { signal: AbortSignal.abort('why') }, callback as Callback),
      ),
    );

    expect(answer.error).toEqual(aborted('why'));
  });

  it.each(names)('that is aborted after the end is nothing to %s', async (name) => {
    const controller = new AbortController();
    const { signal } = controller;
    const { error } = await answerOf((callback) => {
      const child = called[name](subject().cp, { signal }, callback as Callback);
      child.stdin!.end();
      return child;
    });

    controller.abort();

    expect([error, getEventListeners(signal, 'abort').length]).toEqual([null, 0]);
  });

  describe('of fork', () => {
    /** A cat that reads from its standard input, and has a channel that it does not care for. */
    const forked = (cp: ChildProcessApi, options: Options): ChildProcess =>
      cp.fork('-', { execPath: 'cat', execArgv: [], silent: true, ...options });

    /** Whether it is disconnected before or after its end is the kernel's to say. */
    const lived = async (child: ChildProcess) => {
      const { born, closed, events } = await lifeOf(child);
      const { killed, signalCode } = closed;
      const others = events.filter(([event]) => event !== 'disconnect');
      return { hadPid: born.hasPid, killed, signalCode, events: others };
    };

    it('ends the child by SIGTERM or by killSignal, and is told by error', async () => {
      for (const killSignal of ['SIGTERM', 'SIGKILL'] as const) {
        const life = await expectAsNode(subject(), (cp) => {
          const controller = new AbortController();
          const child = forked(cp, { signal: controller.signal, killSignal });
          child.once('spawn', () => controller.abort('why'));
          return lived(child);
        });

        expect(life.events).toContainEqual(['error', aborted('why')]);
        expect(life.events).toContainEqual(['exit', null, killSignal]);
        expect(life).toMatchObject({ killed: true, signalCode: killSignal });
      }
    });

    it('ends a child that it was aborted before', async () => {
      const life = await expectAsNode(subject(), (cp) =>
        lived(forked(cp, { signal: AbortSignal.abort('why') })),
      );

      expect(life.hadPid).toBe(true);
      expect(life.events).toContainEqual(['error', aborted('why')]);
    });

    it('is refused where it is none', async () => {
      const seen = await expectAsNode(subject(), (cp) =>
        ['SIGTERM', {}, 1].map((signal) => thrownBy(() => forked(cp, { signal: signal as never }))),
      );

      const code = 'ERR_INVALID_ARG_TYPE';
      const refused = { thrown: expect.objectContaining({ code }) as unknown };
      expect(seen).toEqual([refused, refused, refused]);
    });
  });
});
