import type { Abi } from './abi';
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
export type StepKind = 'signals' | 'retry' | 'release' | 'zap';

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
  readonly rootNs: PidNamespace;
  /** Every thread that is not released, by its global number. */
  readonly tasks = new Map<number, TaskStruct>();
  readonly steps: Step[] = [];
  readonly history: HistoryEntry[] = [];
  /** What execve(2) finds. */
  readonly executables = new Map<string, { readonly setuid: number | undefined }>();
  #inodes = 1;
  #forgotten = 0;

  constructor(abi: Abi, pidMax: number, pidsMax: number) {
    this.abi = abi;
    this.pidMax = pidMax;
    this.pidsMax = pidsMax;
    this.rootNs = newNamespace(undefined);
  }

  nextInode(): number {
    return this.#inodes++;
  }

  /** Says that `task` has something to do; once is enough. */
  defer(kind: StepKind, task: TaskStruct): void {
    if (!this.steps.some((step) => step.kind === kind && step.task === task)) {
      this.steps.push({ kind, task });
    }
  }

  log(task: TaskStruct, text: string, rule: string): void {
    const tid = globalNr(task.pid);
    this.history.push({ n: this.#forgotten + this.history.length, tid, text, rule });
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
