// Numbers back into the names that they have in the manual.
import * as k from '../constants';

/** A family of constants, by name. */
export type Names = Readonly<Record<string, number>>;

export const CLONE = {
  CLONE_VM: k.CLONE_VM,
  CLONE_FS: k.CLONE_FS,
  CLONE_FILES: k.CLONE_FILES,
  CLONE_SIGHAND: k.CLONE_SIGHAND,
  CLONE_PIDFD: k.CLONE_PIDFD,
  CLONE_PTRACE: k.CLONE_PTRACE,
  CLONE_VFORK: k.CLONE_VFORK,
  CLONE_PARENT: k.CLONE_PARENT,
  CLONE_THREAD: k.CLONE_THREAD,
  CLONE_CLEAR_SIGHAND: k.CLONE_CLEAR_SIGHAND,
  CLONE_INTO_CGROUP: k.CLONE_INTO_CGROUP,
  CLONE_AUTOREAP: k.CLONE_AUTOREAP,
  CLONE_NNP: k.CLONE_NNP,
  CLONE_PIDFD_AUTOKILL: k.CLONE_PIDFD_AUTOKILL,
};

/** clone4() has two bits of its own, which others have had before and since. */
export const CLONE4 = {
  CLONE_VM: k.CLONE_VM,
  CLONE_AUTOREAP: k.CLONE4_AUTOREAP,
  CLONE_FD: k.CLONE4_FD,
  CLONE_THREAD: k.CLONE_THREAD,
  CLONE_PARENT: k.CLONE_PARENT,
};

export const WAIT = {
  WNOHANG: k.WNOHANG,
  WUNTRACED: k.WUNTRACED,
  WCONTINUED: k.WCONTINUED,
  __WALL: k.__WALL,
  __WCLONE: k.__WCLONE,
};

export const CLD = {
  CLD_EXITED: k.CLD_EXITED,
  CLD_KILLED: k.CLD_KILLED,
  CLD_DUMPED: k.CLD_DUMPED,
  CLD_TRAPPED: k.CLD_TRAPPED,
  CLD_STOPPED: k.CLD_STOPPED,
  CLD_CONTINUED: k.CLD_CONTINUED,
};

export const SA = {
  SA_NOCLDSTOP: k.SA_NOCLDSTOP,
  SA_NOCLDWAIT: k.SA_NOCLDWAIT,
  SA_RESTART: k.SA_RESTART,
};

export const PRCTL = {
  PR_SET_PDEATHSIG: k.PR_SET_PDEATHSIG,
  PR_SET_CHILD_SUBREAPER: k.PR_SET_CHILD_SUBREAPER,
  PR_GET_CHILD_SUBREAPER: k.PR_GET_CHILD_SUBREAPER,
  PR_SET_NO_NEW_PRIVS: k.PR_SET_NO_NEW_PRIVS,
};

export const PTRACE = {
  PTRACE_TRACEME: k.PTRACE_TRACEME,
  PTRACE_CONT: k.PTRACE_CONT,
  PTRACE_ATTACH: k.PTRACE_ATTACH,
  PTRACE_DETACH: k.PTRACE_DETACH,
  PTRACE_SEIZE: k.PTRACE_SEIZE,
};

/** Without PIDFD_INFO_, which all of them begin with. */
export const INFO = {
  PID: k.PIDFD_INFO_PID,
  CREDS: k.PIDFD_INFO_CREDS,
  CGROUPID: k.PIDFD_INFO_CGROUPID,
  EXIT: k.PIDFD_INFO_EXIT,
  COREDUMP: k.PIDFD_INFO_COREDUMP,
  SUPPORTED_MASK: k.PIDFD_INFO_SUPPORTED_MASK,
};

export const OPEN = { O_NONBLOCK: k.O_NONBLOCK, O_CLOEXEC: k.O_CLOEXEC };
export const POLL = { POLLIN: k.POLLIN, POLLHUP: k.POLLHUP, POLLNVAL: k.POLLNVAL };

/** `WNOHANG|__WALL`; what has no name is left as a number. Some flags are above bit 31. */
export function names(flags: number, of: Names): string {
  let rest = BigInt(flags);
  const found: string[] = [];
  for (const [name, bit] of Object.entries(of)) {
    if (!k.has(rest, bit)) continue;
    found.push(name);
    rest &= ~BigInt(bit);
  }
  if (rest !== 0n || found.length === 0) found.push(rest === 0n ? '0' : `0x${rest.toString(16)}`);
  return found.join('|');
}
