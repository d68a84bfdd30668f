// kernel/ptrace.c: who traces whom, as far as births and deaths care. The requests are in ptrace.ts.
import { SA_NOCLDWAIT, signals } from './constants';
import type { Core } from './core';
import { doNotifyParent } from './notify';
import { kernelInfo, nameOf, sendSignal, signalWakeUp, wakeUpParent } from './signal';
import { isLeader, remove, threadGroupEmpty, type TaskStruct } from './struct';

/** __ptrace_link(). */
export function ptraceLink(
  task: TaskStruct,
  tracer: TaskStruct,
  how: NonNullable<TaskStruct['ptrace']>,
): void {
  task.ptrace = how;
  task.parent = tracer;
  tracer.ptraced.unshift(task); // list_add(): the newest first.
}

/** __ptrace_unlink(): a tracee that its group has stopped stops for good; any other runs. */
export function ptraceUnlink(core: Core, task: TaskStruct): void {
  remove(task.parent.ptraced, task);
  task.ptrace = undefined;
  task.parent = task.realParent;
  task.jobctl.trapStop = false;
  task.jobctl.trapNotify = false;
  const { flags, groupStopCount } = task.process;
  if (!task.exiting && (flags.stopStopped || groupStopCount > 0)) {
    task.jobctl.stopPending = true;
    if (task.jobctl.stopSignal === 0) task.jobctl.stopSignal = signals.SIGSTOP;
  }
  if (task.exiting) return;
  if (task.run === 'traced') {
    task.run = 'running';
    core.defer('signals', task);
  } else if (task.jobctl.stopPending) {
    signalWakeUp(core, task, false);
  }
}

/**
 * __ptrace_detach(): true says that the tracee was a zombie that only its tracer kept, and is to be released.
 * Here is the third place where the kernel looks at autoreap: a parent that traced its own child, and ends
 * without a wait, leaves nobody who would.
 */
export function ptraceDetach(core: Core, tracer: TaskStruct, task: TaskStruct): boolean {
  ptraceUnlink(core, task);
  if (task.exitState !== 'zombie') return false;
  let dead = !isLeader(task);
  if (!dead && threadGroupEmpty(task)) {
    if (task.realParent.process !== tracer.process) {
      dead = doNotifyParent(core, task, task.exitSignal);
    } else if (ignoringChildren(tracer) || task.process.autoreap) {
      wakeUpParent(core, task, tracer);
      dead = true;
    }
  }
  if (dead) task.exitState = 'dead';
  return dead;
}

/** ignoring_children(). */
function ignoringChildren(task: TaskStruct): boolean {
  const action = task.sighand.action[signals.SIGCHLD];
  return action?.handler === 'ignore' || ((action?.flags ?? 0) & SA_NOCLDWAIT) !== 0;
}

/** exit_ptrace(): a tracer dies, and lets go of whom it traced. Returns who is to be released. */
export function exitPtrace(core: Core, tracer: TaskStruct): TaskStruct[] {
  const dead: TaskStruct[] = [];
  for (const task of [...tracer.ptraced]) {
    if (task.ptrace?.exitKill === true) {
      sendSignal(core, kernelInfo(signals.SIGKILL), task, 'thread', true);
    }
    core.log(task, `is not traced any more: ${nameOf(tracer)} dies`, 'exit_ptrace');
    if (ptraceDetach(core, tracer, task)) dead.push(task);
  }
  return dead;
}
