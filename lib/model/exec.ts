// fs/exec.c: another program in the same process.
import { errno, signals, SLEEPS } from './constants';
import type { Core } from './core';
import { letAttach, releaseVfork, zapOtherThreads } from './exit';
import { execFiles } from './files';
import { releaseTask } from './release';
import { sendSignal, userInfo, wakeUpParent } from './signal';
import { globalNr, isLeader, newSighand, SIG_DFL, type Cred, type TaskStruct } from './struct';

/** execve(2) of a file that was installed. Sleeps while other threads of the process are dying. */
export function execve(core: Core, task: TaskStruct, path: string): number | typeof SLEEPS {
  const file = core.disk.file(path);
  if (file === undefined) return -errno.ENOENT;
  const { process } = task;
  if (process.flags.groupExit || process.groupExecTask !== undefined) return -errno.EAGAIN;

  const attempt = (): number | undefined => {
    if (!deThread(core, task)) return undefined;
    beginNewExec(core, task, path, file.setuid);
    return 0;
  };
  if (process.threads.length > 1) {
    process.groupExecTask = task;
    zapOtherThreads(core, task);
  }
  const result = attempt();
  if (result !== undefined) return result;
  task.sleep = { call: 'execve', killable: true, retry: attempt };
  core.log(task, 'waits for the other threads to be gone', 'de_thread');
  return SLEEPS;
}

/**
 * de_thread(): true once this thread is alone, and leads. One that did not takes the leader's place, and
 * its number: a pidfd goes on to name the process, and nobody is told of a death.
 */
function deThread(core: Core, task: TaskStruct): boolean {
  const { process } = task;
  const hasWaited = process.groupExecTask !== undefined;
  if (!isLeader(task)) {
    const { leader, threads } = process;
    if (threads.length > 2 || leader.exitState !== 'zombie') return false;
    process.groupExecTask = undefined;
    takeLeadership(core, task, leader);
  } else if (process.threads.length > 1) {
    return false;
  }
  process.groupExecTask = undefined;
  if (hasWaited) letAttach(core);
  // exit_signal says how a parent that knows us is told; it knows the old program. Autoreap stays.
  if (core.abi.execResetsExitSignal) task.exitSignal = signals.SIGCHLD;
  return true;
}

/** exchange_tids(), transfer_pid(), and the end of the old leader. */
function takeLeadership(core: Core, task: TaskStruct, leader: TaskStruct): void {
  const { process } = task;
  const own = task.pid;
  task.pid = leader.pid;
  leader.pid = own;
  task.pid.task = task;
  own.task = leader;
  core.tasks.set(globalNr(task.pid), task);
  core.tasks.set(globalNr(own), leader);
  for (const group of [process.pgrp.pgrp, process.session.session]) {
    const members = [...group].map((member) => (member === leader ? task : member));
    group.clear(); // transfer_pid(): in its place, for the order is seen by who is sent a signal first.
    for (const member of members) group.add(member);
  }
  const siblings = leader.realParent.children;
  siblings[siblings.indexOf(leader)] = task;
  process.leader = task;
  leader.exitSignal = -1;
  leader.exitState = 'dead';
  core.log(task, 'takes the place and the number of its leader', 'de_thread');
  const tracer = leader.ptrace === undefined ? undefined : leader.parent;
  releaseTask(core, leader);
  if (tracer !== undefined) wakeUpParent(core, leader, tracer);
}

/** begin_new_exec(): what a new program does not take over. */
function beginNewExec(core: Core, task: TaskStruct, path: string, setuid?: number): void {
  const { process } = task;
  releaseVfork(core, task);
  execFiles(core, task);

  const sighand = newSighand();
  for (const [signo, { handler }] of task.sighand.action.entries()) {
    // flush_signal_handlers(): a handler is code that is gone; what is ignored stays so.
    sighand.action[signo] = handler === 'ignore' ? { handler, flags: 0 } : SIG_DFL;
  }
  task.sighand = sighand;

  const old = task.cred;
  let euid = setuid !== undefined && !task.noNewPrivs ? setuid : old.euid;
  // cap_bprm_creds_from_file(): root has all again, but not before a tracer who had less when it attached, and
  // neither becomes another user then.
  const isGuarded = task.noNewPrivs || task.ptrace?.caps === false;
  if (isGuarded && euid !== old.uid && !(old.caps && !task.noNewPrivs)) euid = old.uid;
  const root = old.uid === 0 || euid === 0;
  const caps = root && (old.caps || (!isGuarded && euid === 0));
  const cred: Cred = { uid: old.uid, euid, suid: euid, caps };
  task.cred = cred;
  // commit_creds(): who may do more than before is nobody's to look into.
  const gains = cred.euid !== old.euid || (cred.caps && !old.caps);
  process.dumpable = cred.euid === cred.uid && !gains;
  if (gains || cred.euid !== cred.uid) task.pdeathSignal = 0; // bprm->secureexec
  process.comm = path.slice(path.lastIndexOf('/') + 1);
  task.forkNoExec = false;
  task.selfExecId++;
  core.log(task, `runs ${path}`, 'begin_new_exec: exit_signal is SIGCHLD, close-on-exec');
  // A tracer that has not asked for more gets a signal.
  if (task.ptrace !== undefined && !task.ptrace.seized) {
    sendSignal(core, userInfo(task, signals.SIGTRAP, task), task, 'thread', false);
  }
}
