// Process groups and sessions: kernel/sys.c, and the orphaned groups of kernel/exit.c.
import { errno, signals } from './constants';
import type { Core } from './core';
import { changePgrp, changeSession } from './pid';
import { kernelInfo, membersOf, sendSignal } from './signal';
import { isLeader, nsOf, nrIn, threadGroupEmpty, type StructPid, type TaskStruct } from './struct';

/** setpgid(2). */
export function setpgid(core: Core, task: TaskStruct, pid: number, pgid: number): number {
  const { leader } = task.process;
  const ns = nsOf(task);
  const target = pid === 0 ? nrIn(leader.pid, ns) : pid;
  const group = pgid === 0 ? target : pgid;
  if (group < 0) return -errno.EINVAL;

  const subject = core.find(target, ns);
  if (subject === undefined) return -errno.ESRCH;
  if (!isLeader(subject)) return -errno.EINVAL;
  if (subject.realParent.process === leader.process) {
    if (subject.process.session !== leader.process.session) return -errno.EPERM;
    if (!subject.forkNoExec) return -errno.EACCES;
  } else if (subject !== leader) {
    return -errno.ESRCH;
  }
  if (subject.process.sessionLeader) return -errno.EPERM;

  let pgrp = subject.pid;
  if (group !== target) {
    const found = core.findPid(group, ns);
    const [member] = found?.pgrp ?? [];
    if (found === undefined || member?.process.session !== leader.process.session) {
      return -errno.EPERM;
    }
    pgrp = found;
  }
  if (subject.process.pgrp !== pgrp) {
    changePgrp(subject, pgrp);
    core.log(subject, `is in process group ${group}`, 'setpgid');
  }
  return 0;
}

/** setsid(2). */
export function setsid(core: Core, task: TaskStruct): number {
  const { leader } = task.process;
  const { pid } = leader;
  // A group of that number may live on where its first leader is not in it any more.
  if (leader.process.sessionLeader || pid.pgrp.size > 0) return -errno.EPERM;
  leader.process.sessionLeader = true;
  changeSession(leader, pid);
  changePgrp(leader, pid);
  core.log(leader, 'leads a new session', 'setsid');
  return nrIn(pid, nsOf(task));
}

/** getpgid(2), getsid(2). */
export function getGroup(
  core: Core,
  task: TaskStruct,
  pid: number,
  which: 'pgrp' | 'session',
): number {
  const subject = pid === 0 ? task : core.find(pid, nsOf(task));
  return subject === undefined
    ? -errno.ESRCH
    : nrIn(subject.process.leader.process[which], nsOf(task));
}

/** will_become_orphaned_pgrp(): nobody outside of the group, but in its session, is a member's parent. */
export function isOrphanedPgrp(core: Core, pgrp: StructPid, ignored?: TaskStruct): boolean {
  for (const member of pgrp.pgrp) {
    const { realParent } = member;
    if (member === ignored) continue;
    if (member.exitState !== 'none' && threadGroupEmpty(member)) continue;
    if (realParent.process === core.rootNs.childReaper?.process) continue;
    const parent = realParent.process;
    if (parent.pgrp !== pgrp && parent.session === member.process.session) return false;
  }
  return true;
}

/**
 * kill_orphaned_pgrp(): a stopped job that loses the last one who could continue it is sent SIGHUP and
 * SIGCONT. `parent` is given where a child of it is being handed on.
 */
export function killOrphanedPgrp(core: Core, task: TaskStruct, dyingParent?: TaskStruct): void {
  const { pgrp, session } = task.process;
  const parent = (dyingParent ?? task.realParent).process;
  const ignored = dyingParent === undefined ? task : undefined;
  if (parent.pgrp === pgrp || parent.session !== session) return;
  if (!isOrphanedPgrp(core, pgrp, ignored)) return;
  const members = membersOf(pgrp);
  if (!members.some(({ process }) => process.flags.stopStopped)) return;
  core.log(task, 'leaves a stopped group without a parent', 'kill_orphaned_pgrp: SIGHUP, SIGCONT');
  for (const signo of [signals.SIGHUP, signals.SIGCONT]) {
    for (const member of members) sendSignal(core, kernelInfo(signo), member, 'process', true);
  }
}
