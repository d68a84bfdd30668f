// What tasks do when they run: the other end of Core.defer().
import { signals, WNOHANG, __WALL } from './constants';
import type { Core, Step, StepKind } from './core';
import { finishSleep, getSignal } from './deliver';
import { exitNotify, finishExit } from './exit';
import { releaseTask } from './release';
import { fatalSignalPending, nameOf } from './signal';
import { nsOf, type TaskStruct } from './struct';
import { wait4 } from './wait';

const STEPS: Readonly<Record<StepKind, (core: Core, task: TaskStruct) => void>> = {
  // A task is in the queue of its processor once, whatever it was woken for: what it does, it does in one go.
  signals(core, task) {
    // A signal that is not fatal does not wake who sleeps in vfork(2).
    const sleepsOn = task.sleep?.killable === true && !fatalSignalPending(task);
    if (task.run === 'running' && !sleepsOn) core.drop('retry', task);
    getSignal(core, task);
  },
  retry(core, task) {
    if (task.run !== 'running') return;
    const wasWoken = core.drop('signals', task);
    // A vfork or an execve that is killed does not come to its end any more; a wait(2) still takes a status.
    const isKilled = task.sleep?.killable === true && fatalSignalPending(task);
    if (!isKilled) finishSleep(task);
    // A signal takes it out of its call, or, if that is vfork(2), has been waiting for its end.
    if (wasWoken || task.sigpending) getSignal(core, task);
  },
  notify: finishExit,
  release(core, task) {
    if (task.exitState === 'dead') releaseTask(core, task);
  },
  zap,
};

/** Says what a step is going to do. */
export function describeStep({ kind, task }: Step): string {
  const who = nameOf(task);
  const does: Readonly<Record<StepKind, string>> = {
    signals: `${who} takes its signals`,
    retry: `${who} looks again in ${task.sleep?.call ?? 'its call'}`,
    notify: `${who} tells its relatives that it is dead`,
    release: `${who} is released`,
    zap: `${who}, an init, looks whether its namespace is empty`,
  };
  return does[kind];
}

export function perform(core: Core, { kind, task }: Step): void {
  if (task.released) return;
  core.touch(task); // A call that slept may return.
  STEPS[kind](core, task);
}

/** zap_pid_ns_processes(), its second half: reaps what is left, and ends when it is alone. */
function zap(core: Core, task: TaskStruct): void {
  const ns = nsOf(task);
  if (!task.exiting || task.exitState !== 'none' || ns.childReaper !== task || ns.adding) return;
  for (;;) {
    const reaped = wait4(core, task, -1, WNOHANG + __WALL);
    if (typeof reaped !== 'object') break;
  }
  const others = [...ns.idr.values()].some(
    ({ task: other }) => other !== undefined && other.process !== task.process,
  );
  if (others) return;
  task.sighand.action[signals.SIGCHLD] = { handler: 'ignore', flags: 0 };
  exitNotify(core, task);
}
