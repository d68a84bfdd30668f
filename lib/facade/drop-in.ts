import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { SyscallResult } from '../backend/interface';
import { errnoError } from '../errors';
import { replaceHandles, replaceHandlesForGood, type Adopt } from '../node/hinge';
import type { Launcher } from '../node/process-handle';
import { whileWrapped } from '../node/cut-off';
import { spawnSync, type LaunchHeld } from '../node/sync';
import type { Wrap } from '../node/slot';
import { replaceSpawnSync, replaceSpawnSyncForGood, type RunSync } from '../node/sync-hinge';
import { birthHint } from '../policy/birth-hint';
import { gainExtras, type ChildState } from './child';
import { choose, wishOf } from './choice';
import {
  ChildLauncher,
  cloneRequest,
  followNode,
  RunningChild,
  type Born,
  type ByClone,
  type Manner,
} from './launch';
import { checkOptions } from './options';
import { nowMs } from '../time';
import { nativeSystem, type System } from './system';

/**
 * What AUTOREAP says: `off` leaves everything to Node.js; the others are the option `autoreap` of `spawn`,
 * for every child that Node's API makes.
 */
type Mode = 'off' | 'prefer' | 'avoid' | 'require';

const MODES: readonly unknown[] = ['off', 'prefer', 'avoid', 'require'] satisfies Mode[];

/** Like Node.js: only O_CLOEXEC decides what a child inherits, because programs rely on it. */
const INHERIT = { inheritFds: true } as const;

const NOTHING = (): void => undefined;

let installed = false;

/** One call of Node's child_process, `spawn` or one that comes to it, with our handles under it. */
export function duringCall<T>(call: () => T): T {
  return during(({ adopt }) => replaceHandles(adopt), call);
}

/** The same for `spawnSync`, or one that comes to it. */
export function duringSyncCall<T>(call: () => T): T {
  return during(({ runSync }) => replaceSpawnSync(runSync), call);
}

function during<T>(wrapFor: (dropIn: DropIn) => Wrap | undefined, call: () => T): T {
  const dropIn = installed ? undefined : dropInOf(process.env.AUTOREAP);
  const wrap = dropIn && wrapFor(dropIn);
  return wrap === undefined ? call() : whileWrapped(wrap, call);
}

/**
 * Puts our handles under every child that this thread makes with Node's child_process from now on. Once;
 * a second call changes nothing. Returns what takes it back.
 */
export function install(): () => void {
  const dropIn = installed ? undefined : dropInOf(process.env.AUTOREAP);
  if (dropIn === undefined) return NOTHING;
  const takeBackAsync = replaceHandlesForGood(dropIn.adopt);
  const takeBackSync = replaceSpawnSyncForGood(dropIn.runSync);
  installed = true;
  return () => {
    installed = false;
    takeBackSync();
    takeBackAsync();
  };
}

/** What goes under Node's two halves. */
interface DropIn {
  readonly adopt: Adopt;
  readonly runSync: RunSync;
}

const dropIns = new Map<string, DropIn | undefined>();

function dropInOf(value = ''): DropIn | undefined {
  if (!dropIns.has(value)) {
    const mode = modeOf(value);
    dropIns.set(value, mode === 'off' ? undefined : dropIn(mode));
  }
  return dropIns.get(value);
}

function modeOf(value: string): Mode {
  if (value === '') return 'prefer';
  if (MODES.includes(value)) return value as Mode;
  process.emitWarning(
    `AUTOREAP=${value} means nothing: it is one of ${MODES.join(', ')}. Taken as prefer.`,
    { code: 'AUTOREAP_MODE' },
  );
  return 'prefer';
}

function dropIn(mode: Exclude<Mode, 'off'>): DropIn {
  // Never the model, whatever AUTOREAP_BACKEND says: who calls child_process means programs that exist.
  const system = nativeSystem();
  const checked = checkOptions({ ...INHERIT, autoreap: mode });
  const wish = wishOf(checked);
  // By each spawn: 'require' throws where it cannot be kept, and nothing here throws at import.
  const known = (): { system: System; guarantee: ByClone } | undefined => {
    const guarantee = choose(wish, system, () => `AUTOREAP=${mode}`);
    if (guarantee.reapedBy === 'libuv' || system instanceof Error) return undefined;
    return { system, guarantee };
  };
  const manner = (guarantee: ByClone): Manner => ({ guarantee, checked, cgroup: undefined });

  return {
    adopt: (child) => {
      const how = known();
      const state = gainExtras(child);
      if (how !== undefined) {
        return new DropInLauncher(how.system, manner(how.guarantee), child, state);
      }
      followByNode(child, state);
      return undefined;
    },

    runSync: (options) => {
      const how = known();
      if (how === undefined) return undefined;
      const { backend } = how.system;
      const launch: LaunchHeld = (call) => ({
        birth: backend.cloneExecveHeld(cloneRequest(call, manner(how.guarantee))),
        watch: how.guarantee.watch,
      });
      return spawnSync(backend, launch, options);
    },
  };
}

/** Node's own error stays Node's own; what it does not say is in the rejection of `exited`. */
class DropInLauncher extends ChildLauncher {
  override launch(...args: Parameters<ChildLauncher['launch']>): ReturnType<Launcher['launch']> {
    const running = super.launch(...args);
    if (typeof running === 'number') this.#tellUnborn();
    return running;
  }

  protected override running(system: System, birth: Born): RunningChild {
    return new ZombieLikeChild(system, birth, this.state);
  }

  override failed(error: SyscallResult, step: string): void {
    super.failed(error, step);
    this.#tellUnborn();
  }

  override stockSpawns(): void {
    followByNode(this.child, this.state);
  }

  #tellUnborn(): void {
    if (this.state.failure === undefined) return;
    const { error, step, path } = this.state.failure;
    const hint = birthHint(step, error);
    const about = { step, path, ...(hint === undefined ? {} : { hint }) };
    this.state.fail(errnoError(error, `spawn ${path}`, about));
  }
}

/** Until Node.js has told of the end there is a zombie, which takes every signal: so kill() is true. */
class ZombieLikeChild extends RunningChild {
  override kill(signo: number): SyscallResult {
    const result = super.kill(signo);
    return result === -constants.errno.ESRCH ? 0 : result;
  }
}

function followByNode(child: ChildProcess, state: ChildState): void {
  followNode(child, state, nowMs(), (error) => {
    state.fail(errnoError(error, `spawn ${child.spawnfile}`));
  });
}
