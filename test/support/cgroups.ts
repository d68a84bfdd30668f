import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import path from 'node:path';

/** Where a hierarchy is mounted, as /proc/self/mountinfo has it; one with this controller, for v1. */
function mountOf(type: 'cgroup' | 'cgroup2', controller?: string): string | undefined {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [kind, , options = ''] = right.split(' ');
    const isIt =
      kind === type && (controller === undefined || options.split(',').includes(controller));
    if (isIt) return left.split(' ')[4];
  }
  return undefined;
}

const hasController = (folder: string, name: string): boolean =>
  readFileSync(path.join(folder, 'cgroup.controllers'), 'utf8').trim().split(/\s+/).includes(name);

/** A new cgroup, removed by `remove` once nobody is in it. */
interface TestCgroup {
  readonly path: string;
  remove(): void;
}

function make(parent: string): TestCgroup {
  const folder = mkdtempSync(path.join(parent, 'autoreap-spec-'));
  return {
    path: folder,
    remove: () => rmdirSync(folder),
  };
}

/** A cgroup2 directory of its own, or the reason why there is none. */
function makeCgroup2(): TestCgroup | string {
  const mount = mountOf('cgroup2');
  if (mount === undefined) return 'no cgroup2 is mounted';
  try {
    return make(mount);
  } catch (error) {
    return `cgroup2: ${(error as Error).message}`;
  }
}

/** A cgroup that limits the number of its processes: of v2, else of v1. */
function makePidsCgroup(): TestCgroup | string {
  const v2 = mountOf('cgroup2');
  const v1 = mountOf('cgroup', 'pids');
  try {
    if (v2 !== undefined && hasController(v2, 'pids')) {
      const cgroup = make(v2);
      if (hasController(cgroup.path, 'pids')) return cgroup;
      cgroup.remove();
    }
    if (v1 !== undefined) return make(v1);
  } catch (error) {
    return `pids controller: ${(error as Error).message}`;
  }
  return 'no pids controller';
}

/** A test in a cgroup of its own, or a skip that says why there is none; never a skip in CI's 7.x. */
function itIn(make: () => TestCgroup | string) {
  return (title: string, test: (cgroup: string) => Promise<void>): void => {
    const tried = make();
    if (typeof tried === 'string' && process.env.AUTOREAP_NO_SKIP !== '1') {
      it.skip(`${title} (${tried})`, () => {});
      return;
    }
    if (typeof tried !== 'string') tried.remove();
    it(title, async () => {
      const cgroup = make();
      if (typeof cgroup === 'string') throw new Error(cgroup);
      try {
        await test(cgroup.path);
      } finally {
        cgroup.remove();
      }
    });
  };
}

export const itWithCgroup2 = itIn(makeCgroup2);
export const itWithPidsCgroup = itIn(makePidsCgroup);
