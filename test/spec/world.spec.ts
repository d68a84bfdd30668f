// Where, as whom and with what a child begins: exactly as asked, and else as Node.js would have it.
import type { StdioOptions } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { spawn, type SpawnOptions } from '../../lib/index';
import { itNeeds } from '../support/needs';
import { outputOf, program, publicCopy, scratch, tell } from '../support/programs';
import { describeEachReaper } from '../support/reapers';
import { expectWorldAsNode, worldOf } from '../support/world';

const folder = scratch();
const NOBODY = 65534;

let file: string;

beforeAll(() => {
  file = publicCopy('world', folder.file('world'));
});

describeEachReaper('a child', ({ options: own }) => {
  it.each<readonly [string, SpawnOptions]>([
    ['without options', {}],
    ['with a cwd', { cwd: '/' }],
    ['with a cwd that is a URL', { cwd: new URL('file:///proc') }],
    ['with an argv0', { argv0: 'another name' }],
    ['with an empty argv0', { argv0: '' }],
    ['in a session of its own', { detached: true }],
    ['behind a shell', { shell: true }],
  ])('begins as under Node.js %s', async (_title, options) => {
    await expectWorldAsNode(options, own, { file, args: ['a', 'b c', '', 'ü€'] });
  });

  it('is our child, in our group and session', async () => {
    const { ppid, pid, pgid, sid } = await worldOf(own);

    expect(ppid).toBe(process.pid);
    expect(pgid).not.toBe(pid);
    expect(sid).not.toBe(pid);
  });

  it('leads a session of its own when detached', async () => {
    const { pid, pgid, sid } = await worldOf({ ...own, detached: true });

    expect([pgid, sid]).toEqual([pid, pid]);
  });

  it('leads a process group of its own with processGroup 0', async () => {
    const { pid, pgid, sid } = await worldOf({ ...own, processGroup: 0 });

    expect(pgid).toBe(pid);
    expect(sid).not.toBe(pid);
  });

  it('joins the process group that is named', async () => {
    const leader = spawn('cat', { ...own, processGroup: 0 });
    const ended = outputOf(leader);

    const { pgid } = await worldOf({ ...own, processGroup: leader.pid! });

    leader.stdin.end();
    await ended;
    expect(pgid).toBe(leader.pid);
  });

  it('has the umask that is asked for, and else ours', async () => {
    expect((await worldOf({ ...own, umask: 0o027 })).umask).toBe(0o027);
    expect((await worldOf({ ...own, umask: 0 })).umask).toBe(0);
    const [, ours] = /^Umask:\s+(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    expect((await worldOf(own)).umask).toBe(parseInt(ours ?? '', 8));
  });

  it('has the nice value that is asked for, and else ours', async () => {
    const { nice: ours } = await worldOf(own);

    expect((await worldOf({ ...own, nice: 19 })).nice).toBe(19);
    expect((await worldOf({ ...own, nice: ours })).nice).toBe(ours);
  });

  itNeeds('root', 'has a negative nice value where we may give one', async () => {
    expect((await worldOf({ ...own, nice: -20 })).nice).toBe(-20);
  });

  it('has the resource limits that are asked for, and else ours', async () => {
    const { rlimits: ours } = await worldOf(own);

    const { rlimits } = await worldOf({
      ...own,
      rlimits: { core: 0, nofile: { soft: 32, hard: 64 }, cpu: { soft: 7, hard: 2 ** 40 } },
    });

    expect(rlimits).toEqual({ ...ours, core: [0, 0], nofile: [32, 64], cpu: [7, 2 ** 40] });
  });

  it('has no limit where Infinity is asked for', async () => {
    const { rlimits } = await worldOf({ ...own, rlimits: { core: Infinity } });

    expect(rlimits.core).toEqual(['Infinity', 'Infinity']);
  });

  itNeeds('root', 'becomes another user as under Node.js, without our groups', async () => {
    const options = { uid: NOBODY, gid: NOBODY - 1 };

    const world = await expectWorldAsNode(options, own, { file });

    expect(world).toMatchObject({
      uids: [NOBODY, NOBODY, NOBODY],
      gids: [NOBODY - 1, NOBODY - 1, NOBODY - 1],
      groups: [],
    });
  });

  // As the kernel reads it: an int that is negative is a large uid, and not "stay root".
  itNeeds('root', 'becomes the user that a negative uid names, as under Node.js', async () => {
    const world = await expectWorldAsNode({ uid: -2, gid: -3 }, own, { file });

    expect(world.uids[0]).toBe(2 ** 32 - 2);
    expect(world.gids[0]).toBe(2 ** 32 - 3);
  });

  itNeeds('root', 'changes its gid alone', async () => {
    const { uids, gids } = await expectWorldAsNode({ gid: 7 }, own, { file });

    expect([uids[0], gids[0]]).toEqual([0, 7]);
  });

  itNeeds('root', 'has exactly the groups that are asked for', async () => {
    const options = { ...own, uid: NOBODY, gid: NOBODY };

    expect((await worldOf({ ...options, groups: [5, 3, 2 ** 32 - 2] }, { file })).groups).toEqual([
      3,
      5,
      2 ** 32 - 2,
    ]);
    expect((await worldOf({ ...options, groups: [] }, { file })).groups).toEqual([]);
    expect((await worldOf({ ...own, groups: [9] }, { file })).groups).toEqual([9]);
  });

  it('may gain privileges unless told otherwise', async () => {
    expect((await worldOf(own)).noNewPrivs).toBe(0);
    expect((await worldOf({ ...own, noNewPrivileges: true })).noNewPrivs).toBe(1);
    expect((await worldOf({ ...own, autokill: true })).noNewPrivs).toBe(1);
  });

  it('shares no memory that we would keep it from dumping', async () => {
    expect((await worldOf(own)).dumpable).toBe(1);
  });

  itNeeds('root', 'leaves us dumpable, though it becomes another user in our memory', async () => {
    for (const autokill of ['false', 'true']) {
      expect(await tell('dumpable', [own.autoreap, autokill])).toEqual({
        dumpable: '1',
        exitCodes: [0, 0, 'ENOENT'],
      });
    }
  });

  it('may have fewer descriptors than we have open', async () => {
    const many = Array.from({ length: 40 }, () => openSync('/dev/null', 'r'));
    try {
      for (const stdio of [
        ['ignore', 'ignore', 'ignore'],
        ['ignore', 2, 1],
      ] as const) {
        const options = { ...own, stdio: [...stdio] as StdioOptions, rlimits: { nofile: 8 } };
        expect((await spawn('true', options).exited).exitCode).toBe(0);
      }
    } finally {
      for (const fd of many) closeSync(fd);
    }
  });

  it('has every option at once', async () => {
    const all = {
      ...own,
      argv0: 'all',
      autokill: true,
      cwd: '/',
      detached: true,
      env: { ALL: '1' },
      nice: 3,
      rlimits: { core: 0 },
      umask: 0o077,
    } as const;

    const child = spawn(program('world'), ['x'], all);
    const world = JSON.parse((await outputOf(child)).stdout) as Awaited<ReturnType<typeof worldOf>>;

    expect(world).toMatchObject({
      argv: ['all', 'x'],
      cwd: '/',
      env: ['ALL=1'],
      nice: 3,
      noNewPrivs: 1,
      pid: child.pid,
      sid: child.pid,
      umask: 0o077,
      deathSignal: child.autokill === 'pdeathsig' ? 9 : 0,
    });
    expect(world.rlimits.core).toEqual([0, 0]);
  });
});
