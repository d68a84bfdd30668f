// A thread, and the system calls that it makes: one method each, under the call's own name. Long, and flat.
import { object, whole, word } from './arguments';
import { clone, clone3, type CloneArgs, type PidfdPointer } from './clone';
import { errno, signals, SI_TKILL, type BAD_ADDRESS, type SLEEPS } from './constants';
import type { Core } from './core';
import { dropCapabilities, prctl, setuid } from './cred';
import { execve } from './exec';
import { doExit, doGroupExit } from './exit';
import { close, dup, dup2, getfl, setfl } from './files';
import { getGroup, setpgid, setsid } from './jobs';
import {
  clone4,
  daemonize,
  kernelThread,
  readClonefd,
  reparentToInit,
  type Clone4Args,
  type ClonefdInfo,
} from './past';
import {
  pidfdGetfd,
  pidfdGetInfo,
  pidfdOpen,
  pidfdSendSignal,
  poll,
  type PidfdInfo,
} from './pidfd';
import { ptrace } from './ptrace';
import {
  cannotBeCaught,
  groupSendSigInfo,
  ignoredByDefault,
  killPgrpInfo,
  flush,
  validSignal,
} from './signal';
import { globalNr, nrIn, nsOf, type SigAction, type SigInfo, type TaskStruct } from './struct';
import { wait4, waitid, type Waited, type WaitInfo } from './wait';

/** `>= 0`, or `-errno`. */
export type SyscallResult = number;

/** What ModelKernel lends its tasks. */
export interface Machine {
  readonly core: Core;
  /** What follows from a call, at once unless the machine is `stepwise`. */
  after(): void;
}

/** ps(1)'s letter: running, asleep in a call, stopped, held for a tracer, zombie, dead. */
export type TaskState = 'R' | 'S' | 'T' | 't' | 'Z' | 'X';

/**
 * A thread. Each method is a system call that it makes, and returns `>= 0` or `-errno`, or what the kernel
 * would write to memory. One that has to sleep returns SLEEPS, and `takeResult()` has its result later.
 *
 * Only who runs can call: asking it of the dead, the stopped, the sleeping is a mistake in the scenario, and
 * throws.
 */
export class Task {
  readonly #machine: Machine;
  readonly #struct: TaskStruct;

  /** @internal */
  constructor(machine: Machine, struct: TaskStruct) {
    this.#machine = machine;
    this.#struct = struct;
  }

  /** The number that the outermost namespace knows it by. */
  get tid(): number {
    return globalNr(this.#struct.pid);
  }

  /** That of its process. */
  get pid(): number {
    return globalNr(this.#struct.process.leader.pid);
  }

  get state(): TaskState {
    const { exitState, released, run, sleep } = this.#struct;
    if (this.#machine.core.panic !== undefined) return 'X';
    if (released || exitState === 'dead') return 'X';
    if (exitState === 'zombie') return 'Z';
    if (run !== 'running') return run === 'stopped' ? 'T' : 't';
    return sleep === undefined ? 'R' : 'S';
  }

  /** The call that it sleeps in. */
  get sleepsIn(): string | undefined {
    return this.#struct.sleep?.call;
  }

  /** Whether it can make a system call now. */
  get canRun(): boolean {
    return this.state === 'R' && !this.#struct.exiting;
  }

  /** The result of a call that slept, once; undefined while it sleeps. */
  takeResult(): unknown {
    const { result } = this.#struct;
    this.#struct.result = undefined;
    return result;
  }

  /** What its handlers have caught since the last time. */
  takeSignals(): SigInfo[] {
    return this.#struct.caught.splice(0);
  }

  // --- Births, programs, ends ---------------------------------------------------------------------

  /** clone3(2). With CLONE_PIDFD, `args.pidfd.value` is written, even if the call then fails. */
  clone3(args: CloneArgs): SyscallResult | typeof SLEEPS {
    object('clone3', 'args', args);
    return this.#call((core, task) => clone3(core, task, args));
  }

  /** clone(2): the low byte of `flags` is the exit signal, bits above 31 are dropped. */
  clone(
    flags: number | bigint,
    pidfd?: PidfdPointer | typeof BAD_ADDRESS,
  ): SyscallResult | typeof SLEEPS {
    return this.#call((core, task) => clone(core, task, flags, pidfd));
  }

  /** fork(2). */
  fork(): SyscallResult {
    return this.clone(signals.SIGCHLD) as SyscallResult;
  }

  /** vfork(2): sleeps until the child has exec'd or is dead. */
  vfork(): SyscallResult | typeof SLEEPS {
    return this.clone(0x4100 + signals.SIGCHLD);
  }

  /** execve(2) of what ModelKernel.install() put there. */
  execve(path: string): SyscallResult | typeof SLEEPS {
    if (typeof path !== 'string')
      throw new TypeError(`execve: path has to be a string, not ${String(path)}.`);
    return this.#call((core, task) => execve(core, task, path));
  }

  /** exit(2): this thread. _exit(3) and `return` from main are exitGroup. */
  exit(code = 0): void {
    whole('exit', { code });
    this.#call((core, task) => doExit(core, task, (code & 0xff) << 8));
  }

  /** exit_group(2): the process. */
  exitGroup(code = 0): void {
    whole('exit_group', { code });
    this.#call((core, task) => doGroupExit(core, task, (code & 0xff) << 8));
  }

  // --- Signals ------------------------------------------------------------------------------------

  /** kill(2). */
  kill(pid: number, signo: number): SyscallResult {
    whole('kill', { pid, signo });
    return this.#call((core, task) => {
      if (pid === -(2 ** 31)) return -errno.ESRCH;
      const ns = nsOf(task);
      if (pid > 0) {
        const target = core.find(pid, ns);
        return target === undefined ? -errno.ESRCH : groupSendSigInfo(core, task, signo, target);
      }
      if (pid !== -1) {
        const group = pid === 0 ? task.process.pgrp : core.findPid(-pid, ns);
        return killPgrpInfo(core, task, signo, group);
      }
      return killAll(core, task, signo);
    });
  }

  /** tgkill(2): one thread. */
  tgkill(tgid: number, tid: number, signo: number): SyscallResult {
    whole('tgkill', { tgid, tid, signo });
    return this.#call((core, task) => {
      if (tgid <= 0 || tid <= 0) return -errno.EINVAL;
      const target = core.find(tid, nsOf(task));
      if (target === undefined || nrIn(target.process.leader.pid, nsOf(task)) !== tgid) {
        return -errno.ESRCH;
      }
      return groupSendSigInfo(core, task, signo, target, 'thread', SI_TKILL);
    });
  }

  /** rt_sigaction(2). */
  rtSigaction(signo: number, action: Omit<SigAction, 'flags'> & { flags?: number }): SyscallResult {
    object('rt_sigaction', 'action', action);
    whole('rt_sigaction', { signo, flags: action.flags ?? 0 });
    word('rt_sigaction', 'handler', action.handler, ['default', 'ignore', 'catch']);
    return this.#call((_, task) => {
      if (!validSignal(signo) || signo < 1 || cannotBeCaught(signo)) return -errno.EINVAL;
      const { handler, flags = 0 } = action;
      task.sighand.action[signo] = { handler, flags };
      // What it would not even queue is taken out of the queue.
      const ignored = handler === 'ignore' || (handler === 'default' && ignoredByDefault(signo));
      if (ignored) flush(task.process, (pending) => pending === signo);
      return 0;
    });
  }

  /** rt_sigprocmask(2). SIGKILL and SIGSTOP cannot be blocked. */
  rtSigprocmask(how: 'block' | 'unblock' | 'set', signos: readonly number[]): SyscallResult {
    word('rt_sigprocmask', 'how', how, ['block', 'unblock', 'set']);
    const isList: boolean = Array.isArray(signos);
    if (!isList) throw new TypeError('rt_sigprocmask: signos has to be an array.');
    for (const signo of signos) whole('rt_sigprocmask', { signo });
    return this.#call((core, task) => {
      const before = task.blocked;
      task.blocked = new Set(how === 'set' ? [] : before);
      for (const signo of signos) {
        if (how === 'unblock') task.blocked.delete(signo);
        else if (!cannotBeCaught(signo)) task.blocked.add(signo);
      }
      // __set_current_blocked(): a mask that stays what it was is no reason to look at the queue, where something may
      // be waiting for another thread.
      const stays =
        before.size === task.blocked.size && [...before].every((n) => task.blocked.has(n));
      if (!stays) core.defer('signals', task);
      return 0;
    });
  }

  /** rt_sigpending(2): what is blocked and waits, in rising order. */
  rtSigpending(): number[] {
    return this.#call((_, task) => {
      const waiting = [...task.pending, ...task.process.sharedPending].map(({ signo }) => signo);
      return [...new Set(waiting)].filter((signo) => task.blocked.has(signo)).sort((a, b) => a - b);
    });
  }

  // --- Waits --------------------------------------------------------------------------------------

  /** wait4(2). 0 with WNOHANG: not yet. */
  wait4(pid: number, options: number): Waited | SyscallResult | typeof SLEEPS {
    whole('wait4', { pid, options });
    return this.#call((core, task) => wait4(core, task, pid, options >>> 0));
  }

  /** waitid(2). 0 with WNOHANG: not yet. */
  waitid(idtype: number, id: number, options: number): WaitInfo | SyscallResult | typeof SLEEPS {
    whole('waitid', { idtype, id, options });
    return this.#call((core, task) => waitid(core, task, idtype, id, options >>> 0));
  }

  // --- Who it is ----------------------------------------------------------------------------------

  /** getpid(2), as its own namespace counts. */
  getpid(): number {
    return this.#call((_, task) => nrIn(task.process.leader.pid, nsOf(task)));
  }

  /** gettid(2). */
  gettid(): number {
    return this.#call((_, task) => nrIn(task.pid, nsOf(task)));
  }

  /** getppid(2): 0 where the parent is in an outer namespace. */
  getppid(): number {
    return this.#call((_, task) =>
      task.realParent === task ? 0 : nrIn(task.realParent.process.leader.pid, nsOf(task)),
    );
  }

  /** setpgid(2). */
  setpgid(pid: number, pgid: number): SyscallResult {
    whole('setpgid', { pid, pgid });
    return this.#call((core, task) => setpgid(core, task, pid, pgid));
  }

  /** setsid(2). */
  setsid(): SyscallResult {
    return this.#call((core, task) => setsid(core, task));
  }

  /** getpgid(2). */
  getpgid(pid = 0): SyscallResult {
    whole('getpgid', { pid });
    return this.#call((core, task) => getGroup(core, task, pid, 'pgrp'));
  }

  /** getsid(2). */
  getsid(pid = 0): SyscallResult {
    whole('getsid', { pid });
    return this.#call((core, task) => getGroup(core, task, pid, 'session'));
  }

  /** setuid(2). */
  setuid(uid: number): SyscallResult {
    whole('setuid', { uid });
    return this.#call((_, task) => setuid(task, uid));
  }

  /** getuid(2). */
  getuid(): number {
    return this.#call((_, task) => task.cred.uid);
  }

  /** geteuid(2). */
  geteuid(): number {
    return this.#call((_, task) => task.cred.euid);
  }

  /** Whether it may what root may: the model knows all capabilities, or none. */
  hasCapabilities(): boolean {
    return this.#struct.cred.caps;
  }

  /** capset(2), of no capability at all. */
  dropCapabilities(): SyscallResult {
    return this.#call((_, task) => dropCapabilities(task));
  }

  /** setrlimit(2): RLIMIT_NOFILE, RLIMIT_NPROC. */
  setrlimit(resource: 'NOFILE' | 'NPROC', limit: number): SyscallResult {
    word('setrlimit', 'resource', resource, ['NOFILE', 'NPROC']);
    if (limit !== Infinity) whole('setrlimit', { limit }); // RLIM_INFINITY
    return this.#call((_, task) => {
      task.process.rlimits[resource === 'NOFILE' ? 'nofile' : 'nproc'] = limit;
      return 0;
    });
  }

  /** prctl(2): PDEATHSIG, CHILD_SUBREAPER and NO_NEW_PRIVS. The GET ones return their value. */
  prctl(option: number, arg = 0): SyscallResult {
    whole('prctl', { option, arg });
    return this.#call((core, task) => prctl(core, task, option, arg));
  }

  /** ptrace(2): TRACEME, ATTACH, SEIZE (`data`: options), INTERRUPT, CONT and DETACH (`data`: a signal). */
  ptrace(request: number, pid = 0, data = 0): SyscallResult | typeof SLEEPS {
    whole('ptrace', { request, pid, data });
    return this.#call((core, task) => ptrace(core, task, request, pid, data));
  }

  // --- Descriptors --------------------------------------------------------------------------------

  /** pidfd_open(2). */
  pidfdOpen(pid: number, flags = 0): SyscallResult {
    whole('pidfd_open', { pid, flags });
    return this.#call((core, task) => pidfdOpen(core, task, pid, flags));
  }

  /** pidfd_send_signal(2). */
  pidfdSendSignal(pidfd: number, signo: number, flags = 0): SyscallResult {
    whole('pidfd_send_signal', { pidfd, signo, flags });
    return this.#call((core, task) => pidfdSendSignal(core, task, pidfd, signo, flags));
  }

  /** ioctl_pidfd(2): PIDFD_GET_INFO. */
  pidfdGetInfo(pidfd: number, mask: number): PidfdInfo | SyscallResult {
    whole('PIDFD_GET_INFO', { pidfd, mask });
    return this.#call((core, task) => pidfdGetInfo(core, task, pidfd, mask));
  }

  /** pidfd_getfd(2). */
  pidfdGetfd(pidfd: number, fd: number, flags = 0): SyscallResult {
    whole('pidfd_getfd', { pidfd, fd, flags });
    return this.#call((core, task) => pidfdGetfd(core, task, pidfd, fd, flags));
  }

  /** poll(2) of one descriptor, at once: POLLIN, POLLHUP, POLLNVAL. */
  poll(fd: number): number {
    whole('poll', { fd });
    return this.#call((_, task) => poll(task, fd));
  }

  /** fstat(2) of a pidfd: its inode, the same for every pidfd of a process, and never another's. */
  inode(fd: number): number {
    whole('fstat', { fd });
    return this.#call((_, task) => task.files?.fds.get(fd)?.file.pid?.inode ?? -errno.EBADF);
  }

  /** dup(2). */
  dup(fd: number): SyscallResult {
    whole('dup', { fd });
    return this.#call((_, task) => dup(task, fd));
  }

  /** dup2(2). */
  dup2(fd: number, to: number): SyscallResult {
    whole('dup2', { fd, to });
    return this.#call((core, task) => dup2(core, task, fd, to));
  }

  /** close(2). */
  close(fd: number): SyscallResult {
    whole('close', { fd });
    return this.#call((core, task) => close(core, task, fd));
  }

  /** F_GETFL(2const). */
  fcntlGetfl(fd: number): SyscallResult {
    whole('fcntl', { fd });
    return this.#call((_, task) => getfl(task, fd));
  }

  /** F_SETFL(2const): O_NONBLOCK. */
  fcntlSetfl(fd: number, flags: number): SyscallResult {
    whole('fcntl', { fd, flags });
    return this.#call((_, task) => setfl(task, fd, flags));
  }

  // --- Other histories ----------------------------------------------------------------------------

  /** clone4(), `'clone4-2015'`. `args.clonefd.value` is written. */
  clone4(
    flagsHigh: number,
    flagsLow: number,
    argsSize: number,
    args: Clone4Args = {},
  ): SyscallResult | typeof SLEEPS {
    return this.#call((core, task) => clone4(core, task, flagsHigh, flagsLow, argsSize, args));
  }

  /** read(2) of a clonefd, `'clone4-2015'`. */
  read(fd: number): ClonefdInfo | SyscallResult | typeof SLEEPS {
    whole('read', { fd });
    return this.#call((_, task) => readClonefd(task, fd));
  }

  /** kernel_thread(), `'linux-2.4'`. */
  kernelThread(flags = 0): SyscallResult {
    whole('kernel_thread', { flags });
    return this.#call((core, task) => kernelThread(core, task, flags));
  }

  /** daemonize(), `'linux-2.4'`: as it was. */
  daemonize(): SyscallResult {
    return this.#call((core, task) => daemonize(core, task));
  }

  /** reparent_to_init(), `'linux-2.4'`: what daemonize() was to do besides. */
  reparentToInit(): SyscallResult {
    return this.#call((core, task) => reparentToInit(core, task));
  }

  #call<T>(body: (core: Core, task: TaskStruct) => T): T {
    if (this.#machine.core.panic !== undefined) throw this.#machine.core.panic;
    if (!this.canRun) throw new Error(`${this.tid} cannot make a system call: ${this.#why()}`);
    const { core } = this.#machine;
    core.current = this.#struct;
    let result: T;
    try {
      result = body(core, this.#struct);
    } catch (error) {
      if (core.panic !== undefined) this.#machine.after();
      throw error;
    } finally {
      core.current = undefined;
    }
    this.#machine.after();
    return result;
  }

  #why(): string {
    switch (this.state) {
      case 'S':
        return `it sleeps in ${this.sleepsIn ?? 'a call'}. Another task has to do something first.`;
      case 'T':
        return 'it is stopped. Another task has to send it SIGCONT.';
      case 't':
        return 'it is held for its tracer, which has to PTRACE_CONT it.';
      default:
        return 'it is dead.';
    }
  }
}

/** kill(-1): everybody whom it may, but an init and itself. */
function killAll(core: Core, task: TaskStruct, signo: number): number {
  let count = 0;
  let result = 0;
  for (const other of [...core.tasks.values()]) {
    const leader = other.process.leader === other;
    if (!leader || other.process === task.process || nrIn(other.pid, nsOf(task)) <= 1) continue;
    count++;
    const error = groupSendSigInfo(core, task, signo, other);
    if (error !== -errno.EPERM) result = error;
  }
  return count === 0 ? -errno.ESRCH : result;
}
