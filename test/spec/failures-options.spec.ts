// Failures that Node.js cannot have, because it has no such option.
import { closeSync, mkdirSync, openSync, rmdirSync } from 'node:fs';
import { spawn, type SpawnOptions } from '../../lib/index';
import { ourFailureOf } from '../support/failures';
import { itWithCgroup2 } from '../support/cgroups';
import { itNeeds } from '../support/needs';
import { outputOf } from '../support/programs';
import { describeEachReaper } from '../support/reapers';

describeEachReaper('an option that the kernel refuses', ({ options: own }) => {
  const refused = async (options: SpawnOptions): Promise<Record<string, unknown>> => {
    const { how, error, message, events } = await ourFailureOf('true', ['a'], {
      ...options,
      ...own,
    });
    return { how, ...error, message, events };
  };

  it('throws ENOENT for a cgroup that is not there', async () => {
    expect(await refused({ cgroup: '/no/such/cgroup' })).toEqual({
      how: 'thrown',
      name: 'Error',
      code: 'ENOENT',
      errno: -2,
      syscall: 'open',
      path: '/no/such/cgroup',
      step: 'cgroup',
      message:
        "open ENOENT: option 'cgroup' must name a cgroup2 directory, '/no/such/cgroup' does not",
      events: [],
    });
  });

  it('throws ENOTDIR for a cgroup that is a file', async () => {
    expect(await refused({ cgroup: process.execPath })).toMatchObject({
      how: 'thrown',
      code: 'ENOTDIR',
      syscall: 'open',
      path: process.execPath,
      step: 'cgroup',
    });
  });

  itNeeds('clone3', 'throws EBADF for a folder that is no cgroup', async () => {
    expect(await refused({ cgroup: '/' })).toMatchObject({
      how: 'thrown',
      code: 'EBADF',
      syscall: 'spawn',
      step: 'clone',
      message: 'spawn EBADF: clone: option `cgroup` must name a cgroup2 directory',
    });
  });

  itNeeds('clone3', 'throws EBADF for a cgroup that is no open descriptor', async () => {
    expect(await refused({ cgroup: 0x7fffffff })).toMatchObject({
      how: 'thrown',
      code: 'EBADF',
      syscall: 'spawn',
      step: 'clone',
    });
  });

  itNeeds('clone3', 'throws EBADF for a cgroup that is the descriptor of a file', async () => {
    const fd = openSync('/dev/null', 'r');

    const failure = await refused({ cgroup: fd });

    closeSync(fd); // It was ours and is still open.
    expect(failure).toMatchObject({ how: 'thrown', code: 'EBADF', step: 'clone' });
  });

  itWithCgroup2('emits ENOENT for a cgroup that was removed', async (cgroup) => {
    const inner = `${cgroup}/inner`;
    mkdirSync(inner);
    const fd = openSync(inner, 'r');
    rmdirSync(inner);

    const failure = await refused({ cgroup: fd });

    closeSync(fd);
    expect(failure).toMatchObject({
      how: 'emitted',
      code: 'ENOENT',
      syscall: 'spawn true',
      spawnargs: ['a'],
      message: expect.stringContaining('the cgroup was removed') as string,
      events: expect.arrayContaining(['error ENOENT', 'close -2 null']) as string[],
    });
  });

  it('throws EINVAL for a soft limit above its hard limit', async () => {
    expect(await refused({ rlimits: { core: { soft: 2, hard: 1 } } })).toMatchObject({
      how: 'thrown',
      code: 'EINVAL',
      syscall: 'spawn',
      step: 'prlimit64',
      message: 'spawn EINVAL: prlimit64: a soft limit is above its hard limit',
    });
  });

  it('throws EPERM for a process group of another session', async () => {
    expect(await refused({ processGroup: 0x7fffffff })).toMatchObject({
      how: 'thrown',
      code: 'EPERM',
      step: 'setpgid',
    });
  });

  itNeeds('root', 'throws EINVAL for more groups than there may be', async () => {
    const groups = Array.from({ length: 65537 }, (_, group) => group);

    expect(await refused({ groups })).toMatchObject({
      how: 'thrown',
      code: 'EINVAL',
      step: 'setgroups',
    });
  });

  // execve(2): who has had too many processes since a setuid(2) may not execute.
  itNeeds('root', 'emits EAGAIN for a user with too many processes', async () => {
    const user = { uid: 65533, gid: 65533 };
    const other = spawn('cat', { ...user, ...own });
    const ended = outputOf(other);

    const failure = await refused({ ...user, rlimits: { nproc: 0 } });

    other.stdin.end();
    await ended;
    expect(failure).toMatchObject({
      how: 'emitted',
      code: 'EAGAIN',
      step: 'execve',
      message: expect.stringContaining('RLIMIT_NPROC') as string,
    });
  });

  it('throws the error of the first step that fails', async () => {
    const failure = await refused({
      rlimits: { core: { soft: 2, hard: 1 } },
      cwd: '/no/such/folder',
    });

    expect(failure).toMatchObject({ code: 'ENOENT', step: 'chdir' });
  });
});

describeEachReaper('a failure', ({ options: own }) => {
  it('does not keep the next spawn from working', async () => {
    await ourFailureOf('no-such-program', [], own);
    await ourFailureOf('true', [], { ...own, cwd: '/no/such/folder' });

    const { events } = await ourFailureOf('true', [], own);

    expect(events).toEqual(expect.arrayContaining(['spawn', 'exit', 'close 0 null']));
  });
});
