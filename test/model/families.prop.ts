// Who has which parent, number, group, session and namespace, whatever happens.
import * as cred from '../../lib/model/cred';
import * as exec from '../../lib/model/exec';
import * as pid from '../../lib/model/pid';
import * as signal from '../../lib/model/signal';
import * as tracing from '../../lib/model/tracing';
import * as c from '../../lib/model/constants';
import { ABIS } from '../../lib/model/abi';
import type { Core } from '../../lib/model/core';
import { isLeader, nsOf, type StructPid, type TaskStruct } from '../../lib/model/struct';
import { claim, leaders, lives, named, replace, type Watch } from '../support/model-machine';
import { property } from '../support/model-property';

/** A watcher without a memory. */
const always =
  (holds: (core: Core, quiet: boolean) => void): Watch =>
  () =>
  ({ core, quiet }) => {
    holds(core, quiet);
  };

describe('a process', () => {
  property('has a parent that lives', {
    watch: always((core) => {
      for (const leader of leaders(core)) {
        const { realParent } = leader;
        claim(realParent.exitState === 'none', () => `the parent of ${named(leader)} is dead`);
        claim(realParent.children.includes(leader), () => `${named(leader)} is nobody's child`);
      }
    }),
    broken: {
      when: 'nobody adopts an orphan',
      make: () =>
        replace(tracing, 'exitPtrace', (original) => (core, father) => {
          const dead = original(core, father);
          father.children = [];
          return dead;
        }),
    },
  });

  property('that is orphaned goes to the nearest subreaper above, and else to an init', {
    watch: () => {
      let before = new Map<TaskStruct, TaskStruct>();
      return ({ core }) => {
        for (const leader of leaders(core)) {
          const old = before.get(leader);
          if (old === undefined || lives(old) || old.process === leader.realParent.process)
            continue;
          const heir = nearestReaper(core, old, before);
          claim(
            leader.realParent.process === heir?.process,
            () => `${named(leader)}, child of ${named(old)}, is now ${named(leader.realParent)}'s`,
          );
        }
        before = new Map([...core.tasks.values()].map((task) => [task, task.realParent]));
      };
    },
    broken: {
      when: 'the attribute does not reach those who are there before it',
      make: () =>
        replace(cred, 'prctl', (original) => (core, task, option, arg) => {
          const had = leaders(core).map(
            ({ process }) => [process, process.hasChildSubreaper] as const,
          );
          const result = original(core, task, option, arg);
          for (const [process, has] of had) process.hasChildSubreaper = has;
          return result;
        }),
      within: 5000,
    },
  });

  property('that asked to be killed with its parent does not outlive the thread that made it', {
    watch: () => {
      let before: [TaskStruct, TaskStruct][] = [];
      return ({ core }) => {
        for (const [task, parent] of before) {
          const spared = task.released || task.process.flags.unkillable || task.kernelThread;
          if (parent.exitState === 'none' || spared || !mayKill(parent, task)) continue;
          claim(
            task.process.flags.groupExit || task.exiting,
            () => `${named(task)} lives, though ${named(parent)} does not`,
          );
        }
        before = [...core.tasks.values()]
          .filter(({ pdeathSignal }) => pdeathSignal === c.signals.SIGKILL)
          .map((task) => [task, task.realParent]);
      };
    },
    broken: {
      when: 'PR_SET_PDEATHSIG is forgotten',
      make: () =>
        replace(tracing, 'exitPtrace', (original) => (core, father) => {
          for (const { process } of father.children) {
            for (const thread of process.threads) thread.pdeathSignal = 0;
          }
          return original(core, father);
        }),
    },
  });

  property('that the kernel reaps gives its parent no other child', {
    abis: ['linux-7.1'],
    watch: () => {
      let before = new Set<TaskStruct>();
      return ({ core, actor }) => {
        for (const leader of leaders(core)) {
          const sibling = actor?.process.autoreap === true && leader.realParent !== actor;
          claim(
            before.has(leader) || isTakenOver(leader, before) || !sibling,
            () => `${named(leader)} is made by its sibling, which is reaped`,
          );
        }
        before = new Set(core.tasks.values());
      };
    },
    broken: {
      when: 'CLONE_PARENT is not refused to it, as in the patch of February 2026',
      make: () =>
        replace(ABIS['linux-7.1'] as { parentRefused: boolean }, 'parentRefused', () => false),
    },
  });

  property('has no_new_privs for good, and so have those that it makes', {
    watch: () => {
      let before = new Set<TaskStruct>();
      let known = new Set<TaskStruct>();
      return ({ core, actor }) => {
        const all = [...core.tasks.values()];
        for (const task of all) {
          const born = !known.has(task) && actor !== undefined && before.has(actor);
          claim(
            task.noNewPrivs || (!before.has(task) && !born),
            () => `${named(task)} may have new privileges again`,
          );
        }
        before = new Set(all.filter(({ noNewPrivs }) => noNewPrivs));
        known = new Set(all);
      };
    },
    broken: {
      when: 'execve(2) clears it',
      make: () =>
        replace(exec, 'execve', (original) => (core, task, path) => {
          task.noNewPrivs = false;
          return original(core, task, path);
        }),
    },
  });
});

describe('a process group', () => {
  property('is within one session', {
    watch: always((core) => {
      for (const { process } of leaders(core)) {
        for (const member of process.pgrp.pgrp) {
          claim(
            member.process.session === process.session,
            () =>
              `${named(member)} and ${named(process.leader)} are of one group, and two sessions`,
          );
        }
      }
    }),
    broken: {
      when: 'setsid(2) leaves its caller in its group',
      make: () =>
        replace(pid, 'changePgrp', (original) => (leader, pgrp) => {
          if (!leader.process.sessionLeader) original(leader, pgrp);
        }),
    },
  });
});

describe('a number', () => {
  property('is kept, and given to nobody, while a process, a group or a session has it', {
    watch: () => {
      let taken = new Map<number, StructPid>();
      return ({ core }) => {
        for (const { pid: own } of core.tasks.values()) {
          const { nr } = own.numbers[0]!;
          const owner = taken.get(nr);
          claim((owner ?? own) === own, () => `${nr} is given to a second one`);
        }
        taken = new Map();
        for (const { pid: own, process } of core.tasks.values()) {
          for (const it of [own, process.pgrp, process.session]) {
            const { ns, nr } = it.numbers[0]!;
            claim(nr === 0 || ns.idr.get(nr) === it, () => `${nr} is free, and somebody has it`);
            taken.set(nr, it);
          }
        }
      };
    },
    broken: {
      when: 'release_task frees it, though it is a group’s',
      make: () =>
        replace(pid, 'detachPid', (original) => (task) => {
          original(task);
          pid.freePid(task.pid);
        }),
      lines: 12,
    },
  });

  property('is free when nothing has it any more', {
    watch: always((core) => {
      for (const ns of new Set([core.rootNs, ...[...core.tasks.values()].map(nsOf)])) {
        for (const [nr, { task, pgrp, session }] of ns.idr) {
          const used = task !== undefined || pgrp.size > 0 || session.size > 0;
          claim(used, () => `${nr} is taken, and nobody has it`);
        }
      }
    }),
    broken: {
      when: 'release_task keeps it',
      make: () =>
        replace(pid, 'detachPid', (original) => (task) => {
          original(task);
          for (const { ns, nr } of task.pid.numbers) ns.idr.set(nr, task.pid);
        }),
    },
  });
});

describe('the init of a namespace', () => {
  property('is gone after everybody in it', {
    watch: always((core, quiet) => {
      for (const task of core.tasks.values()) {
        const ns = nsOf(task);
        const init = ns.childReaper;
        if (task.kernelThread) continue; // Takes no signal.
        const gone = init === undefined || init.released || (quiet && init.exiting);
        claim(
          !gone || task.exitState !== 'none' || task.process === init?.process,
          () => `${named(task)} lives in a namespace without an init`,
        );
      }
    }),
    broken: {
      when: 'it does not kill them',
      make: () =>
        replace(signal, 'sendSignal', (original) => (core, info, task, ...how) => {
          const spared = info.signo === c.signals.SIGKILL && nsOf(task).level > 0;
          if (!spared) original(core, info, task, ...how);
        }),
    },
  });
});

describe('what check.ts says of each task', () => {
  property('holds after every step', {
    watch:
      () =>
      ({ kernel }) => {
        let broken = '';
        try {
          kernel.check();
        } catch (error) {
          broken = (error as Error).message;
        }
        claim(broken === '', () => broken);
      },
    broken: {
      when: 'a tracer does not know whom it traces',
      make: () =>
        replace(tracing, 'ptraceLink', (original) => (task, tracer, how) => {
          original(task, tracer, how);
          tracer.ptraced.pop();
        }),
    },
  });
});

/** By the process tree as it was, and those who still live in it. */
function nearestReaper(
  core: Core,
  father: TaskStruct,
  before: ReadonlyMap<TaskStruct, TaskStruct>,
): TaskStruct | undefined {
  const ns = nsOf(father);
  const init = ns.childReaper ?? core.rootNs.childReaper;
  for (let at = father; nsOf(at) === ns && at.process !== init?.process;) {
    const { process } = at;
    const alive = process.threads.some(({ exiting }) => !exiting);
    if (process !== father.process && process.isChildSubreaper && alive) return at;
    const above = before.get(at) ?? at.realParent;
    if (above === at) break;
    at = above;
  }
  return init;
}

/** A thread that has become the leader by execve(2) was there before, or is. */
const isTakenOver = (leader: TaskStruct, before: ReadonlySet<TaskStruct>): boolean =>
  !isLeader(leader) || leader.process.threads.some((thread) => before.has(thread));

function mayKill(sender: TaskStruct, receiver: TaskStruct): boolean {
  const { uid, suid } = receiver.cred;
  const { uid: ruid, euid, caps } = sender.cred;
  return caps || [ruid, euid].some((id) => id === uid || id === suid);
}
