import type { Duplex } from 'node:stream';

/** A descriptor of this process. */
export type Fd = number;
export type Pid = number;
/** `>= 0`, or `-errno`. Errors are made above, in one place. */
export type SyscallResult = number;
/** The status word of wait(2). */
export type Wstatus = number;
/** A pidfd in the watcher's hands. Numbers are never used twice. */
export type WatchId = number;

// <linux/sched.h>, clone3(2). Numbers, not bigint: the highest is bit 36.
export const CLONE_VM = 0x100;
export const CLONE_PIDFD = 0x1000;
export const CLONE_VFORK = 0x4000;
export const CLONE_CLEAR_SIGHAND = 2 ** 32;
export const CLONE_INTO_CGROUP = 2 ** 33;
export const CLONE_AUTOREAP = 2 ** 34;
export const CLONE_NNP = 2 ** 35;
export const CLONE_PIDFD_AUTOKILL = 2 ** 36;

/** <linux/pidfd.h>: ioctl_pidfd(2). */
export const PIDFD_INFO_PID = 1;
export const PIDFD_INFO_CGROUPID = 4;
export const PIDFD_INFO_EXIT = 8;
/** <linux/pidfd.h>: pidfd_send_signal(2), Linux 6.9. */
export const PIDFD_SIGNAL_PROCESS_GROUP = 4;

/** <linux/wait.h>: waitid(2). */
export const P_PIDFD = 3;
export const WNOHANG = 1;
export const WEXITED = 4;

/** How the end of a process is learnt; WatchKind of native/watcher.h. */
export enum Watch {
  /** Somebody else reaps (the kernel, another parent): HUP, then PIDFD_GET_INFO. */
  Hup = 0,
  /** We reap: POLLIN, then waitid(P_PIDFD). */
  Waitid = 1,
  /** Nobody can tell the status: POLLIN is all there is. */
  In = 2,
}

/**
 * A child, laid out before it is born. Strings are packed: each item is followed by a NUL, so none
 * may contain one.
 */
export interface CloneRequest {
  /** clone3(2) flags; CLONE_VM, CLONE_VFORK and CLONE_PIDFD among them. */
  flags: number;
  exitSignal: number;
  /** Use clone(2): no flag above bit 31 except CLONE_CLEAR_SIGHAND, which is then done by hand. */
  legacy: boolean;
  /** A cgroup2 directory, or -1. Entered by clone3 with CLONE_INTO_CGROUP, else by cgroup.procs. */
  cgroup: Fd;
  /** The paths to try, in order, as execvp(3) would. */
  files: string;
  argv: string;
  envp: string;
  cwd: string | undefined;
  /** Our descriptor for the child's i, or -1 for /dev/null (0 to 2) or nothing. */
  stdio: readonly Fd[];
  /** Descriptors that are closed here once the child has them, or could not be born. */
  closeAfter: readonly Fd[];
  /** setsid(2). */
  session: boolean;
  /** setpgid(2). */
  processGroup: number | undefined;
  /** prlimit(2): triples of resource, soft and hard; -1 is RLIM_INFINITY. */
  rlimits: readonly number[] | undefined;
  /** setpriority(2), absolute. */
  nice: number | undefined;
  umask: number | undefined;
  /** setgroups(2). */
  groups: readonly number[] | undefined;
  /** Go on if setgroups is refused, as libuv does. */
  groupsOptional: boolean;
  /** -1: stay as we are. */
  uid: number;
  gid: number;
  /** PR_SET_NO_NEW_PRIVS by the child, where CLONE_NNP is not to be had. */
  noNewPrivs: boolean;
  /** PR_SET_PDEATHSIG, from a thread that lives as long as the process; 0 for none. */
  deathSignal: number;
  /** close_range(2) from here on, or undefined to let O_CLOEXEC decide. */
  closeFrom: number | undefined;
  watch: Watch;
  /** Whether the end is to bring its rusage. */
  wantsRusage: boolean;
}

/** A child that runs its program, or the step at which it failed to. */
export type Birth =
  | { readonly pid: Pid; readonly pidfd: Fd; readonly watch: WatchId; readonly startMs: number }
  | {
      readonly error: SyscallResult;
      readonly step: string;
      /** What it means here, where that is not what it means on Linux. */
      readonly hint?: string | undefined;
    };

/** What the kernel told about an end. */
export interface End {
  /** Undefined when somebody took the status and this kernel does not tell it twice. */
  readonly wstatus: Wstatus | undefined;
  /** The errno (negative) that hid the status; 0 when it is known. */
  readonly lost: number;
  /** When it was learnt: CLOCK_MONOTONIC, milliseconds. */
  readonly atMs: number;
  /** The cgroup at death, by PIDFD_INFO_EXIT. */
  readonly cgroupId: bigint | undefined;
  /** By waitid(2) only, nobody else is told; and where it was asked for. */
  readonly rusage: Rusage | undefined;
}

/** Is told of an end, and whose it was. */
export type OnEnd = (end: End, watch: WatchId) => void;

/** struct rusage, getrusage(2). */
export interface Rusage {
  readonly utimeUs: number;
  readonly stimeUs: number;
  readonly maxrssKib: number;
  readonly minflt: number;
  readonly majflt: number;
  readonly inblock: number;
  readonly oublock: number;
  readonly nvcsw: number;
  readonly nivcsw: number;
}

/** struct pidfd_info; `mask` says which fields mean something. */
export interface PidfdInfoFields {
  mask: number;
  cgroupid: bigint;
  pid: number;
  tgid: number;
  ppid: number;
  ruid: number;
  rgid: number;
  euid: number;
  egid: number;
  suid: number;
  sgid: number;
  fsuid: number;
  fsgid: number;
  exitCode: Wstatus;
}

/** siginfo_t of waitid(2), and the rusage that only the raw call has. */
export interface WaitidResult {
  pid: Pid;
  uid: number;
  signo: number;
  code: number;
  status: number;
  rusage: Rusage;
}

/** Descriptors that Node.js cannot open. */
export interface BackendStreams {
  /** Whether a child can be given it. 0 to 2 are always there: they stand for those of this process. */
  has(fd: Fd): boolean;
  /** The stream that Node.js would make of our end of a pipe. It closes the descriptor. */
  open(fd: Fd): Duplex;
}

/**
 * The kernel, as this library uses it: one method per system call, under the call's own name, with no
 * defaults, no retries and no opinions. `native.ts` asks Linux, `model.ts` asks `lib/model`, and `test/spec`
 * holds both to the same sentences.
 */
export interface Backend {
  readonly name: 'native' | 'model';
  /** Which kernel it is, for the reader of a report. */
  readonly release: string;
  /** Where descriptors are not those of this process: what takes the place of its streams. */
  readonly streams?: BackendStreams;

  /** clone3(2) or clone(2), then execve(2) in the child. `onEnd` is called once, on a later tick. */
  cloneExecve(request: CloneRequest, onEnd: OnEnd): Birth;
  /**
   * The same for a thread that is going to wait in poll(2): nobody is told of the end, ask `collect`. Should
   * this thread be ended before it has asked, the child is still reaped.
   */
  cloneExecveHeld(request: CloneRequest): Birth;
  /** How a held child ended; undefined if it has not, or cannot be told yet. Does not wait. */
  collect(watch: WatchId): End | undefined;
  /** Asks clone3(2) for flags without creating a process: EFAULT says yes, EINVAL no. */
  clone3Probe(flags: number): SyscallResult;
  /** Whether PIDFD_GET_INFO tells the status of a reaped child: 1, 0 or -errno. Creates a child. */
  cloneExitInfo(): SyscallResult;

  /** Watches a pidfd, which is the watcher's from now on: close it by `unwatch`. */
  watch(pidfd: Fd, kind: Watch, onEnd: OnEnd): WatchId | SyscallResult;
  /** Closes the pidfd of a watch. A live child that is ours to reap is still reaped. */
  unwatch(watch: WatchId): SyscallResult;
  /**
   * What synchronous calls have that were cut off: `unwatch`es every child that is held, and closes every owned end
   * of a pipe or socketpair. To be called when no call is going on, for no end is owned from one tick to the next.
   */
  closeHeld(): void;
  /** Whether a watch keeps the event loop alive. It does at first. */
  refWatch(watch: WatchId, on: boolean): void;

  /** getpid(2): as whom all this is asked. */
  getpid(): Pid;
  /** pidfd_open(2). Linux 5.3. `owned`: closed with this thread, see `disown`. */
  pidfdOpen(pid: Pid, flags: number, owned: boolean): SyscallResult;
  /** pidfd_send_signal(2). Linux 5.1. Signal 0 only checks. */
  pidfdSendSignal(pidfd: Fd, signo: number, flags: number): SyscallResult;
  /** pidfd_getfd(2). Linux 5.6. */
  pidfdGetfd(pidfd: Fd, fd: Fd, flags: number): SyscallResult;
  /** ioctl_pidfd(2), PIDFD_GET_INFO. Linux 6.13; PIDFD_INFO_EXIT 6.15. */
  pidfdGetInfo(pidfd: Fd, mask: number): PidfdInfoFields | SyscallResult;
  /** fstat(2) of a pidfd: unique for the life of the system. Linux 6.9. */
  pidfdInode(pidfd: Fd): bigint | SyscallResult;
  /** process_mrelease(2). Linux 5.15. */
  processMrelease(pidfd: Fd, flags: number): SyscallResult;
  /** waitid(2). */
  waitid(idtype: number, id: number, options: number): WaitidResult | SyscallResult;

  /** PR_SET_CHILD_SUBREAPER(2const). Linux 3.4. */
  prctlSetChildSubreaper(on: boolean): SyscallResult;
  /** PR_GET_CHILD_SUBREAPER(2const). Linux 3.4. */
  prctlGetChildSubreaper(): SyscallResult;
  /** PR_GET_NO_NEW_PRIVS(2const). Linux 3.5. */
  prctlGetNoNewPrivs(): SyscallResult;

  /** poll(2) over triples of fd, events and revents; the last is written. */
  poll(fds: Int32Array, timeoutMs: number): SyscallResult;
  /** pipe2(2), O_CLOEXEC: the read end, then the write end. `owned`: see `disown`. */
  pipe2(owned: boolean): readonly [Fd, Fd] | SyscallResult;
  /** socketpair(2), AF_UNIX, SOCK_STREAM, SOCK_CLOEXEC. `owned`: see `disown`. */
  socketpair(owned: boolean): readonly [Fd, Fd] | SyscallResult;
  /**
   * Somebody else is going to close this descriptor. Until then an owned one closes with the thread it
   * was made in: a Worker that is terminated runs no `finally`. `close`, `watch` and `closeAfter` of a
   * birth disown too.
   */
  disown(fd: Fd): void;
  /** F_DUPFD_CLOEXEC(2const). `owned`: the end of a pipe, see `disown`. */
  dup(fd: Fd, least: Fd, owned: boolean): SyscallResult;
  /** F_SETFL(2const), O_NONBLOCK. */
  setNonblocking(fd: Fd): SyscallResult;
  /** F_SETPIPE_SZ(2const): how many bytes the pipe holds now. */
  setPipeSize(fd: Fd, bytes: number): SyscallResult;
  /** read(2): how many bytes, 0 at the end. */
  read(fd: Fd, buffer: Uint8Array): SyscallResult;
  /** write(2): how many bytes. */
  write(fd: Fd, buffer: Uint8Array): SyscallResult;
  close(fd: Fd): SyscallResult;
  /** close_range(2). Linux 5.9. */
  closeRange(first: Fd, last: Fd, flags: number): SyscallResult;
}
