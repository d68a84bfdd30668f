import type { Backend, Fd, SyscallResult } from '../backend/interface';

/** What carries bytes between us and a child. */
export interface ChildPipe {
  readonly ours: Fd;
  readonly childs: Fd;
}

/** A call that failed, by its name. */
export interface PipeFailure {
  readonly error: SyscallResult;
  readonly step: 'pipe2' | 'socketpair';
}

/**
 * Twice what a reader takes at once (libuv: 64 KiB), so that one side fills a half while the other empties
 * the other; the default, 64 KiB, makes them take turns. Measured: twice the throughput, and no more with a
 * mebibyte. Pages are only taken for what is in the pipe, but counted in whole (pipe-user-pages-soft in
 * proc_sys_fs(5)): so not for standard error, which seldom carries much.
 */
const PIPE_BYTES = 128 * 1024;

/**
 * For 0 to 2 a real pipe(2), so that a child can open /dev/stdin; for every other place a socketpair, because
 * Node.js documents those as duplex. Both ends are owned: see `Backend.disown`.
 */
export function openChildPipe(
  backend: Backend,
  place: 0 | 1 | 2 | 'other',
): ChildPipe | PipeFailure {
  if (place === 'other') {
    const pair = backend.socketpair(true);
    if (typeof pair === 'number') return { error: pair, step: 'socketpair' };
    return { ours: pair[0], childs: pair[1] };
  }
  const pair = backend.pipe2(true);
  if (typeof pair === 'number') return { error: pair, step: 'pipe2' };
  const [readEnd, writeEnd] = pair;
  // Refused (EPERM) to a user who has many pipes: then it stays as it is.
  if (place !== 2) backend.setPipeSize(readEnd, PIPE_BYTES);
  return place === 0 ? { ours: writeEnd, childs: readEnd } : { ours: readEnd, childs: writeEnd };
}

/** Which of the two it is for an entry of `stdio`. */
export const placeOf = (index: number): 0 | 1 | 2 | 'other' =>
  index === 0 || index === 1 || index === 2 ? index : 'other';
