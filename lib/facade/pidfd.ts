// Pidfd, and what it tells: a third of the file says what each of its fields means, and from which kernel on.
import { constants } from 'node:os';
import { inspect } from 'node:util';
import {
  PIDFD_INFO_CGROUPID,
  PIDFD_INFO_EXIT,
  PIDFD_INFO_PID,
  PIDFD_SIGNAL_PROCESS_GROUP,
  Watch,
  type Fd,
  type SyscallResult,
  type WatchId,
} from '../backend/interface';
import {
  errnoError,
  illegalConstructor,
  invalidArgType,
  outOfRange,
  unknownSignal,
  unsupportedError,
} from '../errors';
import { nowMs } from '../time';
import { decodeWaitStatus } from '../policy/wait-status';
import { exitRecord, type ExitRecord } from './exit-record';
import { integer } from './options';
import { defaultSystem, type System } from './system';

const { EBADF, EINVAL, EPERM, ESRCH } = constants.errno;

/** What the kernel says of a process. @see ioctl_pidfd(2), PIDFD_GET_INFO */
export interface ProcessInfo {
  /** Undefined once the process was reaped: it has no number any more. */
  readonly pid?: number;
  readonly ppid?: number;
  /** Real, effective, saved and filesystem ids. */
  readonly ids?: {
    readonly ruid: number;
    readonly euid: number;
    readonly suid: number;
    readonly fsuid: number;
    readonly rgid: number;
    readonly egid: number;
    readonly sgid: number;
    readonly fsgid: number;
  };
  readonly cgroupId?: bigint;
  /** Once reaped (Linux 6.15). */
  readonly exit?: {
    readonly wstatus: number;
    readonly exitCode: number | null;
    readonly signalCode: NodeJS.Signals | null;
    readonly coreDumped: boolean;
  };
}

/** How a child lends its pidfd: it stays the child's to close. */
interface Lent {
  readonly exited: Promise<ExitRecord>;
  reference(on: boolean): void;
}

const openOn = Symbol('openOn');
const lend = Symbol('lend');
const giveUp = Symbol('giveUp');

/**
 * A process, by a descriptor that names it and nobody else: a number can be given to a stranger once
 * its process is reaped, a pidfd cannot. Works for processes that are not our children.
 *
 * Owns its descriptor: `close()` it, or use `using`. That of a child is the child's, and closes when
 * its exit is known. @see pidfd_open(2)
 */
export class Pidfd implements Disposable {
  /** The number it was opened by. Another process may have it once this one is reaped. */
  readonly pid: number;
  #fd: Fd;
  readonly #system: System;
  #lent: Lent | undefined;
  #watch: WatchId | undefined;
  #exited: Promise<ExitRecord> | undefined;
  #abandon: ((error: Error) => void) | undefined;
  #referenced = true;

  private constructor(system: System, pid: number, fd: Fd) {
    if (typeof (system as unknown) !== 'object') {
      throw illegalConstructor('Pidfd', 'Pidfd.open(pid) makes one');
    }
    this.#system = system;
    this.pid = pid;
    this.#fd = fd;
  }

  /**
   * @throws `ESRCH` if there is no such process, `ENOENT` or `EINVAL` if `pid` is a thread,
   * `EMFILE`; `ENOSYS` or `EPERM` where the call is refused; `ERR_AUTOREAP_UNSUPPORTED` off Linux.
   * @see pidfd_open(2)
   */
  static open(pid: number): Pidfd {
    return Pidfd[openOn](defaultSystem(), pid);
  }

  /** @internal */
  static [openOn](system: System | Error, pid: number): Pidfd {
    if (integer('pid', pid, 1, 2 ** 31 - 1) === undefined) {
      throw invalidArgType('pid', 'of type number', pid);
    }
    if (system instanceof Error) {
      throw unsupportedError('Pidfd.open', 'the native addon', undefined, `${system.message}.`);
    }
    const fd = system.backend.pidfdOpen(pid, 0, true);
    const hint = fd === -ESRCH ? { hint: 'no process has this pid, or not any more' } : {};
    if (fd < 0) throw errnoError(fd, 'pidfd_open', { pid, ...hint });
    return new Pidfd(system, pid, fd);
  }

  /** @internal A child's. */
  static [lend](system: System, pid: number, fd: Fd, lent: Lent): Pidfd {
    const pidfd = new Pidfd(system, pid, fd);
    pidfd.#lent = lent;
    return pidfd;
  }

  /** @internal The child has closed it. */
  [giveUp](): void {
    this.#fd = -1;
  }

  /** The descriptor, O_CLOEXEC; -1 once closed. It stays ours: do not close it by number. */
  get fd(): Fd {
    return this.#fd;
  }

  /**
   * The inode on pidfs: never used twice while the system runs, so it tells processes apart where pids
   * cannot. Undefined before Linux 6.9, or once closed.
   */
  get inode(): bigint | undefined {
    if (this.#fd < 0) return undefined;
    const inode = this.#system.backend.pidfdInode(this.#fd);
    return typeof inode === 'bigint' ? inode : undefined;
  }

  /**
   * @throws `ENOTTY` or `EINVAL` before Linux 6.13, `ESRCH` if the process is gone and this kernel
   * does not keep its exit, `EREMOTE` if it is outside our pid namespace, `EBADF` once closed.
   */
  info(): ProcessInfo {
    const fields = this.#system.backend.pidfdGetInfo(this.#open('PIDFD_GET_INFO'), PIDFD_INFO_EXIT);
    if (typeof fields === 'number') {
      throw errnoError(fields, 'PIDFD_GET_INFO', { pid: this.pid });
    }
    const { mask, pid, ppid, cgroupid, exitCode: wstatus, tgid, ...ids } = fields;
    void tgid; // The same as pid, for this is never a thread's.
    const status = decodeWaitStatus(wstatus);
    return {
      ...((mask & PIDFD_INFO_PID) === 0 ? {} : { pid, ppid, ids: pick(ids) }),
      ...((mask & PIDFD_INFO_CGROUPID) === 0 ? {} : { cgroupId: cgroupid }),
      ...((mask & PIDFD_INFO_EXIT) === 0
        ? {}
        : {
            exit: {
              wstatus,
              exitCode: status.exitCode,
              signalCode: status.signalCode,
              coreDumped: status.coreDumped,
            },
          }),
    };
  }

  /**
   * Sends a signal; never to a stranger, whatever became of the pid. Signal 0 only checks. With
   * `group`, to the process group that this process leads, even when it is dead itself (Linux 6.9);
   * for that, hold a pidfd of your own, since a child's closes with its exit.
   * @returns false if there is nobody left to receive it.
   * @throws `EPERM`; `EBADF` once closed; `EINVAL` for `group` before 6.9; `ENOSYS` where the call is refused: we never
   * signal by pid instead.
   * @see pidfd_send_signal(2)
   */
  signal(signal: NodeJS.Signals | number = 'SIGTERM', options: { group?: boolean } = {}): boolean {
    const signo = signalNumber(signal);
    if (this.#fd < 0) {
      // Of a child it says that the child is gone; its group, or a stranger, may live.
      if (this.#lent === undefined || options.group === true) this.#open('pidfd_send_signal');
      return false;
    }
    const flags = options.group === true ? PIDFD_SIGNAL_PROCESS_GROUP : 0;
    const result = this.#system.backend.pidfdSendSignal(this.#fd, signo, flags);
    if (result < 0 && result !== -ESRCH) {
      const hint =
        result === -EPERM ? { hint: 'only its user, root, or CAP_KILL may signal it' } : {};
      throw errnoError(result, 'pidfd_send_signal', { pid: this.pid, ...hint });
    }
    return result >= 0;
  }

  /**
   * The end of the process, once it is known: for a child as `child.exited`, for another process when
   * its parent has reaped it. Before Linux 6.13 nobody but the parent is told the status: then
   * `statusLost`, at its death. Keeps the event loop alive, see `unref`. Rejects if closed before.
   */
  get exited(): Promise<ExitRecord> {
    if (this.#lent !== undefined) return this.#lent.exited;
    this.#exited ??= this.#watchExit();
    return this.#exited;
  }

  /**
   * Duplicates a descriptor of that process into ours, O_CLOEXEC; the caller closes it.
   * @throws `EPERM` without PTRACE_MODE_ATTACH, `EBADF`, `ESRCH`. @see pidfd_getfd(2)
   */
  getfd(fd: Fd): Fd {
    if (integer('fd', fd, 0, 2 ** 31 - 1) === undefined) {
      throw invalidArgType('fd', 'of type number', fd);
    }
    return this.#check(
      this.#system.backend.pidfdGetfd(this.#open('pidfd_getfd'), fd, 0),
      'pidfd_getfd',
    );
  }

  /**
   * Frees the memory of a process that was killed and has not got round to it.
   * @throws `EINVAL` if it is not dying, `ESRCH` if it is gone. @see process_mrelease(2)
   */
  releaseMemory(): void {
    const pidfd = this.#open('process_mrelease');
    const result = this.#system.backend.processMrelease(pidfd, 0);
    const hint = result === -EINVAL ? { hint: 'it is not dying: kill it first' } : {};
    if (result < 0) throw errnoError(result, 'process_mrelease', { pid: this.pid, ...hint });
  }

  /** Whether a wait for `exited` keeps the event loop alive. It does at first. */
  ref(): this {
    return this.#reference(true);
  }

  unref(): this {
    return this.#reference(false);
  }

  /** Closes the descriptor. Does nothing to that of a child, which closes with its exit. */
  close(): void {
    if (this.#fd < 0 || this.#lent !== undefined) return;
    const { backend } = this.#system;
    const fd = this.#fd;
    this.#fd = -1; // First: whoever is cut off here and closes again must not close a stranger's.
    if (this.#watch === undefined) backend.close(fd);
    else backend.unwatch(this.#watch);
    this.#abandon?.(errnoError(EBADF, 'pidfd', { pid: this.pid, hint: 'closed before the exit' }));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [inspect.custom](): string {
    return `Pidfd { fd: ${String(this.#fd)}, pid: ${String(this.pid)} }`;
  }

  #reference(on: boolean): this {
    this.#referenced = on;
    if (this.#lent !== undefined) this.#lent.reference(on);
    else if (this.#watch !== undefined) this.#system.backend.refWatch(this.#watch, on);
    return this;
  }

  #watchExit(): Promise<ExitRecord> {
    const { backend } = this.#system;
    const startMs = nowMs();
    const promise = new Promise<ExitRecord>((resolve, reject) => {
      const pidfd = this.#open('pidfd');
      // A kernel that knows PIDFD_GET_INFO says HUP when the exit can be asked for. An older one
      // might never say it.
      const kind =
        typeof backend.pidfdGetInfo(pidfd, PIDFD_INFO_EXIT) === 'number' &&
        !this.#system.capabilities.has('PIDFD_GET_INFO')
          ? Watch.In
          : Watch.Hup;
      const watch = backend.watch(pidfd, kind, (end) => {
        this.#abandon = undefined;
        resolve(exitRecord(this.pid, startMs, end));
      });
      if (watch < 0) {
        reject(errnoError(watch, 'epoll_ctl', { pid: this.pid }));
        return;
      }
      this.#watch = watch;
      this.#abandon = reject;
      backend.refWatch(watch, this.#referenced);
    });
    // Closing is no accident that somebody must have handled.
    promise.catch(() => undefined);
    return promise;
  }

  #open(syscall: string): Fd {
    if (this.#fd < 0) throw errnoError(EBADF, syscall, { pid: this.pid, hint: 'it is closed' });
    return this.#fd;
  }

  #check(result: SyscallResult, syscall: string): number {
    if (result < 0) throw errnoError(result, syscall, { pid: this.pid });
    return result;
  }
}

/** @internal The same class, whose `open` asks another system: a bound class has the instances of its target. */
export function pidfdOn(system: System): typeof Pidfd {
  const open = (pid: number): Pidfd => Pidfd[openOn](system, pid);
  return Object.assign(Pidfd.bind(undefined), { open, prototype: Pidfd.prototype });
}

/** @internal */
export function lendPidfd(system: System, pid: number, fd: Fd, lent: Lent): Pidfd {
  return Pidfd[lend](system, pid, fd, lent);
}

/** @internal */
export function giveUpPidfd(pidfd: Pidfd): void {
  pidfd[giveUp]();
}

function pick(ids: NonNullable<ProcessInfo['ids']>): NonNullable<ProcessInfo['ids']> {
  const { ruid, euid, suid, fsuid, rgid, egid, sgid, fsgid } = ids;
  return { ruid, euid, suid, fsuid, rgid, egid, sgid, fsgid };
}

/** A signal's number; Node's errors. */
export function signalNumber(signal: NodeJS.Signals | number): number {
  if (typeof signal === 'number') {
    if (!Number.isInteger(signal) || signal < 0 || signal > 64) {
      throw outOfRange('signal', 'an integer >= 0 && <= 64', signal);
    }
    return signal;
  }
  if (typeof signal !== 'string') {
    throw invalidArgType('signal', 'of type string or number', signal);
  }
  const signo = constants.signals[signal] as number | undefined;
  if (signo === undefined) throw unknownSignal(signal);
  return signo;
}
