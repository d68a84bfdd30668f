// kernel/sys.c, security/commoncap.c, kernel/sys.c: prctl(2), setuid(2), and what goes with them.
import {
  errno,
  PR_GET_CHILD_SUBREAPER,
  PR_GET_NO_NEW_PRIVS,
  PR_GET_PDEATHSIG,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_NO_NEW_PRIVS,
  PR_SET_PDEATHSIG,
} from './constants';
import type { Core } from './core';
import { validSignal } from './signal';
import type { TaskStruct } from './struct';

/** prctl(2). What the GET ones write to memory is returned. */
export function prctl(core: Core, task: TaskStruct, option: number, arg: number): number {
  const { process } = task;
  switch (option) {
    case PR_SET_PDEATHSIG:
      if (!validSignal(arg)) return -errno.EINVAL;
      task.pdeathSignal = arg;
      return 0;
    case PR_GET_PDEATHSIG:
      return task.pdeathSignal;
    case PR_SET_CHILD_SUBREAPER:
      if (!core.abi.subreaper) return -errno.EINVAL;
      process.isChildSubreaper = arg !== 0;
      core.log(task, arg === 0 ? 'is no subreaper' : 'is a subreaper', 'PR_SET_CHILD_SUBREAPER');
      if (arg !== 0) propagate(task);
      return 0;
    case PR_GET_CHILD_SUBREAPER:
      return core.abi.subreaper ? Number(process.isChildSubreaper) : -errno.EINVAL;
    case PR_SET_NO_NEW_PRIVS:
      if (!core.abi.subreaper || arg !== 1) return -errno.EINVAL;
      task.noNewPrivs = true;
      return 0;
    case PR_GET_NO_NEW_PRIVS:
      return core.abi.subreaper ? Number(task.noNewPrivs) : -errno.EINVAL;
    default:
      return -errno.EINVAL;
  }
}

/** propagate_has_child_subreaper(): those who are there already, but not beyond another namespace's init. */
function propagate(task: TaskStruct): void {
  for (const thread of task.process.threads) {
    for (const child of thread.children) {
      const { process } = child;
      if (process.hasChildSubreaper || child.pid.numbers.at(-1)?.ns.childReaper === child) continue;
      process.hasChildSubreaper = true;
      propagate(child);
    }
  }
}

/** (uid_t) -1, which means "leave it as it is" elsewhere. */
const NOBODY_EVER = 2 ** 32 - 1;

/** setuid(2). Who gives root up has no capability left, and leaves nobody a core to read. */
export function setuid(task: TaskStruct, uid: number): number {
  const { cred } = task;
  if (uid === -1 || uid === NOBODY_EVER) return -errno.EINVAL;
  if (!cred.caps && uid !== cred.uid && uid !== cred.suid) return -errno.EPERM;
  const all = cred.caps ? { uid, suid: uid } : { uid: cred.uid, suid: cred.suid };
  const keeps = all.uid === 0 || uid === 0 || all.suid === 0;
  task.cred = { ...all, euid: uid, caps: cred.caps && keeps };
  if (uid !== cred.euid) {
    task.process.dumpable = false;
    task.pdeathSignal = 0;
  }
  return 0;
}

/** capset(2): gives up every capability. None can be had back but by execve. */
export function dropCapabilities(task: TaskStruct): number {
  task.cred = { ...task.cred, caps: false };
  return 0;
}
