// Whoever else waits in this process, and whatever it does with SIGCHLD: each child's own status, or
// the word that it was lost; never another's, and never a wait without end.
import { capability } from '../support/needs';
import { describeEachReaper } from '../support/reapers';
import { Scene, type SceneOptions } from '../support/scene';

interface End {
  readonly pid: number;
  readonly exitCode: number | null;
  readonly signalCode: string | null;
  readonly statusLost: boolean;
  readonly statusLostCode?: string;
  /** What the listener of 'exit' was given. */
  readonly event: readonly [number | null, string | null];
  readonly expected: readonly [number | null, string | null];
}

interface Told {
  readonly children: readonly End[];
  readonly sigchlds: number;
  /** What was done with SIGCHLD. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Children that leave all at once; and the pids whose status a thief took, if there is one. */
async function statuses(
  args: readonly string[],
  options: SceneOptions = {},
): Promise<Told & { stolen: ReadonlySet<number> }> {
  await using scene = new Scene('status', args, options);
  expect(await scene.hear()).toBe('born');
  scene.process.stdin!.end();
  const told = await scene.hear<Told>();
  expect(await scene.exited).toEqual([0, null]);
  const lines = (await scene.line.over).split('\n').filter((line) => line !== '');
  return { ...told, stolen: new Set(lines.map((line) => parseInt(line))) };
}

function expectStatuses(children: readonly End[], isLost: (pid: number) => boolean): void {
  const ends = children.map(({ expected: _, ...end }) => end);
  const due = children.map(({ pid, expected: [exitCode, signalCode] }) => {
    if (!isLost(pid)) {
      return { pid, exitCode, signalCode, statusLost: false, event: [exitCode, signalCode] };
    }
    const nothing = { exitCode: null, signalCode: null, event: [null, null] };
    return { pid, ...nothing, statusLost: true, statusLostCode: 'ECHILD' };
  });
  expect(ends).toEqual(due);
}

const never = (): boolean => false;
const always = (): boolean => true;

describeEachReaper('the status of a child', ({ name, options: { autoreap } }) => {
  const survives = name === 'kernel' || capability('PIDFD_INFO_EXIT').supported;

  it('is its own when 200 die at once, and SIGCHLD is left alone', async () => {
    const { children, before, after } = await statuses([autoreap, '200']);

    expectStatuses(children, never);
    expect(before).toEqual({ ignored: false, caught: false });
    expect(after).toEqual(before);
  });

  const besideThief = survives
    ? 'survives a thread that waits for any child'
    : 'is said to be lost if a thread that waits for any child took it, and is right if not';
  it(besideThief, async () => {
    const { children, stolen } = await statuses([autoreap, '200'], { env: { THIEF_FD: '3' } });

    expectStatuses(children, survives ? never : (pid) => stolen.has(pid));
    // What the kernel reaps cannot be stolen; of the rest the thief takes many.
    expect(children.some(({ pid }) => stolen.has(pid))).toBe(name === 'waitid');
  });

  const whereIgnored = survives ? 'survives' : 'is said to be lost, at once, where';
  it.each(['SIG_IGN', 'SA_NOCLDWAIT'])(
    `${whereIgnored} SIGCHLD is ignored: %s`,
    async (SIGCHLD) => {
      const { children, before, after } = await statuses([autoreap, '200'], { env: { SIGCHLD } });

      expectStatuses(children, survives ? never : always);
      expect(before).toEqual({ ignored: SIGCHLD === 'SIG_IGN', caught: false });
      expect(after).toEqual(before);
    },
  );

  it('is its own where we were started with SIGCHLD ignored', async () => {
    const through = ['sh', '-c', 'trap "" CHLD; exec "$@"', 'sh'];

    const { children } = await statuses([autoreap, '10'], { through });

    expectStatuses(children, never);
  });

  const signals = name === 'kernel' ? 'without a SIGCHLD' : 'beside a handler of SIGCHLD';
  it(`is its own ${signals}`, async () => {
    const { children, sigchlds } = await statuses([autoreap, '10', 'handler']);

    expectStatuses(children, never);
    expect(sigchlds > 0).toBe(name === 'waitid');
  });
});
