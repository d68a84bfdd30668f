import { constants } from 'node:os';
import { Watch, type Backend, type Birth, type End, type Fd } from '../backend/interface';
import { decodeWaitStatus } from '../policy/wait-status';
import { nowMs } from '../time';
import { openChildPipe, placeOf } from './child-pipe';
import { whateverHappens } from './cut-off';
import { readCall, type SpawnCall } from './contract';
import { descriptorOf } from './our-ends';
import type { SyncOptions, SyncResult, SyncStdioEntry } from './sync-hinge';
import { InputPipe, OutputPipe } from './sync-pipes';

const { EBADF, EINTR, EINVAL, ENOBUFS, ESRCH, ETIMEDOUT } = constants.errno;
const { SIGKILL, SIGTERM } = constants.signals;

// <poll.h>
const POLLIN = 1;
const POLLOUT = 4;

/** How much more than `maxBuffer` may come, as in Node.js. */
const OVER_BYTES = 64 * 1024;

/** A child has them in any case; where nothing is said of them they are /dev/null. */
const STANDARD_STREAMS = 3;

/** Somebody debugs the child, which is dead and not yet to be reaped: poll(2) would not wait. */
const DEBUGGED_MS = 10;

/** Creates the child of a synchronous call, held: see `Backend.cloneExecveHeld`. */
export type LaunchHeld = (call: SpawnCall) => { readonly birth: Birth; readonly watch: Watch };

/**
 * The synchronous family's half below Node's own code: a birth, and then one poll(2) over the pipes and the
 * pidfd until all pipes have ended and the child has. Nothing is read or written but what is ready, so a
 * child that reads and writes on all pipes at once cannot come to wait for us.
 *
 * As Node's own half does it: `timeout` counts until everything has ended, not only the child; whatever
 * makes us kill closes the pipes at once; the first error is the one that is told, and that of a pipe only
 * if there is no other.
 */
export function spawnSync(backend: Backend, launch: LaunchHeld, options: SyncOptions): SyncResult {
  return new SyncRun(backend, options).run(launch);
}

class SyncRun {
  readonly #backend: Backend;
  readonly #options: SyncOptions;
  readonly #deadlineMs: number;
  readonly #maxBytes: number;
  readonly #outputs: (OutputPipe | null)[] = [];
  /** The child's ends of the pipes, while they are open here. */
  readonly #childEnds: Fd[] = [];
  #input: InputPipe | undefined;
  #child: { readonly pidfd: Fd; readonly watch: number; readonly events: number } | undefined;
  #end: End | undefined;
  #bytes = 0;
  #error = 0;
  #killed = false;
  #debugged = false;

  constructor(backend: Backend, options: SyncOptions) {
    this.#backend = backend;
    this.#options = options;
    const timeout = options.timeout ?? 0;
    this.#deadlineMs = timeout > 0 ? nowMs() + timeout : Infinity;
    const maxBuffer = options.maxBuffer ?? 0;
    this.#maxBytes = maxBuffer > 0 ? maxBuffer : Infinity;
  }

  run(launch: LaunchHeld): SyncResult {
    return whateverHappens(this.#cleanUp, () => this.#run(launch));
  }

  #run(launch: LaunchHeld): SyncResult {
    const stdio = this.#openStdio();
    if (typeof stdio === 'number') return unborn(stdio);
    const call = { ...readCall(this.#options), stdio, childEnds: this.#childEnds };
    // Before the birth: a child that reads nothing may be gone right after it, and most inputs fit into the
    // pipe; that is no EPIPE.
    this.#input?.start();
    const { birth, watch } = launch(call);
    if ('error' in birth) return unborn(birth.error);

    // With HUP alone the exit information is there; POLLIN is enough where we reap.
    const events = watch === Watch.Hup ? 0 : POLLIN;
    this.#child = { pidfd: birth.pidfd, watch: birth.watch, events };
    this.#untilAllHasEnded();
    return this.#result(birth.pid);
  }

  readonly #cleanUp = (cutOff: boolean): void => {
    this.#closePipes();
    for (const fd of this.#childEnds.splice(0)) this.#backend.close(fd);
    if (this.#child !== undefined) this.#backend.unwatch(this.#child.watch);
    this.#child = undefined;
    if (cutOff) this.#backend.closeHeld(); // Between the making of something and our knowing of it, perhaps.
  };

  #openStdio(): Fd[] | number {
    const stdio: Fd[] = [];
    for (const [index, entry] of this.#options.stdio.entries()) {
      this.#outputs.push(null);
      if (entry.type === 'ignore') {
        stdio.push(-1);
      } else if (entry.type === 'pipe' || entry.type === 'overlapped') {
        const end = this.#openPipe(index, entry);
        if (end < 0) return end;
        stdio.push(end);
      } else {
        const fd = entry.type === 'wrap' ? entry.handle?.fd : descriptorOf(entry, index);
        if (fd === undefined) return -EINVAL;
        if (fd < 0) return entry.type === 'wrap' ? -EBADF : -EINVAL;
        stdio.push(fd);
      }
    }
    while (stdio.length < STANDARD_STREAMS) stdio.push(-1);
    return stdio;
  }

  /** The child's end, or -errno. */
  #openPipe(index: number, entry: SyncStdioEntry): Fd {
    const place = entry.readable === true ? 0 : Math.max(1, index);
    const pipe = openChildPipe(this.#backend, placeOf(place), true);
    if ('error' in pipe) return pipe.error;
    const { ours, childs } = pipe;
    this.#childEnds.push(childs);
    if (entry.readable === true) {
      this.#input = new InputPipe(this.#backend, ours, entry.input);
    } else {
      this.#outputs[index] = new OutputPipe(this.#backend, ours);
    }
    const result = this.#backend.setNonblocking(ours);
    return result < 0 ? result : childs;
  }

  #untilAllHasEnded(): void {
    for (;;) {
      const open = this.#outputs.filter((pipe) => pipe?.open === true) as OutputPipe[];
      const input = this.#input?.open === true ? this.#input : undefined;
      const child = this.#end === undefined ? this.#child : undefined;
      if (open.length === 0 && input === undefined && child === undefined) return;

      const entries: number[] = [];
      for (const pipe of open) entries.push(pipe.fd, POLLIN, 0);
      if (input !== undefined) entries.push(input.fd, POLLOUT, 0);
      if (child !== undefined) entries.push(child.pidfd, this.#debugged ? 0 : child.events, 0);
      const fds = Int32Array.from(entries);

      const ready = this.#backend.poll(fds, this.#patienceMs());
      if (ready < 0 && ready !== -EINTR) {
        this.#kill(ready); // ENOMEM; there is nothing else to wait in.
        return;
      }
      if (nowMs() >= this.#deadlineMs && !this.#killed) {
        this.#kill(-ETIMEDOUT);
        continue;
      }
      for (const [i, pipe] of open.entries()) {
        if (fds[i * 3 + 2] === 0) continue;
        this.#bytes += pipe.read(this.#maxBytes - this.#bytes + OVER_BYTES);
        if (this.#bytes > this.#maxBytes && !this.#killed) this.#kill(-ENOBUFS);
      }
      if (input?.open === true && fds[open.length * 3 + 2] !== 0) input.write();
      if (child !== undefined) this.#collect(child.watch, fds.at(-1) !== 0);
    }
  }

  #patienceMs(): number {
    const limit = this.#debugged ? DEBUGGED_MS : Infinity;
    const left = this.#killed ? Infinity : this.#deadlineMs - nowMs();
    const patience = Math.min(limit, left);
    return patience === Infinity ? -1 : Math.min(Math.max(0, Math.ceil(patience)), 2 ** 31 - 1);
  }

  #collect(watch: number, ready: boolean): void {
    if (!ready && !this.#debugged) return;
    this.#end = this.#backend.collect(watch);
    this.#debugged = this.#end === undefined;
  }

  #kill(error: number): void {
    this.#killed = true;
    this.#fail(error);
    if (this.#end === undefined && this.#child !== undefined) {
      const { pidfd } = this.#child;
      const result = this.#backend.pidfdSendSignal(pidfd, this.#options.killSignal ?? SIGTERM, 0);
      if (result < 0 && result !== -ESRCH) {
        this.#fail(result);
        this.#backend.pidfdSendSignal(pidfd, SIGKILL, 0);
      }
    }
    this.#closePipes();
  }

  #fail(error: number): void {
    if (this.#error === 0) this.#error = error;
  }

  #closePipes(): void {
    for (const pipe of this.#outputs) pipe?.close();
    this.#input?.close();
  }

  #result(pid: number): SyncResult {
    const wstatus = this.#end?.wstatus;
    // Somebody took the status (or SIGCHLD is ignored), and this kernel does not tell it twice: said, where
    // Node.js would wait for ever. Not ECHILD, for which Node.js has no name.
    if (wstatus === undefined) this.#fail(-ESRCH);
    const status = wstatus === undefined ? undefined : decodeWaitStatus(wstatus);
    const pipeError =
      this.#input?.error ?? this.#outputs.find((pipe) => pipe?.error !== undefined)?.error ?? 0;
    const error = this.#error === 0 ? pipeError : this.#error;
    return {
      ...(error === 0 ? {} : { error }),
      status: status?.exitCode ?? null,
      signal: status?.signalCode ?? null,
      output: this.#outputs.map((pipe) => pipe?.content() ?? null),
      pid,
    };
  }
}

function unborn(error: number): SyncResult {
  return { error, status: null, signal: null, output: null, pid: 0 };
}
