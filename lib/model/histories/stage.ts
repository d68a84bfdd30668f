// A machine whose processes have names, and which writes down every call that they make.
import type { AbiName } from '../abi';
import { SLEEPS } from '../constants';
import type { HistoryEntry } from '../core';
import { ModelKernel } from '../kernel';
import type { Task } from '../task';
import { treeOf, type ProcessView } from '../view';
import { describeCall, describeResult } from './calls';
import type { ToldStep } from './history';

/** What was played since the last time. */
type Played = Pick<ToldStep, 'calls' | 'rules' | 'tree' | 'processes'>;

/** Where a scene is played. */
export class Stage {
  readonly kernel: ModelKernel;
  readonly #actors = new Map<string, Task>();
  readonly #names = new Map<number, string>();
  readonly #commands = new Map<number, string>();
  readonly #calls: string[] = [];
  /** How much of the kernel's history has been told. */
  #told = 0;
  /** What was played quietly. */
  readonly #hidden = new Set<HistoryEntry>();
  #quiet = false;

  constructor(abi: AbiName, stepwise = false) {
    this.kernel = new ModelKernel({ abi, stepwise });
    this.enter('init', 1);
  }

  /**
   * Gives a name to the process that was just born, and returns it. From now on it is known by this name.
   * @param born what fork(2) returned
   * @param command what ps(1) shows of it
   */
  enter(name: string, born: number | symbol, command = name): Task {
    const task = typeof born === 'number' ? this.kernel.task(born) : undefined;
    if (task === undefined) throw new Error(`${name} was not born: ${String(born)}.`);
    const actor = this.#record(name, task);
    this.#actors.set(name, actor);
    this.#names.set(task.tid, name);
    this.#commands.set(task.tid, command);
    return actor;
  }

  /** Plays what a reader has seen before, and writes nothing down. */
  quietly(play: () => void): void {
    const wasQuiet = this.#quiet;
    const from = this.kernel.history.length;
    this.#quiet = true;
    play();
    this.#quiet = wasQuiet;
    for (const entry of this.kernel.history.slice(from)) this.#hidden.add(entry);
  }

  /** Who has this name: a Task whose calls are written down. */
  who(name: string): Task {
    const actor = this.#actors.get(name);
    if (actor === undefined) throw new Error(`Nobody is called ${name}.`);
    return actor;
  }

  /** The number of who has this name. */
  pid(name: string): number {
    return this.who(name).tid;
  }

  /** What ps(1) shows of a process: its command line, as the story knows it. */
  readonly commandOf = ({ pid, comm }: Pick<ProcessView, 'pid' | 'comm'>): string =>
    this.#commands.get(pid) ?? comm;

  /** What has been played since the last time. */
  takeStep(): Played {
    const entries = this.kernel.history
      .slice(this.#told)
      .filter((entry) => !this.#hidden.has(entry));
    this.#told = this.kernel.history.length;
    const processes = this.kernel.processes();
    return {
      calls: this.#calls.splice(0),
      rules: entries.map(({ tid, text, rule }) => ({
        text: `${this.#nameOf(tid)} ${this.#withNames(text)}`,
        rule: this.#withNames(rule),
      })),
      tree: treeOf(processes, this.commandOf),
      processes,
    };
  }

  #nameOf(tid: number): string {
    const name = this.#names.get(tid);
    return name === undefined ? String(tid) : `${name}(${tid})`;
  }

  /** The model says "process 3"; the story knows who that is. */
  #withNames(text: string): string {
    return text.replace(/\b(?:process|thread) (\d+)\b/g, (said, tid: string) =>
      this.#names.has(Number(tid)) ? this.#nameOf(Number(tid)) : said,
    );
  }

  /** A Task that writes down every call that it makes. */
  #record(name: string, task: Task): Task {
    const methods = task as unknown as Record<string, unknown>;
    let asleep: Call | undefined;
    return new Proxy(task, {
      get: (_, key) => {
        const method = String(key);
        const member = methods[method];
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          // Before the call: what it writes to memory is not yet there.
          const text = describeCall(method, args);
          const result: unknown = member.apply(task, args);
          const call = { method, args, text };
          // strace(1) says "resumed" where a call that slept returns.
          const made = method === 'takeResult' && asleep !== undefined ? asleep : call;
          if (result === SLEEPS) asleep = { ...call, text: `… ${text}` };
          this.#write(`${name}(${task.tid})`, made, result);
          return result;
        };
      },
    });
  }

  #write(speaker: string, { method, args, text }: Call, result: unknown): void {
    if (this.#quiet) return;
    const colon = text === '' ? '' : ': ';
    this.#calls.push(`${speaker}${colon}${text}${describeResult(method, result, args)}`);
  }
}

interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly text: string;
}
