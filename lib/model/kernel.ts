import { ABIS, type Abi, type AbiName } from './abi';
import { bootInit } from './boot';
import { check } from './check';
import { Core, type HistoryEntry, type Step } from './core';
import type { Executable } from './disk';
import { describeStep, perform } from './steps';
import { globalNr, type TaskStruct } from './struct';
import { Task, type Machine } from './task';
import { processes, tree, type ProcessView } from './view';

/** What a machine is like. */
export interface ModelKernelOptions {
  /** Which kernel it runs. @defaultValue `'linux-7.1'` */
  readonly abi?: AbiName;
  /** kernel.pid_max, which no pid reaches. @defaultValue `32768` */
  readonly pidMax?: number;
  /** pids.max of its one cgroup: how many threads there can be. @defaultValue `Infinity` */
  readonly pidsMax?: number;
  /** How many entries of `history` are kept at least; older ones are dropped. @defaultValue `Infinity` */
  readonly historyMax?: number;
  /**
   * Nothing follows from a system call until `step` or `settle` lets it: every interleaving can be written
   * down. Otherwise all of it happens before the call returns, first in, first out.
   * @defaultValue `false`
   */
  readonly stepwise?: boolean;
}

/** Something that may happen next. */
export interface PendingStep {
  readonly tid: number;
  /**
   * It takes its signals; looks again in the call that it sleeps in; tells its relatives that it is dead; is
   * released; or, an init, looks whether its namespace is empty.
   */
  readonly kind: 'signals' | 'retry' | 'notify' | 'release' | 'zap';
  readonly text: string;
}

/**
 * Linux, as far as the life and death of processes go, in JavaScript: its rules, its order of evaluation, its
 * errnos. It runs anywhere, has no clock, and does nothing by itself.
 *
 * @example
 * import { CLONE_AUTOREAP, ModelKernel } from 'autoreap/model';
 *
 * const kernel = new ModelKernel();
 * const pid = kernel.init.clone3({ flags: CLONE_AUTOREAP }) as number; // Only one with CLONE_VFORK sleeps.
 * kernel.task(pid)?.exitGroup(3);
 * kernel.init.wait4(-1, 0); // -ECHILD: the kernel has reaped it.
 */
export class ModelKernel {
  readonly abi: AbiName;
  readonly #core: Core;
  readonly #machine: Machine;
  readonly #stepwise: boolean;
  readonly #handles = new WeakMap<TaskStruct, Task>();
  readonly #listeners = new Set<(tids: ReadonlySet<number>) => void>();

  constructor(options: ModelKernelOptions = {}) {
    checkOptions(options);
    const { abi = 'linux-7.1', pidMax = 32768, pidsMax = Infinity, stepwise = false } = options;
    const { historyMax = Infinity } = options;
    if (!Object.hasOwn(ABIS, abi)) {
      throw new TypeError(`No kernel is called ${abi as string}: ${Object.keys(ABIS).join(', ')}.`);
    }
    if (!(Number.isSafeInteger(pidMax) && pidMax > 1)) {
      throw new RangeError(
        `pidMax has to be a whole number above 1, for init has the pid 1: ${pidMax}.`,
      );
    }
    const rules: Abi = ABIS[abi];
    this.abi = abi;
    this.#core = new Core(rules, pidMax, limit('historyMax', historyMax));
    this.pidsMax = pidsMax;
    this.#stepwise = stepwise;
    this.#machine = { core: this.#core, after: () => this.#after() };
    bootInit(this.#core);
  }

  /** The first process: pid 1. Its end is a KernelPanic. */
  get init(): Task {
    const init = this.task(1);
    if (init === undefined) throw new Error('A machine without an init.');
    return init;
  }

  /** Whether it was made to be stepped. */
  get stepwise(): boolean {
    return this.#stepwise;
  }

  /** pids.max, as it is now. */
  get pidsMax(): number {
    return this.#core.pidsMax;
  }

  set pidsMax(max: number) {
    this.#core.pidsMax = limit('pidsMax', max);
  }

  /** Everything that has happened, and by which rule; or the last `historyMax` of it. */
  get history(): readonly HistoryEntry[] {
    return this.#core.history;
  }

  /** The thread with this number in the outermost namespace, alive or zombie. A zombie's leader is a thread, too. */
  task(tid: number): Task | undefined {
    const struct = this.#core.tasks.get(tid);
    return struct === undefined ? undefined : this.#handle(struct);
  }

  /**
   * Puts a file where execve(2) finds it, and makes the folders above.
   * @throws TypeError if that is no absolute path, or leads through a file; or if `file` is none.
   */
  install(path: string, file: Executable = {}): void {
    this.#core.disk.install(path, file);
  }

  /** What was installed there, or undefined. */
  executable(path: string): Executable | undefined {
    return this.#core.disk.file(path);
  }

  /** Makes a folder, and those above it. */
  mkdir(path: string): void {
    this.#core.disk.mkdir(path);
  }

  /** Whether chdir(2) can go there. */
  isFolder(path: string): boolean {
    return this.#core.disk.isFolder(path);
  }

  /** Every process, alive or zombie, by number. */
  processes(): ProcessView[] {
    return processes(this.#core);
  }

  /** What may happen next; empty unless `stepwise`. */
  pending(): PendingStep[] {
    return this.#core.steps.map((step) => ({
      tid: globalNr(step.task.pid),
      kind: step.kind,
      text: describeStep(step),
    }));
  }

  /** Lets one of `pending()` happen. @throws RangeError if there is none. */
  step(index = 0): void {
    if (this.#core.panic !== undefined) throw this.#core.panic;
    const [step] = this.#core.steps.splice(index, 1);
    if (step === undefined) {
      const why = this.#stepwise
        ? ''
        : ': without `stepwise`, all has happened when a call returns';
      throw new RangeError(`No step ${index} is pending${why}.`);
    }
    this.#perform(step);
    this.#tell();
  }

  /** Lets everything happen, first in, first out. */
  settle(): void {
    if (this.#core.panic !== undefined) throw this.#core.panic;
    for (let step = this.#core.steps.shift(); step !== undefined; step = this.#core.steps.shift()) {
      this.#perform(step);
    }
    this.#tell();
  }

  /** `ps afx`. */
  tree(): string {
    return tree(this.#core);
  }

  /** Asserts what must hold between any two steps. @throws if the model is broken. */
  check(): void {
    check(this.#core);
  }

  /** Drops the history, which otherwise grows. */
  forget(): void {
    this.#core.forget();
  }

  /**
   * Calls a listener after every system call and step, with the tids of those to whom something has happened, as the
   * outermost namespace knows them: born, woken, stopped, dead, gone. Returns what stops that. What it throws is
   * thrown in a turn of its own, as an uncaught exception: whoever made the call has nothing to do with it.
   */
  onChange(listener: (tids: ReadonlySet<number>) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #perform(step: Step): void {
    try {
      perform(this.#core, step);
    } catch (error) {
      this.#after();
      throw error;
    }
  }

  #after(): void {
    // Who waits for somebody there is not to wait for ever.
    if (this.#core.panic !== undefined)
      for (const task of this.#core.tasks.values()) this.#core.touch(task);
    if (this.#stepwise || this.#core.panic !== undefined) this.#tell();
    else this.settle();
  }

  #tell(): void {
    const touched = this.#core.takeTouched();
    for (const listener of [...this.#listeners]) {
      try {
        listener(touched);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #handle(struct: TaskStruct): Task {
    let task = this.#handles.get(struct);
    if (task === undefined) {
      task = new Task(this.#machine, struct);
      this.#handles.set(struct, task);
    }
    return task;
  }
}

function limit(name: string, value: number): number {
  if (value === Infinity || (Number.isSafeInteger(value) && value >= 0)) return value;
  throw new RangeError(`${name} has to be a whole number, or Infinity: ${value}.`);
}

const OPTIONS = ['abi', 'pidMax', 'pidsMax', 'historyMax', 'stepwise'];

/** A name that is misspelt would be another machine than the one that was meant. */
function checkOptions(options: unknown): void {
  const expected = `new ModelKernel({ ${OPTIONS.join(', ')} })`;
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${expected}: an object, not ${String(options)}.`);
  }
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) throw new TypeError(`${expected}: no option is called ${unknown}.`);
}
