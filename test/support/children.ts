import { readdirSync, readFileSync } from 'node:fs';

/** Our children, by /proc/PID/stat: CONFIG_PROC_CHILDREN is not everywhere. Zombies count. */
export function childrenOf(parent: number = process.pid): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(ppid) === parent) {
        found.push(
          `${pid} ${state ?? ''} ${stat.slice(stat.indexOf('('), stat.lastIndexOf(')') + 1)}`,
        );
      }
    } catch {
      // Gone since the listing.
    }
  }
  return found.sort();
}
