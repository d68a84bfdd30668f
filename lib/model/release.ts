// kernel/exit.c: release_task(). The last of a process.
import type { Core } from './core';
import { doNotifyParent } from './notify';
import { detachPid } from './pid';
import { nameOf } from './signal';
import { ptraceUnlink } from './tracing';
import { globalNr, isLeader, remove, threadGroupEmpty, ringFrom, type TaskStruct } from './struct';

/**
 * Takes a dead thread out of everything. Before its number is free, whoever holds a pidfd gets to know
 * the end (pidfs_exit); with the number goes the last that kept POLLHUP back.
 *
 * Its leader may have been waiting for that: gone long before, and a zombie only now.
 */
export function releaseTask(core: Core, dead: TaskStruct): void {
  let task: TaskStruct | undefined = dead;
  while (task !== undefined && !task.released) {
    const leader: TaskStruct = task.process.leader;
    const { process } = task;
    task.pid.exit = { code: task.exitCode, cgroupId: 1 }; // pidfs_exit()
    if (task.ptrace !== undefined) ptraceUnlink(core, task);
    unhash(core, task);

    const last: TaskStruct = task;
    task = undefined;
    if (leader !== last && threadGroupEmpty(leader) && leader.exitState === 'zombie') {
      if (process.flags.groupExit) leader.exitCode = process.groupExitCode;
      core.log(leader, 'is a zombie, now that its last thread is gone', 'release_task: zap_leader');
      if (doNotifyParent(core, leader, leader.exitSignal)) {
        leader.exitState = 'dead';
        task = leader;
      }
    }
    // An init that waits for its namespace to be empty; an execve whose last thread but the leader that was.
    for (const { ns } of last.pid.numbers) {
      if (!ns.adding && ns.childReaper !== undefined) core.defer('zap', ns.childReaper);
    }
    const { groupExecTask, threads } = process;
    const wasLast =
      groupExecTask !== undefined && threads.length === (isLeader(groupExecTask) ? 1 : 2);
    if (wasLast && groupExecTask.sleep !== undefined) core.defer('retry', groupExecTask);
  }
}

/** __exit_signal(), __unhash_process(). */
function unhash(core: Core, task: TaskStruct): void {
  const { process } = task;
  task.released = true;
  core.tasks.delete(globalNr(task.pid));
  if (isLeader(task)) remove(task.realParent.children, task);
  detachPid(task);
  if (process.currTarget === task) process.currTarget = ringFrom(task)[1] ?? task;
  remove(process.threads, task);
  core.log(task, 'is gone: its number is free', `release_task of ${nameOf(task)}`);
}
