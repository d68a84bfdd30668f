// kernel/exit.c: the death of a thread, and what becomes of those it leaves.
import { signals } from './constants';
import type { Core } from './core';
import { exitFiles } from './files';
import { killOrphanedPgrp } from './jobs';
import { doNotifyParent, doNotifyParentCldstop } from './notify';
import { exitPtrace } from './tracing';
import {
  beginGroupExit,
  clearStopPending,
  groupSendSigInfo,
  kernelInfo,
  killThread,
  nameOf,
  sendSignal,
  signalWakeUp,
} from './signal';
import {
  isLeader,
  nsOf,
  ptraceReparented,
  threadGroupEmpty,
  ringFrom,
  type TaskStruct,
} from './struct';

/** The end of the machine: its init is dead. */
export class KernelPanic extends Error {
  override readonly name = 'KernelPanic';
}

/** do_group_exit(): exit_group(2), and every fatal signal. */
export function doGroupExit(core: Core, task: TaskStruct, exitCode: number): void {
  const { process } = task;
  let code = exitCode;
  if (process.flags.groupExit) {
    code = process.groupExitCode; // Somebody was first.
  } else if (process.groupExecTask !== undefined) {
    code = 0; // execve(2) of another thread ends this one.
  } else {
    beginGroupExit(process, code);
    zapOtherThreads(core, task);
  }
  doExit(core, task, code);
}

/** cred_guard_mutex is free: an execve(2) that waited for its threads has come to its end. */
export function letAttach(core: Core): void {
  for (const other of core.tasks.values()) {
    if (other.sleep?.call === 'ptrace') core.defer('retry', other);
  }
}

/** zap_other_threads(). */
export function zapOtherThreads(core: Core, task: TaskStruct): void {
  task.process.groupStopCount = 0;
  for (const thread of ringFrom(task)) {
    if (thread === task || thread.exiting) continue;
    clearStopPending(thread);
    killThread(core, thread);
  }
}

/** do_exit(): one thread. The order is the kernel's, for each step is seen by somebody. */
export function doExit(core: Core, task: TaskStruct, exitCode: number): void {
  const { process } = task;
  if (process.groupExecTask === task) {
    process.groupExecTask = undefined; // Killed while it waited for the others.
    letAttach(core);
  }
  exitSignals(core, task);
  // synchronize_group_exit(): who leaves last, leaves the process's status.
  if (--process.quickThreads === 0 && !process.flags.groupExit && core.abi.groupExitCode) {
    beginGroupExit(process, exitCode);
  }
  task.groupDead = --process.live === 0;
  if (task.groupDead && core.rootNs.childReaper?.process === process) {
    core.panic = new KernelPanic(
      'Kernel panic - not syncing: Attempted to kill init! Its end is the end of the machine: make a new one.',
    );
    throw core.panic;
  }
  task.exitCode = exitCode;
  task.sleep = undefined;
  task.traceStop = undefined;
  task.run = 'running';
  core.log(task, `exits with wait status 0x${exitCode.toString(16)}`, 'do_exit');
  releaseVfork(core, task);
  exitFiles(core, task);
  core.defer('notify', task);
}

/** The second half: exit_notify(), for an init when it is alone. */
export function finishExit(core: Core, task: TaskStruct): void {
  if (!mustEmptyNamespace(core, task)) exitNotify(core, task);
}

/** exit_signals(): a stop that all the others have reached is complete without us. */
function exitSignals(core: Core, task: TaskStruct): void {
  const { process } = task;
  task.exiting = true;
  if (process.threads.length === 1 || process.flags.groupExit) return;
  // retarget_shared_pending(): what we would have taken is another's.
  let due = task.sigpending ? process.sharedPending.map(({ signo }) => signo) : [];
  due = due.filter((signo) => !task.blocked.has(signo));
  for (const thread of ringFrom(task)) {
    if (thread.exiting || due.every((signo) => thread.blocked.has(signo))) continue;
    due = due.filter((signo) => thread.blocked.has(signo));
    if (!thread.sigpending) signalWakeUp(core, thread, false);
  }
  if (task.jobctl.stopPending && participateGroupStop(task)) {
    doNotifyParentCldstop(core, task, false, 'stopped');
  }
}

/** task_participate_group_stop(): true says that it was the last one. */
export function participateGroupStop(task: TaskStruct): boolean {
  const { process, jobctl } = task;
  const consume = jobctl.stopConsume;
  clearStopPending(task);
  if (!consume) return false;
  if (process.groupStopCount > 0) process.groupStopCount--;
  if (process.groupStopCount > 0 || process.flags.stopStopped) return false;
  process.flags.stopStopped = true;
  process.flags.stopContinued = false;
  process.flags.cld = undefined;
  return true;
}

/** mm_release(): whoever waits in vfork(2) has its memory back. */
export function releaseVfork(core: Core, task: TaskStruct): void {
  const parent = task.vforkParent;
  task.vforkParent = undefined;
  if (parent?.sleep?.call === 'vfork') core.defer('retry', parent);
}

/** zap_pid_ns_processes(), its first half: an init takes everybody of its namespace along. */
function mustEmptyNamespace(core: Core, task: TaskStruct): boolean {
  const ns = nsOf(task);
  if (ns.childReaper !== task) return false;
  const heir = aliveThread(task);
  if (heir !== undefined) {
    ns.childReaper = heir;
    return false;
  }
  ns.adding = false;
  task.sighand.action[signals.SIGCHLD] = { handler: 'ignore', flags: 0 };
  for (const pid of [...ns.idr.values()]) {
    const other = pid.task;
    if (other === undefined || other.process === task.process) continue;
    core.log(other, `is killed with the init of its namespace`, 'zap_pid_ns_processes');
    sendSignal(core, kernelInfo(signals.SIGKILL), other, 'process', true);
  }
  core.defer('zap', task);
  return true;
}

/** find_alive_thread(). */
export const aliveThread = (task: TaskStruct): TaskStruct | undefined =>
  task.process.threads.find((thread) => !thread.exiting);

/** exit_notify(): the children get their new parent before the old one's own parent hears of the death. */
export function exitNotify(core: Core, task: TaskStruct): void {
  const dead = forgetOriginalParent(core, task);
  if (task.groupDead) killOrphanedPgrp(core, task.process.leader);

  task.exitState = 'zombie';
  let autoreap: boolean;
  if (task.ptrace !== undefined) {
    const ours = threadGroupEmpty(task) && !ptraceReparented(task);
    autoreap = doNotifyParent(core, task, ours ? task.exitSignal : signals.SIGCHLD);
  } else if (isLeader(task)) {
    autoreap = threadGroupEmpty(task) && doNotifyParent(core, task, task.exitSignal);
  } else {
    autoreap = true;
  }
  if (autoreap) {
    task.exitState = 'dead';
    dead.push(task);
  } else {
    const rule = threadGroupEmpty(task)
      ? 'exit_notify: until somebody waits for it'
      : 'exit_notify: its threads live on, nobody is told yet';
    core.log(task, 'is a zombie', rule);
  }
  // signal->notify_count < 0: an execve that has outlived all others, but for the leader whose place it takes.
  const { groupExecTask, threads } = task.process;
  const awaitsLeader = groupExecTask?.sleep !== undefined && isLeader(task) && threads.length === 2;
  if (awaitsLeader) core.defer('retry', groupExecTask);
  for (const each of dead) core.defer('release', each);
}

/** forget_original_parent(). Returns who is to be released. */
function forgetOriginalParent(core: Core, father: TaskStruct): TaskStruct[] {
  const dead = exitPtrace(core, father);
  if (father.children.length === 0) return dead;
  const reaper = findNewReaper(core, father);
  const { children } = father;
  for (const child of children) {
    for (const thread of child.process.threads) {
      thread.realParent = reaper;
      if (thread.ptrace === undefined) thread.parent = reaper;
      if (thread.pdeathSignal !== 0) {
        core.log(thread, `hears of ${nameOf(father)}'s end`, 'forget_original_parent: PDEATHSIG');
        groupSendSigInfo(core, father, thread.pdeathSignal, thread);
      }
    }
    if (reaper.process !== father.process) reparentLeader(core, father, child, dead);
  }
  reaper.children.push(...children);
  father.children = [];
  return dead;
}

/** find_new_reaper(): a thread of the father, the nearest subreaper above it, or the namespace's init. */
function findNewReaper(core: Core, father: TaskStruct): TaskStruct {
  const sibling = aliveThread(father);
  if (sibling !== undefined) return sibling;
  const ns = nsOf(father);
  const init = ns.childReaper;
  if (init === undefined) throw new Error('A namespace without an init.');
  if (father.process.hasChildSubreaper) {
    for (
      let reaper = father.realParent;
      nsOf(reaper) === ns && reaper !== reaper.realParent;
      reaper = reaper.realParent
    ) {
      if (!reaper.process.isChildSubreaper) continue;
      const thread = aliveThread(reaper);
      if (thread !== undefined) return thread;
    }
  }
  return init;
}

/** reparent_leader(): an orphan is an ordinary child of whoever gets it; a zombie is told of at once. */
function reparentLeader(
  core: Core,
  father: TaskStruct,
  child: TaskStruct,
  dead: TaskStruct[],
): void {
  if (child.exitState === 'dead') return;
  child.exitSignal = signals.SIGCHLD;
  core.log(child, `is a child of ${nameOf(child.realParent)} now`, 'reparent_leader');
  if (child.ptrace === undefined && child.exitState === 'zombie' && threadGroupEmpty(child)) {
    if (doNotifyParent(core, child, child.exitSignal)) {
      child.exitState = 'dead';
      dead.push(child);
    }
  }
  killOrphanedPgrp(core, child, father);
}
