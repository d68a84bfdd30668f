// Who a child is from its first moment on, by what it says of itself; world.spec.ts looks closer, at real ones.
import { describeEachBackend, type OnBackend } from '../support/backends';
import type { RunOptions } from '../../lib/index';
import { outputOf } from '../support/programs';

const NOBODY = 65534;

type Options = Omit<RunOptions, 'encoding'>;

describeEachBackend('a child', (on) => {
  const { spawn, run, programs, backend, itNeeds, options: own } = on;

  it('is our child, in our group and session', async () => {
    const { ppid, pid, pgid, sid } = await idsOf(on);

    expect(ppid).toBe(backend.getpid());
    expect(pgid).not.toBe(pid);
    expect(sid).not.toBe(pid);
  });

  it('leads a session of its own when detached', async () => {
    const { pid, pgid, sid } = await idsOf(on, { detached: true });

    expect([pgid, sid]).toEqual([pid, pid]);
  });

  it('leads a process group of its own with processGroup 0', async () => {
    const { pid, pgid, sid } = await idsOf(on, { processGroup: 0 });

    expect(pgid).toBe(pid);
    expect(sid).not.toBe(pid);
  });

  it('joins the process group that is named', async () => {
    const leader = spawn(...programs.cat(), { ...own, processGroup: 0 });
    const ended = outputOf(leader);

    const { pgid } = await idsOf(on, { processGroup: leader.pid! });

    leader.stdin.end();
    await ended;
    expect(pgid).toBe(leader.pid);
  });

  it('is not born into a process group of another session', async () => {
    const leader = spawn(...programs.cat(), { ...own, detached: true });
    const ended = outputOf(leader);

    const refused = run(...programs.exits(0), { ...own, processGroup: leader.pid! });

    await expect(refused).rejects.toMatchObject({ cause: { code: 'EPERM', step: 'setpgid' } });
    leader.stdin.end();
    await ended;
  });

  it('is not born with a soft limit above its hard limit', async () => {
    const rlimits = { nofile: { soft: 64, hard: 32 } };

    const refused = run(...programs.exits(0), { ...own, rlimits });

    await expect(refused).rejects.toMatchObject({ cause: { code: 'EINVAL', step: 'prlimit64' } });
  });

  it('has the arguments, the environment and the folder that it is given', async () => {
    const env = { A: 'ü=€', PATH: process.env['PATH'] };

    const { stdout } = await run(...programs.tells('b c'), { ...own, cwd: '/tmp', env });

    expect(stdout).toBe('/tmp|ü=€|b c');
  });

  itNeeds('root', 'is who it is to be', async () => {
    const rights = async (options: Options): Promise<string> =>
      (await run(...programs.rights(), { ...own, ...options })).stdout.trim();

    expect(await rights({})).toBe('0 0 0');
    expect(await rights({ uid: NOBODY, gid: 7 })).toBe(`${NOBODY} 7 0`);
    expect(await rights({ noNewPrivileges: true })).toBe('0 0 1');
    expect(await rights({ autokill: true })).toBe('0 0 1');
  });

  it.each([
    ['a name no PATH has', 'no-such-program', {}, 'ENOENT', 'execve', /no such program/],
    ['a path to nothing', '/no/such/program', {}, 'ENOENT', 'execve', /no such program/],
    ['a folder', '/tmp', {}, 'EACCES', 'execve', /may not be executed/],
    ['a missing cwd', undefined, { cwd: '/no/such' }, 'ENOENT', 'chdir', /`cwd`/],
  ] as const)('is not born of %s', async (_title, missing, options, code, step, says) => {
    const [file, args] = missing === undefined ? programs.exits(0) : [missing, []];
    const child = spawn(file, args, { ...own, ...options });
    const emitted = new Promise((resolve) => child.once('error', resolve));
    const closed = new Promise((resolve) => child.once('close', resolve));

    await expect(child.exited).rejects.toMatchObject({ code, step, path: file });

    expect(await emitted).toMatchObject({ message: expect.stringMatching(says) as string });
    await closed;
    expect(child.pid).toBeUndefined();
  });
});

async function idsOf(
  { run, programs, options: own }: OnBackend,
  options: Options = {},
): Promise<{ readonly pid: number; readonly ppid: number; pgid: number; readonly sid: number }> {
  const { stdout } = await run(...programs.ids(), { ...own, ...options });
  const [pid = 0, ppid = 0, pgid = 0, sid = 0] = stdout.split(' ').map(Number);
  return { pid, ppid, pgid, sid };
}

describeEachBackend('subreaper', ({ subreaper, support }) => {
  afterEach(() => subreaper.disable());

  it('is said to be enabled when it is', () => {
    expect(support().capabilities.PR_SET_CHILD_SUBREAPER.supported).toBe(true);
    expect(subreaper.enabled).toBe(false);

    subreaper.enable();

    expect(subreaper.enabled).toBe(true);
  });
});
