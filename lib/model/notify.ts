// kernel/signal.c: what a parent is told of its child, and whether anybody has to wait for it.
import {
  CLD_CONTINUED,
  CLD_DUMPED,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  CLD_TRAPPED,
  SA_NOCLDSTOP,
  SA_NOCLDWAIT,
  signalName,
  signals,
} from './constants';
import type { Core } from './core';
import { nameOf, sendSignal, wakeUpParent } from './signal';
import { nrIn, nsOf, type SigInfo, type TaskStruct } from './struct';

const { SIGCHLD, SIGCONT } = signals;

/** si_code and si_status of a wait status. */
export function endOf(wstatus: number): { readonly code: number; readonly status: number } {
  const signo = wstatus & 0x7f;
  if (signo === 0) return { code: CLD_EXITED, status: (wstatus >> 8) & 0xff };
  return { code: (wstatus & 0x80) === 0 ? CLD_KILLED : CLD_DUMPED, status: signo };
}

function childInfo(signo: number, task: TaskStruct, code: number, status: number): SigInfo {
  return { signo, code, pid: nrIn(task.pid, nsOf(task.parent)), uid: task.cred.uid, status };
}

/**
 * do_notify_parent(): a process is dead. Tells its parent, or tracer; true says that nobody is going to
 * wait for it, and that it is to be released.
 *
 * An ignored SIGCHLD is the parent's wish for all of its children, and counts only where SIGCHLD is what it
 * would have been sent. CLONE_AUTOREAP is the child's own, and comes last: whatever the parent does about
 * signals, it hears none. Neither holds while somebody traces it.
 */
export function doNotifyParent(core: Core, task: TaskStruct, exitSignal: number): boolean {
  const { parent } = task;
  let signo = exitSignal;
  // The parent has become another program since: it cannot know of a special signal.
  if (signo !== SIGCHLD && task.parentExecId !== parent.selfExecId) signo = SIGCHLD;

  const { code, status } = endOf(task.exitCode);
  const traced = task.ptrace !== undefined;
  const clonefd = task.process.clonefd?.clonefd;
  if (clonefd !== undefined) Object.assign(clonefd, { done: true, code, status });
  const action = parent.sighand.action[SIGCHLD];
  let autoreap = false;
  if (!traced && signo === SIGCHLD && action !== undefined && core.abi.ignoredReapsAtDeath) {
    if (action.handler === 'ignore' || (action.flags & SA_NOCLDWAIT) !== 0) {
      autoreap = true;
      core.log(task, 'leaves no zombie', `do_notify_parent: ${nameOf(parent)} ignores SIGCHLD`);
    }
    if (action.handler === 'ignore') signo = 0;
  }
  if (!traced && task.process.autoreap) {
    autoreap = true;
    // The proposal of 2015 left the exit signal to its caller.
    if (!core.abi.clone4) signo = 0;
    const text = signo === 0 ? 'leaves no zombie, and no signal' : 'leaves no zombie';
    core.log(task, text, 'do_notify_parent: signal->autoreap');
  }
  if (signo > 0) {
    const info = childInfo(signo, task, code, status);
    core.log(parent, `is due ${signalName(signo)} of ${nameOf(task)}`, 'do_notify_parent');
    sendSignal(core, info, parent, 'process', false);
  }
  wakeUpParent(core, task, parent);
  return autoreap;
}

/**
 * do_notify_parent_cldstop(): a process has stopped or goes on. Looks neither at the exit signal nor at
 * autoreap: SIGCHLD is sent, unless it is ignored or SA_NOCLDSTOP.
 */
export function doNotifyParentCldstop(
  core: Core,
  task: TaskStruct,
  forTracer: boolean,
  why: 'stopped' | 'continued' | 'trapped',
): void {
  const subject = forTracer ? task : task.process.leader;
  const parent = forTracer ? task.parent : subject.realParent;
  const action = parent.sighand.action[SIGCHLD];
  if (action?.handler !== 'ignore' && ((action?.flags ?? 0) & SA_NOCLDSTOP) === 0) {
    const told = {
      stopped: [CLD_STOPPED, task.process.groupExitCode & 0x7f],
      continued: [CLD_CONTINUED, SIGCONT],
      trapped: [CLD_TRAPPED, task.traceCode & 0x7f],
    } as const;
    const [code, status] = told[why];
    core.log(parent, `is due SIGCHLD: ${nameOf(subject)} is ${why}`, 'do_notify_parent_cldstop');
    const pid = nrIn(subject.pid, nsOf(parent));
    const info = { signo: SIGCHLD, code, pid, uid: subject.cred.uid, status };
    sendSignal(core, info, parent, 'process', false);
  }
  wakeUpParent(core, subject, parent);
}
