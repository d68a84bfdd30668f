import * as childProcess from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { incompatibleOptions, unsupportedError } from '../errors';
import { whateverHappens } from '../node/cut-off';
import { spawnWithHandle } from '../node/hinge';
import { beyondNode, type Wish } from '../policy/guarantee';
import { openCgroup, type CgroupDir } from './cgroup';
import { becomeChild, explainFailure, neverBorn, type Child, type ChildState } from './child';
import { choose, wishOf } from './choice';
import { ChildLauncher, followNode, type ByClone, type Manner } from './launch';
import { checkOptions, type CheckedOptions, type SpawnOptions } from './options';
import { nowMs } from '../time';
import { defaultSystem, type System } from './system';

/** A child whose standard streams are known by its `stdio`. */
export interface ChildByStdio<
  In extends Writable | null,
  Out extends Readable | null,
  Err extends Readable | null,
> extends Child {
  stdin: In;
  stdout: Out;
  stderr: Err;
  readonly stdio: [In, Out, Err, Extra, Extra];
}
type Extra = Readable | Writable | null | undefined;

/** A child whose three standard streams are pipes. */
export type ChildWithStreams = ChildByStdio<Writable, Readable, Readable>;

type Kind = childProcess.StdioPipe | childProcess.StdioNull;
type StreamOf<K extends Kind, Stream> = K extends childProcess.StdioPipe ? Stream : null;

/** Where each of the three is said. */
export interface SpawnOptionsWithTuple<
  In extends Kind,
  Out extends Kind,
  Err extends Kind,
> extends SpawnOptions {
  stdio: [In, Out, Err];
}

/** Where the streams are pipes, which is the default. */
export interface SpawnOptionsWithStreams extends SpawnOptions {
  stdio?: 'pipe' | 'overlapped' | undefined;
}

/**
 * Starts a program. Node's `child_process.spawn` in its options, events and errors; in addition the
 * child has a pidfd, a promise of its end, and no way to become a zombie. Returns at once, `pid` and
 * `pidfd` set; how long that takes does not depend on how much memory this process has.
 *
 * @throws as `child_process.spawn`: validation, and errors that are not one of EACCES, EAGAIN, EMFILE,
 * ENFILE and ENOENT, which are emitted as `'error'`. Each has `step`: the system call that failed.
 * @throws `ERR_AUTOREAP_UNSUPPORTED` if an option needs what this kernel does not have.
 */
export function spawn(file: string, options?: SpawnOptionsWithStreams): ChildWithStreams;
export function spawn(
  file: string,
  args: readonly string[] | undefined,
  options?: SpawnOptionsWithStreams,
): ChildWithStreams;
export function spawn<In extends Kind, Out extends Kind, Err extends Kind>(
  file: string,
  options: SpawnOptionsWithTuple<In, Out, Err>,
): ChildByStdio<StreamOf<In, Writable>, StreamOf<Out, Readable>, StreamOf<Err, Readable>>;
export function spawn<In extends Kind, Out extends Kind, Err extends Kind>(
  file: string,
  args: readonly string[] | undefined,
  options: SpawnOptionsWithTuple<In, Out, Err>,
): ChildByStdio<StreamOf<In, Writable>, StreamOf<Out, Readable>, StreamOf<Err, Readable>>;
export function spawn(file: string, options: SpawnOptions): Child;
export function spawn(
  file: string,
  args: readonly string[] | undefined,
  options: SpawnOptions,
): Child;
export function spawn(
  file: string,
  argsOrOptions?: readonly string[] | SpawnOptions,
  maybeOptions?: SpawnOptions,
): Child {
  return spawnOn(defaultSystem(), file, argsOrOptions, maybeOptions);
}

/** The same on another system. */
export function spawnOn(
  system: System | Error,
  file: string,
  argsOrOptions?: readonly string[] | SpawnOptions,
  maybeOptions?: SpawnOptions,
): Child {
  const { args, options: given } = readArguments(argsOrOptions, maybeOptions);
  // Read once: an option with a getter must not change between our eyes and Node's.
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  const options = isObject ? ({ ...given } as SpawnOptions) : given;
  const nodeSpawn = (nodeOptions: SpawnOptions): childProcess.ChildProcess =>
    childProcess.spawn(file, args as readonly string[], nodeOptions);

  if (options !== undefined && !isObject) nodeSpawn(options as never); // Throws Node's error.
  const known = (options ?? {}) as SpawnOptions;
  const checked = checkOptions(known);
  if (checked.autoreap === 'require' && checked.resourceUsage && checked.cgroup === undefined) {
    throw incompatibleOptions(
      'resourceUsage',
      "autoreap: 'require'",
      'nobody is told what a kernel-reaped child used. Give it a cgroup, or leave autoreap out.',
    );
  }

  const wish = wishOf(checked);
  const guarantee = choose(wish, system);
  if (guarantee.reapedBy === 'libuv' || system instanceof Error) {
    if (!(system instanceof Error) && system.backend.name === 'model') throw notThere(system);
    return spawnByNode(() => nodeSpawn(known)) as Child;
  }
  if (checked.cgroup !== undefined && system.backend.name === 'model') {
    const instead = 'The model has one cgroup, and no folder that names it.';
    throw unsupportedError('Option cgroup', 'cgroup2', undefined, instead);
  }
  const cgroup = checked.cgroup === undefined ? undefined : openCgroup(checked.cgroup);
  return spawnByClone(system, guarantee, checked, wish, cgroup, known, nodeSpawn);
}

/** Node's own spawn would run a real program. */
function notThere({ capabilities }: System): Error {
  const { errno } = capabilities.get('P_PIDFD');
  const instead = 'Was this process killed, or stopped, in the model?';
  return unsupportedError('spawn on the model', 'P_PIDFD', errno, instead);
}

/** Which of the optional arguments is which; what is neither is for Node.js to refuse. */
export function readArguments(
  argsOrOptions: unknown,
  maybeOptions: unknown,
): { readonly args: unknown; readonly options: unknown } {
  return argsOrOptions == null || Array.isArray(argsOrOptions) || maybeOptions !== undefined
    ? { args: argsOrOptions, options: maybeOptions }
    : { args: undefined, options: argsOrOptions };
}

function spawnByNode(nodeSpawn: () => childProcess.ChildProcess): childProcess.ChildProcess {
  const startMs = nowMs();
  const child = nodeSpawn();
  followNode(child, becomeChild(child), startMs);
  return child;
}

function spawnByClone(
  system: System,
  guarantee: ByClone,
  checked: CheckedOptions,
  wish: Wish,
  cgroup: CgroupDir | undefined,
  options: SpawnOptions,
  nodeSpawn: (options: SpawnOptions) => childProcess.ChildProcess,
): Child {
  // What Node's own handle would drop without a word, if it came to that: all of the model is.
  const oursAlone = system.backend.name === 'model' ? "backend: 'model'" : beyondNode(wish);
  let state: ChildState | undefined;
  let unborn: childProcess.ChildProcess | undefined;
  const startMs = nowMs();
  try {
    const child = whateverHappens(
      (cutOff) => {
        if (cutOff && state?.isOurs !== true) cgroup?.close();
      },
      () =>
        spawnWithHandle(
          options,
          (adopted) => {
            state = becomeChild(adopted);
            unborn = adopted;
            const manner = { guarantee, checked, cgroup };
            return new OwnLauncher(system, manner, adopted, state, oursAlone);
          },
          nodeSpawn,
          system.backend.name === 'model' ? refuseReal : undefined,
        ),
    );
    if (state?.isOurs !== true) {
      cgroup?.close();
      // Node.js kept its own handle: one that we do not know, or one that must refuse.
      if (state?.failure === undefined) followNode(child, state ?? becomeChild(child), startMs);
      if (oursAlone !== undefined && child.pid !== undefined) {
        // Somebody wraps child_process.spawn and has made new options of ours: nobody could refuse.
        child.on('error', () => undefined).kill('SIGKILL');
        throw bypassed(oursAlone);
      }
    }
    // Where it ran out of descriptors, Node.js leaves the streams undefined, and its types say null.
    const streams = child as { -readonly [K in 'stdin' | 'stdout' | 'stderr']: Child[K] };
    streams.stdin ??= null;
    streams.stdout ??= null;
    streams.stderr ??= null;
    return child as Child;
  } catch (error) {
    // Born all the same (Node.js threw later): then it closes with the child's end.
    if (state?.isOurs !== true) cgroup?.close();
    if (state?.failure !== undefined && unborn !== undefined) {
      explainFailure(error, state.failure);
      neverBorn(unborn, state, error);
    }
    throw error;
  }
}

/** Node's own handle would drop our options without a word. */
class OwnLauncher extends ChildLauncher {
  readonly #oursAlone: string | undefined;

  constructor(
    system: System,
    manner: Manner,
    child: childProcess.ChildProcess,
    state: ChildState,
    oursAlone: string | undefined,
  ) {
    super(system, manner, child, state);
    this.#oursAlone = oursAlone;
  }

  override stockSpawns(): void {
    if (this.#oursAlone !== undefined) throw bypassed(this.#oursAlone);
  }
}

/** On the model, nothing real may be started, not even to be killed at once. */
function refuseReal(): never {
  throw bypassed("backend: 'model'");
}

function bypassed(option: string): Error {
  return unsupportedError(
    `Option ${option}`,
    "our handle under Node's spawn",
    undefined,
    'Something wraps child_process.spawn, or this Node.js spawns in a way that we do not know.',
  );
}
