// What a child has besides Node's ChildProcess, its state and its class in one file, because each reads the
// other's; a third of it says what its members mean.
import { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { inspect, types } from 'node:util';
import type { ErrnoError } from '../errors';
import { invalidArgType, outOfRange } from '../errors';
import { bareChildProcess } from '../node/hinge';
import { birthHint } from '../policy/birth-hint';
import type { ReapedBy } from '../policy/guarantee';
import { nextStop, type StopEvent, type StopState } from '../policy/stop-ladder';
import type { ExitRecord } from './exit-record';
import type { Extras } from './extras';
import { giveUpPidfd, signalNumber, type Pidfd } from './pidfd';

/** How to stop a child. */
export interface StopOptions {
  /**
   * The polite signal, sent first. @see signal(7)
   * @defaultValue `'SIGTERM'`
   */
  readonly killSignal?: NodeJS.Signals | number;

  /**
   * How long `killSignal` has to work before SIGKILL follows, in milliseconds on the monotonic clock.
   * `Infinity` never escalates: `stop()` then takes as long as the process does.
   * @defaultValue `5000`
   * @throws `ERR_OUT_OF_RANGE` if negative or NaN, or finite and above 2147483647: a longer Node.js
   * timer fires after 1 ms.
   */
  readonly graceMs?: number;
}

/** A birth that failed: what Node's error does not say. */
export interface BirthFailure {
  readonly error: number;
  readonly step: string;
  readonly path: string;
  /** What it means, where the backend knows better. */
  readonly hint?: string | undefined;
}

/**
 * What a child is besides a ChildProcess. Most children are never asked for their pidfd or for the promise
 * of their end, so neither is made before somebody asks.
 */
export class ChildState {
  reapedBy: ReapedBy | undefined;
  autokill: 'kernel' | 'pdeathsig' | undefined;
  failure: BirthFailure | undefined;
  /** Somebody has asked for `exited`, and so hears of a birth that failed. */
  awaited = false;
  record: ExitRecord | undefined;
  stop: StopState = 'running';
  graceTimer: NodeJS.Timeout | undefined;
  #process: LendsPidfd | undefined;
  #pidfd: Pidfd | undefined;
  #isGone = false;
  #error: { readonly error: unknown } | undefined;
  #exited: Promise<ExitRecord> | undefined;
  #resolve: ((record: ExitRecord) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  /** Our own clone has made it. */
  get isOurs(): boolean {
    return this.#process !== undefined;
  }

  born(process: LendsPidfd, reapedBy: ReapedBy, autokill: ChildState['autokill']): void {
    this.#process = process;
    this.reapedBy = reapedBy;
    this.autokill = autokill;
  }

  get pidfd(): Pidfd | undefined {
    if (this.#pidfd === undefined && this.#process !== undefined) {
      this.#pidfd = this.#process.lendPidfd(this.exited);
      if (this.#isGone) giveUpPidfd(this.#pidfd);
    }
    return this.#pidfd;
  }

  get exited(): Promise<ExitRecord> {
    if (this.#exited === undefined) {
      this.#exited = new Promise((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      });
      if (this.record !== undefined) this.#resolve?.(this.record);
      if (this.#error !== undefined) this.fail(this.#error.error);
    }
    return this.#exited;
  }

  /** Its descriptor is closed, or is about to be. */
  gone(): void {
    this.#isGone = true;
    if (this.#pidfd !== undefined) giveUpPidfd(this.#pidfd);
  }

  end(record: ExitRecord): void {
    this.record = record;
    this.#resolve?.(record);
  }

  /** It will never be born. Unless nothing else tells so, nobody has to catch that here. */
  fail(error: unknown, onlyHere = false): void {
    this.#error = { error };
    if (!onlyHere) this.#exited?.catch(() => undefined);
    this.#reject?.(error);
  }
}

/** A process that holds its pidfd and lends it. */
export interface LendsPidfd {
  lendPidfd(exited: Promise<ExitRecord>): Pidfd;
}

const kState = Symbol('autoreap.child');

const GRACE_MS = 5000;
const TIMER_MAX_MS = 2 ** 31 - 1;

/**
 * A child process: Node's ChildProcess in every respect, and in addition a pidfd, a promise of its end,
 * and a way to make it end.
 *
 * Made by `spawn`, never by `new`: it is the very object that Node's own `spawn` created.
 */
export class Child extends ChildProcess implements AsyncDisposable {
  declare private [kState]: ChildState;

  private constructor() {
    super();
    throw new TypeError('A Child is made by spawn()');
  }

  /**
   * The descriptor that names this process and nobody else. Undefined where the child could not be
   * born, and where Node.js reaps it (`reapedBy: 'libuv'`).
   */
  override get pidfd(): Pidfd | undefined {
    return this[kState].pidfd;
  }

  /** Who takes its status, and with it what is promised: see `support()`. Undefined if never born. */
  override get reapedBy(): ReapedBy | undefined {
    return this.pid === undefined ? undefined : this[kState].reapedBy;
  }

  /** What makes it die with us: the kernel, PR_SET_PDEATHSIG, or nothing (the option was not set). */
  get autokill(): 'kernel' | 'pdeathsig' | undefined {
    return this[kState].autokill;
  }

  /**
   * How it ended, as soon as that is known: independent of its streams, which a grandchild may hold
   * open. Rejects with the error of `spawn` if it was never born. Who has read this before that error
   * comes (in the same tick as `spawn`) needs no listener for `'error'`, and who listens to `'error'`
   * need not also catch here; with neither, the error is thrown, as by Node.js.
   */
  override get exited(): Promise<ExitRecord> {
    this[kState].awaited = true;
    return this[kState].exited;
  }

  /**
   * Makes the child end, and waits for it: `killSignal`, and SIGKILL after `graceMs`. Can be called
   * again: the first grace period stands, and `killSignal: 'SIGKILL'` cuts it short.
   * @throws `EPERM` if it may not be signalled (it runs as another user), `ENOSYS` where
   * pidfd_send_signal(2) is refused.
   */
  async stop(options: StopOptions = {}): Promise<ExitRecord> {
    const { killSignal, graceMs } = checkStop(options);
    if (this.pid !== undefined) {
      stepStop(this, this[kState], { type: 'stop', killSignal, graceMs });
    }
    return await this.exited;
  }

  /** SIGKILL, without waiting. Never throws. */
  override [Symbol.dispose](): void {
    try {
      this.kill('SIGKILL');
    } catch {
      // It cannot be signalled; a block that is being left cannot do anything about it.
    }
  }

  /** `stop()`, for `await using`. A child that was never born is no error here. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.pid !== undefined) await this.stop();
  }

  /** @internal Node's error of a failed spawn also says which step failed, and what to do. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    const state = this[kState];
    if (event === 'error' && this.pid === undefined) {
      if (state.failure !== undefined) explainFailure(args[0], state.failure);
      const unheard = this.listenerCount('error') === 0 && state.awaited;
      state.fail(args[0], unheard);
      if (unheard) return false;
    }
    return super.emit(event as 'error', ...(args as [Error]));
  }

  [inspect.custom](): string {
    const { record, reapedBy } = this[kState];
    const reaper = reapedBy === undefined ? 'undefined' : `'${reapedBy}'`;
    const state =
      this.pid === undefined
        ? 'never born'
        : record === undefined
          ? 'running'
          : record.statusLost
            ? 'gone, status lost'
            : record.signalCode === null
              ? `exited ${String(record.exitCode)}`
              : `killed by ${record.signalCode}`;
    return `Child { pid: ${String(this.pid)}, state: '${state}', reapedBy: ${reaper} }`;
  }
}

/** Reads the options of `stop`. */
export function checkStop(options: StopOptions): Required<StopOptions> {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw invalidArgType('options', 'of type object', options);
  }
  const { killSignal = 'SIGTERM', graceMs = GRACE_MS } = options;
  const signo = signalNumber(killSignal);
  if (signo === 0) throw outOfRange('killSignal', '>= 1 && <= 64', killSignal);
  if (typeof graceMs !== 'number') throw invalidArgType('graceMs', 'of type number', graceMs);
  if (!(graceMs >= 0) || (graceMs > TIMER_MAX_MS && graceMs !== Infinity)) {
    throw outOfRange('graceMs', `>= 0 && <= ${String(TIMER_MAX_MS)}, or Infinity`, graceMs);
  }
  return { killSignal: signo === constants.signals.SIGKILL ? 'SIGKILL' : killSignal, graceMs };
}

/** Performs what the ladder says. */
function stepStop(child: Child, state: ChildState, event: StopEvent): void {
  const [next, ...actions] = nextStop(state.stop, event);
  for (const action of actions) {
    switch (action.type) {
      case 'signal':
        if (state.pidfd !== undefined) state.pidfd.signal(action.signal);
        else child.kill(action.signal);
        break;
      case 'arm-grace':
        if (action.graceMs === Infinity) break;
        state.graceTimer = setTimeout(() => {
          // It took the first signal and not this one: it has become another user's since.
          try {
            stepStop(child, state, { type: 'grace' });
          } catch (error) {
            child.emit('error', error);
          }
        }, action.graceMs);
        break;
      case 'disarm-grace':
        clearTimeout(state.graceTimer);
        break;
    }
  }
  state.stop = next; // Not if a signal was refused: then it was not asked.
}

/** Makes a Child of the ChildProcess that Node's `spawn` has just constructed. */
export function becomeChild(child: ChildProcess): ChildState {
  const state = newState(child);
  Object.setPrototypeOf(child, Child.prototype);
  return state;
}

function newState(child: ChildProcess): ChildState {
  const state = new ChildState();
  // Configurable: where Node's own handle is under it, `register` may have been here first.
  Object.defineProperty(child, kState, bare({ value: state, configurable: true }));
  return state;
}

/** Without what somebody may have put into Object.prototype: `get` or `value` would be taken for its own. */
const bare = (descriptor: PropertyDescriptor | undefined): PropertyDescriptor =>
  Object.assign(Object.create(null) as PropertyDescriptor, descriptor);

// A Child's own getters. Not enumerable: nothing that lists, copies or compares sees a difference. And a program that
// has such a name for something of its own keeps it.
const { pidfd, reapedBy, exited } = Object.getOwnPropertyDescriptors(Child.prototype);
const EXTRAS = Object.entries({ pidfd, reapedBy, exited } satisfies Record<
  keyof Extras,
  unknown
>).map(([name, getter]) => [name, bare({ ...getter, set: giveWay(name) })] as const);

function giveWay(name: string): (this: ChildProcess, value: unknown) => void {
  return function (value) {
    const own = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(this, name, bare(own));
  };
}

/** Leaves a ChildProcess what it is, and adds the extras that `autoreap/child_process` promises. */
export function gainExtras(child: ChildProcess): ChildState {
  const state = newState(child);
  for (const [name, extra] of EXTRAS) {
    if (!(name in child)) Object.defineProperty(child, name, extra);
  }
  return state;
}

const unborn = new WeakMap<object, Child>();

/** `spawn` is about to throw this error, and nobody gets the child. */
export function neverBorn(child: ChildProcess, state: ChildState, error: unknown): void {
  state.fail(error);
  if (types.isNativeError(error)) unborn.set(error, withoutStreams(child) as Child);
}

/** What `spawn` would have returned had it not thrown: for those who promise a child all the same. */
export function unbornChild(error: Error): Child {
  const known = unborn.get(error);
  if (known !== undefined) return known;
  const child = withoutStreams(bareChildProcess()); // Node's own spawn threw.
  becomeChild(child).fail(error);
  return child as Child;
}

const withoutStreams = (child: ChildProcess): ChildProcess =>
  Object.assign(child, { stdin: null, stdout: null, stderr: null, stdio: [] });

/** The end is known: everything that waits for it hears of it. */
export function endChild(child: ChildProcess, state: ChildState, record: ExitRecord): void {
  stepStop(child as Child, state, { type: 'exit' });
  state.end(record);
}

/** Adds to Node's error what it does not say. */
export function explainFailure(error: unknown, failure: BirthFailure): void {
  // Not instanceof: an Error of Node's own is none of a vm context's (jest).
  if (!types.isNativeError(error) || 'step' in error) return;
  const hint = failure.hint ?? birthHint(failure.step, failure.error);
  const step = failure.step === 'execve' ? '' : `${failure.step}: `;
  if (hint !== undefined) error.message += `: ${step}${hint}`;
  Object.assign(error as ErrnoError, { step: failure.step, path: failure.path });
}
