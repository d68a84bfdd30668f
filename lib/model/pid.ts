// kernel/pid.c: who has which number, and for how long.
import { errno } from './constants';
import type { Core } from './core';
import type { PidNamespace, StructPid, TaskStruct } from './struct';

/** Below these, numbers are given out once: what starts with the system stays recognizable. */
const RESERVED_PIDS = 300;

/**
 * alloc_pid(): the next free number in each namespace, cyclically. -EAGAIN if there is none; -ENOMEM in a
 * namespace whose init is dead.
 */
export function allocPid(core: Core, ns: PidNamespace): StructPid | number {
  const chain: PidNamespace[] = [];
  for (let at: PidNamespace | undefined = ns; at !== undefined; at = at.parent) chain.unshift(at);
  if (!ns.adding) return -errno.ENOMEM;

  const numbers: { ns: PidNamespace; nr: number }[] = [];
  for (const at of chain) {
    const nr = nextNumber(at, core.pidMax);
    if (nr === undefined) return -errno.EAGAIN;
    numbers.push({ ns: at, nr });
  }
  const pid: StructPid = {
    inode: core.nextInode(),
    numbers,
    task: undefined,
    isTgid: false,
    pgrp: new Set(),
    session: new Set(),
    exit: undefined,
  };
  for (const { ns: at, nr } of numbers) {
    at.idr.set(nr, pid);
    at.cursor = nr + 1;
  }
  return pid;
}

// idr_alloc_cyclic(): from the cursor up, then once more from the bottom.
function nextNumber(ns: PidNamespace, pidMax: number): number | undefined {
  const bottom = ns.cursor > RESERVED_PIDS ? RESERVED_PIDS : 1;
  for (let nr = ns.cursor; nr < pidMax; nr++) if (!ns.idr.has(nr)) return nr;
  for (let nr = bottom; nr < Math.min(ns.cursor, pidMax); nr++) if (!ns.idr.has(nr)) return nr;
  return undefined;
}

/** free_pid(): the number may be given to another. */
export function freePid(pid: StructPid): void {
  for (const { ns, nr } of pid.numbers) if (ns.idr.get(nr) === pid) ns.idr.delete(nr);
}

/** __change_pid(): a number is taken as long as a task, a process group or a session has it. */
function freeIfUnused(pid: StructPid): void {
  if (pid.task === undefined && pid.pgrp.size === 0 && pid.session.size === 0) freePid(pid);
}

/** A new process group, and maybe session, for all threads of a process. */
export function changePgrp(leader: TaskStruct, pgrp: StructPid): void {
  const old = leader.process.pgrp;
  old.pgrp.delete(leader);
  leader.process.pgrp = pgrp;
  pgrp.pgrp.add(leader);
  freeIfUnused(old);
}

export function changeSession(leader: TaskStruct, session: StructPid): void {
  const old = leader.process.session;
  old.session.delete(leader);
  leader.process.session = session;
  session.session.add(leader);
  freeIfUnused(old);
}

/** __unhash_process(): from here on no number leads to this thread. */
export function detachPid(task: TaskStruct): void {
  const { pid, process } = task;
  pid.task = undefined;
  if (process.leader === task) {
    pid.isTgid = false;
    process.pgrp.pgrp.delete(task);
    process.session.session.delete(task);
    freeIfUnused(process.pgrp);
    freeIfUnused(process.session);
  }
  freeIfUnused(pid);
}
