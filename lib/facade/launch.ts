import type { ChildProcess } from 'node:child_process';
import type { CloneRequest } from '../backend/interface';
import { hearStockHandle } from '../node/hinge';
import type { Launcher, NodeExit, SpawnCall } from '../node/process-handle';
import { execCandidates } from '../policy/exec-path';
import type { Guarantee } from '../policy/guarantee';
import { usageSince, type CgroupDir } from './cgroup';
import { endChild, type ChildState } from './child';
import { exitRecord, usageFromRusage } from './exit-record';
import type { CheckedOptions } from './options';
import { giveUpPidfd, lendPidfd } from './pidfd';
import type { System } from './system';

/** A guarantee that our own clone gives. */
export type ByClone = Extract<Guarantee, { reapedBy: 'kernel' | 'waitid' }>;

/** How a child is born, beyond what Node.js says of it. */
export interface Manner {
  readonly guarantee: ByClone;
  readonly checked: CheckedOptions;
  readonly cgroup: CgroupDir | undefined;
  /** setsid(2): Node's `detached`. */
  readonly session: boolean;
}

/** What Node.js says of a spawn and what we add to it, as the kernel wants it. */
export function cloneRequest(call: SpawnCall, manner: Manner): CloneRequest {
  const { guarantee, checked, cgroup, session } = manner;
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
  };
}

/** What our handle does when Node.js, done with the options, says `spawn`. */
export function launcher(
  system: System,
  manner: Manner,
  child: ChildProcess,
  state: ChildState,
  stockSpawns: () => void,
): Launcher {
  const { backend } = system;
  const { guarantee, cgroup } = manner;
  const launch: Launcher['launch'] = (call, onExit) => {
    const counted = guarantee.resourceUsage === 'cgroup' ? cgroup : undefined;
    const usedBefore = counted?.usage();

    const birth = backend.cloneExecve(cloneRequest(call, manner), (end) => {
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
    });
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
    backend,
    launch,
    stockSpawns,
    failed: (error, step) => {
      state.failure = { error, step, path: child.spawnfile };
    },
  };
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

/** CLOCK_MONOTONIC, as the addon has it. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const SIGKILL = 9;

/** Each item followed by a NUL. Node.js has refused items that contain one. */
function pack(items: readonly string[]): string {
  return items.length === 0 ? '' : `${items.join('\0')}\0`;
}
