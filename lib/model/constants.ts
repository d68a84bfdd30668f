// The kernel's numbers. Written out, and not taken from node:os: the model runs in a browser, too.

/** <asm-generic/errno-base.h>, <asm-generic/errno.h>. System calls return them negated. */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  E2BIG: 7,
  EBADF: 9,
  ECHILD: 10,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENOTDIR: 20,
  EINVAL: 22,
  EMFILE: 24,
  ENOTTY: 25,
  ENOSYS: 38,
  EOPNOTSUPP: 95,
  EREMOTE: 66,
} as const;

/** The name of a negative errno: `-10` is `'ECHILD'`. */
export function errnoName(result: number): string {
  const found = Object.entries(errno).find(([, value]) => value === -result);
  return found?.[0] ?? String(result);
}

/** <asm/signal.h>, x86_64 and arm64. */
export const signals = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

/** 64: the highest signal. Those from 32 on are the real-time ones. */
export const NSIG = 64;
export const SIGRTMIN = 32;

/** The name of a signal, or its number. */
export function signalName(signo: number): string {
  const found = Object.entries(signals).find(([, value]) => value === signo);
  return found?.[0] ?? String(signo);
}

/** <linux/sched.h>: clone(2), clone3(2). Numbers, not bigint: those that have a name end at bit 37. */
export const CLONE_NEWTIME = 0x80;
export const CLONE_VM = 0x100;
export const CLONE_FS = 0x200;
export const CLONE_FILES = 0x400;
export const CLONE_SIGHAND = 0x800;
export const CLONE_PIDFD = 0x1000;
export const CLONE_PTRACE = 0x2000;
export const CLONE_VFORK = 0x4000;
export const CLONE_PARENT = 0x8000;
export const CLONE_THREAD = 0x10000;
export const CLONE_NEWNS = 0x20000;
export const CLONE_PARENT_SETTID = 0x100000;
export const CLONE_DETACHED = 0x400000;
export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWPID = 0x20000000;
export const CLONE_CLEAR_SIGHAND = 2 ** 32;
export const CLONE_INTO_CGROUP = 2 ** 33;
export const CLONE_AUTOREAP = 2 ** 34;
export const CLONE_NNP = 2 ** 35;
export const CLONE_PIDFD_AUTOKILL = 2 ** 36;
export const CLONE_EMPTY_MNTNS = 2 ** 37;
/** The exit signal in the flags of clone(2); not allowed in those of clone3(2). */
export const CSIGNAL = 0xff;

/** <linux/wait.h>. */
export const WNOHANG = 1;
export const WSTOPPED = 2;
export const WUNTRACED = WSTOPPED;
export const WEXITED = 4;
export const WCONTINUED = 8;
export const WNOWAIT = 0x1000000;
export const __WNOTHREAD = 0x20000000;
export const __WALL = 0x40000000;
export const __WCLONE = 0x80000000;
export const P_ALL = 0;
export const P_PID = 1;
export const P_PGID = 2;
export const P_PIDFD = 3;

/** <asm-generic/siginfo.h>: si_code. */
export const SI_USER = 0;
export const SI_KERNEL = 0x80;
export const SI_TKILL = -6;
export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
export const CLD_DUMPED = 3;
export const CLD_TRAPPED = 4;
export const CLD_STOPPED = 5;
export const CLD_CONTINUED = 6;

/** <asm/signal.h>: sa_flags. */
export const SA_NOCLDSTOP = 1;
export const SA_NOCLDWAIT = 2;
export const SA_RESTART = 0x10000000;

/** <linux/prctl.h>. */
export const PR_SET_PDEATHSIG = 1;
export const PR_GET_PDEATHSIG = 2;
export const PR_SET_CHILD_SUBREAPER = 36;
export const PR_GET_CHILD_SUBREAPER = 37;
export const PR_SET_NO_NEW_PRIVS = 38;
export const PR_GET_NO_NEW_PRIVS = 39;

/** <linux/ptrace.h>. */
export const PTRACE_TRACEME = 0;
export const PTRACE_CONT = 7;
export const PTRACE_KILL = 8;
export const PTRACE_ATTACH = 16;
export const PTRACE_DETACH = 17;
export const PTRACE_SEIZE = 0x4206;
export const PTRACE_INTERRUPT = 0x4207;
export const PTRACE_EVENT_STOP = 128;
export const PTRACE_O_EXITKILL = 0x100000;
/** Every option that a kernel knows. */
export const PTRACE_O_MASK = 0x3000ff;

/** <linux/pidfd.h>. */
export const PIDFD_NONBLOCK = 0x800;
export const PIDFD_THREAD = 0x80;
export const PIDFD_AUTOKILL = 0x200;
/** In the place of a descriptor, for pidfd_send_signal(2): this thread, this process. */
export const PIDFD_SELF_THREAD = -10000;
export const PIDFD_SELF_THREAD_GROUP = -10001;
export const PIDFD_SIGNAL_THREAD = 1;
export const PIDFD_SIGNAL_THREAD_GROUP = 2;
export const PIDFD_SIGNAL_PROCESS_GROUP = 4;
export const PIDFD_INFO_PID = 1;
export const PIDFD_INFO_CREDS = 2;
export const PIDFD_INFO_CGROUPID = 4;
export const PIDFD_INFO_EXIT = 8;
export const PIDFD_INFO_COREDUMP = 16;
export const PIDFD_INFO_SUPPORTED_MASK = 32;

/** <fcntl.h>, <poll.h>. */
export const O_RDWR = 2;
export const O_NONBLOCK = 0x800;
export const O_CLOEXEC = 0x80000;
export const POLLIN = 1;
export const POLLHUP = 16;
export const POLLNVAL = 32;

/** Josh Triplett's clone4() of 2015, v2 of its series: two bits that clone(2) had free at the time. */
export const CLONE4_AUTOREAP = 0x1000;
export const CLONE4_FD = 0x400000;

/** A pointer that leads nowhere: where a system call is to write, it fails with EFAULT. */
export const BAD_ADDRESS: unique symbol = Symbol('bad address');

/** What a system call returns that has to sleep. Its result is `takeResult()`'s, later. */
export const SLEEPS: unique symbol = Symbol('sleeps');

/** Whether a flag, which may be above bit 31, is among flags. */
export const has = (flags: bigint, flag: number): boolean => (flags & BigInt(flag)) !== 0n;
