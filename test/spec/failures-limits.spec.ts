// Spawning at the edge of what the process, its user and its cgroup may have.
import { mkdirSync } from 'node:fs';
import type { Failure } from '../support/failures';
import { itWithPidsCgroup } from '../support/cgroups';
import { publicCopy, scratch, tell } from '../support/programs';
import { itNeeds } from '../support/needs';
import { describeEachReaper } from '../support/reapers';
import type { World } from '../support/world';

type Told = Omit<Failure, 'thrown'>;

/** The same as Node's to who looks at Node's fields; `step`, and what to do, besides. */
function expectAsNode(ours: Told, node: Told, step: string, says: RegExp): void {
  const { message: _message, ...same } = node;
  expect(ours).toMatchObject(same);
  expect(ours.error.step).toBe(step);
  expect(ours.message).toMatch(says);
}

interface Step {
  readonly left: number;
  readonly pid?: number;
  readonly thrown?: boolean;
  readonly code?: string;
  readonly syscall?: string;
  readonly step?: string;
  readonly message?: string;
  readonly events: readonly string[];
  readonly stdout: string;
  readonly opened: readonly string[];
  readonly lost: readonly string[];
  readonly hasChild: boolean;
}

describeEachReaper('a process that runs out of descriptors', ({ options: { autoreap } }) => {
  for (const first of ['first', 'later'] as const) {
    describe(`at its ${first === 'first' ? 'first spawn' : 'second spawn'}`, () => {
      let steps: readonly Step[];

      beforeAll(async () => {
        const rlimits = { nofile: 100 };
        steps = await tell<Step[]>('descriptors-run-out', [autoreap, first], { rlimits });
      });

      it('starts nothing as long as there are too few, and then everything', () => {
        const born = steps.map(({ pid }) => pid !== undefined);

        expect(new Set(born)).toEqual(new Set([false, true]));
        expect(born).toEqual([...born].sort());
      });

      it('emits EMFILE and says which limit it was', () => {
        for (const { left, pid, ...failure } of steps) {
          if (pid !== undefined) continue;
          expect({ left, ...failure }).toMatchObject({
            thrown: false,
            code: 'EMFILE',
            errno: -24,
            syscall: expect.stringMatching(/^spawn .*world$/) as string,
            step: expect.stringMatching(/^(pipe2|socketpair|epoll_create1|clone|dup3)$/) as string,
            message: expect.stringContaining('RLIMIT_NOFILE') as string,
            events: ['error', 'close'],
          });
        }
      });

      it('gives a child that was born all that it was promised', () => {
        for (const { pid, events, stdout } of steps) {
          if (pid === undefined) continue;
          expect(events).toEqual(['exit 0', 'close']);
          expect(Object.keys((JSON.parse(stdout) as World).fds)).toEqual(['0', '1', '2', '3']);
        }
      });

      it('leaves no descriptor, loses none, and has no child', () => {
        // The watcher's epoll set stays, once it could be made.
        expect(steps.flatMap(({ opened }) => opened)).toHaveLength(first === 'first' ? 1 : 0);
        expect(steps.map(({ left, lost, hasChild }) => ({ left, lost, hasChild }))).toEqual(
          steps.map(({ left }) => ({ left, lost: [], hasChild: false })),
        );
      });
    });
  }
});

describeEachReaper('a process without privileges', ({ options: { autoreap } }) => {
  const folder = scratch();

  interface Nobody {
    readonly ours: Readonly<Record<string, Told>>;
    readonly node: Readonly<Record<string, Told>>;
    readonly exitCode: number;
    readonly before: readonly string[];
    readonly after: readonly string[];
    readonly hasChild: boolean;
  }
  let nobody: Nobody;

  beforeAll(async () => {
    const locked = folder.file('locked');
    mkdirSync(locked, { mode: 0o700 });
    publicCopy('world', `${locked}/program`);
    nobody = await tell<Nobody>('as-nobody', [autoreap, locked], { rlimits: { nofile: 200 } });
  });

  it.each([
    ['uid', 'setuid', /only root/],
    ['gid', 'setgid', /only root/],
    ['cwd', 'chdir', /`cwd`/],
    ['file', 'execve', /may not be executed/],
  ])('is refused as by Node.js: %s', (name, step, says) => {
    expectAsNode(nobody.ours[name]!, nobody.node[name]!, step, says);
  });

  it.each([
    ['groups', 'EPERM', 'setgroups', /only root/],
    ['nice', 'EACCES', 'setpriority', /lower the nice value/],
    ['rlimits', 'EPERM', 'prlimit64', /raise a hard limit/],
    ['processGroup', 'EPERM', 'setpgid', /session/],
  ])('is refused what only our options ask for: %s', (name, code, step, says) => {
    const { error, message, how } = nobody.ours[name]!;

    expect(error).toMatchObject({ code, step });
    expect(message).toMatch(says);
    expect(how).toBe(code === 'EACCES' ? 'emitted' : 'thrown'); // As Node.js sorts its errors.
  });

  it('may name its own uid and gid, though it may not drop groups', () => {
    expect(nobody.exitCode).toBe(0);
  });

  it('has the same descriptors as before, and no child', () => {
    expect(nobody.after).toEqual(nobody.before);
    expect(nobody.hasChild).toBe(false);
  });
});

describeEachReaper('a process that may start no other', ({ options: { autoreap } }) => {
  const busy = /RLIMIT_NPROC, pids\.max/;

  itNeeds('root', 'is told EAGAIN as by Node.js, at its RLIMIT_NPROC', async () => {
    interface Outcome {
      readonly ours: Told;
      readonly node: Told;
      readonly noThread: Told;
      readonly before: readonly string[];
      readonly after: readonly string[];
      readonly hasChild: boolean;
    }
    const rlimits = { nproc: 1, nofile: 200 };

    const outcome = await tell<Outcome>('no-more-processes', [autoreap], { rlimits });

    expectAsNode(outcome.ours, outcome.node, 'clone', busy);
    expect(outcome.noThread.error.code).toBe('EAGAIN');
    expect(outcome.after).toEqual(outcome.before);
    expect(outcome.hasChild).toBe(false);
  });

  itWithPidsCgroup('is told EAGAIN as by Node.js, where its cgroup is full', async (cgroup) => {
    interface Outcome extends Record<'noWatcher' | 'ours' | 'noSpawner' | 'node', Told> {
      readonly first: { readonly events: readonly string[] };
      readonly again: { readonly events: readonly string[] };
      readonly before: readonly string[];
      readonly warm: readonly string[];
      readonly after: readonly string[];
      readonly hasChild: boolean;
    }

    const outcome = await tell<Outcome>('no-more-pids', [autoreap, cgroup], {
      rlimits: { nofile: 200 },
    });

    expectAsNode(outcome.ours, outcome.node, 'clone', busy);
    expectAsNode(outcome.noWatcher, outcome.node, 'pthread_create', busy);
    expect(outcome.noSpawner.error.code).toBe('EAGAIN');
    expect([outcome.first.events, outcome.again.events]).toEqual([
      ['exit 0', 'close'],
      ['exit 0', 'close'],
    ]);
    expect(outcome.warm).toHaveLength(outcome.before.length + 1); // The watcher's epoll set.
    expect(outcome.after).toEqual(outcome.warm);
    expect(outcome.hasChild).toBe(false);
  });
});
