// What a descriptor of the model's programs leads to. The kernel of lib/model knows descriptors of processes
// only; pipes, /dev/null and our own standard streams are here.
import { Buffer } from 'node:buffer';
import { constants } from 'node:os';
import { Duplex } from 'node:stream';
import type { SyscallResult } from './interface';
import { errnoError } from '../errors';
import { setImmediate } from '../time';

/** Called when a write is done, with 0 or -errno. */
type Written = (result: SyscallResult) => void;

/** Somebody who waits for bytes; null is the end. */
interface Reader {
  /** It is gone, and nothing may be taken for it. */
  readonly destroyed: boolean;
  push(chunk: Buffer | null): unknown;
}

/** Where bytes come from. */
interface Source {
  addReader(): void;
  removeReader(): void;
  /** Everything that is there, now or when there is something. */
  read(reader: Reader): void;
}

/** Where bytes go. */
interface Sink {
  addWriter(): void;
  removeWriter(): void;
  write(chunk: Buffer, then: Written): void;
  /** Takes all that waits to be written, however much that is. */
  flush(): void;
}

/** pipe(7). What waits is told in another turn of the event loop, which it keeps alive until then. */
export class MemoryPipe implements Source, Sink {
  /** How many bytes it holds. @see pipe(7) */
  capacity = 64 * 1024;
  #readers = 0;
  #writers = 0;
  #bytes: Buffer[] = [];
  #length = 0;
  readonly #reads: Reader[] = [];
  readonly #writes: { rest: Buffer; readonly then: Written }[] = [];

  addReader(): void {
    this.#readers++;
  }

  removeReader(): void {
    if (--this.#readers > 0) return;
    for (const { then } of this.#writes.splice(0)) setImmediate(then, -constants.errno.EPIPE);
  }

  addWriter(): void {
    this.#writers++;
  }

  removeWriter(): void {
    if (--this.#writers > 0) return;
    this.#writes.splice(0); // Of those who were killed while they wrote.
    this.#wakeReaders();
  }

  read(reader: Reader): void {
    if (this.#length > 0) reader.push(this.#take());
    else if (this.#writers === 0) reader.push(null);
    else this.#reads.push(reader);
  }

  write(chunk: Buffer, then: Written): void {
    if (this.#readers === 0) {
      then(-constants.errno.EPIPE);
      return;
    }
    this.#writes.push({ rest: chunk, then });
    this.#fill();
  }

  flush(): void {
    this.#fill(Infinity);
  }

  #fill(capacity = this.capacity): void {
    for (let first = this.#writes[0]; first !== undefined; first = this.#writes[0]) {
      const room = Math.max(0, capacity - this.#length);
      const part = first.rest.subarray(0, room);
      if (part.length > 0) this.#bytes.push(Buffer.from(part));
      this.#length += part.length;
      first.rest = first.rest.subarray(part.length);
      if (first.rest.length > 0) break;
      this.#writes.shift();
      first.then(0);
    }
    if (this.#length > 0) this.#wakeReaders();
  }

  #take(): Buffer {
    const chunk = Buffer.concat(this.#bytes);
    this.#bytes = [];
    this.#length = 0;
    if (this.#writes.length > 0) setImmediate(() => this.#fill());
    return chunk;
  }

  #wakeReaders(): void {
    for (const reader of this.#reads.splice(0)) {
      setImmediate(() => {
        if (!reader.destroyed) this.read(reader);
      });
    }
  }
}

/** /dev/null, and our standard input: there is nothing to read, and what is written is gone. */
const NOTHING: Source & Sink = {
  addReader: () => undefined,
  removeReader: () => undefined,
  read: (reader) => {
    reader.push(null);
  },
  addWriter: () => undefined,
  removeWriter: () => undefined,
  write: (_chunk, then) => {
    then(0);
  },
  flush: () => undefined,
};

/** What we write to, and nobody closes. */
const console = (stream: 'stdout' | 'stderr'): Sink => ({
  ...NOTHING,
  write: (chunk, then) => {
    process[stream].write(chunk);
    then(0);
  },
});

/** struct file: an open end, which is there until the last descriptor of it is closed. */
export class OpenFile {
  readonly source: Source | undefined;
  readonly sink: Sink | undefined;
  #count = 0;
  #isShut = false;

  constructor(ends: { readonly source?: Source; readonly sink?: Sink }) {
    this.source = ends.source;
    this.sink = ends.sink;
  }

  /** One more descriptor of it. */
  hold(): this {
    if (this.#count++ === 0) {
      this.source?.addReader();
      this.sink?.addWriter();
    }
    return this;
  }

  /** One less. */
  release(): void {
    if (--this.#count > 0) return;
    this.source?.removeReader();
    this.shutdown();
  }

  /** shutdown(2), SHUT_WR: for everybody who has it. */
  shutdown(): void {
    if (!this.#isShut) this.sink?.removeWriter();
    this.#isShut = true;
  }
}

export const devNull = (): OpenFile => new OpenFile({ source: NOTHING, sink: NOTHING });

/** What descriptors 0 to 2 of ours stand for. A program that inherits our input finds it at its end. */
export const standardFiles = (): [OpenFile, OpenFile, OpenFile] => [
  new OpenFile({ source: NOTHING }),
  new OpenFile({ sink: console('stdout') }),
  new OpenFile({ sink: console('stderr') }),
];

/** pipe2(2): the end to read from, and the one to write to. */
export function openPipe(): [OpenFile, OpenFile] {
  const pipe = new MemoryPipe();
  return [new OpenFile({ source: pipe }), new OpenFile({ sink: pipe })];
}

/** socketpair(2). */
export function openSocketpair(): [OpenFile, OpenFile] {
  const [there, back] = [new MemoryPipe(), new MemoryPipe()];
  return [new OpenFile({ source: back, sink: there }), new OpenFile({ source: there, sink: back })];
}

/** What a stream has to know of the descriptor under it. */
export interface UnderStream {
  /** Whether it may still be written to when all has been read: not so with the sockets that Node.js makes. */
  readonly allowHalfOpen: boolean;
  /** Closes the descriptor. */
  close(): void;
  /** Somebody writes, and there is nobody to read it. */
  brokenPipe(): void;
}

/** A descriptor as Node.js has them: what it makes of one is a net.Socket. */
export function streamOf(file: OpenFile, under: UnderStream): Duplex {
  const { source, sink } = file;
  // @types/node does not know two of them.
  const sides = { readable: source !== undefined, writable: sink !== undefined };
  return new Duplex({
    ...sides,
    allowHalfOpen: under.allowHalfOpen,
    read() {
      source?.read(this);
    },
    write(chunk: Buffer, _encoding, callback) {
      sink?.write(chunk, (result) => {
        if (result < 0) under.brokenPipe();
        callback(result < 0 ? errnoError(result, 'write') : null);
      });
    },
    final(callback) {
      // Only one side is closed where there are two: the other one may still be read.
      if (source === undefined) under.close();
      else file.shutdown();
      callback();
    },
    destroy(error, callback) {
      under.close();
      callback(error);
    },
  });
}
