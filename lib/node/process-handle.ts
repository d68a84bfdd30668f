import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Backend, Fd, SyscallResult } from '../backend/interface';
import { nextTick, setImmediate } from '../time';
import { openChildPipe, placeOf } from './child-pipe';
import { whateverHappens } from './cut-off';
import { isId, readContract, type SpawnCall, type StdioEntry } from './contract';
import { DescriptorEnds, StreamEnds, descriptorOf, type OurEnds } from './our-ends';
import { mayOpen, maySpawn } from './permission';

/** What Node's ChildProcess wants from `_handle`, and what ours is made of. */
export interface NodeProcessHandle {
  pid?: number;
  onexit: (exitCode: number | null, signalCode: string | null) => void;
  spawn(...contract: unknown[]): SyscallResult;
  kill(signo: number): SyscallResult;
  ref(): void;
  unref(): void;
  hasRef(): boolean;
  close(callback?: () => void): void;
}

/** The end of a process, as a ChildProcess tells it. */
export interface NodeExit {
  readonly exitCode: number | null;
  readonly signalCode: string | null;
}

/** A process that runs; the handle's way to act on it. */
export interface Running {
  readonly pid: number;
  kill(signo: number): SyscallResult;
  reference(on: boolean): void;
  close(): void;
}

/** What makes the process. */
export interface Launcher {
  /** Makes the pipes, and closes them. */
  readonly backend: Backend;
  /**
   * Creates it, or says why not with -errno. What is to be said of its end is said in `inTurn`; `onExit` is
   * called there, once.
   */
  launch(
    call: SpawnCall,
    onExit: (exit: NodeExit) => void,
    inTurn: (then: () => void) => void,
  ): Running | SyscallResult;
  /** Called before Node's own handle spawns instead: throws if that would not be good enough. */
  stockSpawns(): void;
  /** Hears of a step that failed before it came to that. */
  failed(error: SyscallResult, step: string): void;
}

/** Who has more children than this at a time has pipes of the kernel's size. */
const MANY = 32;

/** On every handle of ours, so that other copies of this library know it. */
export const kOurs = Symbol.for('autoreap.handle');

/**
 * Takes the place of Node's own `Process` in a ChildProcess, and so keeps all of Node's code around it:
 * streams, ipc, serialization, timeouts, abort signals, error objects.
 *
 * The contract (tried on 20, 22, 24 and 26) has two forms, see `readContract`. What it shares: `stdio`
 * holds Pipe handles that are unopened and take a descriptor by `open(fd)`; run-time errors are
 * returned, not thrown; `onexit` is called once, with an empty or null signal for an ordinary exit.
 */
export class ProcessHandle implements NodeProcessHandle {
  /** Those that have a process. */
  static readonly #alive = new Set<ProcessHandle>();
  readonly [kOurs] = true;
  pid?: number;
  onexit: NodeProcessHandle['onexit'];
  readonly #backend: Backend;
  readonly #launcher: Launcher;
  readonly #child: ChildProcess;
  readonly #stock: NodeProcessHandle;
  readonly #giveBack: (contract: readonly unknown[]) => void;
  // The listeners of 'exit' run in the async context of the spawn, as they do in Node.js.
  readonly #resource = new AsyncResource('PROCESSWRAP');
  #running: Running | undefined;
  #referenced = true;

  /** `stock` is Node's own handle of the child; `giveBack` puts it back. */
  constructor(
    child: ChildProcess,
    stock: NodeProcessHandle,
    launcher: Launcher,
    giveBack: (contract: readonly unknown[]) => void,
  ) {
    this.onexit = stock.onexit;
    this.#child = child;
    this.#stock = stock;
    this.#backend = launcher.backend;
    this.#launcher = launcher;
    this.#giveBack = giveBack;
  }

  spawn(...contract: unknown[]): SyscallResult {
    const call = readContract(contract);
    const { streams } = this.#backend;
    // Under --permission Node's handle refuses, with Node's error; an addon must not be a way around.
    const permitted = streams !== undefined || (maySpawn() && mayOpen(call?.stdio ?? []));
    if (call === undefined || !permitted) {
      this.#giveBack(contract);
      if (maySpawn()) this.#launcher.stockSpawns();
      return this.#stock.spawn(...contract);
    }
    discard(this.#stock, contract);
    if (!isId(call.uid) || !isId(call.gid)) {
      this.#launcher.failed(-constants.errno.EINVAL, isId(call.uid) ? 'setgid' : 'setuid');
      return -constants.errno.EINVAL;
    }

    const childEnds: Fd[] = [];
    const ourEnds =
      streams === undefined
        ? new DescriptorEnds(this.#backend)
        : new StreamEnds(this.#backend, streams, this.#child);
    ourEnds.check(call.stdio);
    let streamsStay = false;
    const settleEnds = (cutOff: boolean): void => {
      if (streamsStay) ourEnds.keep();
      else ourEnds.drop();
      for (const fd of childEnds.splice(0)) this.#backend.close(fd);
      if (cutOff) this.#backend.closeHeld();
    };
    return whateverHappens(settleEnds, () => {
      const stdio = this.#openStdio(call.stdio, childEnds, ourEnds);
      const result =
        typeof stdio === 'number'
          ? stdio
          : this.#launcher.launch({ ...call, stdio, childEnds }, this.#exited, this.#inTurn);
      streamsStay = typeof result !== 'number' || STREAMS_STAY.has(-result);
      if (typeof result === 'number') return result;
      this.#running = result;
      ProcessHandle.#alive.add(this);
      this.pid = result.pid;
      return 0;
    });
  }

  readonly #exited = ({ exitCode, signalCode }: NodeExit): void => {
    if (this.#running === undefined) return; // Closed since.
    this.#gone();
    this.onexit(exitCode, signalCode);
  };

  // Each end has a turn of its own, with its ticks and promises, and what a listener throws is thrown
  // there. And there is a whole poll phase before that turn: a process that was born and died while the
  // poll phase that brings its end was going on (in the callback of a readFile) has written what nobody
  // has looked for yet. libuv, too, looks at signals after all that can be read.
  readonly #inTurn = (then: () => void): void => {
    this.#resource.runInAsyncScope(setImmediate, undefined, then);
  };

  #gone(): void {
    ProcessHandle.#alive.delete(this);
    this.#running = undefined;
  }

  kill(signo: number): SyscallResult {
    return this.#running === undefined ? -constants.errno.ESRCH : this.#running.kill(signo);
  }

  ref(): void {
    this.#referenced = true;
    this.#running?.reference(true);
  }

  unref(): void {
    this.#referenced = false;
    this.#running?.reference(false);
  }

  hasRef(): boolean {
    return this.#referenced && this.#running !== undefined;
  }

  close(callback?: () => void): void {
    this.#running?.close();
    this.#gone();
    if (callback !== undefined) setImmediate(callback);
  }

  #openStdio(
    entries: readonly StdioEntry[],
    childEnds: Fd[],
    ourEnds: OurEnds,
  ): Fd[] | SyscallResult {
    const stdio: Fd[] = [];
    const failed = (error: SyscallResult, step: string): SyscallResult => {
      this.#launcher.failed(error, step);
      return error;
    };
    for (const [index, entry] of entries.entries()) {
      switch (entry.type) {
        case 'ignore':
          stdio.push(-1);
          break;
        case 'pipe':
        case 'overlapped': {
          const place = entry.ipc === true ? 'other' : placeOf(index);
          const pipe = openChildPipe(this.#backend, place, ProcessHandle.#alive.size < MANY);
          if ('error' in pipe) return failed(pipe.error, pipe.step);
          const { ours, childs } = pipe;
          childEnds.push(childs);
          const result = ourEnds.take(entry, index, ours);
          if (result < 0) {
            this.#backend.close(ours);
            return failed(result, 'uv_pipe_open');
          }
          stdio.push(childs);
          break;
        }
        default: {
          const fd = descriptorOf(entry, index);
          if (fd === undefined || fd < 0) return failed(-constants.errno.EINVAL, 'stdio');
          stdio.push(fd);
        }
      }
    }
    return stdio;
  }
}

/**
 * After these Node.js goes on and makes streams of the pipes, which then end. After all others it makes
 * none, and of a pipe that we have opened nobody would know; after EMFILE not even to close it.
 */
const STREAMS_STAY: ReadonlySet<number> = new Set([
  constants.errno.EACCES,
  constants.errno.EAGAIN,
  constants.errno.ENOENT,
]);

/** Runs a function in the async context of this module's loading: nobody's. */
const outside = AsyncLocalStorage.snapshot();

/**
 * On a tick, and not in the spawn: JavaScript can be cut off there (vm's timeout), and who is cut off while he runs
 * something in another async context leaves Node's stack of them as it was, for which Node.js aborts.
 */
function forgetContext(stock: { asyncReset?(resource: object): void }): void {
  outside(() => stock.asyncReset?.({}));
}

const INVALID_STDIO = [{ type: 'fd', fd: -1 }];

/**
 * Frees Node's own handle, which is never going to spawn. A handle that libuv has not seen cannot be
 * closed and is never collected, and keeps its ChildProcess with it (measured: 1.4 KB a spawn, for
 * ever). Up to Node.js 22 a spawn that is refused at its first argument makes libuv see it; nothing is
 * created. From 24 on (libuv 1.52) that same spawn corrupts the heap (measured: without any code of
 * ours), so there the handle is only cut loose, from its child and from the AsyncLocalStorage that it
 * was made in, and the bare handle stays.
 */
function discard(stock: NodeProcessHandle, contract: readonly unknown[]): void {
  const positional = contract.length > 1;
  if (positional) {
    for (const owner of Object.getOwnPropertySymbols(stock)) Reflect.deleteProperty(stock, owner);
    Reflect.deleteProperty(stock, 'onexit');
    nextTick(forgetContext, stock);
    return;
  }
  stock.spawn({ file: 'x', args: ['x'], stdio: INVALID_STDIO });
  stock.close();
}
