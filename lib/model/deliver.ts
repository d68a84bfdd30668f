// kernel/signal.c, the receiver's half: get_signal(). A thread on its way back to user mode dies, stops, is
// held for its tracer, or runs its handlers.
import {
  errno,
  NSIG,
  PTRACE_EVENT_STOP,
  SA_RESTART,
  signalName,
  signals,
  WNOHANG,
} from './constants';
import type { Core } from './core';
import { doGroupExit, participateGroupStop } from './exit';
import { isOrphanedPgrp } from './jobs';
import { doNotifyParentCldstop } from './notify';
import {
  cannotBeCaught,
  fatalSignalPending,
  ignoredByDefault,
  sendSignal,
  signalWakeUp,
  stops,
  trapNotify,
  type SignalTo,
  userInfo,
} from './signal';
import { ptraceReparented, ringFrom, type SigInfo, type TaskStruct } from './struct';
import { wait4 } from './wait';

/** Takes all that is due. Does nothing for who is stopped, held, dead, or in an uninterruptible wait. */
export function getSignal(core: Core, task: TaskStruct): void {
  let interrupted: 'no' | 'restart' | 'eintr' = 'no';
  while (!task.exiting && task.run === 'running' && !task.kernelThread) {
    if (task.sleep?.killable === true && !fatalSignalPending(task)) return;
    // do_wait() looks once more before it lets a signal interrupt it.
    finishSleep(task);
    if (task.sleep !== undefined) task.sleep.interrupted = true;

    const { process } = task;
    if (process.flags.cld !== undefined) {
      const why = process.flags.cld;
      process.flags.cld = undefined;
      doNotifyParentCldstop(core, task, false, why);
      if (ptraceReparented(process.leader)) {
        doNotifyParentCldstop(core, process.leader, true, why);
      }
      continue;
    }
    if (task.traceStop !== undefined) {
      // Its tracer has let it go on, and may have given it a signal.
      const { resume } = task.traceStop;
      task.traceStop = undefined;
      const code = task.traceCode;
      task.traceCode = 0;
      resume(code);
      continue;
    }
    if (process.flags.groupExit || (process.groupExecTask ?? task) !== task) {
      task.pending = [];
      doGroupExit(core, task, process.groupExitCode);
      return;
    }
    if (task.jobctl.stopPending && doSignalStop(core, task, 0)) return;
    if (task.jobctl.trapStop || task.jobctl.trapNotify) {
      trap(core, task);
      return;
    }
    const next = dequeue(task);
    if (next === undefined) {
      if (runHandler(core, task)) continue; // rt_sigreturn(2) looks again.
      task.sigpending = false; // recalc_sigpending()
      break;
    }
    const { info, to } = next;
    if (task.ptrace !== undefined && info.signo !== signals.SIGKILL) {
      ptraceSignal(core, task, info, to);
      return;
    }
    const handled = act(core, task, info);
    if (handled !== undefined && interrupted === 'no') interrupted = handled;
  }
  if (task.sleep !== undefined && interrupted === 'eintr' && task.sleep.always !== true) {
    core.log(task, `is interrupted in ${task.sleep.call}`, 'ERESTARTSYS without SA_RESTART');
    task.sleep = undefined;
    task.result = -errno.EINTR;
  }
  if (task.sleep !== undefined && task.run === 'running') {
    task.sleep.interrupted = false;
    task.sleep.since = core.nextSleep();
    finishSleep(task);
  }
}

/** Tries again what it sleeps in. Who was taken out of it does not, before it is on its way back. */
export function finishSleep(task: TaskStruct): void {
  if (task.sleep?.interrupted === true) return;
  const result = task.sleep?.retry();
  if (result === undefined) return;
  task.sleep = undefined;
  task.result = result;
}

/** dequeue_signal(): the thread's own first, the lowest number first; what is blocked waits. */
function dequeue(task: TaskStruct): { info: SigInfo; to: SignalTo } | undefined {
  for (const to of ['thread', 'process'] as const) {
    const queue = to === 'thread' ? task.pending : task.process.sharedPending;
    const open = queue.filter(({ signo }) => !task.blocked.has(signo));
    if (open.length === 0) continue;
    const rank = ({ signo }: SigInfo): number => (SYNCHRONOUS.has(signo) ? signo - 64 : signo);
    const next = open.reduce((best, info) => (rank(info) < rank(best) ? info : best));
    queue.splice(queue.indexOf(next), 1);
    if (stops(next.signo)) task.jobctl.stopDequeued = true;
    return { info: next, to };
  }
  return undefined;
}

/** SYNCHRONOUS_MASK: what an instruction caused comes before all else. */
const SYNCHRONOUS: ReadonlySet<number> = new Set([
  ...[signals.SIGSEGV, signals.SIGBUS, signals.SIGILL, signals.SIGTRAP, signals.SIGFPE],
  signals.SIGSYS,
]);

/** What a signal does. Says how a handler leaves the call that it interrupted. */
function act(core: Core, task: TaskStruct, info: SigInfo): 'restart' | 'eintr' | undefined {
  const { signo } = info;
  const action = task.sighand.action[signo];
  const unkillable = task.process.flags.unkillable;
  if (action?.handler === 'ignore') {
    if (signo === signals.SIGCHLD && !core.abi.ignoredReapsAtDeath) reapAll(core, task);
    return undefined;
  }
  if (action?.handler === 'catch') {
    task.frame = { info, blocked: task.blocked };
    task.blocked = new Set(CATCHABLE);
    return (action.flags & SA_RESTART) === 0 ? 'eintr' : 'restart';
  }
  if (ignoredByDefault(signo)) return undefined;
  // An init is not killed by its own people; from outside, SIGKILL and SIGSTOP were forced.
  if (unkillable && !cannotBeCaught(signo)) return undefined;
  if (stops(signo)) {
    if (signo !== signals.SIGSTOP && isOrphanedPgrp(core, task.process.pgrp)) {
      core.log(task, `does not stop for ${signalName(signo)}`, 'is_current_pgrp_orphaned');
      return undefined;
    }
    doSignalStop(core, task, signo);
    return undefined;
  }
  core.log(task, `dies of ${signalName(signo)}`, 'get_signal');
  doGroupExit(core, task, signo);
  return undefined;
}

/**
 * In user mode at last. A signal that could have stopped or killed it waits until the handler has run, if that
 * can be blocked; a SIGSTOP, or the stop that another thread has begun, comes before.
 */
function runHandler(core: Core, task: TaskStruct): boolean {
  if (task.frame === undefined) return false;
  const { info, blocked } = task.frame;
  task.frame = undefined;
  task.blocked = blocked;
  task.caught.push(info);
  core.log(task, `handles ${signalName(info.signo)}`, 'get_signal');
  return true;
}

/** A full sigset. */
const CATCHABLE = Array.from({ length: NSIG }, (_, i) => i + 1).filter((n) => !cannotBeCaught(n));

/** 2.4: who ignores SIGCHLD reaps, when it gets to user mode. A kernel thread never does. */
function reapAll(core: Core, task: TaskStruct): void {
  for (;;) {
    const reaped = wait4(core, task, -1, WNOHANG);
    if (typeof reaped !== 'object') return;
  }
}

/**
 * do_signal_stop(): begins or joins the stop of the whole process. True says that this thread has stopped;
 * a traced one is held for its tracer instead.
 */
function doSignalStop(core: Core, task: TaskStruct, signo: number): boolean {
  const { process } = task;
  if (!task.jobctl.stopPending) {
    // Without stopDequeued, a SIGCONT has come between the taking and now.
    if (!task.jobctl.stopDequeued) return false;
    if (process.flags.groupExit || process.groupExecTask !== undefined) return false;
    if (!process.flags.stopStopped) process.groupExitCode = signo;
    process.groupStopCount = 0;
    for (const thread of ringFrom(task)) {
      if (thread !== task && thread.run === 'stopped') continue;
      if (!setStopPending(thread, signo)) continue;
      process.groupStopCount++;
      if (thread === task) continue;
      if (thread.ptrace?.seized === true) trapNotify(core, thread);
      else signalWakeUp(core, thread, false);
    }
  }
  if (task.ptrace !== undefined) {
    task.jobctl.trapStop = true;
    return false;
  }
  const last = participateGroupStop(task);
  task.run = 'stopped';
  core.log(task, 'stops', 'do_signal_stop');
  if (last) doNotifyParentCldstop(core, task, false, 'stopped');
  return true;
}

/** task_set_jobctl_pending(JOBCTL_STOP_PENDING). */
function setStopPending(task: TaskStruct, signo: number): boolean {
  if (task.exiting || fatalSignalPending(task)) return false;
  task.jobctl.stopPending = true;
  task.jobctl.stopConsume = true;
  task.jobctl.stopSignal = signo;
  return true;
}

/** do_jobctl_trap(): the stop of its group, or PTRACE_INTERRUPT, as its tracer sees it. */
function trap(core: Core, task: TaskStruct): void {
  const { process, jobctl } = task;
  let signo = jobctl.stopSignal;
  if (task.ptrace?.seized === true) {
    if (process.groupStopCount === 0 && !process.flags.stopStopped) signo = signals.SIGTRAP;
    signo |= PTRACE_EVENT_STOP << 8;
  }
  task.jobctl.trapNotify = false;
  ptraceStop(core, task, signo, 'stopped', () => undefined);
}

/** ptrace_signal(): the tracer decides what becomes of a signal. */
function ptraceSignal(core: Core, task: TaskStruct, info: SigInfo, to: SignalTo): void {
  const { signo } = info;
  // The tracer may make a stop signal of it.
  task.jobctl.stopDequeued = true;
  core.log(task, `is held with ${signalName(signo)}`, 'ptrace_signal: the tracer decides');
  ptraceStop(core, task, signo, 'trapped', (given) => {
    if (given === 0) return;
    const sent = given === signo ? info : userInfo(task.parent, given, task);
    if (task.blocked.has(given) || fatalSignalPending(task)) {
      // Blocked since; or killed while it was held, by an execve of another thread, which then gets it.
      sendSignal(core, sent, task, to, false);
      return;
    }
    const handled = act(core, task, sent);
    if (handled === 'eintr' && task.sleep !== undefined && task.sleep.always !== true) {
      task.sleep = undefined;
      task.result = -errno.EINTR;
    }
  });
}

/** ptrace_stop(). */
function ptraceStop(
  core: Core,
  task: TaskStruct,
  code: number,
  why: 'stopped' | 'trapped',
  resume: (signo: number) => void,
): void {
  task.run = 'traced';
  task.traceCode = code;
  task.traceStop = { resume };
  const last = why === 'stopped' && task.jobctl.stopPending && participateGroupStop(task);
  task.jobctl.trapStop = false;
  core.log(task, 'is held for its tracer', 'ptrace_stop');
  doNotifyParentCldstop(core, task, true, why);
  if (last && ptraceReparented(task)) doNotifyParentCldstop(core, task, false, 'stopped');
}
