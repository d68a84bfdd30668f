import { constants } from 'node:os';
import type { Backend, Fd } from '../backend/interface';

const { EAGAIN, EINTR } = constants.errno;

const LEAST_BYTES = 64 * 1024; // What a pipe holds.
const MOST_BYTES = 1024 * 1024;

/** Our end of a pipe, and what went wrong with it: -errno. */
class Pipe {
  fd: Fd;
  error: number | undefined;
  protected readonly backend: Backend;

  constructor(backend: Backend, fd: Fd) {
    this.backend = backend;
    this.fd = fd;
  }

  get open(): boolean {
    return this.fd >= 0;
  }

  close(): void {
    const { fd } = this;
    this.fd = -1;
    if (fd >= 0) this.backend.close(fd);
  }

  protected fail(error: number): void {
    if (error === -EAGAIN || error === -EINTR) return;
    this.error = error;
    this.close();
  }
}

/** The child reads what we write, then the end. */
export class InputPipe extends Pipe {
  #rest: Uint8Array | undefined;

  constructor(backend: Backend, fd: Fd, input: ArrayBufferView | undefined) {
    super(backend, fd);
    this.#rest = input && new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  }

  /** The first write does not wait to be asked: most inputs fit into the pipe. */
  start(): void {
    if (this.#rest === undefined || this.#rest.length === 0) this.close();
    else this.write();
  }

  write(): void {
    if (this.#rest === undefined) return;
    const written = this.backend.write(this.fd, this.#rest);
    if (written < 0) {
      this.fail(written);
      return;
    }
    this.#rest = this.#rest.subarray(written);
    if (this.#rest.length === 0) this.close();
  }
}

/** The child writes, and we keep it. */
export class OutputPipe extends Pipe {
  readonly #full: Buffer[] = [];
  #current: Buffer | undefined;
  #used = 0;

  /** Reads once, at most so much; how many bytes came. */
  read(most: number): number {
    if (!this.open) return 0;
    this.#current ??= Buffer.allocUnsafeSlow(LEAST_BYTES);
    const bytes = this.backend.read(this.fd, this.#current.subarray(this.#used, this.#used + most));
    if (bytes < 0) {
      this.fail(bytes);
      return 0;
    }
    if (bytes === 0) {
      this.close();
      return 0;
    }
    this.#used += bytes;
    if (this.#used === this.#current.length) {
      this.#full.push(this.#current);
      this.#current = Buffer.allocUnsafeSlow(Math.min(MOST_BYTES, this.#current.length * 2));
      this.#used = 0;
    }
    return bytes;
  }

  /** All of it, in memory of its own, as Node's: somebody may hand that memory on. */
  content(): Buffer {
    const all = [...this.#full, this.#current?.subarray(0, this.#used) ?? Buffer.alloc(0)];
    const content = Buffer.allocUnsafeSlow(all.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of all) at += part.copy(content, at);
    return content;
  }
}
