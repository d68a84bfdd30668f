// What ends a child from outside: `timeout`, `killSignal`, an AbortSignal.
import * as childProcess from 'node:child_process';
import type { SpawnOptions } from '../../lib/index';
import { describeEachBackend } from '../support/backends';
import { eventsOf } from '../support/events';
import { failureOf, nodeFailureOf } from '../support/failures';

// 'cat' is a program of the model, too.
describeEachBackend('a child that is ended from outside', ({ spawn, options: own }) => {
  /** `end` acts once the child is there; `cat` would live as long as we do. */
  const bothOf = async (
    optionsOf: () => SpawnOptions,
    end: (child: childProcess.ChildProcess, options: SpawnOptions) => void = () => {},
  ): Promise<readonly [ours: string[], node: string[]]> => {
    const lifeOf = async (by: typeof childProcess.spawn, added: SpawnOptions) => {
      const options = { ...optionsOf(), ...added };
      const child = by('cat', [], options);
      const events = eventsOf(child);
      end(child, options);
      return await events;
    };
    return [
      await lifeOf(spawn as typeof childProcess.spawn, own),
      await lifeOf(childProcess.spawn, {}),
    ];
  };

  it('by its timeout gets SIGTERM', async () => {
    const [ours, node] = await bothOf(() => ({ timeout: 1 }));

    expect(ours).toEqual(node);
    expect(ours).toContain('exit null SIGTERM');
  });

  it('by its timeout gets the killSignal', async () => {
    const [ours, node] = await bothOf(() => ({ timeout: 1, killSignal: 'SIGKILL' }));

    expect(ours).toEqual(node);
    expect(ours).toContain('exit null SIGKILL');
  });

  it('is not by a timeout that it does not reach', async () => {
    const [ours, node] = await bothOf(
      () => ({ timeout: 1e6 }),
      (child) => child.stdin!.end(),
    );

    expect(ours).toEqual(node);
    expect(ours).toContain('exit 0 null');
  });

  it('by an AbortSignal emits AbortError', async () => {
    const controllers = [new AbortController(), new AbortController()];
    let at = 0;
    const [ours, node] = await bothOf(
      () => ({ signal: controllers[at++]!.signal }),
      () => controllers[at - 1]!.abort(),
    );

    expect(ours).toEqual(node);
    expect(ours).toContain('error ABORT_ERR');
    expect(ours).toContain('exit null SIGTERM');
  });

  it('by an AbortSignal gets the killSignal, and the reason is the cause', async () => {
    const controller = new AbortController();
    const child = spawn('cat', { ...own, signal: controller.signal, killSignal: 'SIGKILL' });
    const emitted = new Promise<Error>((resolve) => child.once('error', resolve));
    const events = eventsOf(child);
    const reason = new Error('enough');

    controller.abort(reason);

    expect(await emitted).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: reason });
    expect(await events).toContain('exit null SIGKILL');
    // It was born and has ended; that something aborted it does not change how.
    expect(await child.exited).toMatchObject({ signalCode: 'SIGKILL' });
  });

  it('by an AbortSignal that was aborted before it began', async () => {
    const [ours, node] = await bothOf(() => ({ signal: AbortSignal.abort() }));

    expect(ours).toEqual(node);
    expect(ours).toContain('error ABORT_ERR');
  });

  it('is not by an AbortSignal after its end', async () => {
    const controllers = [new AbortController(), new AbortController()];
    let at = 0;
    const [ours, node] = await bothOf(
      () => ({ signal: controllers[at++]!.signal }),
      (child) => child.stdin!.end(),
    );
    for (const controller of controllers) controller.abort();

    expect(ours).toEqual(node);
    expect(ours).toEqual(['spawn', 'exit 0 null', 'close 0 null']);
  });

  it.each<readonly [string, SpawnOptions]>([
    ['a negative timeout', { timeout: -1 }],
    ['a timeout that is no number', { timeout: '1' as unknown as number }],
    ['an unknown killSignal', { killSignal: 'SIGNONE' as 'SIGTERM' }],
    ['a killSignal of another type', { killSignal: true as unknown as number }],
    ['a signal that is no AbortSignal', { signal: 'SIGTERM' as unknown as AbortSignal }],
  ])('is refused as by Node.js with %s', async (_title, options) => {
    const node = await nodeFailureOf('cat', [], options);
    const ours = await failureOf(spawn, 'cat', [], { ...options, ...own });

    expect(ours).toMatchObject({ how: 'thrown', error: node.error, message: node.message });
  });
});
