// Long, and flat: one method for each system call, under its own name, as in native.ts. What is more than a call is
// in the model-*.ts beside it.
import { constants } from 'node:os';
import { Duplex } from 'node:stream';
import { invalidArgType, outOfRange } from '../errors';
import {
  BAD_ADDRESS,
  CLONE_PIDFD,
  PIDFD_INFO_EXIT,
  POLLHUP,
  POLLNVAL,
  PR_GET_CHILD_SUBREAPER,
  PR_GET_NO_NEW_PRIVS,
  PR_SET_CHILD_SUBREAPER,
  P_PID,
  WEXITED,
  WNOHANG,
} from '../model/constants';
import { ModelKernel } from '../model/kernel';
import type { PidfdInfo } from '../model/pidfd';
import type { Task } from '../model/task';
import type { WaitInfo } from '../model/wait';
import { nowMs } from '../time';
import type {
  Backend,
  BackendStreams,
  Birth,
  CloneRequest,
  Fd,
  OnEnd,
  Pid,
  PidfdInfoFields,
  SyscallResult,
  WaitidResult,
  Watch,
  WatchId,
} from './interface';
import {
  explained,
  giveBirth,
  unpack,
  type Birthplace,
  type Newborn,
  type Stillborn,
} from './model-birth';
import {
  MemoryPipe,
  devNull,
  openPipe,
  openSocketpair,
  standardFiles,
  streamOf,
  type OpenFile,
} from './model-files';
import { linuxSignal, resultHere, wstatusHere } from './model-numbers';
import { Programs } from './model-programs';
import { beNode, watcherThread } from './model-self';
import { isDead } from './model-task';
import { NOTHING_USED, Watches } from './model-watches';

/** As whom this process appears in the model. */
export interface ModelBackendOptions {
  /** Its user, who may be refused what root may do. @defaultValue `0` */
  readonly uid?: number;
  /** Its working directory. @defaultValue `'/'` */
  readonly cwd?: string;
  /**
   * Folders that can be a working directory: as `kernel.mkdir` of each. There are `/`, `/tmp`, `cwd`, and those above
   * installed files besides.
   */
  readonly folders?: readonly string[];
}

/** The model as a backend. */
export interface ModelBackend extends Backend {
  readonly name: 'model';
  /** The model itself: for `processes()`, `tree()`, `history`, and for what a test wants to happen. */
  readonly kernel: ModelKernel;
  /** This process in the model: the parent of all that `spawn` makes. */
  readonly self: Task;
}

/** See `modelBackend` in load-model.ts. */
export const createModelBackend = (
  kernel: ModelKernel,
  options: ModelBackendOptions,
): ModelBackend => new KernelBackend(kernel, options);

/** One for who has none of his own. */
export const createModelKernel = (): ModelKernel => new ModelKernel({ historyMax: 100_000 });

/**
 * Our pipes are numbers from here on: the kernel of the model has only descriptors of processes, and no limit
 * lets one of those come this far. 0 to 2 are in both.
 */
const FIRST_PIPE = 1 << 20;

class KernelBackend implements ModelBackend {
  readonly name = 'model';
  readonly release: string;
  readonly kernel: ModelKernel;
  readonly self: Task;
  readonly streams: BackendStreams;
  readonly #place: Birthplace;
  readonly #files = new Map<Fd, OpenFile>();
  readonly #programs: Programs;
  readonly #watches: Watches;
  #nextFd = FIRST_PIPE;
  readonly #streams = new Map<Fd, Duplex>();
  readonly #stopLooking: () => void;
  #touched = new Set<number>();
  readonly #later: ((self: Task) => unknown)[] = [];
  #isLooking = false;

  constructor(kernel: ModelKernel, options: ModelBackendOptions) {
    const { uid = 0, cwd = '/', folders = [] } = options;
    if (!Number.isSafeInteger(uid) || uid < 0) throw outOfRange('options.uid', '>= 0', uid);
    if (!Array.isArray(folders)) {
      throw invalidArgType('options.folders', 'an instance of Array', folders);
    }
    if (kernel.stepwise) {
      throw new TypeError(
        'A stepwise kernel cannot be a backend: nobody would let its steps happen.',
      );
    }
    for (const folder of ['/tmp', cwd, ...(folders as string[])]) kernel.mkdir(folder);
    this.kernel = kernel;
    this.release = `model of ${kernel.abi}`;
    this.self = beNode(kernel, uid, FIRST_PIPE);
    this.#place = {
      kernel,
      self: this.self,
      whenAble: (call) => {
        this.#whenAble(call);
      },
      cwd,
      habits: { gid: 0, groups: [], umask: 0o022, nice: 0 },
    };
    this.#watches = new Watches(kernel, watcherThread(kernel, this.self), this.#place.whenAble);
    this.#programs = new Programs(kernel);
    for (const [fd, file] of standardFiles().entries()) this.#files.set(fd, file.hold());
    this.streams = {
      has: (fd) => this.#files.has(fd),
      open: (fd) => this.#openStream(fd),
    };
    this.#stopLooking = kernel.onChange((tids) => {
      this.#look(tids);
    });
  }

  cloneExecve(request: CloneRequest, onEnd: OnEnd): Birth {
    const startMs = nowMs();
    const files = this.#filesFor(request.stdio);
    const birth = this.#bear(request, files.includes('closed'));
    for (const fd of request.closeAfter) this.close(fd);
    if ('error' in birth) {
      for (const file of files) if (file !== 'closed') file?.release();
      return birth;
    }
    const { pid, pidfd, task, path, cwd, habits } = birth;
    const argv = unpack(request.argv);
    const env = Object.fromEntries(unpack(request.envp).map(splitPair));
    const start = { argv, env, cwd, habits, files: files as (OpenFile | undefined)[] };
    if (task === undefined) for (const file of start.files) file?.release();
    else this.#programs.start(task, path, start);
    const watch = this.#watches.add(pidfd, request.watch, onEnd, request.wantsRusage);
    return { pid, pidfd, watch, startMs };
  }

  #bear(request: CloneRequest, isClosed: boolean): Newborn | Stillborn {
    const held = this.#call(() => 0);
    if (held < 0) return explained(held, 'clone');
    if (isClosed) return { error: -constants.errno.EBADF, step: 'dup3' };
    const birth = giveBirth(this.#place, request);
    return 'error' in birth ? explained(resultHere(birth.error), birth.step) : birth;
  }

  // Who waits in poll(2) for a child is a thread that nothing of the model could happen in meanwhile.
  cloneExecveHeld({ closeAfter }: CloneRequest): Birth {
    for (const fd of closeAfter) this.close(fd);
    return { error: -constants.errno.ENOSYS, step: 'clone' };
  }

  collect(): undefined {
    return undefined;
  }

  clone3Probe(flags: number): SyscallResult {
    return this.#call((self) => {
      const asked = self.clone3({ flags: flags + CLONE_PIDFD, pidfd: BAD_ADDRESS });
      return typeof asked === 'number' ? asked : 0;
    });
  }

  cloneExitInfo(): SyscallResult {
    return this.#call((self) => {
      const pid = self.fork();
      if (pid < 0) return pid;
      const pidfd = self.pidfdOpen(pid);
      this.kernel.task(pid)?.exitGroup(0);
      self.waitid(P_PID, pid, WEXITED | WNOHANG);
      const info = self.pidfdGetInfo(pidfd, PIDFD_INFO_EXIT);
      self.close(pidfd);
      if (typeof info === 'number') return info;
      return (info.mask & PIDFD_INFO_EXIT) === 0 ? 0 : 1;
    });
  }

  watch(pidfd: Fd, kind: Watch, onEnd: OnEnd): WatchId | SyscallResult {
    return this.#watches.add(pidfd, kind, onEnd);
  }

  unwatch(watch: WatchId): SyscallResult {
    return this.#watches.remove(watch);
  }

  closeHeld(): void {
    // There is nothing held: no synchronous call.
  }

  refWatch(watch: WatchId, on: boolean): void {
    this.#watches.reference(watch, on);
  }

  getpid(): Pid {
    return this.self.pid;
  }

  pidfdOpen(pid: Pid, flags: number): SyscallResult {
    return this.#call((self) => self.pidfdOpen(pid, flags));
  }

  pidfdSendSignal(pidfd: Fd, signo: number, flags: number): SyscallResult {
    const send = (self: Task): SyscallResult =>
      self.pidfdSendSignal(pidfd, linuxSignal(signo), flags);
    // Stopped, we send it when we go on: later, as on Linux, where nobody would be told before.
    return this.#isHeld() ? this.#whenAble(send) : this.#call(send);
  }

  pidfdGetfd(pidfd: Fd, fd: Fd, flags: number): SyscallResult {
    return this.#call((self) => self.pidfdGetfd(pidfd, fd, flags));
  }

  pidfdGetInfo(pidfd: Fd, mask: number): PidfdInfoFields | SyscallResult {
    let info: PidfdInfo | undefined;
    const result = this.#call((self) => {
      const told = self.pidfdGetInfo(pidfd, mask);
      if (typeof told === 'number') return told;
      info = told;
      return 0;
    });
    if (info === undefined) return result;
    return {
      ...info,
      cgroupid: BigInt(info.cgroupid),
      exitCode: wstatusHere(info.exitCode),
      fsuid: info.euid,
      ...{ rgid: 0, egid: 0, sgid: 0, fsgid: 0 },
    };
  }

  pidfdInode(pidfd: Fd): bigint | SyscallResult {
    const inode = this.#call((self) => self.inode(pidfd));
    return inode < 0 ? inode : BigInt(inode);
  }

  // There is no memory here: a process has either nothing to give back, or nothing left.
  processMrelease(pidfd: Fd): SyscallResult {
    const revents = this.#call((self) => self.poll(pidfd));
    if (revents < 0) return revents;
    if (revents === POLLNVAL) return -constants.errno.EBADF;
    return revents === 0 ? -constants.errno.EINVAL : -constants.errno.ESRCH;
  }

  // It never sleeps: while this process slept, nobody would make anything happen in the model.
  waitid(idtype: number, id: number, options: number): WaitidResult | SyscallResult {
    let found: WaitInfo | undefined;
    const result = this.#call((self) => {
      const told = self.waitid(idtype, id, options | WNOHANG);
      if (typeof told === 'number') return told;
      if (typeof told === 'object') found = told;
      return 0;
    });
    if (found !== undefined) return { ...found, rusage: NOTHING_USED };
    if (result < 0) return result;
    if ((options & WNOHANG) === 0) return -constants.errno.EDEADLK;
    return { pid: 0, uid: 0, signo: 0, code: 0, status: 0, rusage: NOTHING_USED };
  }

  prctlSetChildSubreaper(on: boolean): SyscallResult {
    return this.#call((self) => self.prctl(PR_SET_CHILD_SUBREAPER, Number(on)));
  }

  prctlGetChildSubreaper(): SyscallResult {
    return this.#call((self) => self.prctl(PR_GET_CHILD_SUBREAPER));
  }

  prctlGetNoNewPrivs(): SyscallResult {
    return this.#call((self) => self.prctl(PR_GET_NO_NEW_PRIVS));
  }

  // It never sleeps, either, and knows the kernel's descriptors only.
  poll(fds: Int32Array): SyscallResult {
    let ready = 0;
    for (let i = 0; i < fds.length; i += 3) {
      const [fd = -1, events = 0] = fds.subarray(i, i + 2);
      const polled = this.#call((self) => self.poll(fd));
      if (polled < 0) return polled;
      const revents = polled & (events | POLLHUP | POLLNVAL);
      fds[i + 2] = revents;
      if (revents !== 0) ready++;
    }
    return ready;
  }

  pipe2(): readonly [Fd, Fd] {
    const [from, to] = openPipe();
    return [this.#install(from), this.#install(to)];
  }

  socketpair(): readonly [Fd, Fd] {
    const [one, other] = openSocketpair();
    return [this.#install(one), this.#install(other)];
  }

  disown(): void {
    // Nothing outlives the thread that it was made in.
  }

  dup(fd: Fd): SyscallResult {
    const file = this.#files.get(fd);
    return file === undefined ? this.#call((self) => self.dup(fd)) : this.#install(file);
  }

  setNonblocking(): SyscallResult {
    return 0;
  }

  setPipeSize(fd: Fd, bytes: number): SyscallResult {
    const file = this.#files.get(fd);
    const pipe = file?.source ?? file?.sink;
    if (!(pipe instanceof MemoryPipe)) return -constants.errno.EBADF;
    pipe.capacity = bytes;
    return bytes;
  }

  // Bytes go through streams.
  read(): SyscallResult {
    return -constants.errno.ENOSYS;
  }

  write(): SyscallResult {
    return -constants.errno.ENOSYS;
  }

  close(fd: Fd): SyscallResult {
    const file = this.#files.get(fd);
    if (file === undefined) return this.#whenAble((self) => self.close(fd));
    this.#files.delete(fd);
    file.release();
    return 0;
  }

  closeRange(first: Fd, last: Fd): SyscallResult {
    const own = this.kernel.processes().find(({ pid }) => pid === this.self.pid);
    const pidfds = own?.pidfds.map(({ fd }) => fd) ?? [];
    for (const fd of [...this.#files.keys(), ...pidfds])
      if (fd >= first && fd <= last) this.close(fd);
    return 0;
  }

  #install(file: OpenFile): Fd {
    const fd = this.#nextFd++;
    this.#files.set(fd, file.hold());
    return fd;
  }

  /** What a child's descriptors are to lead to, held for it. */
  #filesFor(stdio: readonly Fd[]): (OpenFile | 'closed' | undefined)[] {
    return stdio.map((fd, index) => {
      if (fd === -1) return index < 3 ? devNull().hold() : undefined;
      return this.#files.get(fd)?.hold() ?? 'closed';
    });
  }

  #openStream(fd: Fd): Duplex {
    const file = this.#files.get(fd);
    // Somebody has killed us in the model while this child was born: a stream that is at its end.
    if (file === undefined) return new Duplex().destroy();
    const stream = streamOf(file, {
      allowHalfOpen: false,
      close: () => {
        this.#streams.delete(fd);
        if (this.#files.has(fd)) this.close(fd);
      },
      brokenPipe: () => undefined, // Node.js ignores SIGPIPE.
    });
    this.#streams.set(fd, stream);
    // So that it can be given to another child, as a socket can.
    return Object.assign(stream, { fd });
  }

  // What is done here are system calls, too, of which the kernel tells in the middle of it.
  #look(tids: ReadonlySet<number>): void {
    for (const tid of tids) this.#touched.add(tid);
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      while (this.#touched.size > 0 || (this.self.canRun && this.#later.length > 0)) {
        if (this.self.canRun) this.#later.shift()?.(this.self);
        const touched = this.#touched;
        this.#touched = new Set();
        this.#programs.look(touched);
        this.#watches.look(touched);
      }
      if (isDead(this.self)) this.#bury();
    } finally {
      this.#isLooking = false;
    }
  }

  /** Somebody has killed us in the model: what we had open is closed. The programs that outlive us go on. */
  #bury(): void {
    if (this.#programs.areOver) this.#stopLooking();
    this.#later.length = 0;
    for (const stream of this.#streams.values()) stream.destroy();
    // Our own three are those of the process that runs all this, too.
    for (const fd of [...this.#files.keys()]) if (fd > 2) this.close(fd);
  }

  #isHeld(): boolean {
    return !this.self.canRun && !isDead(this.self);
  }

  /** Now, or when we are continued. Who is dead does nothing, and what he had open is closed. */
  #whenAble(call: (self: Task) => unknown): SyscallResult {
    if (this.#isHeld()) this.#later.push(call);
    else if (this.self.canRun) return resultHere(Number(call(this.self) ?? 0));
    return 0;
  }

  /** Who is dead there, or stopped, makes no system call. It does not wait to go on: nobody else runs meanwhile. */
  #call(call: (self: Task) => SyscallResult): SyscallResult {
    if (this.self.canRun) return resultHere(call(this.self));
    return isDead(this.self) ? -constants.errno.ESRCH : -constants.errno.EINTR;
  }
}

function splitPair(pair: string): [name: string, value: string] {
  const at = pair.indexOf('=');
  return at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}
