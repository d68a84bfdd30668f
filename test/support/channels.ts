import type { ChildProcess, Serializable, SpawnOptions, StdioOptions } from 'node:child_process';
import { thrownBy, type Life } from './lives';
import type { ChildProcessApi } from './three-ways';

/**
 * A shell at the other end of a channel: its descriptor 3, where each line of JSON is a message. It says
 * the same as a node process would, and is there in no time.
 */
export function shellOn(
  cp: ChildProcessApi,
  source: string,
  options: SpawnOptions = {},
): ChildProcess {
  const stdio: StdioOptions = ['ignore', 'ignore', 'inherit', 'ipc'];
  return cp.spawn('sh', ['-c', source], { stdio, ...options });
}

/** Answers each message by the same, until we disconnect. */
export const echoOn = (cp: ChildProcessApi, options: SpawnOptions = {}): ChildProcess =>
  shellOn(cp, 'exec cat <&3 >&3', options);

/** The next messages of a child, of which this many are awaited. */
export async function messagesOf(child: ChildProcess, count: number): Promise<unknown[]> {
  const messages: unknown[] = [];
  if (count > 0) {
    await new Promise<void>((resolve) => {
      const note = (message: unknown): void => {
        if (messages.push(message) < count) return;
        child.off('message', note);
        resolve();
      };
      child.on('message', note);
    });
  }
  return messages;
}

/**
 * Disconnects from a child that ends by that, and waits for it. After our own disconnect Node.js 20 emits
 * no 'close': what else there is in its `stdio` is not waited for.
 */
export async function hangUp(child: ChildProcess): Promise<unknown[]> {
  const ended = goneFrom(child);
  child.disconnect();
  return await ended;
}

/** Waits for 'exit' and 'disconnect', in whatever order; resolves with the former's arguments. */
export async function goneFrom(child: ChildProcess): Promise<unknown[]> {
  const next = (event: string): Promise<unknown[]> =>
    new Promise((resolve) => child.once(event, (...args: unknown[]) => resolve(args)));
  const [end] = await Promise.all([next('exit'), next('disconnect')]);
  return end;
}

/** What comes back from a child that returns what it is sent. */
export async function echoesOf(
  cp: ChildProcessApi,
  messages: readonly unknown[],
  options: SpawnOptions = {},
): Promise<unknown[]> {
  const child = echoOn(cp, options);
  const echoes = messagesOf(child, messages.length);
  for (const message of messages) child.send(message as Serializable);
  const seen = await echoes;
  await hangUp(child);
  return seen;
}

/** The errors, and all else, of calls of `send` on one child, which hears nothing of them. */
export async function sendsOf(
  cp: ChildProcessApi,
  calls: readonly unknown[][],
  options: SpawnOptions = {},
): Promise<unknown[]> {
  const child = echoOn(cp, options);
  const messages: unknown[] = [];
  child.on('message', (message) => messages.push(message));
  const send = child.send.bind(child) as (...args: unknown[]) => unknown;
  const seen = calls.map((args) => thrownBy(() => send(...args)));
  await hangUp(child);
  expect(messages).toEqual([]);
  return seen;
}

/**
 * The end of a process, and that of its channel, are two pieces of news, which arrive in any order. Only
 * 'close' is after both: here they are just before it.
 */
export function settled(life: Life): Life {
  const only = (...names: unknown[]) => life.events.filter(([name]) => names.includes(name));
  const before = only('spawn', 'error', 'message');
  return { ...life, events: [...before, ...only('exit'), ...only('disconnect'), ...only('close')] };
}
