// kernel/exit.c: wait4(2) and waitid(2).
import {
  __WALL,
  __WCLONE,
  __WNOTHREAD,
  CLD_CONTINUED,
  CLD_STOPPED,
  CLD_TRAPPED,
  errno,
  P_ALL,
  P_PGID,
  P_PID,
  P_PIDFD,
  SLEEPS,
  signals,
  WCONTINUED,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  WSTOPPED,
  WUNTRACED,
} from './constants';
import type { Core } from './core';
import { fget } from './files';
import { doNotifyParent, endOf } from './notify';
import { nameOf } from './signal';
import { releaseTask } from './release';
import { ptraceUnlink } from './tracing';
import {
  delayGroupLeader,
  globalNr,
  isLeader,
  nrIn,
  nsOf,
  ptraceReparented,
  type StructPid,
  type TaskStruct,
  ringFrom,
} from './struct';

/** What wait4(2) gives: the pid, and the status word. */
export interface Waited {
  readonly pid: number;
  readonly wstatus: number;
}

/** What waitid(2) gives: siginfo_t. */
export interface WaitInfo {
  readonly signo: number;
  readonly pid: number;
  readonly uid: number;
  readonly code: number;
  readonly status: number;
}

/** struct wait_opts. */
interface WaitOpts {
  readonly type: 'pid' | 'pgid' | 'all';
  readonly pid: StructPid | undefined;
  /** Bits: __WCLONE is bit 31, so the number is unsigned. */
  readonly flags: number;
  /** notask_error: ECHILD, until there is somebody who may yet have something to tell. */
  error: number;
}

interface Found {
  readonly pid: number;
  readonly uid: number;
  readonly wstatus: number;
  readonly code: number;
  readonly status: number;
}

const set = (flags: number, bit: number): boolean => Math.floor(flags / bit) % 2 === 1;
const unsigned = (flags: number): number => (flags < 0 ? flags + 2 ** 32 : flags);

const WAIT4_OPTIONS = WNOHANG + WUNTRACED + WCONTINUED + __WNOTHREAD + __WCLONE + __WALL;
const WAITID_OPTIONS = WAIT4_OPTIONS + WNOWAIT + WEXITED;

function unknownBits(flags: number, known: number): boolean {
  return (BigInt(flags) & ~BigInt(known)) !== 0n;
}

/** wait4(2). 0 with WNOHANG says: not yet. */
export function wait4(
  core: Core,
  task: TaskStruct,
  upid: number,
  options: number,
): Waited | number | typeof SLEEPS {
  const flags = unsigned(options);
  if (unknownBits(flags, WAIT4_OPTIONS)) return -errno.EINVAL;
  if (upid === -(2 ** 31)) return -errno.ESRCH;
  const ns = nsOf(task);
  const [type, pid] =
    upid === -1
      ? (['all', undefined] as const)
      : upid < 0
        ? (['pgid', core.findPid(-upid, ns)] as const)
        : upid === 0
          ? (['pgid', task.process.pgrp] as const)
          : (['pid', core.findPid(upid, ns)] as const);

  const opts = { type, pid, flags: flags + WEXITED, error: 0 };
  return waitFor(core, task, 'wait4', opts, set(flags, WNOHANG), ({ pid: found, wstatus }) => ({
    pid: found,
    wstatus,
  }));
}

/** waitid(2). 0 with WNOHANG says: not yet. */
export function waitid(
  core: Core,
  task: TaskStruct,
  idtype: number,
  id: number,
  options: number,
): WaitInfo | number | typeof SLEEPS {
  const flags = unsigned(options);
  if (!core.abi.waitid) return -errno.ENOSYS;
  if (unknownBits(flags, WAITID_OPTIONS)) return -errno.EINVAL;
  if (![WEXITED, WSTOPPED, WCONTINUED].some((bit) => set(flags, bit))) return -errno.EINVAL;
  const ns = nsOf(task);
  let type: WaitOpts['type'];
  let pid: StructPid | undefined;
  let nonblock = false;
  switch (idtype) {
    case P_ALL:
      type = 'all';
      break;
    case P_PID:
      if (id <= 0) return -errno.EINVAL;
      [type, pid] = ['pid', core.findPid(id, ns)];
      break;
    case P_PGID:
      if (id < 0) return -errno.EINVAL;
      [type, pid] = ['pgid', id === 0 ? task.process.pgrp : core.findPid(id, ns)];
      break;
    case P_PIDFD: {
      if (id < 0 || !core.abi.pidfd) return -errno.EINVAL;
      const file = fget(task, id);
      if (file?.kind !== 'pidfd') return -errno.EBADF;
      [type, pid, nonblock] = ['pid', file.pid, file.nonblock];
      break;
    }
    default:
      return -errno.EINVAL;
  }
  const opts = { type, pid, flags, error: 0 };
  const hang = !set(flags, WNOHANG) && !nonblock;
  const info = ({ pid: found, uid, code, status }: Found): WaitInfo => ({
    ...{ signo: signals.SIGCHLD, pid: found, uid, code, status },
  });
  const result = waitFor(core, task, 'waitid', opts, !hang, info);
  return result === 0 && nonblock && !set(flags, WNOHANG) ? -errno.EAGAIN : result;
}

function waitFor<T>(
  core: Core,
  task: TaskStruct,
  call: string,
  opts: WaitOpts,
  noHang: boolean,
  shape: (found: Found) => T,
): T | number | typeof SLEEPS {
  const attempt = (): T | number | undefined => {
    const found = doWait(core, task, opts);
    return typeof found === 'object' ? shape(found) : found === 0 ? undefined : found;
  };
  const result = attempt();
  if (result !== undefined) return result;
  if (noHang) return 0;
  const minds = (child: TaskStruct): boolean =>
    isOf(opts, child) && (!set(opts.flags, __WNOTHREAD) || child.parent === task);
  task.sleep = { call, killable: false, retry: attempt, minds, since: core.nextSleep() };
  core.log(task, `sleeps in ${call}`, 'do_wait');
  return SLEEPS;
}

/** do_wait(), once: what was found, 0 if there is somebody to wait for, or an errno. */
function doWait(core: Core, task: TaskStruct, opts: WaitOpts): Found | number {
  opts.error = -errno.ECHILD;
  if (opts.type === 'pid') return doWaitPid(core, task, opts);
  if (opts.type === 'pgid' && (opts.pid === undefined || opts.pid.pgrp.size === 0)) {
    return opts.error;
  }
  const threads = set(opts.flags, __WNOTHREAD) ? [task] : ringFrom(task);
  for (const thread of threads) {
    for (const ptrace of [false, true]) {
      for (const child of [...(ptrace ? thread.ptraced : thread.children)]) {
        const found = considerTask(core, task, opts, ptrace, child);
        if (found !== undefined) return found;
      }
    }
  }
  return opts.error;
}

/** do_wait_pid(): by number there is one child to look at, and maybe one tracee. */
function doWaitPid(core: Core, task: TaskStruct, opts: WaitOpts): Found | number {
  const target = opts.pid?.task;
  if (target === undefined) return opts.error;
  const isOurs = (parent: TaskStruct): boolean =>
    parent === task || (!set(opts.flags, __WNOTHREAD) && parent.process === task.process);
  if (opts.pid?.isTgid === true && isOurs(target.realParent)) {
    const found = considerTask(core, task, opts, false, target);
    if (found !== undefined) return found;
  }
  if (!target.released && target.ptrace !== undefined && isOurs(target.parent)) {
    const found = considerTask(core, task, opts, true, target);
    if (found !== undefined) return found;
  }
  return opts.error;
}

/** eligible_pid(). */
function isOf({ type, pid }: WaitOpts, child: TaskStruct): boolean {
  if (type === 'all') return true;
  return type === 'pid' ? child.pid === pid : child.process.pgrp === pid;
}

/** eligible_child(). */
function eligible(opts: WaitOpts, ptrace: boolean, child: TaskStruct): boolean {
  if (!isOf(opts, child)) return false;
  if (ptrace || set(opts.flags, __WALL)) return true;
  // A "clone child" is one that reports by another signal than SIGCHLD; it is waited for by __WCLONE only.
  return (child.exitSignal !== signals.SIGCHLD) === set(opts.flags, __WCLONE);
}

/** wait_consider_task(). */
function considerTask(
  core: Core,
  waiter: TaskStruct,
  opts: WaitOpts,
  asTracer: boolean,
  child: TaskStruct,
): Found | undefined {
  if (child.exitState === 'dead' || !eligible(opts, asTracer, child)) return undefined;
  // Traced by its real parent: then this is its tracer's wait.
  const ptrace = asTracer || (child.ptrace !== undefined && !ptraceReparented(child));
  if (child.exitState === 'zombie') {
    if (!delayGroupLeader(child) && (ptrace || child.ptrace === undefined)) {
      return waitTaskZombie(core, waiter, opts, child);
    }
    // Its threads live, or a stranger traces it: it may have something to tell later.
    if (!ptrace || set(opts.flags, WCONTINUED) || set(opts.flags, WEXITED)) opts.error = 0;
  } else {
    opts.error = 0;
  }
  return (
    waitTaskStopped(core, waiter, opts, ptrace, child) ??
    waitTaskContinued(core, waiter, opts, child)
  );
}

/** wait_task_zombie(). */
function waitTaskZombie(
  core: Core,
  waiter: TaskStruct,
  opts: WaitOpts,
  child: TaskStruct,
): Found | undefined {
  if (!set(opts.flags, WEXITED)) return undefined;
  const { process } = child;
  const wstatus = process.flags.groupExit ? process.groupExitCode : child.exitCode;
  const found = {
    pid: nrIn(child.pid, nsOf(waiter)),
    uid: child.cred.uid,
    wstatus,
    ...endOf(wstatus),
  };
  if (set(opts.flags, WNOWAIT)) return found;

  if (ptraceReparented(child) && isLeader(child)) {
    core.log(child, `is waited for by ${nameOf(waiter)}, its tracer`, 'wait_task_zombie');
    ptraceUnlink(core, child);
    if (doNotifyParent(core, child, child.exitSignal)) child.exitState = 'dead';
  } else {
    child.exitState = 'dead';
    if (isLeader(child)) waiter.process.waitedFor++;
    core.log(child, `is reaped by ${nameOf(waiter)}`, 'wait_task_zombie');
  }
  // wait(2) returns when it is done.
  if (child.exitState === 'dead') releaseTask(core, child);
  return found;
}

/** wait_task_stopped(). */
function waitTaskStopped(
  core: Core,
  waiter: TaskStruct,
  opts: WaitOpts,
  ptrace: boolean,
  child: TaskStruct,
): Found | undefined {
  if (!ptrace && !set(opts.flags, WSTOPPED)) return undefined;
  const { process } = child;
  const stopped = ptrace ? child.run === 'traced' : process.flags.stopStopped;
  const signo = ptrace ? child.traceCode : process.groupExitCode;
  if (!stopped || signo === 0) return undefined;
  if (!set(opts.flags, WNOWAIT)) {
    if (ptrace) child.traceCode = 0;
    else process.groupExitCode = 0;
    core.log(waiter, `learns that ${globalNr(child.pid)} has stopped`, 'wait_task_stopped');
  }
  return {
    pid: nrIn(child.pid, nsOf(waiter)),
    uid: child.cred.uid,
    wstatus: (signo << 8) | 0x7f,
    code: ptrace ? CLD_TRAPPED : CLD_STOPPED,
    status: signo,
  };
}

/** wait_task_continued(). */
function waitTaskContinued(
  core: Core,
  waiter: TaskStruct,
  opts: WaitOpts,
  child: TaskStruct,
): Found | undefined {
  const { flags } = child.process;
  if (!set(opts.flags, WCONTINUED) || !flags.stopContinued) return undefined;
  if (!set(opts.flags, WNOWAIT)) {
    flags.stopContinued = false;
    core.log(waiter, `learns that ${globalNr(child.pid)} goes on`, 'wait_task_continued');
  }
  return {
    pid: nrIn(child.pid, nsOf(waiter)),
    uid: child.cred.uid,
    wstatus: 0xffff,
    code: CLD_CONTINUED,
    status: signals.SIGCONT,
  };
}
