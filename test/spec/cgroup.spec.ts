import { closeSync, constants, openSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { spawn } from '../../lib/index';
import { itWithCgroup2 } from '../support/cgroups';
import { outputOf, program } from '../support/programs';
import { describeEachReaper } from '../support/reapers';

/** The name of the cgroup2 that /proc/PID/cgroup shows: "0::/a/b". */
const nameIn = (cgroups: string): string => path.basename(/^0::(.*)$/m.exec(cgroups)?.[1] ?? '');

describeEachReaper('a child with a cgroup of its own', ({ name, options }) => {
  itWithCgroup2('is in it from the start, by its path', async (cgroup) => {
    const { stdout } = await outputOf(spawn('cat', ['/proc/self/cgroup'], { ...options, cgroup }));

    expect(nameIn(stdout)).toBe(path.basename(cgroup));
  });

  itWithCgroup2('is in it by a descriptor, which stays open', async (cgroup) => {
    const fd = openSync(cgroup, constants.O_RDONLY | constants.O_DIRECTORY);

    const child = spawn('cat', ['/proc/self/cgroup'], { ...options, cgroup: fd });
    const { stdout } = await outputOf(child);
    closeSync(fd);

    expect(nameIn(stdout)).toBe(path.basename(cgroup));
  });

  itWithCgroup2('leaves us where we are', async (cgroup) => {
    await outputOf(spawn('true', { ...options, cgroup }));
    const { stdout } = await outputOf(spawn('cat', ['/proc/self/cgroup'], options));

    expect(nameIn(stdout)).not.toBe(path.basename(cgroup));
  });

  itWithCgroup2('has what it used counted, and says by whom', async (cgroup) => {
    const child = spawn('sh', ['-c', 'i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done'], {
      ...options,
      cgroup,
      resourceUsage: true,
      stdio: 'ignore',
    });
    const { resourceUsage } = await child.exited;

    expect(resourceUsage?.source).toBe(name === 'kernel' ? 'cgroup' : 'waitid');
    expect((resourceUsage?.userCPUTime ?? 0) + (resourceUsage?.systemCPUTime ?? 0)).toBeGreaterThan(
      0,
    );
  });

  itWithCgroup2('is refused where it is frozen, for we would wait with it', async (cgroup) => {
    writeFileSync(path.join(cgroup, 'cgroup.freeze'), '1');
    const refused = (): unknown => spawn('true', { ...options, cgroup, stdio: 'ignore' });

    expect(refused).toThrow(expect.objectContaining({ code: 'EBUSY', step: 'cgroup' }) as Error);
    expect(refused).toThrow(/cgroup\.freeze/);
    writeFileSync(path.join(cgroup, 'cgroup.freeze'), '0');
    expect((await spawn('true', { ...options, cgroup, stdio: 'ignore' }).exited).exitCode).toBe(0);
  });

  if (name === 'kernel') {
    itWithCgroup2('is known by the cgroup that it died in', async (cgroup) => {
      const { cgroupId } = await spawn('true', { ...options, cgroup, stdio: 'ignore' }).exited;

      expect(cgroupId).toBe(statSync(cgroup, { bigint: true }).ino);
    });
  }
});

describe('where clone3(2) is refused, a child with a cgroup of its own', () => {
  itWithCgroup2('enters it before it becomes its program', async (cgroup) => {
    const source = `require(${JSON.stringify(path.resolve(__dirname, '../../lib/index.js'))})
      .spawn('cat', ['/proc/self/cgroup'], { cgroup: ${JSON.stringify(cgroup)}, stdio: 'inherit' })`;
    const { stdout, stderr } = await outputOf(
      spawn(program('seccomp'), ['clone3:ENOSYS', '--', process.execPath, '-e', source]),
    );

    expect({ name: nameIn(stdout), stderr }).toEqual({ name: path.basename(cgroup), stderr: '' });
  });
});
