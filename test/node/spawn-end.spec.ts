// child_process.spawn, options signal, timeout and killSignal: ended from outside.
import type { ChildProcess } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { close, poll, pidfdOpen, POLLIN } from '../../lib/syscalls';
import { lifeOf, type Life } from '../support/lives';
import { describeThreeWays, expectAsNode, type ChildProcessApi } from '../support/three-ways';

const pipes = { stdio: 'pipe' } as const;

/** A `cat`, which would live as long as we do, and what ends it. */
const endOf = async (
  cp: ChildProcessApi,
  options: object,
  end: (child: ChildProcess) => void = () => undefined,
): Promise<Life> => {
  const child = cp.spawn('cat', [], { ...pipes, ...options });
  const life = lifeOf(child);
  end(child);
  return await life;
};

const names = ({ events }: Life): unknown[] => events.map(([event]) => event);

describeThreeWays('child_process.spawn of what shall end', (subject) => {
  it('kills by SIGTERM after `timeout`', async () => {
    const life = await expectAsNode(subject(), (cp) => endOf(cp, { timeout: 1 }));

    expect(life.events).toEqual([['spawn'], ['exit', null, 'SIGTERM'], ['close', null, 'SIGTERM']]);
    expect(life.closed.killed).toBe(true);
  });

  it.each(['SIGKILL', 'SIGINT', 9, 1])('kills by `killSignal` %s', async (killSignal) => {
    const life = await expectAsNode(subject(), (cp) => endOf(cp, { timeout: 1, killSignal }));

    const name = { 9: 'SIGKILL', 1: 'SIGHUP' }[killSignal] ?? killSignal;
    expect(life.closed).toMatchObject({ exitCode: null, signalCode: name, killed: true });
  });

  it.each([0, undefined, 1e6, 2 ** 31 - 1])(
    'lets it live with a timeout of %s',
    async (timeout) => {
      const life = await expectAsNode(subject(), (cp) =>
        endOf(cp, { timeout }, (child) => child.stdin!.end()),
      );

      expect(life.closed).toMatchObject({ exitCode: 0, killed: false });
    },
  );

  it('does nothing with the timeout of a child that was never born', async () => {
    const life = await expectAsNode(subject(), (cp) =>
      lifeOf(cp.spawn('no-such-program', { timeout: 1 })),
    );

    expect(names(life)).toEqual(['error', 'close']);
  });

  it('emits AbortError when its AbortSignal is aborted, with the reason as cause', async () => {
    const life = await expectAsNode(subject(), (cp) => {
      const controller = new AbortController();
      return endOf(cp, { signal: controller.signal }, () => {
        controller.abort(new Error('enough'));
      });
    });

    expect(life.events).toEqual([
      [
        'error',
        expect.objectContaining({
          name: 'AbortError',
          code: 'ABORT_ERR',
          message: 'The operation was aborted',
          cause: { name: 'Error', message: 'enough' },
        }),
      ],
      ['spawn'],
      ['exit', null, 'SIGTERM'],
      ['close', null, 'SIGTERM'],
    ]);
    expect(life.closed.killed).toBe(true);
  });

  it('emits it after the birth where it is aborted then', async () => {
    const life = await expectAsNode(subject(), (cp) => {
      const controller = new AbortController();
      return endOf(cp, { signal: controller.signal, killSignal: 'SIGKILL' }, (child) => {
        child.once('spawn', () => controller.abort());
      });
    });

    expect(names(life)).toEqual(['spawn', 'error', 'exit', 'close']);
    expect(life.closed.signalCode).toBe('SIGKILL');
  });

  it('creates the child even if its AbortSignal was aborted before, and kills it', async () => {
    const life = await expectAsNode(subject(), (cp) => endOf(cp, { signal: AbortSignal.abort() }));

    expect(names(life)).toEqual(['spawn', 'error', 'exit', 'close']);
    expect(life.born.hasPid).toBe(true);
    expect(life.closed).toMatchObject({ killed: true, signalCode: 'SIGTERM' });
  });

  // For Node.js it is a zombie until then, and a zombie takes every signal.
  it('says that a signal has reached a child that is dead, until it tells of that', async () => {
    const dead = (child: ChildProcess): void => {
      const pidfd = pidfdOpen(child.pid!);
      process.kill(child.pid!, 'SIGKILL');
      poll([{ fd: pidfd, events: POLLIN }], -1);
      close(pidfd);
    };
    const said: boolean[] = [];

    const { closed } = await endOf(subject().cp, {}, (child) => {
      dead(child);
      said.push(child.kill('SIGTERM'), child.kill(0), child.killed);
      child.once('close', () => said.push(child.kill()));
    });

    expect(said).toEqual([true, true, true, false]);
    expect(closed.signalCode).toBe('SIGKILL');
  });

  it('does nothing when its AbortSignal is aborted after the end, and listens no more', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const life = await endOf(subject().cp, { signal }, (child) => child.stdin!.end());

    const listeners = getEventListeners(signal, 'abort').length;
    controller.abort();

    expect(names(life)).toEqual(['spawn', 'exit', 'close']);
    expect(listeners).toBe(0);
  });

  it('emits an error of its own for an AbortSignal that times out', async () => {
    const life = await expectAsNode(subject(), (cp) =>
      endOf(cp, { signal: AbortSignal.timeout(1) }),
    );

    expect(life.events).toContainEqual([
      'error',
      expect.objectContaining({
        code: 'ABORT_ERR',
        cause: expect.objectContaining({ name: 'TimeoutError' }) as unknown,
      }),
    ]);
  });
});
