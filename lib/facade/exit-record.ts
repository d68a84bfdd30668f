import type { End, Rusage } from '../backend/interface';
import { errnoName } from '../errors';
import { decodeWaitStatus } from '../policy/wait-status';

/** What a process used, under the names of `process.resourceUsage()`. @see getrusage(2) */
export interface ResourceUsage {
  /** Who counted: wait4's rusage (the child and what it waited for), or its cgroup. */
  readonly source: 'waitid' | 'cgroup';
  /** Microseconds. */
  readonly userCPUTime: number;
  /** Microseconds. */
  readonly systemCPUTime: number;
  /**
   * The largest resident set, in KiB. Undefined where it cannot be known: a child starts in our memory,
   * so the kernel reports no less than our own peak at its exec (exec_mmap, fs/exec.c).
   */
  readonly maxRSS?: number;
  readonly minorPageFault?: number;
  readonly majorPageFault?: number;
  readonly fsRead?: number;
  readonly fsWrite?: number;
  readonly voluntaryContextSwitches?: number;
  readonly involuntaryContextSwitches?: number;
}

/** How a process ended. */
export interface ExitRecord {
  readonly pid: number;
  /** The argument of exit(3), 0 to 255; null if a signal ended it, or if the status was lost. */
  readonly exitCode: number | null;
  /** The signal that ended it; null if it exited, or if the status was lost. */
  readonly signalCode: NodeJS.Signals | null;
  /** WCOREDUMP: the kernel wrote a core. */
  readonly coreDumped: boolean;
  /**
   * The process is gone and nobody can say how it ended: somebody else in this process waited for it,
   * or ignores SIGCHLD, and this kernel cannot tell twice (PIDFD_INFO_EXIT, Linux 6.15).
   */
  readonly statusLost: boolean;
  /** Why the status is lost: the errno of the call that should have told, `'ECHILD'` for a thief. */
  readonly statusLostCode?: string;
  /** The status word of wait(2). */
  readonly wstatus?: number;
  /** si_code of waitid(2); null if the status was lost. */
  readonly code: 'CLD_EXITED' | 'CLD_KILLED' | 'CLD_DUMPED' | null;
  /** With the option `resourceUsage`. */
  readonly resourceUsage?: ResourceUsage;
  /**
   * The cgroup it died in: the inode number of its directory. Known where PIDFD_INFO_EXIT told of the
   * end: reaped by the kernel, by another parent, or by a thief.
   */
  readonly cgroupId?: bigint;
  /** From the birth (or, for a process that is not our child, from the watch) to the known end. */
  readonly durationMs: number;
}

export function exitRecord(
  pid: number,
  startMs: number,
  end: End,
  resourceUsage?: ResourceUsage,
): ExitRecord {
  const { wstatus, cgroupId } = end;
  const durationMs = Math.max(0, end.atMs - startMs);
  const record: { -readonly [Field in keyof ExitRecord]: ExitRecord[Field] } =
    wstatus === undefined
      ? { pid, ...LOST, statusLostCode: errnoName(end.lost), durationMs }
      : { pid, ...decodeWaitStatus(wstatus), statusLost: false, wstatus, durationMs };
  if (resourceUsage !== undefined) record.resourceUsage = resourceUsage;
  if (cgroupId !== undefined) record.cgroupId = cgroupId;
  return record;
}

const LOST = {
  exitCode: null,
  signalCode: null,
  coreDumped: false,
  code: null,
  statusLost: true,
} as const;

/** `ourPeakKib` is our own largest resident set now, and so no less than it was at the child's exec. */
export function usageFromRusage(rusage: Rusage, ourPeakKib: number): ResourceUsage {
  return {
    source: 'waitid',
    userCPUTime: rusage.utimeUs,
    systemCPUTime: rusage.stimeUs,
    ...(rusage.maxrssKib > ourPeakKib ? { maxRSS: rusage.maxrssKib } : {}),
    minorPageFault: rusage.minflt,
    majorPageFault: rusage.majflt,
    fsRead: rusage.inblock,
    fsWrite: rusage.oublock,
    voluntaryContextSwitches: rusage.nvcsw,
    involuntaryContextSwitches: rusage.nivcsw,
  };
}
