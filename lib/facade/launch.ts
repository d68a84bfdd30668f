import type { ChildProcess } from 'node:child_process';
import type {
  Backend,
  Birth,
  CloneRequest,
  End,
  Fd,
  SyscallResult,
  WatchId,
} from '../backend/interface';
import { hearStockHandle } from '../node/hinge';
import type { SpawnCall } from '../node/contract';
import type { Launcher, NodeExit, Running } from '../node/process-handle';
import { execCandidates } from '../policy/exec-path';
import type { Guarantee } from '../policy/guarantee';
import { usageSince, type CgroupDir } from './cgroup';
import { endChild, type ChildState, type LendsPidfd } from './child';
import { exitRecord, usageFromRusage, type ExitRecord } from './exit-record';
import type { CheckedOptions } from './options';
import { lendPidfd, type Pidfd } from './pidfd';
import { nowMs } from '../time';
import type { System } from './system';

/** A guarantee that our own clone gives. */
export type ByClone = Extract<Guarantee, { reapedBy: 'kernel' | 'waitid' }>;

export type Born = Exclude<Birth, { error: SyscallResult }>;

/** How a child is born, beyond what Node.js says of it. */
export interface Manner {
  readonly guarantee: ByClone;
  readonly checked: CheckedOptions;
  readonly cgroup: CgroupDir | undefined;
}

/** What Node.js says of a spawn and what we add to it, as the kernel wants it. */
export function cloneRequest(call: SpawnCall, manner: Manner): CloneRequest {
  const { guarantee, checked, cgroup } = manner;
  const becomesUser = call.uid !== undefined || call.gid !== undefined;
  return {
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
    session: call.detached,
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
    wantsRusage: guarantee.resourceUsage === 'waitid',
  };
}

/** What our handle does when Node.js, done with the options, says `spawn`. */
export abstract class ChildLauncher implements Launcher {
  readonly #system: System;
  readonly #manner: Manner;
  protected readonly child: ChildProcess;
  protected readonly state: ChildState;

  constructor(system: System, manner: Manner, child: ChildProcess, state: ChildState) {
    this.#system = system;
    this.#manner = manner;
    this.child = child;
    this.state = state;
  }

  get backend(): Backend {
    return this.#system.backend;
  }

  launch(
    call: SpawnCall,
    onExit: (exit: NodeExit) => void,
    inTurn: (then: () => void) => void,
  ): Running | SyscallResult {
    const { guarantee, cgroup } = this.#manner;
    const counted = guarantee.resourceUsage === 'cgroup' ? cgroup : undefined;
    const usedBefore = counted?.usage();

    // eslint-disable-next-line prefer-const -- `ended` may come to look before there is a value.
    let running: RunningChild | undefined;
    const ended = (end: End, watch: WatchId): void => {
      if (running === undefined) {
        // JavaScript was cut off right after the birth (vm's timeout).
        this.backend.unwatch(watch);
        cgroup?.close();
        return;
      }
      running.close();
      const usage =
        end.rusage === undefined
          ? counted && usageSince(usedBefore, counted.usage())
          : usageFromRusage(end.rusage, process.resourceUsage().maxRSS);
      const record = exitRecord(running.pid, running.startMs, end, usage);
      endChild(this.child, this.state, record);
      cgroup?.close();
      onExit(record);
    };
    const birth = this.backend.cloneExecve(cloneRequest(call, this.#manner), (end, watch) => {
      inTurn(() => {
        ended(end, watch);
      });
    });
    if ('error' in birth) {
      this.state.failure = { ...birth, path: call.file };
      return birth.error;
    }
    running = this.running(this.#system, birth);
    const reapedBy = this.backend.name === 'model' ? 'model' : guarantee.reapedBy;
    this.state.born(running, reapedBy, guarantee.autokill);
    return running;
  }

  protected running(system: System, birth: Born): RunningChild {
    return new RunningChild(system, birth, this.state);
  }

  failed(error: SyscallResult, step: string): void {
    this.state.failure = { error, step, path: this.child.spawnfile };
  }

  abstract stockSpawns(): void;
}

/** A child of ours, from its birth until its end is told. */
export class RunningChild implements Running, LendsPidfd {
  readonly pid: number;
  readonly startMs: number;
  readonly #system: System;
  readonly #pidfd: Fd;
  readonly #watch: WatchId;
  readonly #state: ChildState;

  constructor(system: System, { pid, pidfd, watch, startMs }: Born, state: ChildState) {
    this.pid = pid;
    this.startMs = startMs;
    this.#system = system;
    this.#pidfd = pidfd;
    this.#watch = watch;
    this.#state = state;
  }

  kill(signo: number): SyscallResult {
    return this.#system.backend.pidfdSendSignal(this.#pidfd, signo, 0);
  }

  reference(on: boolean): void {
    this.#system.backend.refWatch(this.#watch, on);
  }

  close(): void {
    this.#system.backend.unwatch(this.#watch);
    this.#state.gone();
  }

  lendPidfd(exited: Promise<ExitRecord>): Pidfd {
    const reference = (on: boolean): void => {
      this.reference(on);
    };
    return lendPidfd(this.#system, this.pid, this.#pidfd, { exited, reference });
  }
}

/** A child of Node's own handle: what that handle is told is all that is known of it. */
export function followNode(
  child: ChildProcess,
  state: ChildState,
  startMs: number,
  failed?: (error: number) => void,
): void {
  state.reapedBy = 'libuv';
  const exited = ({ exitCode, signalCode }: NodeExit): void => {
    endChild(child, state, {
      pid: child.pid ?? -1,
      exitCode,
      signalCode: signalCode as NodeJS.Signals | null,
      coreDumped: false,
      statusLost: false,
      code: signalCode === null ? 'CLD_EXITED' : 'CLD_KILLED',
      durationMs: nowMs() - startMs,
    });
  };
  hearStockHandle(child, { exited, failed });
}

const SIGKILL = 9;

/**
 * Each item followed by a NUL. Node.js has refused strings that contain one; what only turns out to be such a
 * string, by its toString(), ends there, as in C.
 */
function pack(items: readonly unknown[]): string {
  let packed = '';
  for (const item of items) {
    const text = typeof item === 'string' ? item : String(item);
    const end = text.indexOf('\0');
    packed += `${end === -1 ? text : text.slice(0, end)}\0`;
  }
  return packed;
}
