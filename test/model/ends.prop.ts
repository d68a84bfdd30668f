// What becomes of the end of a process: who is told, how often, and what.
import * as c from '../../lib/model/constants';
import * as exec from '../../lib/model/exec';
import * as notify from '../../lib/model/notify';
import { poll } from '../../lib/model/pidfd';
import * as release from '../../lib/model/release';
import * as signal from '../../lib/model/signal';
import * as struct from '../../lib/model/struct';
import * as wait from '../../lib/model/wait';
import type { Core } from '../../lib/model/core';
import type { PidNamespace, Process, StructPid, TaskStruct } from '../../lib/model/struct';
import {
  claim,
  leaders,
  lives,
  named,
  replace,
  type Moment,
  type Watch,
} from '../support/model-machine';
import { property } from '../support/model-property';

const { isLeader, nsOf } = struct;
/** Kernels with CLONE_AUTOREAP. */
const REAPING = ['linux-7.1', 'autoreap-v2'] as const;

describe('the end of a process', () => {
  property('is told by one wait, and by another only where a tracer was first', {
    watch: remembering((now, before) => {
      for (const { pid, waiter } of endsTold(now, before)) {
        const known = before.of(pid);
        const stranger = known?.traced === true && known.parent !== known.realParent;
        const key = stranger && waiter.process === known.parent ? 'tracer' : 'parent';
        const told = before.told(pid);
        claim(!told.has(key), () => `the ${key} is told of ${pid.numbers[0]!.nr} a second time`);
        told.add(key);
      }
    }),
    broken: {
      when: 'a wait leaves the zombie there',
      make: () => {
        const reluctant = new WeakSet<TaskStruct>();
        return replace(release, 'releaseTask', (original) => (core, task) => {
          if (reluctant.has(task) || task.process.autoreap) {
            original(core, task);
            return;
          }
          reluctant.add(task);
          task.exitState = 'zombie';
        });
      },
    },
  });

  property('is told by no wait to who is neither its parent nor its tracer', {
    watch: remembering((now, before) => {
      for (const { pid, waiter } of endsTold(now, before)) {
        const known = before.of(pid);
        if (known === undefined || known.realParent.leader.exiting) continue; // Adopted since.
        claim(
          [known.parent, known.realParent].includes(waiter.process),
          () => `${named(waiter)} is told of ${pid.numbers[0]!.nr}, which is not its child`,
        );
      }
    }),
    broken: {
      when: 'a wait by number finds the children of others',
      make: () =>
        replace(wait, 'wait4', (original) => (core, task, nr, options) => {
          const result = original(core, task, nr, options);
          const target = nr > 0 ? core.find(nr, nsOf(task)) : undefined;
          const other = result === -c.errno.ECHILD && target?.exitState === 'zombie';
          return other ? original(core, target.realParent, nr, options) : result;
        }),
    },
  });

  property('is announced once to whom it reports to', {
    watch: remembering((now, before) => {
      for (const { pid, to } of deathsAnnounced(now, before)) {
        // Its tracer may be, or become, its parent; and is told of a leader that is gone before its threads,
        // one of which may take that leader's number.
        const limit = before.wasTraced(pid) ? 2 : 1;
        const count = before.announced(pid, to.process);
        claim(count <= limit, () => `${named(to)} is sent the end of ${pid.numbers[0]!.nr} again`);
      }
    }),
    broken: {
      when: 'the end of its first thread is taken for it',
      make: () => replace(struct, 'threadGroupEmpty', () => isLeader),
    },
  });

  property('is none to anybody while a thread of it lives, but to a tracer of threads', {
    watch: remembering((now, before) => {
      for (const { pid } of deathsAnnounced(now, before)) {
        const { task } = pid;
        const isOver = task === undefined || !lives(task) || before.of(pid)?.traced === true;
        claim(isOver, () => `the end of ${pid.numbers[0]!.nr} is announced, and it lives`);
      }
      for (const holder of now.core.tasks.values()) {
        for (const [fd, { file }] of holder.files?.fds ?? []) {
          if (file.kind !== 'pidfd' || file.thread || file.pid?.task === undefined) continue;
          const isOver = poll(holder, fd) === 0 || !lives(file.pid.task);
          claim(isOver, () => `POLLIN of ${named(file.pid!.task!)}, which lives`);
        }
      }
    }),
    broken: {
      when: 'delay_group_leader is not asked',
      make: () => replace(struct, 'delayGroupLeader', () => () => false),
    },
  });

  property('is not slept over in a wait for it', {
    watch: () => {
      const alone = new WeakMap<TaskStruct, boolean>();
      return ({ core, line, actor, quiet }) => {
        if (line !== undefined && 'does' in line && actor !== undefined) {
          const { options = [] } = line.args as { readonly options?: readonly string[] };
          alone.set(actor, options.includes('NOTHREAD'));
        }
        if (!quiet) return;
        for (const task of core.tasks.values()) {
          const { sleep } = task;
          if (sleep === undefined || !/^wait/.test(sleep.call) || task.run !== 'running') continue;
          // What the kernel itself sleeps over is no end: a stop from before an adoption, a process group that
          // has lost its last. But it does not wake who waits with __WNOTHREAD where another thread of the
          // process leaves it a zombie: forget_original_parent() sees no new parent in that.
          if (alone.get(task) === true) continue;
          // A second look takes what it finds: then the machine is broken anyway.
          claim(!isEnd(sleep.retry()), () => `${named(task)} sleeps, and has an end to find`);
        }
      };
    },
    broken: {
      when: 'the parent is not woken',
      make: () => replace(signal, 'wakeUpParent', () => () => undefined),
    },
  });

  property('is one status in wait(2) and behind its pidfd, if it had but one thread', {
    watch: remembering((now, before) => {
      // The kernel's own exception: who calls exit(2) and is to be killed has its own status behind the pidfd,
      // and that of the signal for wait(2).
      const { actor, line } = now;
      if (line !== undefined && 'does' in line && line.does === 'exit' && actor !== undefined) {
        if (before.of(actor.pid)?.dying === true) before.raced.add(actor.pid);
      }
      for (const { pid, end } of endsTold(now, before)) before.ends.push({ pid, end });
      for (const { pid, end } of before.ends) {
        if (pid.exit === undefined || before.hadThreads(pid) || before.raced.has(pid)) continue;
        const { code, status } = notify.endOf(pid.exit.code);
        claim(
          'wstatus' in end
            ? end.wstatus === pid.exit.code
            : end.code === code && end.status === status,
          () => `the status of ${pid.numbers[0]!.nr} is not 0x${pid.exit!.code.toString(16)}`,
        );
      }
    }),
    broken: {
      when: 'pidfs_exit stores another',
      make: () =>
        replace(release, 'releaseTask', (original) => (core, task) => {
          task.exitCode ^= 0x100;
          original(core, task);
        }),
    },
  });
});

describe('a process that was made to be reaped', () => {
  property('leaves no zombie, unless it is traced or a thread of it lives', {
    abis: [...REAPING, 'clone4-2015'],
    watch: remembering((now, before) => {
      for (const leader of leaders(now.core)) {
        if (leader.exitState !== 'zombie' || !before.isReaped(leader.process)) continue;
        const excused = leader.ptrace !== undefined || leader.process.threads.length > 1;
        claim(excused, () => `${named(leader)} is a zombie`);
      }
    }),
    broken: {
      when: 'do_notify_parent does not look',
      make: () =>
        replace(notify, 'doNotifyParent', (original) => (core, task, exitSignal) => {
          const { process } = task;
          const { autoreap } = process;
          process.autoreap = false;
          const result = original(core, task, exitSignal);
          process.autoreap = autoreap;
          return result;
        }),
    },
  });

  property('tells its end to no wait but a tracer’s, whatever it has become', {
    abis: [...REAPING, 'clone4-2015'],
    watch: remembering((now, before) => {
      for (const { pid, waiter } of endsTold(now, before)) {
        const known = before.of(pid);
        if (known === undefined || !before.isReaped(known.process)) continue;
        const isTracer = known.traced && known.parent === waiter.process;
        claim(isTracer, () => `${named(waiter)} is told of ${pid.numbers[0]!.nr}`);
      }
    }),
    broken: {
      when: 'execve(2) makes it an ordinary one',
      make: () =>
        replace(exec, 'execve', (original) => (core, task, path) => {
          const result = original(core, task, path);
          if (result === 0) task.process.autoreap = false;
          return result;
        }),
    },
  });

  property('sends no signal at its end, unless it is traced', {
    abis: REAPING,
    watch: remembering((now, before) => {
      for (const { pid, to } of deathsAnnounced(now, before)) {
        const known = before.of(pid);
        if (known === undefined || known.traced) continue;
        claim(
          !before.isReaped(known.process),
          () => `${named(to)} is sent the end of ${pid.numbers[0]!.nr}`,
        );
      }
    }),
    broken: {
      when: 'SIGCHLD is on its way before that is looked at',
      make: () =>
        replace(notify, 'doNotifyParent', (original) => (core, task, exitSignal) => {
          const { autoreap } = task.process;
          task.process.autoreap = false;
          const zombie = !original(core, task, exitSignal);
          task.process.autoreap = autoreap;
          return !zombie || (autoreap && task.ptrace === undefined);
        }),
    },
  });
});

// --- What the watchers remember -------------------------------------------------------------------

interface Known {
  readonly process: Process;
  readonly traced: boolean;
  readonly dying: boolean;
  readonly parent: Process;
  readonly realParent: Process;
}

type End =
  | { readonly pid: number; readonly wstatus: number }
  | { readonly pid: number; readonly code: number; readonly status: number };

/** The machine as it was before a line, and since it began. */
class Before {
  readonly ends: { readonly pid: StructPid; readonly end: End }[] = [];
  readonly signals = new WeakSet<object>();
  readonly raced = new Set<StructPid>();
  #known = new Map<StructPid, Known>();
  #numbers = new Map<PidNamespace, ReadonlyMap<number, StructPid>>();
  readonly #told = new Map<StructPid, Set<string>>();
  readonly #announced = new Map<StructPid, Map<Process, number>>();
  readonly #reaped = new Set<Process>();
  readonly #threaded = new Set<StructPid>();
  readonly #traced = new Set<StructPid>();
  readonly #seen = new Set<Process>();

  of(pid: StructPid): Known | undefined {
    return this.#known.get(pid);
  }

  /** Whose number it was: nobody else can have got it since. */
  find(nr: number, ns: PidNamespace): StructPid | undefined {
    return this.#numbers.get(ns)?.get(nr);
  }

  told(pid: StructPid): Set<string> {
    const told = this.#told.get(pid) ?? new Set();
    this.#told.set(pid, told);
    return told;
  }

  announced(pid: StructPid, to: Process): number {
    const counts = this.#announced.get(pid) ?? new Map<Process, number>();
    this.#announced.set(pid, counts);
    const count = (counts.get(to) ?? 0) + 1;
    counts.set(to, count);
    return count;
  }

  wasTraced(pid: StructPid): boolean {
    return this.#traced.has(pid);
  }

  isReaped(process: Process): boolean {
    return this.#reaped.has(process);
  }

  hadThreads(pid: StructPid): boolean {
    return this.#threaded.has(pid);
  }

  remember(core: Core): void {
    this.#known = new Map();
    this.#numbers = new Map();
    for (const task of core.tasks.values()) {
      const { pid, process, ptrace, parent, realParent } = task;
      this.#known.set(pid, {
        ...{ process, traced: ptrace !== undefined, dying: process.flags.groupExit },
        ...{ parent: parent.process, realParent: realParent.process },
      });
      if (ptrace !== undefined) this.#traced.add(pid);
      for (const { ns } of pid.numbers) this.#numbers.set(ns, new Map(ns.idr));
      if (process.threads.length > 1 || !isLeader(task)) {
        this.#threaded.add(pid).add(process.leader.pid);
      }
      if (!this.#seen.has(process) && process.autoreap) this.#reaped.add(process);
      this.#seen.add(process);
    }
  }
}

function remembering(look: (now: Moment, before: Before) => void): Watch {
  return () => {
    const before = new Before();
    return (now) => {
      look(now, before);
      before.remember(now.core);
    };
  };
}

/** What wait4(2) and waitid(2) give of a death, and not of a stop. */
function isEnd(value: unknown): value is End {
  if (typeof value !== 'object' || value === null) return false;
  const end = value as Partial<{ wstatus: number; code: number }>;
  if (end.wstatus !== undefined) return end.wstatus !== 0xffff && (end.wstatus & 0x7f) !== 0x7f;
  return [c.CLD_EXITED, c.CLD_KILLED, c.CLD_DUMPED].includes(end.code ?? 0);
}

/** The ends that a wait has taken. */
function endsTold(
  { results }: Moment,
  before: Before,
): { readonly pid: StructPid; readonly waiter: TaskStruct; readonly end: End }[] {
  return results.flatMap(({ who, line, value }) => {
    const peeked = 'args' in line && (line.args as { nowait?: boolean }).nowait === true;
    if (!/^wait/.test(line.does) || peeked || !isEnd(value)) return [];
    const pid = before.find(value.pid, nsOf(who));
    return pid === undefined ? [] : [{ pid, waiter: who, end: value }];
  });
}

/** The signals that say that somebody has died. */
function deathsAnnounced(
  { sent }: Moment,
  before: Before,
): { readonly pid: StructPid; readonly to: TaskStruct }[] {
  return sent.flatMap(({ info, to }) => {
    if (![c.CLD_EXITED, c.CLD_KILLED, c.CLD_DUMPED].includes(info.code)) return [];
    // Who is killed while its tracer decides about a signal puts it back.
    if (before.signals.has(info)) return [];
    before.signals.add(info);
    const pid = before.find(info.pid, nsOf(to));
    return pid === undefined ? [] : [{ pid, to }];
  });
}
