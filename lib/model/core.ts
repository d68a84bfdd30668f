import type { Abi } from './abi';
import { Disk } from './disk';
import { globalNr, type PidNamespace, type StructPid, type TaskStruct } from './struct';

/** One transition, and why it happened. */
export interface HistoryEntry {
  /** Counted from 0. */
  readonly n: number;
  /** Who did it, or to whom it happened. */
  readonly tid: number;
  /** What happened, in a clause. */
  readonly text: string;
  /** The kernel function that says so, and its reason. */
  readonly rule: string;
}

/** What a task has still to do. Each kind has its function in steps.ts. */
export type StepKind = 'signals' | 'retry' | 'notify' | 'release' | 'zap';

export interface Step {
  readonly kind: StepKind;
  readonly task: TaskStruct;
}

/**
 * All state of a machine, and the list of what happens next. Nothing happens by itself: a system call changes
 * what it changes under the kernel's locks, and leaves here what other tasks will do about it when they run.
 */
export class Core {
  readonly abi: Abi;
  readonly pidMax: number;
  /** pids.max of the one cgroup. */
  pidsMax: number;
  /** How much of the history is kept. */
  readonly historyMax: number;
  readonly rootNs: PidNamespace;
  /** Every thread that is not released, by its global number. */
  readonly tasks = new Map<number, TaskStruct>();
  readonly steps: Step[] = [];
  /** Its init has died: nothing happens any more. */
  panic: Error | undefined;
  /** Who makes a system call. */
  current: TaskStruct | undefined;
  readonly history: HistoryEntry[] = [];
  /** To whom something has happened since somebody last asked. */
  #touched = new Set<number>();
  /** What execve(2) finds. */
  readonly disk = new Disk();
  #inodes = 1;
  #sleeps = 0;
  #forgotten = 0;

  constructor(abi: Abi, pidMax: number, historyMax: number) {
    this.abi = abi;
    this.pidMax = pidMax;
    this.pidsMax = Infinity;
    this.historyMax = historyMax;
    this.rootNs = newNamespace(undefined);
  }

  /** Counts those who fall asleep. */
  nextSleep(): number {
    return ++this.#sleeps;
  }

  nextInode(): number {
    return this.#inodes++;
  }

  /**
   * Says that `task` has something to do; once is enough. Who is dead is released by whoever just exited or
   * let go of it, before anybody else gets to run: that comes first, unless the caller steps otherwise. A death
   * has two halves: what it holds is given up, then its relatives are told. In 7.x others run in between.
   */
  defer(kind: StepKind, task: TaskStruct): void {
    if (this.steps.some((step) => step.kind === kind && step.task === task)) return;
    if (kind === 'release' || (kind === 'notify' && !this.abi.exitYields))
      this.steps.unshift({ kind, task });
    else this.steps.push({ kind, task });
  }

  /** It does that along with something else. Says whether it had to. */
  drop(kind: StepKind, task: TaskStruct): boolean {
    const at = this.steps.findIndex((step) => step.kind === kind && step.task === task);
    if (at !== -1) this.steps.splice(at, 1);
    return at !== -1;
  }

  log(task: TaskStruct, text: string, rule: string): void {
    const tid = globalNr(task.pid);
    this.#touched.add(tid);
    this.history.push({ n: this.#forgotten + this.history.length, tid, text, rule });
    // By quarters, for each of them moves the rest.
    if (this.history.length > this.historyMax * 1.25) {
      this.#forgotten += this.history.splice(0, this.history.length - this.historyMax).length;
    }
  }

  /** It goes on in a way that nobody is told of. */
  touch(task: TaskStruct): void {
    this.#touched.add(globalNr(task.pid));
  }

  /** To whom something has happened since the last time, by global number. */
  takeTouched(): ReadonlySet<number> {
    const touched = this.#touched;
    this.#touched = new Set();
    return touched;
  }

  /** For long runs: drops the history and keeps its count. */
  forget(): void {
    this.#forgotten += this.history.length;
    this.history.length = 0;
  }

  /** find_task_by_pid_ns(). */
  find(nr: number, ns: PidNamespace): TaskStruct | undefined {
    return this.findPid(nr, ns)?.task;
  }

  /** find_pid_ns(). */
  findPid(nr: number, ns: PidNamespace): StructPid | undefined {
    return ns.idr.get(nr);
  }
}

export function newNamespace(parent: PidNamespace | undefined): PidNamespace {
  const level = parent === undefined ? 0 : parent.level + 1;
  return { level, parent, childReaper: undefined, idr: new Map(), cursor: 1, adding: true };
}
