/**
 * The thin layer: one function per system call, under the call's own name, and the constants they
 * take. No defaults, no retries, no opinions, nothing kept: what a call returns is the caller's to
 * close. Each throws an error with `code`, `errno` and `syscall`; `ERR_AUTOREAP_UNSUPPORTED` off
 * Linux.
 *
 * @packageDocumentation
 */
import type { Backend, Fd, Pid, PidfdInfoFields, WaitidResult } from './backend/interface';
import { nativeBackend } from './backend/native';
import { errnoError, errnoName, unsupportedError } from './errors';

export {
  CLONE_AUTOREAP,
  CLONE_CLEAR_SIGHAND,
  CLONE_INTO_CGROUP,
  CLONE_NNP,
  CLONE_PIDFD,
  CLONE_PIDFD_AUTOKILL,
  CLONE_VFORK,
  CLONE_VM,
  P_PIDFD,
  PIDFD_INFO_CGROUPID,
  PIDFD_INFO_EXIT,
  PIDFD_INFO_PID,
  PIDFD_SIGNAL_PROCESS_GROUP,
  WEXITED,
  WNOHANG,
} from './backend/interface';
export type { PidfdInfoFields, Rusage, WaitidResult } from './backend/interface';

/** <poll.h>: poll(2). */
export const POLLIN = 1;
export const POLLHUP = 16;
/** <linux/wait.h>: waitid(2). */
export const P_ALL = 0;
export const P_PID = 1;
export const P_PGID = 2;
export const WSTOPPED = 2;
export const WCONTINUED = 8;
export const WNOWAIT = 0x01000000;
/** Also children whose exit signal is not SIGCHLD. */
export const __WALL = 0x40000000;
/** <linux/pidfd.h>: pidfd_open(2), Linux 5.10 and 6.9. */
export const PIDFD_NONBLOCK = 0o4000;
export const PIDFD_THREAD = 0o200;
/** <linux/close_range.h>: close_range(2), Linux 5.9 and 5.11. */
export const CLOSE_RANGE_UNSHARE = 2;
export const CLOSE_RANGE_CLOEXEC = 4;

function kernel(syscall: string): Backend {
  const backend = nativeBackend();
  if (backend instanceof Error) {
    throw unsupportedError(syscall, 'the native addon', undefined, `${backend.message}.`);
  }
  return backend;
}

function checked<T>(result: T | number, syscall: string): T {
  if (typeof result === 'number' && result < 0) throw errnoError(result, syscall);
  return result as T;
}

/**
 * Asks clone3(2) whether it knows `flags`, without creating a process: `'EFAULT'` says yes, `'EINVAL'`
 * no, `'ENOSYS'` or `'EPERM'` that clone3 itself is refused.
 */
export function clone3Probe(flags: number): string {
  return errnoName(kernel('clone3').clone3Probe(flags));
}

/** pidfd_open(2). Linux 5.3. Returns a descriptor, O_CLOEXEC. */
export function pidfdOpen(pid: Pid, flags = 0): Fd {
  return checked(kernel('pidfd_open').pidfdOpen(pid, flags, false), 'pidfd_open');
}

/** pidfd_send_signal(2). Linux 5.1; `flags` 6.9. Signal 0 only checks. */
export function pidfdSendSignal(pidfd: Fd, signo: number, flags = 0): void {
  const result = kernel('pidfd_send_signal').pidfdSendSignal(pidfd, signo, flags);
  checked(result, 'pidfd_send_signal');
}

/** pidfd_getfd(2). Linux 5.6. Returns a descriptor, O_CLOEXEC. */
export function pidfdGetfd(pidfd: Fd, targetfd: Fd, flags = 0): Fd {
  return checked(kernel('pidfd_getfd').pidfdGetfd(pidfd, targetfd, flags), 'pidfd_getfd');
}

/**
 * ioctl_pidfd(2), PIDFD_GET_INFO, with the 64-byte struct that every kernel since 6.13 knows. Look at
 * `mask`: a field that it does not name is zero.
 */
export function pidfdGetInfo(pidfd: Fd, mask: number): PidfdInfoFields {
  return checked(kernel('PIDFD_GET_INFO').pidfdGetInfo(pidfd, mask), 'PIDFD_GET_INFO');
}

/** fstat(2) of a pidfd: an inode number that is never used twice. Linux 6.9. */
export function pidfdInode(pidfd: Fd): bigint {
  return checked<bigint>(kernel('fstat').pidfdInode(pidfd), 'fstat');
}

/** process_mrelease(2). Linux 5.15. */
export function processMrelease(pidfd: Fd, flags = 0): void {
  checked(kernel('process_mrelease').processMrelease(pidfd, flags), 'process_mrelease');
}

/**
 * waitid(2), with the rusage that only the raw call has. Null where WNOHANG found nothing. It blocks
 * the thread without WNOHANG, and a P_ALL can take a status that somebody else is waiting for.
 */
export function waitid(idtype: number, id: number, options: number): WaitidResult | null {
  const result = checked<WaitidResult>(kernel('waitid').waitid(idtype, id, options), 'waitid');
  return result.pid === 0 ? null : result;
}

/** PR_SET_CHILD_SUBREAPER(2const). Linux 3.4. */
export function prctlSetChildSubreaper(on: boolean): void {
  checked(kernel('prctl').prctlSetChildSubreaper(on), 'prctl(PR_SET_CHILD_SUBREAPER)');
}

/** PR_GET_CHILD_SUBREAPER(2const). Linux 3.4. */
export function prctlGetChildSubreaper(): boolean {
  return checked(kernel('prctl').prctlGetChildSubreaper(), 'prctl(PR_GET_CHILD_SUBREAPER)') === 1;
}

/** PR_GET_NO_NEW_PRIVS(2const). Linux 3.5. */
export function prctlGetNoNewPrivs(): boolean {
  return checked(kernel('prctl').prctlGetNoNewPrivs(), 'prctl(PR_GET_NO_NEW_PRIVS)') === 1;
}

/** An entry of poll(2); with `events: 0` only errors and POLLHUP are reported. */
export interface PollFd {
  readonly fd: Fd;
  readonly events: number;
}

/** poll(2). Returns the `revents`, in order. It blocks the thread; -1 waits for ever. */
export function poll(fds: readonly PollFd[], timeoutMs: number): number[] {
  const triples = Int32Array.from(fds.flatMap(({ fd, events }) => [fd, events, 0]));
  checked(kernel('poll').poll(triples, timeoutMs), 'poll');
  return fds.map((_, index) => triples[index * 3 + 2] ?? 0);
}

/** pipe2(2) with O_CLOEXEC: the read end, then the write end. */
export function pipe2(): readonly [Fd, Fd] {
  return checked<readonly [Fd, Fd]>(kernel('pipe2').pipe2(false), 'pipe2');
}

/** socketpair(2): AF_UNIX, SOCK_STREAM, SOCK_CLOEXEC. */
export function socketpair(): readonly [Fd, Fd] {
  return checked<readonly [Fd, Fd]>(kernel('socketpair').socketpair(false), 'socketpair');
}

/** F_DUPFD_CLOEXEC(2const): the lowest free descriptor from `least` on. */
export function dup(fd: Fd, least = 0): Fd {
  return checked(kernel('fcntl').dup(fd, least, false), 'fcntl(F_DUPFD_CLOEXEC)');
}

/** close(2). Not repeated on EINTR: Linux has given the number away by then. */
export function close(fd: Fd): void {
  checked(kernel('close').close(fd), 'close');
}

/** close_range(2). Linux 5.9. */
export function closeRange(first: Fd, last: Fd, flags = 0): void {
  checked(kernel('close_range').closeRange(first, last, flags), 'close_range');
}
