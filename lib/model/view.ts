// A machine as plain data, and as `ps afx` prints it.
import type { Core } from './core';
import { poll } from './pidfd';
import { globalNr, isLeader, nsOf, type TaskStruct } from './struct';
import type { TaskState } from './task';

/** A descriptor for a process. */
export interface PidfdView {
  readonly fd: number;
  /** Whom it names, by the outermost number; undefined once that is released. */
  readonly pid: number | undefined;
  readonly kind: 'pidfd' | 'clonefd';
  /** What poll(2) says: nothing, dead, or released. */
  readonly poll: readonly ('IN' | 'HUP')[];
  /** The wait status, once it can be asked for. */
  readonly exitCode: number | undefined;
  readonly autokill: boolean;
}

/** A thread. */
export interface ThreadView {
  readonly tid: number;
  readonly state: TaskState;
  readonly sleepsIn: string | undefined;
  readonly tracer: number | undefined;
  readonly pdeathSignal: number;
  readonly blocked: readonly number[];
  readonly pending: readonly number[];
}

/** A process, alive or a zombie. */
export interface ProcessView {
  readonly pid: number;
  /** 0 for the first. */
  readonly ppid: number;
  readonly comm: string;
  readonly state: TaskState;
  readonly threads: readonly ThreadView[];
  readonly pgid: number;
  readonly sid: number;
  readonly uid: number;
  readonly exitSignal: number;
  readonly autoreap: boolean;
  readonly subreaper: boolean;
  readonly noNewPrivs: boolean;
  readonly kernelThread: boolean;
  /** Its own namespace's level: 0 is the outermost. */
  readonly level: number;
  /** The wait status of a zombie. */
  readonly wstatus: number | undefined;
  readonly pending: readonly number[];
  readonly pidfds: readonly PidfdView[];
}

export function stateOf({ exitState, released, run, sleep }: TaskStruct): TaskState {
  if (released || exitState === 'dead') return 'X';
  if (exitState === 'zombie') return 'Z';
  if (run !== 'running') return run === 'stopped' ? 'T' : 't';
  return sleep === undefined ? 'R' : 'S';
}

/** Every process, by number. */
export function processes(core: Core): ProcessView[] {
  const leaders = [...core.tasks.values()].filter(isLeader);
  return leaders.map(processView).sort((a, b) => a.pid - b.pid);
}

function processView(leader: TaskStruct): ProcessView {
  const { process } = leader;
  const zombie = leader.exitState === 'zombie' && process.threads.length === 1;
  const user = process.threads.find((thread) => thread.files !== undefined) ?? leader;
  return {
    pid: globalNr(leader.pid),
    ppid: globalNr(leader.realParent.process.leader.pid),
    comm: process.comm,
    state: stateOf(leader),
    threads: process.threads.map(threadView),
    pgid: globalNr(process.pgrp),
    sid: globalNr(process.session),
    uid: leader.cred.uid,
    exitSignal: leader.exitSignal,
    autoreap: process.autoreap,
    subreaper: process.isChildSubreaper,
    noNewPrivs: leader.noNewPrivs,
    kernelThread: leader.kernelThread,
    level: nsOf(leader).level,
    wstatus: zombie
      ? process.flags.groupExit
        ? process.groupExitCode
        : leader.exitCode
      : undefined,
    pending: process.sharedPending.map(({ signo }) => signo),
    pidfds: pidfdViews(user),
  };
}

function threadView(task: TaskStruct): ThreadView {
  return {
    tid: globalNr(task.pid),
    state: stateOf(task),
    sleepsIn: task.sleep?.call,
    tracer: task.ptrace === undefined ? undefined : globalNr(task.parent.process.leader.pid),
    pdeathSignal: task.pdeathSignal,
    blocked: [...task.blocked],
    pending: task.pending.map(({ signo }) => signo),
  };
}

function pidfdViews(task: TaskStruct): PidfdView[] {
  const views: PidfdView[] = [];
  for (const [fd, { file }] of task.files?.fds ?? []) {
    if (file.kind === 'console') continue;
    const events = poll(task, fd);
    const clonefd = file.clonefd;
    views.push({
      fd,
      pid: file.pid?.task === undefined ? undefined : globalNr(file.pid),
      kind: file.kind,
      poll: [
        ...((events & 1) === 0 ? [] : ['IN' as const]),
        ...((events & 16) === 0 ? [] : ['HUP' as const]),
      ],
      exitCode:
        clonefd === undefined
          ? file.pid?.exit?.code
          : clonefd.done
            ? clonefd.code === 1
              ? clonefd.status << 8
              : clonefd.status
            : undefined,
      autokill: file.autokill,
    });
  }
  return views;
}

/** `ps afx`: each process below its parent. */
export const tree = (core: Core): string => treeOf(processes(core));

/** The same, of processes that were looked at earlier, and with other names for them. */
export function treeOf(
  all: readonly ProcessView[],
  commandOf: (process: ProcessView) => string = ({ comm }) => comm,
): string {
  const width = Math.max(3, ...all.map(({ pid }) => String(pid).length));
  const lines = [`${'PID'.padStart(width)} STAT COMMAND`];
  const show = (process: ProcessView, before: string, below: string): void => {
    const command = commandOf(process);
    // Without memory there is no command line: ps(1) has the name only, in brackets.
    const bare = process.kernelThread ? `[${command}]` : command;
    const text = process.state === 'Z' ? `[${command}] <defunct>` : bare;
    const head = `${String(process.pid).padStart(width)} ${statOf(process).padEnd(4)} `;
    lines.push(`${head}${before}${text}`);
    const children = all.filter(({ ppid }) => ppid === process.pid);
    for (const [index, child] of children.entries()) {
      // ps(1) does not indent the children of init.
      if (process.ppid === 0) show(child, '', '');
      else if (index < children.length - 1) show(child, `${below} \\_ `, `${below} |  `);
      else show(child, `${below} \\_ `, `${below}    `);
    }
  };
  for (const process of all) if (process.ppid === 0) show(process, '', '');
  return lines.join('\n');
}

/** STAT of ps(1): s leads a session, l has threads. */
function statOf({ state, sid, pid, threads }: ProcessView): string {
  return `${state === 'R' ? 'S' : state}${sid === pid ? 's' : ''}${threads.length > 1 ? 'l' : ''}`;
}
