// kernel/signal.c, the sender's half: who may send, what is dropped, who is woken. What the receiver does
// is in deliver.ts, later, when it runs.
import { errno, NSIG, SIGRTMIN, SI_KERNEL, SI_USER, signalName, signals } from './constants';
import type { Core } from './core';
import {
  globalNr,
  isLeader,
  nrIn,
  nsOf,
  ringFrom,
  type Process,
  type SigInfo,
  type StructPid,
  type TaskStruct,
} from './struct';

const { SIGABRT, SIGBUS, SIGCHLD, SIGCONT, SIGFPE, SIGILL, SIGKILL, SIGQUIT, SIGSEGV } = signals;
const { SIGSTOP, SIGSYS, SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH, SIGXCPU, SIGXFSZ } =
  signals;

const STOP_SIGNALS: ReadonlySet<number> = new Set([SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU]);
const IGNORED_BY_DEFAULT: ReadonlySet<number> = new Set([SIGCONT, SIGCHLD, SIGWINCH, SIGURG]);
const COREDUMP_SIGNALS: ReadonlySet<number> = new Set([
  ...[SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSEGV, SIGBUS, SIGSYS, SIGXCPU, SIGXFSZ],
]);

/** sig_kernel_stop(), sig_kernel_ignore(), sig_kernel_only(). */
export const stops = (signo: number): boolean => STOP_SIGNALS.has(signo);
export const ignoredByDefault = (signo: number): boolean => IGNORED_BY_DEFAULT.has(signo);
export const dumpsCore = (signo: number): boolean => COREDUMP_SIGNALS.has(signo);
export const cannotBeCaught = (signo: number): boolean => signo === SIGKILL || signo === SIGSTOP;

/** valid_signal(); 0 is valid. */
export const validSignal = (signo: number): boolean => signo >= 0 && signo <= NSIG;

/** To one thread, or to a process. */
export type SignalTo = 'thread' | 'process';

/** kill_ok_by_cred(), and CAP_KILL. */
function mayKill(sender: TaskStruct, receiver: TaskStruct): boolean {
  const { cred } = sender;
  const { uid, suid } = receiver.cred;
  return cred.caps || [cred.euid, cred.uid].some((id) => id === suid || id === uid);
}

/** check_kill_permission(). */
export function checkKillPermission(
  sender: TaskStruct,
  signo: number,
  receiver: TaskStruct,
): number {
  if (!validSignal(signo)) return -errno.EINVAL;
  if (mayKill(sender, receiver) || sender.process === receiver.process) return 0;
  if (signo === SIGCONT && sender.process.session === receiver.process.session) return 0;
  return -errno.EPERM;
}

/** What kill(2) says of its caller, in the receiver's numbers. */
export function userInfo(
  sender: TaskStruct,
  signo: number,
  receiver: TaskStruct,
  code: number = SI_USER,
): SigInfo {
  const pid = nrIn(sender.process.leader.pid, nsOf(receiver));
  return { signo, code, pid, uid: sender.cred.uid, status: 0 };
}

/** SEND_SIG_PRIV: from the kernel itself, and stronger than an init's immunity. */
export const kernelInfo = (signo: number): SigInfo => ({
  signo,
  code: SI_KERNEL,
  pid: 0,
  uid: 0,
  status: 0,
});

/** group_send_sig_info(): what kill(2) does for one receiver. */
export function groupSendSigInfo(
  core: Core,
  sender: TaskStruct,
  signo: number,
  receiver: TaskStruct,
  to: SignalTo = 'process',
  code?: number,
): number {
  const refused = checkKillPermission(sender, signo, receiver);
  if (refused < 0 || signo === 0) return refused;
  const info = userInfo(sender, signo, receiver, code);
  sendSignal(core, info, receiver, to, info.pid === 0);
  return 0;
}

/** do_each_pid_task(PIDTYPE_PGID): who came last comes first. */
export const membersOf = (pgrp: StructPid | undefined): TaskStruct[] =>
  [...(pgrp?.pgrp ?? [])].reverse();

/** kill_pgrp_info(): 0 if one of them could be sent it. */
export function killPgrpInfo(
  core: Core,
  sender: TaskStruct,
  signo: number,
  pgrp: StructPid | undefined,
): number {
  let error: number = -errno.ESRCH;
  let reached = false;
  for (const member of membersOf(pgrp)) {
    error = groupSendSigInfo(core, sender, signo, member);
    reached ||= error === 0;
  }
  return reached ? 0 : error;
}

/**
 * send_signal_locked(). `force` is a signal from outside of an init's world, or from the kernel: it gets
 * through to an init where it cannot be caught.
 */
export function sendSignal(
  core: Core,
  info: SigInfo,
  task: TaskStruct,
  to: SignalTo,
  force: boolean,
): void {
  const { signo } = info;
  if (task.released) return;
  if (!prepareSignal(core, signo, task, force)) return;
  const { process } = task;
  const queue = to === 'thread' ? task.pending : process.sharedPending;
  if (signo < SIGRTMIN && queue.some((pending) => pending.signo === signo)) {
    core.log(task, `${signalName(signo)} is pending already`, 'legacy_queue: there is only one');
    return;
  }
  queue.push(info);
  core.log(task, `is sent ${signalName(signo)}`, 'send_signal_locked');
  completeSignal(core, signo, task, to);
}

/** prepare_signal(): what SIGCONT and the stop signals do the moment they are sent; whether to queue. */
function prepareSignal(core: Core, signo: number, task: TaskStruct, force: boolean): boolean {
  const { process } = task;
  const { flags } = process;
  if (flags.groupExit) return false; // On its way out.
  if (stops(signo)) {
    flush(process, (pending) => pending === SIGCONT);
  } else if (signo === SIGCONT) {
    flush(process, stops);
    for (const thread of process.threads) {
      clearStopPending(thread);
      if (thread.ptrace?.seized === true) trapNotify(core, thread);
      else wakeFrom(core, thread, 'stopped');
    }
    const why = flags.stopStopped
      ? 'continued'
      : process.groupStopCount > 0
        ? 'stopped'
        : undefined;
    if (why !== undefined) {
      flags.stopStopped = false;
      flags.stopContinued = true;
      flags.cld = why;
      process.groupStopCount = 0;
      process.groupExitCode = 0;
      core.log(task, 'is continued', 'prepare_signal: at once, whatever it does about SIGCONT');
    }
  }
  // In 2.4 an ignored SIGCHLD reaps when it is taken, so it has to be queued.
  const reapsLater = signo === SIGCHLD && !core.abi.ignoredReapsAtDeath;
  if (!signalIgnored(signo, task, force) || reapsLater) return true;
  core.log(task, `ignores ${signalName(signo)}`, 'sig_ignored: not even queued');
  return false;
}

/** ptrace_trap_notify(): a seized tracee is held, for its tracer to see that its group stops or goes on. */
export function trapNotify(core: Core, task: TaskStruct): void {
  task.jobctl.trapNotify = true;
  signalWakeUp(core, task, false);
}

/** sig_ignored(). */
export function signalIgnored(signo: number, task: TaskStruct, force: boolean): boolean {
  if (task.blocked.has(signo)) return false;
  if (task.ptrace !== undefined && signo !== SIGKILL) return false; // Its tracer may want to know.
  return taskIgnores(signo, task, force);
}

/** sig_task_ignored(). */
function taskIgnores(signo: number, task: TaskStruct, force: boolean): boolean {
  const handler = task.sighand.action[signo]?.handler;
  if (cannotBeCaught(signo) && task.process.flags.unkillable && !force) return true;
  const immune =
    task.process.flags.unkillable && handler === 'default' && !(force && cannotBeCaught(signo));
  if (immune) return true;
  return handler === 'ignore' || (handler === 'default' && ignoredByDefault(signo));
}

/** complete_signal(): finds a thread that can take it; a fatal one decides the end of all at once. */
function completeSignal(core: Core, signo: number, task: TaskStruct, to: SignalTo): void {
  const { process } = task;
  let taker: TaskStruct | undefined = task;
  if (!wantsSignal(core, signo, task)) {
    if (to === 'thread') return;
    taker = ringFrom(process.currTarget).find((thread) => wantsSignal(core, signo, thread));
    if (taker === undefined) return;
    process.currTarget = taker;
  }

  const fatal =
    !ignoredByDefault(signo) &&
    !stops(signo) &&
    task.sighand.action[signo]?.handler === 'default' &&
    !process.flags.groupExit &&
    (signo === SIGKILL ||
      (task.ptrace === undefined && !(process.flags.unkillable && core.abi.initIsImmune)));
  if (fatal && !dumpsCore(signo)) {
    beginGroupExit(process, signo);
    core.log(task, `will die of ${signalName(signo)}`, 'complete_signal: all threads get SIGKILL');
    for (const thread of process.threads) {
      clearStopPending(thread);
      killThread(core, thread);
    }
    return;
  }
  signalWakeUp(core, taker, signo === SIGKILL);
}

function wantsSignal(core: Core, signo: number, task: TaskStruct): boolean {
  if (task.blocked.has(signo) || task.exiting) return false;
  if (signo === SIGKILL) return true;
  // Who has one to look at already is left alone, unless it is the one that runs.
  return task.run === 'running' && (task === core.current || !task.sigpending);
}

/** `signal->flags = SIGNAL_GROUP_EXIT`: and no other flag. It has neither stopped nor been continued any more. */
export function beginGroupExit(process: Process, code: number): void {
  const { flags } = process;
  flags.groupExit = true;
  flags.stopStopped = flags.stopContinued = false;
  flags.cld = undefined;
  process.groupExitCode = code;
  process.groupStopCount = 0;
}

/** SIGKILL for one thread of a process that ends. */
export function killThread(core: Core, task: TaskStruct): void {
  if (!task.pending.some(({ signo }) => signo === SIGKILL)) task.pending.push(kernelInfo(SIGKILL));
  signalWakeUp(core, task, true);
}

/** signal_wake_up(). */
export function signalWakeUp(core: Core, task: TaskStruct, fatal: boolean): void {
  task.sigpending = true;
  if (fatal && !task.exiting) {
    task.run = 'running';
  }
  core.defer('signals', task);
}

/** wake_up_state(). */
export function wakeFrom(core: Core, task: TaskStruct, state: 'stopped' | 'traced'): void {
  if (task.run !== state) return;
  task.run = 'running';
  core.defer('signals', task);
}

/** task_clear_jobctl_pending(JOBCTL_STOP_PENDING). */
export function clearStopPending(task: TaskStruct): void {
  task.jobctl.stopPending = false;
  task.jobctl.stopConsume = false;
  task.jobctl.stopDequeued = false;
}

/** flush_sigqueue_mask(), from the process and all of its threads. */
export function flush(process: Process, which: (signo: number) => boolean): void {
  process.sharedPending = process.sharedPending.filter(({ signo }) => !which(signo));
  for (const thread of process.threads) {
    thread.pending = thread.pending.filter(({ signo }) => !which(signo));
  }
}

/** recalc_sigpending(): whether it has something to take before it goes on. */
export function hasSignals(task: TaskStruct): boolean {
  const { stopPending, trapStop, trapNotify } = task.jobctl;
  const due = [...task.pending, ...task.process.sharedPending];
  return stopPending || trapStop || trapNotify || due.some(({ signo }) => !task.blocked.has(signo));
}

export const fatalSignalPending = (task: TaskStruct): boolean =>
  task.pending.some(({ signo }) => signo === SIGKILL);

/**
 * __wake_up_parent(): whoever waits in wait(2) for such a child looks again. The filter is the kernel's
 * (pid_child_should_wake), and has an end of its own: who waits for a process group, and whose last child of
 * that group has left it and dies, sleeps on, with nobody left to wait for.
 */
export function wakeUpParent(core: Core, child: TaskStruct, parent: TaskStruct): void {
  const since = ({ sleep }: TaskStruct): number => sleep?.since ?? 0;
  for (const thread of [...parent.process.threads].sort((a, b) => since(b) - since(a))) {
    if (thread.sleep?.minds?.(child) === true) core.defer('retry', thread);
    if (thread.exiting) core.defer('zap', thread); // An init that buries its namespace.
  }
}

/** How the log names a task. */
export const nameOf = (task: TaskStruct): string =>
  `${isLeader(task) ? 'process' : 'thread'} ${globalNr(task.pid)}`;
