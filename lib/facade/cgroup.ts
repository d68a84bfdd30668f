import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { constants as os } from 'node:os';
import { errnoError } from '../errors';
import type { ResourceUsage } from './exit-record';

const { EBUSY } = os.errno;

/** A cgroup2 directory, open for one birth and, where it counts, one death. */
export interface CgroupDir {
  readonly fd: number;
  /** What its processes used up to now, or undefined where it has no cpu controller. */
  usage(): ResourceUsage | undefined;
  /** Once; nothing happens if it was closed. */
  close(): void;
}

/** `cgroup` is the option: a path, opened here and closed by `close`, or the caller's descriptor. */
export function openCgroup(cgroup: string | number): CgroupDir {
  const fd = typeof cgroup === 'number' ? cgroup : openDirectory(cgroup);
  const file = (name: string): string | undefined => {
    try {
      return readFileSync(`/proc/self/fd/${String(fd)}/${name}`, 'latin1');
    } catch {
      return undefined; // No such controller here.
    }
  };
  // We wait for the exec (CLONE_VFORK), which a frozen child does not reach before it is thawed: by
  // us, as like as not. One that is frozen in this very moment can still make us wait.
  if (/^frozen 1$/m.test(file('cgroup.events') ?? '')) {
    if (typeof cgroup === 'string') closeSync(fd);
    throw errnoError(EBUSY, 'spawn', {
      step: 'cgroup',
      ...(typeof cgroup === 'string' ? { path: cgroup } : {}),
      hint: 'the cgroup is frozen: write 0 to its cgroup.freeze, or to that of one above it, first',
    });
  }
  let isOpen = typeof cgroup === 'string';
  return {
    fd,
    usage: () => {
      const stat = file('cpu.stat');
      if (stat === undefined) return undefined;
      const peak = file('memory.peak');
      return {
        source: 'cgroup',
        userCPUTime: field(stat, 'user_usec'),
        systemCPUTime: field(stat, 'system_usec'),
        ...(peak === undefined ? {} : { maxRSS: Math.ceil(Number(peak) / 1024) }),
      };
    },
    close: () => {
      const wasOpen = isOpen;
      isOpen = false;
      try {
        if (wasOpen) closeSync(fd);
      } catch {
        // Somebody else has closed it; the end of a child must be told all the same.
      }
    },
  };
}

function openDirectory(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    const { errno = -1 } = error as NodeJS.ErrnoException;
    throw errnoError(errno, 'open', {
      path,
      step: 'cgroup',
      hint: `option 'cgroup' must name a cgroup2 directory, '${path}' does not`,
    });
  }
}

function field(stat: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
}

/** What was used between two readings; a peak is not a difference. */
export function usageSince(
  before: ResourceUsage | undefined,
  after: ResourceUsage | undefined,
): ResourceUsage | undefined {
  if (before === undefined || after === undefined) return after;
  return {
    ...after,
    userCPUTime: after.userCPUTime - before.userCPUTime,
    systemCPUTime: after.systemCPUTime - before.systemCPUTime,
  };
}
