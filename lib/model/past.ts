// What other histories had: the kernel threads of 2.4, and the clone4() of 2015 that was never merged.
import {
  CLONE4_AUTOREAP,
  CLONE4_FD,
  CLONE_DETACHED,
  CLONE_PIDFD,
  CLONE_VM,
  CSIGNAL,
  errno,
  O_CLOEXEC,
  O_NONBLOCK,
  signals,
  SLEEPS,
} from './constants';
import { kernelClone } from './clone';
import type { Core } from './core';
import { fget, newFile, unusedFd } from './files';
import { changePgrp, changeSession } from './pid';
import { nameOf } from './signal';
import { remove, type File, type TaskStruct } from './struct';
import { ptraceUnlink } from './tracing';

/** struct clone4_args: `clonefd` and its flags; the rest of it no rule looks at. */
export interface Clone4Args {
  readonly clonefd?: { value?: number };
  /** O_CLOEXEC, O_NONBLOCK. */
  readonly clonefdFlags?: number;
}

/** struct clonefd_info. There is no clock here: the times are 0. */
export interface ClonefdInfo {
  readonly code: number;
  readonly status: number;
  readonly utime: number;
  readonly stime: number;
}

/** sizeof(struct clone4_args): five words, a pointer, and flags of four bytes with as much padding. */
export const CLONE4_ARGS_SIZE = 56;
/** As far as `clonefd`, and as far as `clonefd_flags`. */
const ARGS_WITH_CLONEFD = 48;
const ARGS_WITH_FLAGS = 52;

/**
 * clone4(), as proposed: `argsSize` says which version of the structure the caller knows. A smaller one is
 * filled up with zeros, a larger one is refused: clone3(2) takes it, if what is too much is zeros.
 */
export function clone4(
  core: Core,
  task: TaskStruct,
  flagsHigh: number,
  flagsLow: number,
  argsSize: number,
  args: Clone4Args,
): number | typeof SLEEPS {
  if (!core.abi.clone4) return -errno.ENOSYS;
  if (argsSize > CLONE4_ARGS_SIZE || flagsHigh !== 0) return -errno.EINVAL;
  const { clonefdFlags = 0 } = argsSize < ARGS_WITH_FLAGS ? {} : args;
  const clonefd = argsSize < ARGS_WITH_CLONEFD ? undefined : args.clonefd;

  const wantsFd = (flagsLow & CLONE4_FD) !== 0;
  const autoreap = (flagsLow & CLONE4_AUTOREAP) !== 0;
  // clonefd_do_clone(). Without CLONE_FD it looks at nothing.
  if (wantsFd && (clonefdFlags & ~(O_CLOEXEC | O_NONBLOCK)) !== 0) return -errno.EINVAL;
  const fd = wantsFd ? unusedFd(task) : -1;
  if (wantsFd && fd < 0) return fd;

  const plain = BigInt(flagsLow & ~(CLONE4_AUTOREAP | CLONE4_FD | CSIGNAL));
  const nonblock = (clonefdFlags & O_NONBLOCK) !== 0;
  const file: File = newFile('clonefd', undefined, { nonblock });
  file.clonefd = { done: false, code: 0, status: 0 };
  const cloexec = (clonefdFlags & O_CLOEXEC) !== 0;
  const born: { child?: TaskStruct } = {};
  const result = kernelClone(core, task, {
    flags: plain & ~BigInt(CLONE_DETACHED) & ~BigInt(CLONE_PIDFD),
    exitSignal: flagsLow & CSIGNAL,
    ...(wantsFd ? { clonefd: { file, cloexec, fd } } : {}),
    born,
  });
  if (born.child !== undefined) {
    born.child.process.autoreap = autoreap;
    born.child.process.clonefd = wantsFd ? file : undefined;
    // Where it cannot be written, nobody says so: the child is there.
    if (wantsFd && clonefd !== undefined) clonefd.value = fd;
  }
  return result;
}

/** Whose end has been read: the position of the file. */
const readToTheEnd = new WeakSet<File>();

/** clonefd_read(): what it was told at the death, once, and then the end of the file; EAGAIN, or asleep, before. */
export function readClonefd(task: TaskStruct, fd: number): ClonefdInfo | number | typeof SLEEPS {
  const file = fget(task, fd);
  if (file === undefined) return -errno.EBADF;
  const { clonefd } = file;
  if (clonefd === undefined) return -errno.EINVAL;
  if (readToTheEnd.has(file)) return 0;
  const attempt = (): ClonefdInfo | undefined => {
    if (!clonefd.done) return undefined;
    readToTheEnd.add(file);
    return { code: clonefd.code, status: clonefd.status, utime: 0, stime: 0 };
  };
  const info = attempt();
  if (info !== undefined) return info;
  if (file.nonblock) return -errno.EAGAIN;
  task.sleep = { call: 'read', killable: false, retry: attempt };
  return SLEEPS;
}

/** kernel_thread() of 2.4, a clone(2) in the kernel: the exit signal is among the flags, and easily forgotten. */
export function kernelThread(core: Core, task: TaskStruct, flags: number): number {
  if (!core.abi.kernelThreads) return -errno.ENOSYS;
  const born: { child?: TaskStruct } = {};
  const result = kernelClone(core, task, {
    flags: BigInt((flags & ~CSIGNAL) | CLONE_VM),
    exitSignal: flags & CSIGNAL,
    born,
  });
  if (born.child !== undefined) {
    born.child.kernelThread = true;
    born.child.process.comm = 'kthread';
  }
  return result === SLEEPS ? 0 : result;
}

/** daemonize() of 2.4: out of the session and the process group; the parent stays. */
export function daemonize(core: Core, task: TaskStruct): number {
  if (!core.abi.kernelThreads) return -errno.ENOSYS;
  const init = initOf(core);
  changeSession(task.process.leader, init.process.session);
  changePgrp(task.process.leader, init.process.pgrp);
  core.log(task, 'leaves its session and its process group', 'daemonize');
  return 0;
}

/**
 * reparent_to_init(): the caller is a child of init, which waits for all it gets, and will send SIGCHLD. 2.4 had
 * it apart; from 2.5 on daemonize() calls it, as Alan Stern asked in January 2002.
 */
export function reparentToInit(core: Core, task: TaskStruct): number {
  if (!core.abi.kernelThreads) return -errno.ENOSYS;
  const init = initOf(core);
  // p_pptr is init, too: a tracer has lost it.
  if (task.ptrace !== undefined) ptraceUnlink(core, task);
  remove(task.realParent.children, task);
  task.realParent = task.parent = init;
  init.children.push(task);
  task.exitSignal = signals.SIGCHLD;
  core.log(task, `is a child of ${nameOf(init)} now, and will send SIGCHLD`, 'reparent_to_init');
  return 0;
}

function initOf(core: Core): TaskStruct {
  const init = core.rootNs.childReaper;
  if (init === undefined) throw new Error('A machine without an init.');
  return init;
}
