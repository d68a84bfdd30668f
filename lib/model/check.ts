// What holds between any two steps, whatever has happened. A sentence each; a broken one is a bug of the model.
import type { Core } from './core';
import { delayGroupLeader, globalNr, isLeader, threadGroupEmpty, type TaskStruct } from './struct';

/** Each invariant, and who breaks it. */
export const INVARIANTS: Readonly<Record<string, (core: Core, task: TaskStruct) => boolean>> = {
  'a process has a parent that is alive': (_, task) =>
    task.realParent.exitState === 'none' && !task.realParent.released,
  'a process is among the children of its parent, once': (_, task) =>
    !isLeader(task) || task.realParent.children.filter((child) => child === task).length === 1,
  'who is not traced reports to its real parent': (_, task) =>
    task.ptrace !== undefined || task.parent === task.realParent,
  'who is traced is in the list of its tracer, once': (_, task) =>
    task.ptrace === undefined || task.parent.ptraced.filter((other) => other === task).length === 1,
  'a process that the kernel reaps is no zombie, unless it is traced or its threads live': (
    _,
    task,
  ) =>
    !(isLeader(task) && task.process.autoreap && task.exitState === 'zombie') ||
    task.ptrace !== undefined ||
    delayGroupLeader(task),
  'a thread that does not lead is no zombie, unless it is traced': (_, task) =>
    isLeader(task) || task.exitState !== 'zombie' || task.ptrace !== undefined,
  'a number leads to who has it': (_, task) => task.pid.task === task,
  'what it leads is what it is in': (_, task) =>
    !isLeader(task) || (task.process.pgrp.pgrp.has(task) && task.process.session.session.has(task)),
  'an end is told of no one who lives': (_, task) => task.pid.exit === undefined,
  'the dead hold no descriptor': (_, task) => task.exitState === 'none' || task.files === undefined,
  'a process that has stopped has no thread that runs, unless it is traced or woken for a signal': (
    core,
    task,
  ) =>
    !task.process.flags.stopStopped ||
    task.exitState !== 'none' ||
    task.exiting ||
    task.run !== 'running' ||
    task.ptrace !== undefined ||
    core.steps.some((step) => step.kind === 'signals' && step.task === task) ||
    task.sleep?.killable === true,
  'who is marked for death does not stay stopped': (_, task) =>
    !task.process.flags.groupExit || task.exitState !== 'none' || task.run === 'running',
  'a zombie that leads alone had an end to tell': (_, task) =>
    !(isLeader(task) && task.exitState === 'zombie' && threadGroupEmpty(task)) || task.exiting,
};

/** Throws with every invariant that does not hold, and where. */
export function check(core: Core): void {
  const broken: string[] = [];
  for (const task of core.tasks.values()) {
    for (const [sentence, holds] of Object.entries(INVARIANTS)) {
      if (!holds(core, task)) broken.push(`${globalNr(task.pid)}: ${sentence}`);
    }
  }
  broken.push(...countFiles(core));
  if (broken.length > 0) throw new Error(`The model is broken:\n${broken.join('\n')}`);
}

/** A file knows how many descriptors lead to it. */
function countFiles(core: Core): string[] {
  const seen = new Map<object, { readonly count: number; readonly found: number }>();
  const tables = new Set([...core.tasks.values()].flatMap(({ files }) => files ?? []));
  for (const { fds } of tables) {
    for (const { file } of fds.values()) {
      seen.set(file, { count: file.count, found: (seen.get(file)?.found ?? 0) + 1 });
    }
  }
  return [...seen.values()]
    .filter(({ count, found }) => count !== found)
    .map(({ count, found }) => `a file counts ${count} descriptors, and has ${found}`);
}
