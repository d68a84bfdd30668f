import type { Backend, Fd, SyscallResult } from '../backend/interface';

/** What carries bytes between us and a child. */
export interface ChildPipe {
  readonly ours: Fd;
  readonly childs: Fd;
}

/** A call that failed, by its name. */
export interface PipeFailure {
  readonly error: SyscallResult;
  readonly step: 'pipe2' | 'socketpair' | 'fcntl';
}

/**
 * How much a pipe for descriptor 0, 1 or 2 holds. The kernel's 64 KiB are what libuv reads at once, so that
 * the two sides take turns; twice that is twice the throughput, and more brings no more (measured). What a
 * child writes has the next power of two above what Node's sockets hold: a Node.js that prints that much and
 * calls process.exit() is cut off no earlier than there.
 */
const PIPE_BYTES = [128 * 1024, 256 * 1024, 256 * 1024] as const;

/** Files whose number is that of a standard stream are never closed by libuv. */
const LEAST_FD = 3;

/** 0, 1 and 2; any other place, and ipc. */
export type Place = 0 | 1 | 2 | 'other';

export const placeOf = (index: number): Place =>
  index === 0 || index === 1 || index === 2 ? index : 'other';

/**
 * For 0 to 2 a real pipe(2), so that a child can open /dev/stdin; for every other place a socketpair, because
 * Node.js documents those as duplex. Both ends are owned: see `Backend.disown`.
 *
 * @param large more than the kernel's 64 KiB. All pipes of a user share a budget, counted in what they can
 * hold, and when it is used up every new pipe of that user holds 8 KiB, whoever makes it
 * (pipe-user-pages-soft in proc_sys_fs(5)): so not for those who have many children.
 */
export function openChildPipe(
  backend: Backend,
  place: Place,
  large: boolean,
): ChildPipe | PipeFailure {
  const isPipe = place !== 'other';
  const pair = isPipe ? backend.pipe2(true) : backend.socketpair(true);
  if (typeof pair === 'number') return { error: pair, step: isPipe ? 'pipe2' : 'socketpair' };
  if (isPipe && large) backend.setPipeSize(pair[0], PIPE_BYTES[place]); // Refused: it stays as it is.
  const [given, childs] = place === 0 ? [pair[1], pair[0]] : pair;
  if (given >= LEAST_FD) return { ours: given, childs };

  // Somebody has closed our standard streams.
  const ours = backend.dup(given, LEAST_FD, true);
  backend.close(given);
  if (ours >= 0) return { ours, childs };
  backend.close(childs);
  return { error: ours, step: 'fcntl' };
}
