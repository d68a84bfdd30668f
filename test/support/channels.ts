import type { ChildProcess, SpawnOptions, StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import type { Life } from './lives';
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
  const [end] = (await Promise.all([
    once(child, 'exit'),
    once(child, 'disconnect'),
  ])) as unknown[][];
  return end!;
}

/**
 * The end of a process and that of its channel are two pieces of news, which arrive in any order. Only
 * 'close' is after both: here 'disconnect' is just before it.
 */
export function settled(life: Life): Life {
  const isDisconnect = ([event]: readonly unknown[]): boolean => event === 'disconnect';
  const others = life.events.filter((event) => !isDisconnect(event));
  const disconnects = life.events.filter(isDisconnect);
  return { ...life, events: [...others.slice(0, -1), ...disconnects, ...others.slice(-1)] };
}
