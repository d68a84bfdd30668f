// kernel/ptrace.c: the requests. What a tracee is held for is in deliver.ts.
import {
  errno,
  PTRACE_ATTACH,
  PTRACE_CONT,
  PTRACE_DETACH,
  PTRACE_INTERRUPT,
  PTRACE_O_EXITKILL,
  PTRACE_O_MASK,
  PTRACE_SEIZE,
  PTRACE_TRACEME,
  signals,
  SLEEPS,
} from './constants';
import type { Core } from './core';
import { getSignal } from './deliver';
import { kernelInfo, nameOf, sendSignal, signalWakeUp, validSignal, wakeFrom } from './signal';
import { ptraceDetach, ptraceLink } from './tracing';
import { nsOf, type TaskStruct } from './struct';

/** ptrace(2): TRACEME, ATTACH, SEIZE, INTERRUPT, CONT, DETACH. Others are EIO, as for a kernel without them. */
export function ptrace(
  core: Core,
  task: TaskStruct,
  request: number,
  pid: number,
  data: number,
): number | typeof SLEEPS {
  if (request === PTRACE_TRACEME) return traceme(core, task);
  const child = core.find(pid, nsOf(task));
  if (child === undefined) return -errno.ESRCH;
  if (request === PTRACE_ATTACH || request === PTRACE_SEIZE) {
    return attach(core, task, child, request === PTRACE_SEIZE, data);
  }
  // ptrace_check_attach(): ours, and held, unless it is to be made to stop.
  if (child.ptrace === undefined || child.parent !== task) return -errno.ESRCH;
  if (request !== PTRACE_INTERRUPT && child.run !== 'traced') return -errno.ESRCH;
  switch (request) {
    case PTRACE_INTERRUPT:
      return interrupt(core, child);
    case PTRACE_CONT:
      if (!validSignal(data)) return -errno.EIO;
      child.traceCode = data;
      core.log(child, `goes on, by ${nameOf(task)}`, 'ptrace_resume');
      wakeFrom(core, child, 'traced');
      return 0;
    case PTRACE_DETACH:
      if (!validSignal(data)) return -errno.EIO;
      child.traceCode = data;
      core.log(child, `is not traced any more, by ${nameOf(task)}`, 'ptrace_detach');
      if (ptraceDetach(core, task, child)) core.defer('release', child);
      return 0;
    default:
      return -errno.EIO;
  }
}

/** ptrace_traceme(). */
function traceme(core: Core, task: TaskStruct): number {
  if (task.ptrace !== undefined) return -errno.EPERM;
  // cap_ptrace_traceme(): nobody may trace a child that may do more.
  if (task.cred.caps && !task.realParent.cred.caps) return -errno.EPERM;
  if (!task.realParent.exiting) {
    ptraceLink(task, task.realParent, { seized: false, exitKill: false, caps: task.cred.caps });
    core.log(task, `is traced by ${nameOf(task.realParent)}`, 'ptrace_traceme');
  }
  return 0;
}

/** ptrace_attach(). */
function attach(
  core: Core,
  task: TaskStruct,
  child: TaskStruct,
  seize: boolean,
  options: number,
): number | typeof SLEEPS {
  if (seize && (options & ~PTRACE_O_MASK) !== 0) return -errno.EIO;
  if (child.kernelThread || child.process === task.process) return -errno.EPERM;
  if (child.process.groupExecTask !== undefined) {
    // cred_guard_mutex: who is in execve and waits for its threads cannot be attached to before it is done.
    const retry = (): number | undefined => {
      const result = attach(core, task, child, seize, options);
      return result === SLEEPS ? undefined : result;
    };
    task.sleep = { call: 'ptrace', killable: false, always: true, retry };
    return SLEEPS;
  }
  if (!mayAccess(task, child)) return -errno.EPERM;
  if (child.exitState !== 'none' || child.ptrace !== undefined) return -errno.EPERM;
  const exitKill = seize && (options & PTRACE_O_EXITKILL) !== 0;
  ptraceLink(child, task, { seized: seize, exitKill, caps: task.cred.caps });
  core.log(child, `is traced by ${nameOf(task)}`, seize ? 'PTRACE_SEIZE' : 'PTRACE_ATTACH');
  if (!seize) sendSignal(core, kernelInfo(signals.SIGSTOP), child, 'thread', true);
  // One that has stopped already is taken over by its tracer.
  if (child.run === 'stopped') {
    child.jobctl.trapStop = true;
    wakeFrom(core, child, 'stopped');
    getSignal(core, child); // JOBCTL_TRAPPING: the caller waits for it to be held.
  }
  return 0;
}

function interrupt(core: Core, child: TaskStruct): number {
  if (child.ptrace?.seized !== true) return -errno.EIO;
  child.jobctl.trapStop = true;
  signalWakeUp(core, child, false);
  return 0;
}

/** ptrace_may_access(PTRACE_MODE_ATTACH_REALCREDS). */
export function mayAccess(task: TaskStruct, other: TaskStruct): boolean {
  if (task.process === other.process || task.cred.caps) return true;
  const { uid, euid, suid } = other.cred;
  // cap_ptrace_access_check(): nor somebody who may do more.
  if (other.cred.caps) return false;
  return [uid, euid, suid].every((id) => id === task.cred.uid) && other.process.dumpable;
}
