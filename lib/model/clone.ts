// kernel/fork.c: what is refused, in the order in which the kernel looks, and what a child begins with.
// Long, because the order of the refusals is the rule, and is read as one.
import {
  BAD_ADDRESS,
  CLONE_AUTOREAP,
  CLONE_CLEAR_SIGHAND,
  CLONE_DETACHED,
  CLONE_EMPTY_MNTNS,
  CLONE_FILES,
  CLONE_FS,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NNP,
  CLONE_PARENT,
  CLONE_PIDFD,
  CLONE_PIDFD_AUTOKILL,
  CLONE_PTRACE,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VFORK,
  CLONE_VM,
  CSIGNAL,
  errno,
  has,
  SLEEPS,
  signalName,
  signals,
} from './constants';
import { flagsOf, whole } from './arguments';
import { newNamespace, type Core } from './core';
import { copyFiles, filesOf, install, newFile, unusedFd } from './files';
import { allocPid, freePid } from './pid';
import { hasSignals, kernelInfo, nameOf, validSignal } from './signal';
import { ptraceLink } from './tracing';
import {
  globalNr,
  newSighand,
  newState,
  nrIn,
  nsOf,
  SIG_DFL,
  type File,
  type PidNamespace,
  type Process,
  type StructPid,
  type TaskStruct,
} from './struct';

/** Where the kernel writes the number of a pidfd; also when the call then fails, and nothing is open there. */
export interface PidfdPointer {
  value?: number;
}

/** struct clone_args, as far as the rules look at it. */
export interface CloneArgs {
  /** The constants added up, or a BigInt: `|` has 32 bits, and would drop CLONE_AUTOREAP without a word. */
  readonly flags: number | bigint;
  /** @defaultValue 0 */
  readonly exitSignal?: number;
  /** Of the structure that the caller knows; what is beyond 88 are zeros. @defaultValue 88 */
  readonly size?: number;
  readonly pidfd?: PidfdPointer | typeof BAD_ADDRESS;
  /** What a child of clone4 (2015) is to have instead of a pidfd. */
  readonly clonefd?: { readonly file: File; readonly cloexec: boolean; readonly fd: number };
  /** Who it became, for callers in the kernel. */
  readonly born?: { child?: TaskStruct };
}

/** The first version of struct clone_args, and the one that is known. */
const CLONE_ARGS_SIZE_VER0 = 64;
const CLONE_ARGS_SIZE = 88;
const PAGE_SIZE = 4096;

/** clone3(2). */
export function clone3(core: Core, task: TaskStruct, args: CloneArgs): number | typeof SLEEPS {
  if (!core.abi.pidfd) return -errno.ENOSYS;
  const flags = flagsOf('clone3', args.flags);
  const { exitSignal = 0, size = CLONE_ARGS_SIZE } = args;
  whole('clone3', { exitSignal, size });
  // copy_clone_args_from_user(), clone3_args_valid().
  if (size > PAGE_SIZE) return -errno.E2BIG;
  if (size < CLONE_ARGS_SIZE_VER0) return -errno.EINVAL;
  if (!validSignal(exitSignal)) return -errno.EINVAL;
  const known = 0xffffffffn | BigInt(core.abi.clone3Flags);
  if ((flags & ~known) !== 0n) return refuse(core, task, 'an unknown flag');
  const signalBits = flags & BigInt(CSIGNAL) & ~BigInt(CLONE_NEWTIME);
  if (signalBits !== 0n || has(flags, CLONE_DETACHED)) {
    return refuse(core, task, 'CLONE_DETACHED, or a signal among the flags');
  }
  if (has(flags, CLONE_SIGHAND) && has(flags, CLONE_CLEAR_SIGHAND)) {
    return refuse(core, task, 'CLONE_SIGHAND with CLONE_CLEAR_SIGHAND');
  }
  if ((has(flags, CLONE_THREAD) || has(flags, CLONE_PARENT)) && exitSignal !== 0) {
    return refuse(core, task, 'CLONE_THREAD and CLONE_PARENT take no exit signal');
  }
  return kernelClone(core, task, { ...args, flags, exitSignal });
}

/** clone(2): the exit signal is the low byte, and every bit above 31 is dropped without a word. */
export function clone(
  core: Core,
  task: TaskStruct,
  given: number | bigint,
  pidfd?: PidfdPointer | typeof BAD_ADDRESS,
): number | typeof SLEEPS {
  const low = BigInt.asUintN(32, BigInt(given));
  const exitSignal = Number(low & BigInt(CSIGNAL));
  const flags = low & ~BigInt(CSIGNAL);
  return kernelClone(core, task, {
    flags: core.abi.pidfd ? flags : flags & ~BigInt(CLONE_PIDFD),
    exitSignal,
    ...(pidfd === undefined ? {} : { pidfd }),
  });
}

type KernelCloneArgs = CloneArgs & { readonly flags: bigint; readonly exitSignal: number };

/** kernel_clone(). */
export function kernelClone(
  core: Core,
  task: TaskStruct,
  args: KernelCloneArgs,
): number | typeof SLEEPS {
  const flags = has(args.flags, CLONE_EMPTY_MNTNS) ? args.flags | BigInt(CLONE_NEWNS) : args.flags;
  const refused = refusal(core, task, flags, args.exitSignal);
  if (refused < 0) return refused;
  if (hasSignals(task) && !task.kernelThread) {
    // ERESTARTNOINTR: signals first, so that none is meant for parent and child, and then all over again.
    const retry = (): number | undefined => {
      const result = kernelClone(core, task, args);
      return result === SLEEPS ? undefined : result;
    };
    task.sleep = { call: 'clone', killable: false, interrupted: true, always: true, retry };
    core.defer('signals', task);
    return SLEEPS;
  }
  const child = copyProcess(core, task, { ...args, flags });
  if (typeof child === 'number') return child;
  if (args.born !== undefined) args.born.child = child;

  const nr = nrIn(child.pid, nsOf(task));
  if (!has(flags, CLONE_VFORK)) return nr;
  child.vforkParent = task;
  const retry = (): number | undefined => (child.vforkParent === task ? undefined : nr);
  task.sleep = { call: 'vfork', killable: true, retry };
  core.log(task, `sleeps until ${nameOf(child)} has left its memory`, 'wait_for_vfork_done');
  return SLEEPS;
}

function refuse(core: Core, task: TaskStruct, why: string, error: number = errno.EINVAL): number {
  core.log(task, `is refused: ${why}`, 'clone3_args_valid, copy_process');
  return -error;
}

/** The first half of copy_process(): every rule, in its order; nothing has been made yet. */
function refusal(core: Core, task: TaskStruct, flags: bigint, exitSignal: number): number {
  const on = (flag: number): boolean => has(flags, flag);
  const no = (why: string, error?: number): number => refuse(core, task, why, error);
  const { abi } = core;

  if (on(CLONE_NEWNS) && on(CLONE_FS)) return no('CLONE_NEWNS with CLONE_FS');
  if (on(CLONE_NEWUSER) && on(CLONE_FS)) return no('CLONE_NEWUSER with CLONE_FS');
  if (on(CLONE_THREAD) && !on(CLONE_SIGHAND)) return no('CLONE_THREAD without CLONE_SIGHAND');
  if (on(CLONE_SIGHAND) && !on(CLONE_VM)) return no('CLONE_SIGHAND without CLONE_VM');
  if (on(CLONE_PARENT) && task.process.flags.unkillable) {
    return no('CLONE_PARENT of an init: its sibling would have no parent here');
  }
  if (on(CLONE_THREAD) && (on(CLONE_NEWUSER) || on(CLONE_NEWPID))) {
    return no('CLONE_THREAD with a namespace of its own');
  }
  if (on(CLONE_PIDFD) && on(CLONE_DETACHED) && abi.pidfd) return no('CLONE_PIDFD, CLONE_DETACHED');
  if (on(CLONE_AUTOREAP)) {
    if (on(CLONE_THREAD)) return no('CLONE_AUTOREAP is of a process, not of a thread');
    if (on(CLONE_PARENT) && abi.parentRefused) return no('CLONE_AUTOREAP with CLONE_PARENT');
    if (exitSignal !== 0) return no('CLONE_AUTOREAP with an exit signal');
  }
  if (on(CLONE_PARENT) && task.process.autoreap && abi.parentRefused) {
    return no('CLONE_PARENT of who is reaped: the child would be a zombie that tells nobody');
  }
  if (on(CLONE_NNP) && on(CLONE_THREAD)) return no('CLONE_NNP of a thread');
  if (on(CLONE_PIDFD_AUTOKILL)) {
    if (!on(CLONE_PIDFD)) return no('CLONE_PIDFD_AUTOKILL without CLONE_PIDFD');
    if (!on(CLONE_AUTOREAP)) return no('CLONE_PIDFD_AUTOKILL without CLONE_AUTOREAP');
    if (!on(CLONE_NNP) && !task.cred.caps) {
      return no('CLONE_PIDFD_AUTOKILL could kill a setuid program: CLONE_NNP', errno.EPERM);
    }
  }
  return 0;
}

/** copy_process(). */
function copyProcess(core: Core, task: TaskStruct, args: KernelCloneArgs): TaskStruct | number {
  const { flags, exitSignal } = args;
  const on = (flag: number): boolean => has(flags, flag);
  const { cred } = task;
  const isLimited = cred.uid !== 0 && !cred.caps;
  if (isLimited && countOf(core, cred.uid) >= task.process.rlimits.nproc) {
    return refuse(core, task, 'RLIMIT_NPROC', errno.EAGAIN);
  }
  if ((on(CLONE_NEWPID) || on(CLONE_NEWNS)) && !on(CLONE_NEWUSER) && !cred.caps) {
    return refuse(core, task, 'a namespace needs CAP_SYS_ADMIN', errno.EPERM);
  }
  const ns: PidNamespace = on(CLONE_NEWPID) ? newNamespace(nsOf(task)) : nsOf(task);
  const pid = allocPid(core, ns);
  if (typeof pid === 'number') return refuse(core, task, 'no number is free', -pid);

  // From here on the number of the pidfd is reserved, and written, before what may still fail.
  let fd = -1;
  if (on(CLONE_PIDFD)) {
    fd = unusedFd(task);
    if (fd >= 0 && args.pidfd === BAD_ADDRESS) fd = -errno.EFAULT;
    if (fd >= 0 && args.pidfd === undefined) fd = -errno.EFAULT;
    if (fd < 0) {
      freePid(pid);
      return refuse(core, task, 'no descriptor for the pidfd', -fd);
    }
    (args.pidfd as PidfdPointer).value = fd;
  }
  if (core.tasks.size >= core.pidsMax) {
    freePid(pid);
    return refuse(core, task, 'pids.max of its cgroup', errno.EAGAIN);
  }

  const child = newTask(core, task, pid, flags, exitSignal);
  if (on(CLONE_PIDFD)) {
    const autokill = on(CLONE_PIDFD_AUTOKILL);
    install(task, fd, newFile('pidfd', pid, { autokill, thread: on(CLONE_THREAD) }), true);
  }
  if (args.clonefd !== undefined) {
    install(task, args.clonefd.fd, args.clonefd.file, args.clonefd.cloexec);
  }
  core.log(task, `creates ${describe(child, flags)}`, 'copy_process');
  core.touch(child);
  return child;
}

/** Threads of a user. */
function countOf(core: Core, uid: number): number {
  let count = 0;
  for (const task of core.tasks.values()) if (task.cred.uid === uid) count++;
  return count;
}

function describe(child: TaskStruct, flags: bigint): string {
  if (has(flags, CLONE_THREAD)) return nameOf(child);
  const how = has(flags, CLONE_AUTOREAP)
    ? 'that is reaped by the kernel'
    : child.exitSignal === 0
      ? 'that will send no signal'
      : `that will send ${signalName(child.exitSignal)}`;
  return `${nameOf(child)}, ${how}`;
}

/** The second half of copy_process(): what is copied, shared, and reset. */
function newTask(
  core: Core,
  task: TaskStruct,
  pid: StructPid,
  flags: bigint,
  exitSignal: number,
): TaskStruct {
  const on = (flag: number): boolean => has(flags, flag);
  const thread = on(CLONE_THREAD);
  const sibling = on(CLONE_PARENT) || thread;
  const process = thread ? task.process : copyProcessState(task);

  const child: TaskStruct = {
    ...newState(),
    pid,
    process,
    sighand: on(CLONE_SIGHAND) ? task.sighand : copySighand(task, on(CLONE_CLEAR_SIGHAND)),
    files: on(CLONE_FILES) ? shareFiles(task) : copyFiles(filesOf(task)),
    cred: task.cred,
    exitSignal: thread ? -1 : sibling ? task.process.leader.exitSignal : exitSignal,
    realParent: sibling ? task.realParent : task,
    parent: sibling ? task.realParent : task,
    noNewPrivs: task.noNewPrivs || on(CLONE_NNP),
    forkNoExec: true,
    selfExecId: task.selfExecId,
    parentExecId: sibling ? task.parentExecId : task.selfExecId,
    blocked: new Set(task.blocked),
  };
  // The v2 of February 2026 let a sibling be made so: a child of our parent that is reaped by the kernel.
  if (on(CLONE_AUTOREAP)) child.exitSignal = 0;
  if (on(CLONE_PTRACE) && task.ptrace !== undefined) {
    ptraceLink(child, task.parent, task.ptrace);
    if (task.ptrace.seized) child.jobctl.trapStop = true;
    else child.pending.push(kernelInfo(signals.SIGSTOP));
    core.defer('signals', child);
  }

  pid.task = child;
  process.threads.push(child);
  process.quickThreads++;
  process.live++;
  core.tasks.set(globalNr(pid), child);
  if (thread) {
    joinGroupStop(core, task, child);
    return child;
  }
  process.leader = process.currTarget = child;
  pid.isTgid = true;
  process.pgrp.pgrp.add(child);
  process.session.session.add(child);
  const ns = nsOf(child);
  if (ns.childReaper === undefined) {
    ns.childReaper = child;
    process.flags.unkillable = true;
  }
  const parent = child.realParent.process;
  process.hasChildSubreaper = parent.hasChildSubreaper || parent.isChildSubreaper;
  process.autoreap = on(CLONE_AUTOREAP);
  child.realParent.children.push(child);
  return child;
}

/** task_join_group_stop(): a thread that is born into a process that stops, or has stopped, stops too. */
function joinGroupStop(core: Core, task: TaskStruct, child: TaskStruct): void {
  const { process } = task;
  if (process.groupStopCount > 0) {
    process.groupStopCount++;
    child.jobctl.stopConsume = true;
  } else if (!process.flags.stopStopped) {
    return;
  }
  child.jobctl.stopPending = true;
  child.jobctl.stopSignal = task.jobctl.stopSignal;
  core.defer('signals', child);
}

/** copy_signal(), copy_mm(). */
function copyProcessState(task: TaskStruct): Process {
  const from = task.process;
  return {
    threads: [],
    leader: task, // Until the child is there.
    flags: {
      ...{ stopStopped: false, stopContinued: false, groupExit: false, unkillable: false },
      cld: undefined,
    },
    groupExitCode: 0,
    groupStopCount: 0,
    groupExecTask: undefined,
    quickThreads: 0,
    live: 0,
    sharedPending: [],
    currTarget: task,
    autoreap: false,
    isChildSubreaper: false,
    hasChildSubreaper: false,
    sessionLeader: false,
    pgrp: from.pgrp,
    session: from.session,
    rlimits: { ...from.rlimits },
    comm: from.comm,
    dumpable: from.dumpable,
    waitedFor: 0,
    clonefd: undefined,
  };
}

/** copy_sighand(). CLONE_CLEAR_SIGHAND resets handlers, and leaves what is ignored ignored. */
function copySighand(task: TaskStruct, clear: boolean): TaskStruct['sighand'] {
  const copy = newSighand();
  for (const [signo, action] of task.sighand.action.entries()) {
    copy.action[signo] = clear && action.handler === 'catch' ? SIG_DFL : action;
  }
  return copy;
}

function shareFiles(task: TaskStruct): NonNullable<TaskStruct['files']> {
  const files = filesOf(task);
  files.count++;
  return files;
}
