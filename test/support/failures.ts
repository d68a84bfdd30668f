import * as childProcess from 'node:child_process';
import { spawn, type SpawnOptions } from '../../lib/index';

/** Everything a caller of `spawn` can notice of a child that is never born. */
export interface Failure {
  readonly how: 'thrown' | 'emitted';
  /** Name, and own properties but the message. */
  readonly error: Readonly<Record<string, unknown>>;
  readonly message: string;
  /** Events in their order, the error by its code. */
  readonly events: readonly string[];
  /** Events of the streams, which come when they come. */
  readonly streamEvents: readonly string[];
  /** Null where it has none, as JSON has it. */
  readonly pid: number | null;
  readonly exitCode: number | null;
  readonly signalCode: string | null;
  readonly killed: boolean;
  /** Once it is closed: what became of each stream. */
  readonly streams: readonly string[];
  /** The error itself. */
  readonly thrown: Error;
}

export type AnySpawn = (
  file: string,
  args: readonly string[],
  options: SpawnOptions,
) => childProcess.ChildProcess;

const STREAMS = ['stdin', 'stdout', 'stderr'] as const;

/** Spawns what must fail, and waits until it has. */
export async function failureOf(
  spawnIt: AnySpawn,
  file: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<Failure> {
  let child: childProcess.ChildProcess;
  try {
    child = spawnIt(file, args, options);
  } catch (error) {
    const nothing = {
      events: [],
      streamEvents: [],
      pid: null,
      exitCode: null,
      signalCode: null,
      streams: [],
    };
    return { how: 'thrown', ...described(error as Error), ...nothing, killed: false };
  }
  const events: string[] = [];
  const streamEvents: string[] = [];
  let thrown = new Error('no error was emitted');
  for (const event of ['spawn', 'exit', 'disconnect', 'message']) {
    child.on(event, () => events.push(event));
  }
  child.on('error', (error: NodeJS.ErrnoException) => {
    thrown = error;
    events.push(`error ${String(error.code)}`);
  });
  for (const name of STREAMS) {
    const stream = child[name] as NodeJS.ReadableStream | undefined | null;
    stream?.on('error', () => streamEvents.push(`${name} error`));
    stream?.on('end', () => streamEvents.push(`${name} end`));
  }
  await new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      events.push(`close ${String(code)} ${String(signal)}`);
      resolve();
    });
  });
  return {
    how: 'emitted',
    ...described(thrown),
    events,
    streamEvents: streamEvents.sort(),
    pid: child.pid ?? null,
    exitCode: child.exitCode,
    signalCode: child.signalCode,
    killed: child.killed,
    // Node.js leaves a stream undefined where it gave up early, against its own types.
    streams: STREAMS.map((name) => {
      const stream = child[name] as { destroyed: boolean } | null | undefined;
      return stream == null ? 'none' : stream.destroyed ? 'destroyed' : 'open';
    }),
  };
}

function described(thrown: Error): Pick<Failure, 'error' | 'message' | 'thrown'> {
  const { message, name } = thrown;
  return { error: { ...(thrown as object), name }, message, thrown };
}

/** The same from Node's own spawn, which is what ours is measured by. */
export async function nodeFailureOf(
  file: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): Promise<Failure> {
  return await failureOf(childProcess.spawn, file, args, options);
}

export async function ourFailureOf(
  file: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): Promise<Failure> {
  return await failureOf(spawn, file, args, options);
}

/**
 * Spawns with both and expects the same of them, down to the order of events. Ours says more: `step`,
 * `path`, and behind Node's message what to do.
 */
export async function expectFailureAsNode(
  file: string,
  args: readonly string[],
  options: SpawnOptions,
  { step, says }: { readonly step: string; readonly says: string | RegExp },
  own: SpawnOptions = {},
): Promise<void> {
  const node = await nodeFailureOf(file, args, options);
  const ours = await ourFailureOf(file, args, { ...options, ...own });

  const { thrown: _thrown, message: _message, ...same } = node;
  expect(ours).toMatchObject(same);
  expect(ours.error).toEqual({ path: file, ...node.error, step });
  expect(ours.message.startsWith(`${node.message}: `)).toBe(true);
  expect(ours.message).toMatch(says);
}
