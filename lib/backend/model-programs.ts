// Runs the programs of the model: gives a JavaScript function the process that execve(2) has made of a task, and
// keeps the two together. When the task dies, whoever killed it, the function has nothing left to act on.
// Long, because a cut between the two would part what is one thing: most of it is one class.
import { AsyncLocalStorage } from 'node:async_hooks';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { inspect, types } from 'node:util';
import { errnoError, unknownSignal } from '../errors';
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
import type { Program, ProgramEnd, ProgramProcess, ProgramSpawnOptions } from '../model/program';
import type { Task } from '../model/task';
import { nextTick, setImmediate } from '../time';
import { devNull, streamOf, type OpenFile } from './model-files';
import { resultHere } from './model-numbers';

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

/** A program is its first thread, and ends with it. */
export const isDead = ({ state }: Task): boolean => state === 'Z' || state === 'X';

/** Programs are nobody's async context but their own. */
const outside = AsyncLocalStorage.snapshot();

/** All programs of a kernel that were started through one backend. */
export class Programs {
  readonly #kernel: ModelKernel;
  readonly #running = new Set<RunningProgram>();

  constructor(kernel: ModelKernel) {
    this.#kernel = kernel;
  }

  /** After execve(2): the program of this file begins, in a turn of its own. Without one there is only the task. */
  start(task: Task, path: string, start: Start): void {
    const program = this.#kernel.executable(path)?.program;
    const running = new RunningProgram(this, this.#kernel, task, start);
    this.#running.add(running);
    if (program === undefined) return;
    outside(() =>
      setImmediate(() => {
        void running.run(program);
      }),
    );
  }

  /**
   * After each change of the kernel: signals and ends are passed on, and the dead are put away. Says whether that
   * has changed something in its turn.
   */
  look(): boolean {
    let changed = false;
    for (const running of this.#running) {
      if (running.look()) changed = true;
      if (running.isGone) this.#running.delete(running);
    }
    return changed;
  }
}

interface Awaited {
  readonly pid: number;
  readonly resolve: (end: ProgramEnd) => void;
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
  readonly #children: Awaited[] = [];
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
    if (this.#isGone) return false;
    const result = resultHere(this.task.kill(pid, signalNumber(signal)));
    if (result < 0 && result !== -constants.errno.ESRCH) throw errnoError(result, 'kill', { pid });
    return result >= 0;
  };

  on(signal: string, listener: (signal: string) => void): this {
    const listeners = this.#listeners.get(signal) ?? [];
    this.#listeners.set(signal, [...listeners, listener]);
    return this.#act(signal, 'catch');
  }

  ignore(signal: string): this {
    this.#listeners.delete(signal);
    return this.#act(signal, 'ignore');
  }

  readonly spawn = (
    path: string,
    args: readonly string[] = [],
    { env = this.env, cwd = this.cwd, stdio, detached = false }: ProgramSpawnOptions = {},
  ): { readonly pid: number; readonly ended: Promise<ProgramEnd> } => {
    const pid = resultHere(this.task.fork());
    if (pid < 0) throw errnoError(pid, 'fork');
    const task = this.#kernel.task(pid);
    if (task === undefined) throw errnoError(-constants.errno.ESRCH, 'fork', { pid });
    if (detached) task.setsid();
    const result = resultHere(task.execve(path) as number);
    if (result < 0) {
      task.exitGroup(127);
      this.task.waitid(P_PID, pid, WEXITED | __WALL);
      throw errnoError(result, `spawn ${path}`, { path, step: 'execve' });
    }
    const descriptors = stdio ?? this.#files.map((_, fd) => fd);
    const files = descriptors.map((fd) => (fd === 'ignore' ? devNull() : this.#files[fd])?.hold());
    this.#programs.start(task, path, { argv: [path, ...args], env, cwd, files, habits: this });
    const ended = new Promise<ProgramEnd>((resolve) => this.#children.push({ pid, resolve }));
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

  /** What the kernel has for it. Says whether something has come of that there. */
  look(): boolean {
    if (isDead(this.task)) {
      this.#bury();
      return false;
    }
    if (!this.task.canRun) return false;
    if (this.#exitCode !== undefined) {
      this.task.exitGroup(this.#exitCode); // It was stopped when it wanted to.
      return true;
    }
    if (this.#listeners.size > 0) this.#hearSignals();
    return this.#children.length > 0 && this.#hearChildren();
  }

  #hearSignals(): void {
    for (const { signo } of this.task.takeSignals()) {
      const signal = signalName(signo);
      setImmediate(() => {
        for (const listener of this.#listeners.get(signal) ?? []) {
          if (this.#isGone) return;
          // One that is asynchronous crashes it, too, and not the process that runs the model.
          const tell: (signal: string) => unknown = listener;
          const heard = async (): Promise<void> => {
            await tell(signal);
          };
          heard().catch((error: unknown) => {
            this.#crash(error);
          });
        }
      });
    }
  }

  #hearChildren(): boolean {
    const before = this.#children.length;
    for (const child of [...this.#children]) {
      const result = this.task.waitid(P_PID, child.pid, WEXITED | WNOHANG | __WALL);
      if (typeof result === 'symbol' || result === 0) continue;
      this.#children.splice(this.#children.indexOf(child), 1);
      if (typeof result === 'number') child.resolve({ exitCode: null, signalCode: null });
      else if (result.code === CLD_EXITED) {
        child.resolve({ exitCode: result.status, signalCode: null });
      } else child.resolve({ exitCode: null, signalCode: signalName(result.status) });
    }
    return this.#children.length < before;
  }

  #act(signal: string, handler: 'catch' | 'ignore'): this {
    if (this.#isGone) return this;
    const result = this.task.rtSigaction(signalNumber(signal), { handler, flags: SA_RESTART });
    if (result < 0) throw errnoError(resultHere(result), 'rt_sigaction');
    return this;
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
    if (this.#isGone) stream.destroy();
    return stream;
  }

  #close(fd: number): void {
    const file = this.#files[fd];
    this.#files[fd] = undefined;
    file?.release();
  }

  /** As a Node.js that has nothing left to do but to write. */
  async #allWritten(): Promise<void> {
    const writing = this.#streams.filter((stream) => stream?.writable === true);
    await Promise.all(writing.map((stream) => new Promise((resolve) => stream?.end(resolve))));
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
    for (const stream of this.#streams) stream?.destroy();
    nextTick(() => {
      this.#abort?.abort(); // Whoever listens may ask the kernel, which has not finished this step.
    });
  }
}

function signalNumber(signal: string | number): number {
  if (typeof signal === 'number') return signal;
  if (!Object.hasOwn(signals, signal)) throw unknownSignal(signal);
  return signals[signal as keyof typeof signals];
}
