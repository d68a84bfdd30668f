// kernel/pid.c, fs/pidfs.c, kernel/signal.c: a descriptor that names one process for good.
import {
  errno,
  PIDFD_INFO_CGROUPID,
  PIDFD_INFO_COREDUMP,
  PIDFD_INFO_CREDS,
  PIDFD_INFO_EXIT,
  PIDFD_INFO_PID,
  PIDFD_INFO_SUPPORTED_MASK,
  PIDFD_NONBLOCK,
  PIDFD_SELF_THREAD,
  PIDFD_SELF_THREAD_GROUP,
  PIDFD_SIGNAL_PROCESS_GROUP,
  PIDFD_SIGNAL_THREAD,
  PIDFD_SIGNAL_THREAD_GROUP,
  PIDFD_THREAD,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  SI_TKILL,
} from './constants';
import type { Core } from './core';
import { fget, install, newFile, unusedFd } from './files';
import { mayAccess } from './ptrace';
import { groupSendSigInfo, killPgrpInfo } from './signal';
import {
  delayGroupLeader,
  isLeader,
  nrIn,
  nsOf,
  type File,
  type StructPid,
  type TaskStruct,
} from './struct';

/** struct pidfd_info: `mask` says which fields mean something. */
export interface PidfdInfo {
  readonly mask: number;
  readonly cgroupid: number;
  readonly pid: number;
  readonly tgid: number;
  readonly ppid: number;
  readonly ruid: number;
  readonly euid: number;
  readonly suid: number;
  readonly exitCode: number;
}

/** The file of a pidfd, and whose it is. */
function pidfdOf(task: TaskStruct, fd: number): (File & { readonly pid: StructPid }) | undefined {
  const file = fget(task, fd);
  return file?.kind === 'pidfd' && file.pid !== undefined
    ? (file as File & { readonly pid: StructPid })
    : undefined;
}

/** pidfd_open(2). */
export function pidfdOpen(core: Core, task: TaskStruct, nr: number, flags: number): number {
  if (!core.abi.pidfd) return -errno.ENOSYS;
  if ((flags & ~(PIDFD_NONBLOCK | PIDFD_THREAD)) !== 0 || nr <= 0) return -errno.EINVAL;
  const pid = core.findPid(nr, nsOf(task));
  const subject = pid?.task;
  if (pid === undefined || subject === undefined) return -errno.ESRCH;
  const thread = (flags & PIDFD_THREAD) !== 0;
  if (!thread && !isLeader(subject)) return -errno.ENOENT;
  const fd = unusedFd(task);
  if (fd < 0) return fd;
  const nonblock = (flags & PIDFD_NONBLOCK) !== 0;
  return install(task, fd, newFile('pidfd', pid, { nonblock, thread }), true);
}

/** Descriptors that are always there, for this call only. */
function selfOf(task: TaskStruct, fd: number): { pid: StructPid; thread: boolean } | undefined {
  if (fd === PIDFD_SELF_THREAD) return { pid: task.pid, thread: true };
  if (fd === PIDFD_SELF_THREAD_GROUP) return { pid: task.process.leader.pid, thread: false };
  return undefined;
}

/** pidfd_send_signal(2), with a null siginfo. */
export function pidfdSendSignal(
  core: Core,
  task: TaskStruct,
  fd: number,
  signo: number,
  flags: number,
): number {
  if (!core.abi.pidfd) return -errno.ENOSYS;
  const known = [PIDFD_SIGNAL_THREAD, PIDFD_SIGNAL_THREAD_GROUP, PIDFD_SIGNAL_PROCESS_GROUP];
  if (flags !== 0 && !known.includes(flags)) return -errno.EINVAL; // One, and no other.
  const file = selfOf(task, fd) ?? pidfdOf(task, fd);
  if (file === undefined) return -errno.EBADF;
  if (!file.pid.numbers.some(({ ns }) => ns === nsOf(task))) return -errno.EINVAL;
  if (flags === PIDFD_SIGNAL_PROCESS_GROUP) return killPgrpInfo(core, task, signo, file.pid);
  const target = file.pid.task;
  // Released: whoever has the number now, it is not the one that this descriptor means.
  if (target === undefined) return -errno.ESRCH;
  const thread = flags === PIDFD_SIGNAL_THREAD || (flags === 0 && file.thread);
  return thread
    ? groupSendSigInfo(core, task, signo, target, 'thread', SI_TKILL)
    : groupSendSigInfo(core, task, signo, target);
}

/** ioctl_pidfd(2): PIDFD_GET_INFO. The end is told once it is released, and only to who asks for it. */
export function pidfdGetInfo(
  core: Core,
  task: TaskStruct,
  fd: number,
  mask: number,
): PidfdInfo | number {
  const file = fget(task, fd);
  if (file === undefined) return -errno.EBADF;
  if (file.kind !== 'pidfd' || file.pid === undefined) return -errno.ENOTTY;
  const { pid } = file;
  const ns = nsOf(task);
  if (!pid.numbers.some((at) => at.ns === ns)) return -errno.EREMOTE;

  const wantsExit = (mask & PIDFD_INFO_EXIT) !== 0;
  const subject = pid.task;
  let told = 0;
  let exitCode = 0;
  let cgroupid = 0;
  if (wantsExit && pid.exit !== undefined) {
    told |= PIDFD_INFO_EXIT | PIDFD_INFO_CGROUPID;
    exitCode = pid.exit.code;
    cgroupid = pid.exit.cgroupId;
  }
  const zero = { cgroupid, pid: 0, tgid: 0, ppid: 0, ruid: 0, euid: 0, suid: 0, exitCode };
  if (subject === undefined) {
    return wantsExit ? { ...zero, mask: told } : -errno.ESRCH;
  }
  told |= PIDFD_INFO_PID | PIDFD_INFO_CREDS | PIDFD_INFO_CGROUPID;
  if ((mask & PIDFD_INFO_COREDUMP) !== 0) told |= PIDFD_INFO_COREDUMP;
  if ((mask & PIDFD_INFO_SUPPORTED_MASK) !== 0 && core.abi.supportedMask) {
    told |= PIDFD_INFO_SUPPORTED_MASK;
  }
  const { uid, euid, suid } = subject.cred;
  return {
    mask: told,
    cgroupid: 1,
    pid: nrIn(subject.pid, ns),
    tgid: nrIn(subject.process.leader.pid, ns),
    ppid: subject.realParent === subject ? 0 : nrIn(subject.realParent.process.leader.pid, ns),
    ruid: uid,
    euid,
    suid,
    exitCode,
  };
}

/** pidfd_getfd(2). */
export function pidfdGetfd(
  core: Core,
  task: TaskStruct,
  pidfd: number,
  fd: number,
  flags: number,
): number {
  if (!core.abi.pidfd) return -errno.ENOSYS;
  if (flags !== 0) return -errno.EINVAL;
  const file = pidfdOf(task, pidfd);
  if (file === undefined) return -errno.EBADF;
  const target = file.pid.task;
  if (target === undefined) return -errno.ESRCH;
  if (!mayAccess(task, target)) return -errno.EPERM;
  if (target.exiting) return -errno.ESRCH;
  const wanted = fget(target, fd);
  if (wanted === undefined) return -errno.EBADF;
  const to = unusedFd(task);
  return to < 0 ? to : install(task, to, wanted, true);
}

/**
 * poll(2) of one descriptor. A pidfd is readable at the death, and hung up when its process is released: only
 * then can the end be asked for.
 */
export function poll(task: TaskStruct, fd: number): number {
  const file = fget(task, fd);
  if (file === undefined) return POLLNVAL;
  if (file.kind === 'clonefd') return file.clonefd?.done === true ? POLLIN | POLLHUP : 0;
  if (file.kind !== 'pidfd') return POLLIN; // The console: never at its end, and never without.
  const subject = file.pid?.task;
  if (subject === undefined) return POLLIN | POLLHUP;
  return subject.exitState !== 'none' && !delayGroupLeader(subject) ? POLLIN : 0;
}
