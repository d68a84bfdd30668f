import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Backend, BackendStreams, Fd, SyscallResult } from '../backend/interface';
import { unsupportedError } from '../errors';
import type { StdioEntry } from './contract';

/** What becomes of our ends of a child's pipes. */
export interface OurEnds {
  /** Throws if an entry of `stdio` cannot be had. */
  check(entries: readonly StdioEntry[]): void;
  /** It is closed by them from now on, unless this fails. */
  take(entry: StdioEntry, index: number, fd: Fd): SyscallResult;
  /** Node.js goes on: there will be streams. */
  keep(): void;
  /** It does not. */
  drop(): void;
}

/**
 * Descriptors go to Node's own Pipe handles at once: when the birth fails further on, the stream sees its
 * end, as with libuv.
 */
export class DescriptorEnds implements OurEnds {
  readonly #backend: Backend;
  readonly #opened: StdioEntry[] = [];

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  check(): void {
    // Whatever has a descriptor will do.
  }

  take(entry: StdioEntry, _index: number, fd: Fd): SyscallResult {
    // First, for a descriptor closed twice would be worse than one that is never closed.
    this.#backend.disown(fd);
    this.#opened.push(entry); // One that was not opened does not mind being closed.
    return entry.handle?.open?.(fd) ?? -constants.errno.EINVAL;
  }

  keep(): void {
    // They are Node's.
  }

  drop(): void {
    for (const entry of this.#opened.splice(0)) entry.handle?.close?.();
  }
}

/** What Node's ChildProcess counts until its 'close'. */
interface CountsCloses {
  _closesNeeded: number;
  _closesGot: number;
}

/**
 * Where descriptors are none that a handle could open, Node.js finds the stream where it would have put its
 * own, and no handle to make one of. (Tried on 20, 22, 24 and 26.)
 */
export class StreamEnds implements OurEnds {
  readonly #backend: Backend;
  readonly #streams: BackendStreams;
  readonly #child: ChildProcess;
  readonly #taken: { readonly entry: StdioEntry; readonly index: number; readonly fd: Fd }[] = [];

  constructor(backend: Backend, streams: BackendStreams, child: ChildProcess) {
    this.#backend = backend;
    this.#streams = streams;
    this.#child = child;
  }

  check(entries: readonly StdioEntry[]): void {
    try {
      entries.forEach((entry, index) => {
        this.#checkOne(entry, index);
      });
    } catch (error) {
      for (const { type, handle } of entries) {
        if (type === 'pipe' || type === 'overlapped') handle?.close?.();
      }
      throw error;
    }
  }

  #checkOne(entry: StdioEntry, index: number): void {
    const option = `stdio[${String(index)}]`;
    if (entry.ipc === true) {
      const instead = "Give it a 'pipe' from 3 on, which carries bytes both ways.";
      throw unsupportedError(`Option ${option}: 'ipc'`, 'a real process', undefined, instead);
    }
    const fd = descriptorOf(entry, index);
    if (fd === undefined || this.#streams.has(fd)) return;
    const what = `Option ${option}: descriptor ${String(fd)}`;
    const instead = "Give it a 'pipe', and carry the bytes yourself.";
    throw unsupportedError(what, 'a real process', undefined, instead);
  }

  take(entry: StdioEntry, index: number, fd: Fd): SyscallResult {
    this.#taken.push({ entry, index, fd });
    return 0;
  }

  keep(): void {
    const counts = this.#child as unknown as CountsCloses;
    for (const { entry, index, fd } of this.#taken.splice(0)) {
      entry.handle?.close?.();
      delete entry.handle;
      const socket = this.#streams.open(fd);
      entry.socket = socket;
      if (index === 0) continue; // Closing one's input says nothing.
      counts._closesNeeded++;
      socket.once('close', () => {
        counts._closesGot++;
        if (counts._closesGot !== counts._closesNeeded) return;
        this.#child.emit('close', this.#child.exitCode, this.#child.signalCode);
      });
    }
  }

  drop(): void {
    for (const { fd } of this.#taken.splice(0)) this.#backend.close(fd);
  }
}

/** The descriptor that an entry of `stdio` names; undefined where it names none. */
export function descriptorOf(entry: StdioEntry, index: number): Fd | undefined {
  switch (entry.type) {
    case 'ignore':
    case 'pipe':
    case 'overlapped':
      return undefined;
    case 'wrap':
      return entry.handle?.fd ?? -1;
    default:
      return (entry.fd ?? index) | 0; // As Node's handle reads any number: NaN is 0.
  }
}
