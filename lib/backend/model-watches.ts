import { constants } from 'node:os';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import {
  CLD_DUMPED,
  CLD_EXITED,
  PIDFD_INFO_EXIT,
  PIDFD_INFO_PID,
  POLLHUP,
  POLLIN,
  P_PIDFD,
  WEXITED,
  WNOHANG,
  __WALL,
  errno,
} from '../model/constants';
import type { ModelKernel } from '../model/kernel';
import type { Task } from '../model/task';
import { nowMs, setImmediate } from '../time';
import {
  Watch,
  type End,
  type Fd,
  type OnEnd,
  type Rusage,
  type SyscallResult,
  type WatchId,
} from './interface';
import { resultHere, wstatusHere } from './model-numbers';
import { isDead } from './model-task';

interface Watched {
  readonly pidfd: Fd;
  /**
   * Whom it names; null if that is gone, undefined while we could not ask. Only to see that nothing can have
   * happened: asking costs a call.
   */
  task: Task | null | undefined;
  readonly kind: Watch;
  readonly wantsRusage: boolean;
  /** Undefined once it has been told, or is not to be. */
  onEnd: OnEnd | undefined;
  referenced: boolean;
  end: End | undefined;
}

/** There is no clock in the model, and so nothing is used. */
export const NOTHING_USED: Rusage = {
  ...{ utimeUs: 0, stimeUs: 0, maxrssKib: 0, minflt: 0, majflt: 0 },
  ...{ inblock: 0, oublock: 0, nvcsw: 0, nivcsw: 0 },
};

/** What native/watcher.cc is for the kernel under us: a thread of ours that learns of every end, and reaps. */
export class Watches {
  readonly #kernel: ModelKernel;
  readonly #thread: Task;
  readonly #whenAble: (call: (self: Task) => unknown) => void;
  readonly #watched = new Map<WatchId, Watched>();
  /** The watches of a process, by its number: those who have not told yet. */
  readonly #byPid = new Map<number, Set<WatchId>>();
  #next = 1;
  #referenced = 0;
  #keepsAlive: MessagePort | undefined;

  constructor(
    kernel: ModelKernel,
    thread: Task,
    whenAble: (call: (self: Task) => unknown) => void,
  ) {
    this.#kernel = kernel;
    this.#thread = thread;
    this.#whenAble = whenAble;
  }

  add(pidfd: Fd, kind: Watch, onEnd: OnEnd, wantsRusage = false): WatchId {
    const watch = this.#next++;
    const watched = { pidfd, task: undefined, kind, wantsRusage, onEnd, referenced: true };
    this.#watched.set(watch, { ...watched, end: undefined });
    this.#count(1);
    this.#lookAt(watch, this.#watched.get(watch));
    return watch;
  }

  remove(watch: WatchId): SyscallResult {
    const watched = this.#watched.get(watch);
    if (watched === undefined) return -constants.errno.EBADF;
    watched.onEnd = undefined;
    this.#unreference(watched);
    if (watched.kind === Watch.Waitid && watched.end === undefined) return 0; // Still to be reaped.
    return this.#forget(watch, watched);
  }

  reference(watch: WatchId, on: boolean): void {
    const watched = this.#watched.get(watch);
    if (watched?.onEnd === undefined || watched.referenced === on) return;
    watched.referenced = on;
    this.#count(on ? 1 : -1);
  }

  /** After each change of the kernel. */
  look(tids: ReadonlySet<number>): void {
    // What has happened while we were stopped is seen when we go on.
    if (tids.has(this.#thread.tid)) {
      for (const [watch, watched] of this.#watched) this.#lookAt(watch, watched);
      return;
    }
    for (const tid of tids) {
      for (const watch of this.#byPid.get(tid) ?? []) this.#lookAt(watch, this.#watched.get(watch));
    }
  }

  #lookAt(watch: WatchId, watched: Watched | undefined): void {
    if (watched === undefined || watched.end !== undefined) return;
    if (watched.task === undefined) this.#list(watch, watched);
    watched.end = this.#endOf(watched);
    if (watched.end === undefined) return;
    if (watched.task != null) this.#unlist(watched.task.pid, watch);
    if (watched.onEnd === undefined) this.#forget(watch, watched);
    else setImmediate(this.#tell, watch, watched, watched.end);
  }

  #list(watch: WatchId, watched: Watched): void {
    if (!this.#thread.canRun) return;
    const info = this.#thread.pidfdGetInfo(watched.pidfd, PIDFD_INFO_PID);
    watched.task = typeof info === 'number' ? null : (this.#kernel.task(info.pid) ?? null);
    if (watched.task === null) return;
    const { pid } = watched.task;
    this.#byPid.set(pid, (this.#byPid.get(pid) ?? new Set()).add(watch));
  }

  #unlist(pid: number, watch: WatchId): void {
    const watches = this.#byPid.get(pid);
    watches?.delete(watch);
    if (watches?.size === 0) this.#byPid.delete(pid);
  }

  readonly #tell = (watch: WatchId, watched: Watched, end: End): void => {
    const { onEnd } = watched;
    watched.onEnd = undefined;
    try {
      onEnd?.(end, watch);
    } finally {
      this.#unreference(watched);
    }
  };

  #forget(watch: WatchId, { pidfd, task }: Watched): SyscallResult {
    this.#watched.delete(watch);
    if (task != null) this.#unlist(task.pid, watch);
    this.#whenAble((self) => self.close(pidfd));
    return 0;
  }

  #endOf({ pidfd, task, kind, wantsRusage }: Watched): End | undefined {
    // Whom somebody has killed in the model learns nothing any more: better a lost status than a wait for ever.
    if (isDead(this.#thread)) return lost(-errno.ESRCH);
    if (!this.#thread.canRun) return undefined; // Stopped, as we are as a whole.
    if (task != null && !isDead(task)) return undefined;
    const revents = this.#thread.poll(pidfd);
    if (kind === Watch.Hup) return (revents & POLLHUP) === 0 ? undefined : this.#exitInfo(pidfd);
    if ((revents & POLLIN) === 0) return undefined;
    if (kind === Watch.In) return lost(-errno.ECHILD);
    const result = this.#thread.waitid(P_PIDFD, pidfd, WEXITED | WNOHANG | __WALL);
    if (result === -errno.ECHILD) return this.#exitInfo(pidfd);
    if (typeof result !== 'object') return undefined;
    const { code, status } = result;
    const wstatus = code === CLD_EXITED ? status << 8 : status | (code === CLD_DUMPED ? 0x80 : 0);
    return { ...known(wstatus), rusage: wantsRusage ? NOTHING_USED : undefined };
  }

  #exitInfo(pidfd: Fd): End {
    const info = this.#thread.pidfdGetInfo(pidfd, PIDFD_INFO_EXIT);
    if (typeof info === 'number') return lost(info);
    return (info.mask & PIDFD_INFO_EXIT) === 0
      ? lost(-errno.ECHILD)
      : { ...known(info.exitCode), cgroupId: BigInt(info.cgroupid) };
  }

  #unreference(watched: Watched): void {
    if (watched.referenced) this.#count(-1);
    watched.referenced = false;
  }

  // The event loop lives for as long as a referenced watch does. A port is the one handle that does nothing else,
  // and that fake timers leave alone.
  #count(by: 1 | -1): void {
    this.#referenced += by;
    if (this.#referenced > 0) {
      this.#keepsAlive ??= new MessageChannel().port1;
      this.#keepsAlive.ref();
    } else {
      this.#keepsAlive?.close();
      this.#keepsAlive = undefined;
    }
  }
}

const known = (wstatus: number): End => ({
  wstatus: wstatusHere(wstatus),
  lost: 0,
  atMs: nowMs(),
  cgroupId: undefined,
  rusage: undefined,
});

const lost = (result: SyscallResult): End => ({
  wstatus: undefined,
  lost: resultHere(result),
  atMs: nowMs(),
  cgroupId: undefined,
  rusage: undefined,
});
