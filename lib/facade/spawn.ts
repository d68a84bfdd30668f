import * as childProcess from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { incompatibleOptions, unsupportedError } from '../errors';
import { spawnWithHandle } from '../node/hinge';
import type { Launcher } from '../node/process-handle';
import { execCandidates } from '../policy/exec-path';
import { beyondNode, chooseGuarantee, type Guarantee, type Wish } from '../policy/guarantee';
import { openCgroup, usageSince, type CgroupDir } from './cgroup';
import {
  becomeChild,
  endChild,
  explainFailure,
  neverBorn,
  type Child,
  type ChildState,
} from './child';
import { exitRecord, usageFromRusage } from './exit-record';
import { checkOptions, type CheckedOptions, type SpawnOptions } from './options';
import { giveUpPidfd, lendPidfd } from './pidfd';
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

  const system = defaultSystem();
  const wish = wishOf(checked);
  const guarantee = choose(wish, system);
  if (guarantee.reapedBy === 'libuv' || system instanceof Error) {
    return spawnByNode(() => nodeSpawn(known)) as Child;
  }
  const cgroup = checked.cgroup === undefined ? undefined : openCgroup(checked.cgroup);
  return spawnByClone(system, guarantee, checked, wish, cgroup, known, nodeSpawn);
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

type ByClone = Extract<Guarantee, { reapedBy: 'kernel' | 'waitid' }>;

const OURS_ALONE = ['groups', 'umask', 'nice', 'rlimits', 'processGroup'] as const;

function wishOf(checked: CheckedOptions): Wish {
  return {
    ...checked,
    cgroup: checked.cgroup !== undefined,
    beyondNode: OURS_ALONE.find((name) => checked[name] !== undefined),
  };
}

function choose(wish: Wish, system: System | Error): ByClone | { readonly reapedBy: 'libuv' } {
  const guarantee = chooseGuarantee(
    wish,
    (name) => !(system instanceof Error) && system.capabilities.has(name),
  );
  if ('missing' in guarantee) {
    if (system instanceof Error) {
      const [firstLine] = system.message.split('\n');
      throw unsupportedError(
        `Option ${guarantee.wanted}`,
        'the native addon',
        undefined,
        `${firstLine ?? ''}. See support().`,
      );
    }
    const { errno } = system.capabilities.get(guarantee.missing);
    throw unsupportedError(
      `Option ${guarantee.wanted}`,
      guarantee.missing,
      errno,
      'See support() for what this kernel can do.',
    );
  }
  return guarantee;
}

function spawnByNode(nodeSpawn: () => childProcess.ChildProcess): childProcess.ChildProcess {
  const startMs = nowMs();
  const child = nodeSpawn();
  followNode(child, becomeChild(child), startMs);
  return child;
}

/** A child of Node's own handle: its events are all that is known of it. */
function followNode(child: childProcess.ChildProcess, state: ChildState, startMs: number): void {
  if (child.pid !== undefined) state.reapedBy = 'libuv';
  child.once('exit', (exitCode, signalCode) => {
    endChild(child, state, {
      pid: child.pid ?? -1,
      exitCode,
      signalCode,
      coreDumped: false,
      statusLost: false,
      code: signalCode === null ? 'CLD_EXITED' : 'CLD_KILLED',
      durationMs: nowMs() - startMs,
    });
  });
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
  // What Node's own handle would drop without a word, if it came to that.
  const oursAlone = beyondNode(wish);
  let state: ChildState | undefined;
  let unborn: childProcess.ChildProcess | undefined;
  const startMs = nowMs();
  try {
    const child = spawnWithHandle(
      system.backend,
      options,
      (adopted, nodeOptions) => {
        state = becomeChild(adopted);
        unborn = adopted;
        const session = nodeOptions.detached === true;
        const refuse = (): void => {
          if (oursAlone !== undefined) throw bypassed(oursAlone);
        };
        return launcher(system, guarantee, checked, cgroup, adopted, state, session, refuse);
      },
      nodeSpawn,
    );
    if (state?.pidfd === undefined) {
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
    if (state?.pidfd === undefined) cgroup?.close();
    if (state?.failure !== undefined && unborn !== undefined) {
      explainFailure(error, state.failure);
      neverBorn(unborn, state, error);
    }
    throw error;
  }
}

/** What the handle does when Node.js, done with the options, says `spawn`. */
function launcher(
  system: System,
  guarantee: ByClone,
  checked: CheckedOptions,
  cgroup: CgroupDir | undefined,
  child: childProcess.ChildProcess,
  state: ChildState,
  session: boolean,
  refuseStock: () => void,
): Launcher {
  const { backend } = system;
  const launch: Launcher['launch'] = (call, onExit) => {
    const becomesUser = call.uid !== undefined || call.gid !== undefined;
    const counted = guarantee.resourceUsage === 'cgroup' ? cgroup : undefined;
    const usedBefore = counted?.usage();

    const birth = backend.cloneExecve(
      {
        flags: guarantee.flags,
        // Nobody is signalled before the exec; the exec makes it SIGCHLD in any case, and only
        // CLONE_AUTOREAP keeps that silent.
        exitSignal: 0,
        legacy: guarantee.legacy,
        cgroup: cgroup?.fd ?? -1,
        files: pack(execCandidates(call.file, call.envPairs)),
        argv: pack(call.args),
        envp: pack(call.envPairs),
        cwd: call.cwd,
        stdio: call.stdio,
        closeAfter: call.childEnds.splice(0),
        session,
        processGroup: checked.processGroup,
        rlimits: checked.rlimits,
        nice: checked.nice,
        umask: checked.umask,
        groups: checked.groups ?? (becomesUser ? [] : undefined),
        groupsOptional: checked.groups === undefined,
        // As the kernel reads an int: -1 is refused there, and must not mean "as we are" here.
        uid: call.uid === undefined ? -1 : call.uid >>> 0,
        gid: call.gid === undefined ? -1 : call.gid >>> 0,
        noNewPrivs: guarantee.noNewPrivs,
        deathSignal: guarantee.deathSignal ? SIGKILL : 0,
        closeFrom: checked.inheritFds ? undefined : call.stdio.length,
        watch: guarantee.watch,
      },
      (end) => {
        backend.unwatch(running.watch);
        giveUpPidfd(pidfd);
        const usage =
          guarantee.resourceUsage === 'waitid'
            ? end.rusage && usageFromRusage(end.rusage, process.resourceUsage().maxRSS)
            : counted && usageSince(usedBefore, counted.usage());
        const record = exitRecord(running.pid, running.startMs, end, usage);
        endChild(child, state, record);
        cgroup?.close();
        onExit(record);
      },
    );
    if ('error' in birth) {
      state.failure = { ...birth, path: call.file };
      return birth.error;
    }
    const running = birth;
    const pidfd = lendPidfd(system, running.pid, running.pidfd, {
      exited: state.exited,
      reference: (on) => {
        backend.refWatch(running.watch, on);
      },
    });
    state.reapedBy = guarantee.reapedBy;
    state.autokill = guarantee.autokill;
    state.pidfd = pidfd;
    return {
      pid: running.pid,
      kill: (signo) => backend.pidfdSendSignal(running.pidfd, signo, 0),
      reference: (on) => {
        backend.refWatch(running.watch, on);
      },
      close: () => {
        backend.unwatch(running.watch);
        giveUpPidfd(pidfd);
      },
    };
  };
  return {
    launch,
    refuseStock,
    failed: (error, step) => {
      state.failure = { error, step, path: child.spawnfile };
    },
  };
}

function bypassed(option: string): Error {
  return unsupportedError(
    `Option ${option}`,
    "our handle under Node's spawn",
    undefined,
    'Something wraps child_process.spawn, or this Node.js spawns in a way that we do not know.',
  );
}

const SIGKILL = 9;

function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Each item followed by a NUL. Node.js has refused items that contain one. */
function pack(items: readonly string[]): string {
  return items.length === 0 ? '' : `${items.join('\0')}\0`;
}
