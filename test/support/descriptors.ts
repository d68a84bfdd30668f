import { readdirSync, readlinkSync } from 'node:fs';

// A thread of V8 that gives memory back reads the first, once in the life of a process, at any time (glibc,
// check_may_shrink_heap); who makes an arena reads the second, in older ones.
const NOT_OURS = ['/proc/sys/vm/overcommit_memory', '/sys/devices/system/cpu/online'];

/** A listing of them takes a descriptor, and there may be none left. */
function numbers(): string[] {
  try {
    return readdirSync('/proc/self/fd');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error;
    return Array.from({ length: 256 }, (_, fd) => String(fd));
  }
}

/** The open descriptors of this process, each with what it is open on: `3 pipe:[4711]`. */
export function openDescriptors(): string[] {
  const open: string[] = [];
  for (const fd of numbers()) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      if (!NOT_OURS.includes(target)) open.push(`${fd} ${target}`);
    } catch {
      // Not open; or that of the listing itself.
    }
  }
  return open.sort();
}
