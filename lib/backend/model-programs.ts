// Runs the programs of the model: gives a JavaScript function the process that execve(2) has made of a task, and
// keeps the two together. When the task dies, whoever killed it, the function has nothing left to act on.
// Long, because a cut between the two would part what is one thing: most of it is one class.
import { AsyncLocalStorage } from 'node:async_hooks';
import { constants } from 'node:os';
import { posix } from 'node:path';
import type { Duplex } from 'node:stream';
import { inspect, types } from 'node:util';
import { errnoError, invalidArgType, unknownSignal } from '../errors';
import {
  CLD_EXITED,
  P_PID,
  SA_RESTART,
  WEXITED,
  WNOHANG,
  __WALL,
  signalName,
  signals,
} from '../model/constants';
import type { ModelKernel } from '../model/kernel';
import { cannotBeCaught } from '../model/signal';
import type { Program, ProgramEnd, ProgramProcess, ProgramSpawnOptions } from '../model/program';
import type { Task } from '../model/task';
import { nextTick, setImmediate } from '../time';
import { devNull, streamOf, type OpenFile } from './model-files';
import { hintOf } from './model-hints';
import { resultHere } from './model-numbers';
import { becomeProgram, isDead, mayRun } from './model-task';

/** What a process has that the kernel of the model has no rules for; its children inherit it. */
export interface Habits {
  readonly gid: number;
  readonly groups: readonly number[];
  readonly umask: number;
  readonly nice: number;
}

/** What a program is started with. */
export interface Start {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** By descriptor, each held for it. */
  readonly files: (OpenFile | undefined)[];
  readonly habits: Habits;
}

/** Programs are nobody's async context but their own. */
const outside = AsyncLocalStorage.snapshot();

/** All programs of a kernel that were started through one backend. */
export class Programs {
  readonly #kernel: ModelKernel;
  readonly #running = new Map<number, RunningProgram>();
  /** Who waits for a child of this number. */
  readonly #parents = new Map<number, RunningProgram>();

  constructor(kernel: ModelKernel) {
    this.#kernel = kernel;
  }

  /** After execve(2): the program of this file begins, in a turn of its own. Without one there is only the task. */
  start(task: Task, path: string, start: Start): void {
    const program = this.#kernel.executable(path)?.program;
    const running = new RunningProgram(this, this.#kernel, task, start);
    this.#running.set(task.pid, running);
    this.look(new Set([task.pid])); // It may be dead already.
    if (program === undefined) return;
    outside(() =>
      setImmediate(() => {
        void running.run(program);
      }),
    );
  }

  /** None of them runs any more. */
  get areOver(): boolean {
    return this.#running.size === 0;
  }

  /** The end of this child is to be heard by its parent. */
  awaits(parent: RunningProgram, pid: number): void {
    this.#parents.set(pid, parent);
  }

  /** After each change of the kernel: signals and ends are passed on, and the dead are put away. */
  look(tids: ReadonlySet<number>): void {
    for (const tid of tids) {
      const running = this.#running.get(tid);
      running?.look();
      if (running?.isGone === true) this.#running.delete(tid);
      if (this.#parents.get(tid)?.hearChild(tid) === true) this.#parents.delete(tid);
    }
  }
}

class RunningProgram implements ProgramProcess {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly task: Task;
  readonly pid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly umask: number;
  readonly nice: number;
  readonly #programs: Programs;
  readonly #kernel: ModelKernel;
  readonly #files: (OpenFile | undefined)[];
  readonly #streams: (Duplex | undefined)[] = [];
  readonly #listeners = new Map<string, ((signal: string) => void)[]>();
  readonly #children = new Map<number, (end: ProgramEnd) => void>();
  /** What it called while it was stopped, or asleep in a call. */
  readonly #postponed: (() => void)[] = [];
  /** A child has ended while it could not ask. */
  #missed = false;
  #abort: AbortController | undefined;
  #exitCode: number | undefined;
  #isGone = false;

  constructor(programs: Programs, kernel: ModelKernel, task: Task, start: Start) {
    ({ argv: this.argv, env: this.env, cwd: this.cwd, files: this.#files } = start);
    ({ gid: this.gid, groups: this.groups, umask: this.umask, nice: this.nice } = start.habits);
    this.#programs = programs;
    this.#kernel = kernel;
    this.task = task;
    this.pid = task.pid;
  }

  get ppid(): number {
    return this.task.canRun ? this.task.getppid() : 0;
  }

  get stdin(): Duplex {
    return this.#stream(0);
  }

  get stdout(): Duplex {
    return this.#stream(1);
  }

  get stderr(): Duplex {
    return this.#stream(2);
  }

  get stdio(): readonly (Duplex | undefined)[] {
    return this.#files.map((file, fd) => (file === undefined ? undefined : this.#stream(fd)));
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#isGone) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  // These three can be taken out of it, as out of Node's own.
  readonly exit = (code = 0): void => {
    if (this.#isGone || this.#exitCode !== undefined) return;
    this.#exitCode = code & 0xff;
    // Node.js, too, writes to a pipe at once, however long that takes.
    for (const file of this.#files) file?.sink?.flush();
    if (this.task.canRun) this.task.exitGroup(this.#exitCode);
  };

  readonly kill = (pid: number, signal: string | number = 'SIGTERM'): boolean => {
    const signo = signalNumber(signal);
    if (!Number.isSafeInteger(pid)) throw invalidArgType('pid', 'a whole number', pid);
    if (this.#isOver) return false;
    if (this.#postpones(() => this.task.kill(pid, signo))) return true;
    const result = resultHere(this.task.kill(pid, signo));
    if (result < 0 && result !== -constants.errno.ESRCH) throw errnoError(result, 'kill', { pid });
    return result >= 0;
  };

  on(signal: string, listener: (signal: string) => void): this {
    if (typeof listener !== 'function') {
      throw invalidArgType('listener', 'of type function', listener);
    }
    this.#act(signal, 'catch');
    const listeners = this.#listeners.get(signal) ?? [];
    this.#listeners.set(signal, [...listeners, listener]);
    return this;
  }

  ignore(signal: string): this {
    this.#act(signal, 'ignore');
    this.#listeners.delete(signal);
    return this;
  }

  readonly spawn = (
    path: string,
    args: readonly string[] = [],
    { env = this.env, cwd = this.cwd, stdio, detached = false }: ProgramSpawnOptions = {},
  ): { readonly pid: number; readonly ended: Promise<ProgramEnd> } => {
    checkSpawn(path, args, stdio);
    if (this.#isOver) return { pid: 0, ended: new Promise(() => undefined) };
    const call = `spawn ${path}`;
    if (!this.task.canRun) throw errnoError(-constants.errno.EINTR, call, { path, hint: STOPPED });
    const pid = resultHere(this.task.fork());
    if (pid < 0) throw failure(pid, call, path, 'clone');
    const task = this.#kernel.task(pid);
    const folder = posix.resolve(this.cwd, cwd);
    const failed =
      task === undefined ? undefined : becomeProgram(task, path, folder, detached, this.#kernel);
    if (failed !== undefined && task !== undefined) {
      if (mayRun(task)) task.exitGroup(127);
      else this.task.kill(pid, signals.SIGKILL); // Somebody who listens to the kernel has stopped it.
      if (mayRun(this.task)) this.task.waitid(P_PID, pid, WEXITED | WNOHANG | __WALL);
      throw failure(resultHere(failed.error), call, path, failed.step);
    }
    if (task !== undefined && !isDead(task)) {
      const descriptors = stdio ?? this.#files.map((_, fd) => fd);
      const files = descriptors.map((fd) =>
        (fd === 'ignore' ? devNull() : this.#files[fd])?.hold(),
      );
      this.#programs.start(task, path, {
        argv: [path, ...args],
        env,
        cwd: folder,
        files,
        habits: this,
      });
    }
    // Else somebody was faster, and has killed it.
    const ended = new Promise<ProgramEnd>((resolve) => this.#children.set(pid, resolve));
    this.#programs.awaits(this, pid);
    this.hearChild(pid);
    return { pid, ended };
  };

  /** From its beginning to its end, unless that comes from elsewhere. */
  async run(program: Program): Promise<void> {
    if (this.#isGone) return;
    try {
      const code = await program(this);
      await this.#allWritten();
      this.exit(typeof code === 'number' ? code : 0);
    } catch (error) {
      this.#crash(error);
    }
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** What the kernel has for it. */
  look(): void {
    if (isDead(this.task)) {
      this.#bury();
      return;
    }
    try {
      while (this.task.canRun && this.#postponed.length > 0) this.#postponed.shift()?.();
    } catch (error) {
      this.#crash(error);
    }
    if (!this.task.canRun) return;
    if (this.#exitCode !== undefined) {
      this.task.exitGroup(this.#exitCode); // It was stopped when it wanted to.
      return;
    }
    if (this.#listeners.size > 0) this.#hearSignals();
    if (!this.#missed) return;
    this.#missed = false;
    for (const pid of this.#children.keys()) this.hearChild(pid);
  }

  /** Whether a child has ended. Says whether there is nothing to be heard of it any more. */
  hearChild(pid: number): boolean {
    const resolve = this.#children.get(pid);
    if (resolve === undefined) return true;
    if (!this.task.canRun) {
      this.#missed = true;
      return isDead(this.task);
    }
    const result = this.task.waitid(P_PID, pid, WEXITED | WNOHANG | __WALL);
    if (typeof result === 'symbol' || result === 0) return false;
    this.#children.delete(pid);
    if (typeof result === 'number') resolve({ exitCode: null, signalCode: null });
    else if (result.code === CLD_EXITED) resolve({ exitCode: result.status, signalCode: null });
    else resolve({ exitCode: null, signalCode: signalName(result.status) });
    return true;
  }

  #hearSignals(): void {
    for (const { signo } of this.task.takeSignals()) {
      const signal = signalName(signo);
      const hear = (): void => {
        for (const listener of this.#listeners.get(signal) ?? []) this.#tell(listener, signal);
      };
      setImmediate(() => {
        if (!this.#postpones(hear)) hear(); // Stopped since, it hears of it when it goes on.
      });
    }
  }

  #tell(listener: (signal: string) => unknown, signal: string): void {
    if (this.#isOver) return;
    // One that is asynchronous crashes it, too, and not the process that runs the model.
    const heard = async (): Promise<void> => {
      await listener(signal);
    };
    heard().catch((error: unknown) => {
      this.#crash(error);
    });
  }

  /** Nothing that it does has an effect any more. */
  get #isOver(): boolean {
    return this.#isGone || this.#exitCode !== undefined || isDead(this.task);
  }

  /** What a process that is stopped, or asleep in a call, calls happens when it goes on. */
  #postpones(call: () => void): boolean {
    if (!this.#isOver && this.task.canRun) return false;
    if (!this.#isOver) this.#postponed.push(call);
    return true;
  }

  #act(signal: string, handler: 'catch' | 'ignore'): void {
    const signo = signalNumber(signal);
    if (cannotBeCaught(signo)) {
      const hint = `${signal} cannot be caught or ignored`;
      throw errnoError(-constants.errno.EINVAL, 'rt_sigaction', { hint });
    }
    const act = (): number => this.task.rtSigaction(signo, { handler, flags: SA_RESTART });
    if (this.#postpones(act)) return;
    const result = resultHere(act());
    if (result < 0) throw errnoError(result, 'rt_sigaction');
  }

  #stream(fd: number): Duplex {
    const known = this.#streams[fd];
    if (known !== undefined) return known;
    const file = (this.#files[fd] ??= devNull().hold());
    const stream = streamOf(file, {
      allowHalfOpen: true,
      close: () => {
        this.#close(fd);
      },
      // pipe(7): who writes where nobody reads is sent this, and without a handler dies of it.
      brokenPipe: () => {
        if (this.task.canRun) this.task.kill(this.pid, signals.SIGPIPE);
      },
    });
    // Without a listener of its own, it is an exception that nobody has caught.
    stream.on('error', (error) => {
      if (stream.listenerCount('error') === 1) this.#crash(error);
    });
    this.#streams[fd] = stream;
    if (this.#isGone) silence(stream);
    return stream;
  }

  #close(fd: number): void {
    const file = this.#files[fd];
    this.#files[fd] = undefined;
    file?.release();
  }

  /** As a Node.js that has nothing left to do but to write. */
  async #allWritten(): Promise<void> {
    const written = this.#streams.map(async (stream, fd) => {
      if (stream?.writable !== true) return;
      // To end one that goes both ways would shut down what others may share, see shutdown(2).
      const isBoth = this.#files[fd]?.source !== undefined;
      await new Promise((resolve) => (isBoth ? stream.write('', resolve) : stream.end(resolve)));
    });
    await Promise.all(written);
  }

  #crash(error: unknown): void {
    if (this.#isGone || this.#exitCode !== undefined) return;
    const said = types.isNativeError(error) ? error.stack : inspect(error);
    this.stderr.write(`${String(said)}\n`);
    this.exit(1);
  }

  #bury(): void {
    this.#isGone = true;
    this.#files.forEach((_, fd) => {
      this.#close(fd);
    });
    for (const stream of this.#streams) if (stream !== undefined) silence(stream);
    nextTick(() => {
      this.#abort?.abort(); // Whoever listens may ask the kernel, which has not finished this step.
    });
  }
}

/**
 * A stream of the dead. Who writes on and on, and does not look at the errors, would not let the event loop go: each
 * is told at once. So nobody is told.
 */
function silence(stream: Duplex): void {
  stream.destroy();
  stream.write = () => false;
}

const STOPPED =
  'the process that spawns is stopped, or asleep in a call of its task: nobody would go on with a pid';

function failure(error: number, call: string, path: string, step: string): Error {
  const hint = hintOf(error, step);
  return errnoError(error, call, { path, step, ...(hint === undefined ? {} : { hint }) });
}

function checkSpawn(path: unknown, args: unknown, stdio: unknown): void {
  if (typeof path !== 'string') throw invalidArgType('path', 'of type string', path);
  if (!Array.isArray(args)) throw invalidArgType('args', 'an instance of Array', args);
  if (stdio === undefined) return;
  const isEntry = (entry: unknown): boolean => entry === 'ignore' || Number.isSafeInteger(entry);
  if (Array.isArray(stdio) && stdio.every(isEntry)) return;
  throw invalidArgType(
    'options.stdio',
    "an array of descriptors of the parent and 'ignore'",
    stdio,
  );
}

function signalNumber(signal: string | number): number {
  if (typeof signal === 'number') {
    if (Number.isInteger(signal)) return signal;
    throw unknownSignal(signal);
  }
  if (!Object.hasOwn(signals, signal)) throw unknownSignal(signal);
  return signals[signal as keyof typeof signals];
}
