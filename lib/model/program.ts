// What a program of the model is, as its author sees it: half of the file says what the members mean. Who runs it
// is the backend's (lib/backend/model-programs.ts): of streams and turns of an event loop nothing is known here.
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Task } from './task';

/**
 * A program as a JavaScript function: `kernel.install('/bin/worker', { program })`.
 *
 * It is called in a turn of its own after execve(2) and lives until the promise that it returns is settled, or
 * until it is killed. What it returns is its exit code, and 0 if that is nothing. If it throws, it has written the
 * stack to its stderr and exits with 1.
 *
 * It is one thread of the process that runs this model. Two things follow. A process that is stopped (SIGSTOP)
 * makes no system calls and hears no signals until it is continued, but what its function has under way (timers,
 * streams) goes on: what it asks of its process meanwhile happens then, but for `spawn`, which throws. And one that
 * was killed is gone, though its function may not have returned: nothing that it does after that has an effect, and
 * `signal` tells it to give up.
 */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a function without `return` is a program, too.
export type Program = (process: ProgramProcess) => number | void | Promise<number | void>;

/** Where the children of a program are born, see `ProgramProcess.spawn`. */
export interface ProgramSpawnOptions {
  /** @defaultValue that of the parent */
  readonly env?: Readonly<Record<string, string>>;
  /** @defaultValue that of the parent */
  readonly cwd?: string;
  /** Which descriptor of the parent is the child's i; `'ignore'` is /dev/null. @defaultValue all of the parent's */
  readonly stdio?: readonly (number | 'ignore')[];
  /** setsid(2). @defaultValue `false` */
  readonly detached?: boolean;
}

/** How a child of a program ended; both are null if somebody else has taken its status. */
export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signalCode: string | null;
}

/** What a program is given: its process, in the words of Node's own `process`. */
export interface ProgramProcess {
  /** As exec(3) has them: the first is the name that it was called by. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly pid: number;
  /** 0 where it cannot be asked: it is stopped, or dead. */
  readonly ppid: number;
  /** What `spawn` was told of what the model has no rules for; its children inherit it. */
  readonly gid: number;
  readonly groups: readonly number[];
  readonly umask: number;
  readonly nice: number;

  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** By descriptor; undefined where none is open. From 3 on, where `spawn` has `'pipe'`, they are duplex. */
  readonly stdio: readonly (Duplex | undefined)[];

  /** Itself in the kernel: every system call of the model, made by this process. */
  readonly task: Task;
  /** Aborted when the process is dead, however it died. */
  readonly signal: AbortSignal;

  /** Ends the process, with what it has written written. The function runs on, without effect. */
  exit(code?: number): void;

  /**
   * kill(2), of SIGTERM if nothing else is said.
   * @returns false if there is nobody to receive it.
   * @throws `EPERM`, and `ERR_UNKNOWN_SIGNAL`.
   */
  kill(pid: number, signal?: string | number): boolean;

  /** Catches a signal from now on: sigaction(2). A handler is called in a turn of its own. */
  on(signal: string, listener: (signal: string) => void): this;

  /** Ignores a signal, as its children then do: SIG_IGN. */
  ignore(signal: string): this;

  /**
   * fork(2), and execve(2) in the child. Of the dead, `pid` is 0 and `ended` never comes.
   * @throws `ENOENT` of execve or of `cwd`, `EAGAIN` of fork, `EINTR` while this process is stopped.
   */
  spawn(
    path: string,
    args?: readonly string[],
    options?: ProgramSpawnOptions,
  ): { readonly pid: number; readonly ended: Promise<ProgramEnd> };
}
