// Long, and flat: one method for each system call, under its own name, and below them what brings the ends.
import { AsyncLocalStorage } from 'node:async_hooks';
import { constants, release } from 'node:os';
import { resolve } from 'node:path';
import loadAddon from 'node-gyp-build';
import { setImmediate } from '../time';
import type {
  Backend,
  Birth,
  CloneRequest,
  End,
  Fd,
  OnEnd,
  PidfdInfoFields,
  Rusage,
  SyscallResult,
  WaitidResult,
  Watch,
  WatchId,
} from './interface';

/** What native/module.cc exports: numbers in, numbers out, under the kernel's names. */
interface Addon {
  clone_execve(
    request: CloneRequest,
    listener: number,
    held: boolean,
    out: Float64Array,
  ): SyscallResult;
  clone3_probe(flags: number): SyscallResult;
  clone_exit_info(): SyscallResult;
  clone_steps: readonly string[];
  watcher_listen(callback: (count: number) => void, records: Float64Array): SyscallResult;
  watcher_ref(listener: number, on: boolean): SyscallResult;
  watcher_add(listener: number, pidfd: Fd, kind: Watch): SyscallResult;
  watcher_collect(watch: WatchId, out: Float64Array): SyscallResult;
  watcher_close(watch: WatchId): SyscallResult;
  watcher_close_held(listener: number): SyscallResult;
  watcher_fields: readonly (keyof typeof RECORD)[];
  pidfd_open(pid: number, flags: number, owned: boolean): SyscallResult;
  pidfd_send_signal(pidfd: Fd, signo: number, flags: number): SyscallResult;
  pidfd_getfd(pidfd: Fd, fd: Fd, flags: number): SyscallResult;
  pidfd_get_info(pidfd: Fd, mask: number, out: Float64Array): SyscallResult;
  pidfd_inode(pidfd: Fd, out: Float64Array): SyscallResult;
  process_mrelease(pidfd: Fd, flags: number): SyscallResult;
  waitid(idtype: number, id: number, options: number, out: Float64Array): SyscallResult;
  prctl_set_child_subreaper(on: boolean): SyscallResult;
  prctl_get_child_subreaper(): SyscallResult;
  prctl_get_no_new_privs(): SyscallResult;
  poll(fds: Int32Array, timeoutMs: number): SyscallResult;
  pipe2(out: Int32Array, owned: boolean): SyscallResult;
  socketpair(out: Int32Array, owned: boolean): SyscallResult;
  disown(fd: Fd): SyscallResult;
  close_ends(): SyscallResult;
  dup(fd: Fd, least: Fd, owned: boolean): SyscallResult;
  set_nonblocking(fd: Fd): SyscallResult;
  set_pipe_size(fd: Fd, bytes: number): SyscallResult;
  read(fd: Fd, buffer: Uint8Array): SyscallResult;
  write(fd: Fd, buffer: Uint8Array): SyscallResult;
  close(fd: Fd): SyscallResult;
  close_range(first: Fd, last: Fd, flags: number): SyscallResult;
}

interface Watched {
  onEnd: OnEnd | undefined;
  readonly wantsRusage: boolean;
  /** The pidfd, once the end has been brought and it is ours; else -1. */
  pidfd: Fd;
}

/** Whose end it is. */
type Ended = readonly [WatchId, Watched, End];

/** The fields of a record, ExitFields of native/exit-fields.h; the addon says where each is. */
const RECORD = {
  ...{ watch: 0, pidfd: 0, lost: 0, wstatus: 0, atMs: 0, hasCgroup: 0, cgroupHigh: 0 },
  ...{ cgroupLow: 0, hasRusage: 0, utimeUs: 0, stimeUs: 0, maxrssKib: 0, minflt: 0, majflt: 0 },
  ...{ inblock: 0, oublock: 0, nvcsw: 0, nivcsw: 0 },
};

/** How many ends one call from the addon can bring. */
const BATCH = 64;

const wide = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low);

/** Runs a function in the async context of this module's loading: nobody's. */
const outside = AsyncLocalStorage.snapshot();

/** The domain of whoever spawned first would catch what the listeners of all children throw. */
function inNobodysDomain<T>(call: () => T): T {
  const holder = process as { domain?: unknown };
  const { domain } = holder;
  if (domain == null) return call();
  holder.domain = null;
  try {
    return call();
  } finally {
    holder.domain = domain;
  }
}

class NativeBackend implements Backend {
  readonly name = 'native';
  readonly release = release();
  readonly #addon: Addon;
  /** Where each field of a record is. */
  readonly #at: { -readonly [Field in keyof typeof RECORD]: number };
  readonly #recordLength: number;
  readonly #records: Float64Array;
  readonly #onRecords = (count: number): void => {
    this.#deliver(count);
  };
  readonly #watched = new Map<WatchId, Watched>();
  #listener = -1;
  /** Those that keep the event loop alive. A set, for a count would be wrong for ever after a call that was cut off. */
  readonly #referenced = new Set<WatchId>();

  // Reused by every call: a binding writes them and they are read before the next one runs.
  readonly #born = new Float64Array(4);
  readonly #pair = new Int32Array(2);
  readonly #wide = new Float64Array(2);

  constructor(addon: Addon) {
    this.#addon = addon;
    this.#at = { ...RECORD };
    for (const [index, field] of addon.watcher_fields.entries()) this.#at[field] = index;
    this.#recordLength = addon.watcher_fields.length;
    this.#records = new Float64Array(this.#recordLength * BATCH);
  }

  cloneExecve(request: CloneRequest, onEnd: OnEnd): Birth {
    const birth = this.#cloneExecve(request, false);
    if ('pid' in birth) this.#enter(birth.watch, onEnd, request.wantsRusage);
    return birth;
  }

  cloneExecveHeld(request: CloneRequest): Birth {
    const birth = this.#cloneExecve(request, true);
    if ('pid' in birth) {
      this.#watched.set(birth.watch, {
        onEnd: undefined,
        wantsRusage: false,
        pidfd: -1,
      });
    }
    return birth;
  }

  #cloneExecve(request: CloneRequest, held: boolean): Birth {
    const listener = this.#listen();
    if (listener < 0) {
      for (const fd of request.closeAfter) this.close(fd);
      return { error: listener, step: 'napi_create_threadsafe_function' };
    }
    const pid = this.#addon.clone_execve(request, listener, held, this.#born);
    const [pidfd = -1, step = 0, watch = 0, startMs = 0] = this.#born;
    if (pid < 0) return { error: pid, step: this.#addon.clone_steps[step] ?? '' };
    return { pid, pidfd, watch, startMs };
  }

  collect(watch: WatchId): End | undefined {
    return this.#addon.watcher_collect(watch, this.#records) === 1
      ? this.#readEnd(0, false)
      : undefined;
  }

  clone3Probe(flags: number): SyscallResult {
    return this.#addon.clone3_probe(flags);
  }

  cloneExitInfo(): SyscallResult {
    return this.#addon.clone_exit_info();
  }

  watch(pidfd: Fd, kind: Watch, onEnd: OnEnd): WatchId | SyscallResult {
    const listener = this.#listen();
    if (listener < 0) return listener;
    const watch = this.#addon.watcher_add(listener, pidfd, kind);
    if (watch >= 0) this.#enter(watch, onEnd, false);
    return watch;
  }

  unwatch(watch: WatchId): SyscallResult {
    const watched = this.#watched.get(watch);
    if (watched === undefined) return -constants.errno.EBADF;
    this.#watched.delete(watch);
    watched.onEnd = undefined;
    this.#unreference(watch);
    return watched.pidfd < 0 ? this.#addon.watcher_close(watch) : this.close(watched.pidfd);
  }

  closeHeld(): void {
    this.#addon.close_ends();
    if (this.#listener >= 0) this.#addon.watcher_close_held(this.#listener);
    for (const [watch, { onEnd, pidfd }] of this.#watched) {
      if (onEnd === undefined && pidfd < 0) this.#watched.delete(watch);
    }
  }

  refWatch(watch: WatchId, on: boolean): void {
    if (this.#watched.get(watch)?.onEnd === undefined) return;
    if (on) this.#reference(watch);
    else this.#unreference(watch);
  }

  getpid(): number {
    return process.pid;
  }

  pidfdOpen(pid: number, flags: number, owned: boolean): SyscallResult {
    return this.#addon.pidfd_open(pid, flags, owned);
  }

  pidfdSendSignal(pidfd: Fd, signo: number, flags: number): SyscallResult {
    return this.#addon.pidfd_send_signal(pidfd, signo, flags);
  }

  pidfdGetfd(pidfd: Fd, fd: Fd, flags: number): SyscallResult {
    return this.#addon.pidfd_getfd(pidfd, fd, flags);
  }

  pidfdGetInfo(pidfd: Fd, mask: number): PidfdInfoFields | SyscallResult {
    const out = new Float64Array(15);
    const result = this.#addon.pidfd_get_info(pidfd, mask, out);
    if (result < 0) return result;
    const at = (index: number): number => out[index] ?? 0;
    return {
      mask: at(0),
      cgroupid: wide(at(1), at(2)),
      pid: at(3),
      tgid: at(4),
      ppid: at(5),
      ruid: at(6),
      rgid: at(7),
      euid: at(8),
      egid: at(9),
      suid: at(10),
      sgid: at(11),
      fsuid: at(12),
      fsgid: at(13),
      exitCode: at(14),
    };
  }

  pidfdInode(pidfd: Fd): bigint | SyscallResult {
    const result = this.#addon.pidfd_inode(pidfd, this.#wide);
    return result < 0 ? result : wide(this.#wide[0] ?? 0, this.#wide[1] ?? 0);
  }

  processMrelease(pidfd: Fd, flags: number): SyscallResult {
    return this.#addon.process_mrelease(pidfd, flags);
  }

  waitid(idtype: number, id: number, options: number): WaitidResult | SyscallResult {
    const out = new Float64Array(14);
    const result = this.#addon.waitid(idtype, id, options, out);
    if (result < 0) return result;
    const at = (index: number): number => out[index] ?? 0;
    const rusage = {
      utimeUs: at(5),
      stimeUs: at(6),
      maxrssKib: at(7),
      minflt: at(8),
      majflt: at(9),
      inblock: at(10),
      oublock: at(11),
      nvcsw: at(12),
      nivcsw: at(13),
    };
    return { pid: at(0), uid: at(1), signo: at(2), code: at(3), status: at(4), rusage };
  }

  prctlSetChildSubreaper(on: boolean): SyscallResult {
    return this.#addon.prctl_set_child_subreaper(on);
  }

  prctlGetChildSubreaper(): SyscallResult {
    return this.#addon.prctl_get_child_subreaper();
  }

  prctlGetNoNewPrivs(): SyscallResult {
    return this.#addon.prctl_get_no_new_privs();
  }

  poll(fds: Int32Array, timeoutMs: number): SyscallResult {
    return this.#addon.poll(fds, timeoutMs);
  }

  pipe2(owned: boolean): readonly [Fd, Fd] | SyscallResult {
    return this.#twoOf(this.#addon.pipe2(this.#pair, owned));
  }

  socketpair(owned: boolean): readonly [Fd, Fd] | SyscallResult {
    return this.#twoOf(this.#addon.socketpair(this.#pair, owned));
  }

  disown(fd: Fd): void {
    this.#addon.disown(fd);
  }

  dup(fd: Fd, least: Fd, owned: boolean): SyscallResult {
    return this.#addon.dup(fd, least, owned);
  }

  setNonblocking(fd: Fd): SyscallResult {
    return this.#addon.set_nonblocking(fd);
  }

  setPipeSize(fd: Fd, bytes: number): SyscallResult {
    return this.#addon.set_pipe_size(fd, bytes);
  }

  read(fd: Fd, buffer: Uint8Array): SyscallResult {
    return this.#addon.read(fd, buffer);
  }

  write(fd: Fd, buffer: Uint8Array): SyscallResult {
    return this.#addon.write(fd, buffer);
  }

  close(fd: Fd): SyscallResult {
    return this.#addon.close(fd);
  }

  closeRange(first: Fd, last: Fd, flags: number): SyscallResult {
    return this.#addon.close_range(first, last, flags);
  }

  #twoOf(result: SyscallResult): readonly [Fd, Fd] | SyscallResult {
    return result < 0 ? result : [this.#pair[0] ?? -1, this.#pair[1] ?? -1];
  }

  #listen(): SyscallResult {
    if (this.#listener < 0) {
      // Outside, or the AsyncLocalStorage of whoever spawned first would live as long as we do.
      const listener = inNobodysDomain(() =>
        outside(() => this.#addon.watcher_listen(this.#onRecords, this.#records)),
      );
      // A hook of async_hooks may have spawned meanwhile, and listens already.
      if (this.#listener < 0) this.#listener = listener;
    }
    return this.#listener;
  }

  #enter(watch: WatchId, onEnd: OnEnd, wantsRusage: boolean): void {
    this.#watched.set(watch, { onEnd, wantsRusage, pidfd: -1 });
    this.#reference(watch);
  }

  // The event loop lives for as long as a referenced watch does, and not longer.
  #reference(watch: WatchId): void {
    this.#referenced.add(watch);
    this.#addon.watcher_ref(this.#listener, true);
  }

  #unreference(watch: WatchId): void {
    this.#referenced.delete(watch);
    // Whether or not it was there: it may have been cut off right here.
    if (this.#referenced.size === 0) this.#addon.watcher_ref(this.#listener, false);
  }

  /**
   * So many records have been filled in; they will be again with the next ends. They are handed on in the
   * check phase. (Whoever hands them to somebody's listeners waits for another turn: see ProcessHandle.)
   */
  #deliver(count: number): void {
    const ended: Ended[] = [];
    for (let i = 0; i < count; i++) {
      const start = i * this.#recordLength;
      const watch = this.#records[start + this.#at.watch] ?? 0;
      const watched = this.#watched.get(watch);
      const pidfd = this.#records[start + this.#at.pidfd] ?? -1;
      if (watched === undefined) {
        this.close(pidfd); // JavaScript was cut off between the birth and its entry there.
        continue;
      }
      watched.pidfd = pidfd;
      ended.push([watch, watched, this.#readEnd(start, watched.wantsRusage)]);
    }
    if (ended.length > 0) setImmediate(this.#tell, ended);
  }

  // Whoever has been closed since is not told any more.
  readonly #tell = (ended: readonly Ended[]): void => {
    for (const [watch, watched, end] of ended) {
      const { onEnd } = watched;
      watched.onEnd = undefined;
      try {
        onEnd?.(end, watch);
      } finally {
        this.#unreference(watch);
      }
    }
  };

  #readEnd(start: number, wantsRusage: boolean): End {
    const records = this.#records;
    const at = this.#at;
    const lost = records[start + at.lost] ?? 0;
    const hasCgroup = records[start + at.hasCgroup] === 1;
    const hasRusage = wantsRusage && records[start + at.hasRusage] === 1;
    return {
      wstatus: lost === 0 ? records[start + at.wstatus] : undefined,
      lost: lost === 0 ? 0 : -lost,
      atMs: records[start + at.atMs] ?? 0,
      cgroupId: hasCgroup
        ? wide(records[start + at.cgroupHigh] ?? 0, records[start + at.cgroupLow] ?? 0)
        : undefined,
      rusage: hasRusage ? this.#readRusage(start) : undefined,
    };
  }

  #readRusage(start: number): Rusage {
    const get = (field: keyof Rusage): number => this.#records[start + this.#at[field]] ?? 0;
    return {
      utimeUs: get('utimeUs'),
      stimeUs: get('stimeUs'),
      maxrssKib: get('maxrssKib'),
      minflt: get('minflt'),
      majflt: get('majflt'),
      inblock: get('inblock'),
      oublock: get('oublock'),
      nvcsw: get('nvcsw'),
      nivcsw: get('nivcsw'),
    };
  }
}

/** The package's own folder, from dist/lib/backend. */
const ROOT = resolve(__dirname, '..', '..', '..');

let loaded: Backend | Error | undefined;

/**
 * The kernel under us, or why there is none to ask. Never throws: a program that imports this package
 * on another platform must start. `AUTOREAP_ADDON` names another build of the addon (sanitizers).
 */
export function nativeBackend(): Backend | Error {
  return (loaded ??= load());
}

function load(): Backend | Error {
  if (process.platform !== 'linux') {
    return new Error(`autoreap's addon is for Linux; this is ${process.platform}`);
  }
  try {
    const chosen = process.env.AUTOREAP_ADDON;
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an addon has no other way in.
    return new NativeBackend((chosen ? require(resolve(chosen)) : loadAddon(ROOT)) as Addon);
  } catch (error) {
    return explained(error instanceof Error ? error : new Error(String(error)));
  }
}

/** What node-gyp-build says names the platform and leaves its reader there. */
function explained(error: Error): Error {
  if (/^No native build was found/.test(error.message)) {
    error.message =
      `${error.message.trimEnd()}\n    a checkout builds it by \`npm install\` in its folder; ` +
      'a tarball wants `npm run build:prebuilds` before it is packed';
  }
  return error;
}
