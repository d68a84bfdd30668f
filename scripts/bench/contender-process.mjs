// A contender's process: a line of JSON in, a line of JSON out. It is not the one that leads the
// benchmark, and several live at once, idle but one, so that they can take turns.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import readline from 'node:readline';

const PATIENCE_MS = 120_000;
const PAGE_BYTES = 4096;
const MEGABYTE = 1e6;

export class ContenderProcess {
  #child;
  #pending;
  #ended;

  /** @param {string[]} command */
  constructor([file, ...args]) {
    const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1' };
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
    readline.createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#settle(JSON.parse(line));
    });
    this.#child.stdin.on('error', () => undefined); // Its end says more.
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        this.#settle({ error: `the process ended early (${signal ?? code})` });
        resolve();
      });
      this.#child.on('error', (error) => this.#settle({ error: error.message }));
    });
  }

  #settle({ value, error }) {
    if (error === undefined) this.#pending?.resolve(value);
    else this.#pending?.reject(new Error(error));
  }

  /** Performs an action there, and brings its result. One at a time. */
  async perform(action, ...args) {
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        this.#pending = { resolve, reject };
        this.#child.stdin.write(`${JSON.stringify({ action, args })}\n`);
        timer = setTimeout(() => {
          reject(new Error(`${action}(${args.join(', ')}) does not answer`));
          this.#child.kill('SIGKILL');
        }, PATIENCE_MS);
      });
    } finally {
      clearTimeout(timer);
      this.#pending = undefined;
    }
  }

  /** What of its memory is in RAM, in bytes. */
  rss() {
    const [, pages] = fs.readFileSync(`/proc/${this.#child.pid}/statm`, 'utf8').split(' ');
    return Number(pages) * PAGE_BYTES;
  }

  /** Has it grow to so many megabytes of RSS, if it is not that large already. */
  async grow(megabytes) {
    const missing = () => Math.floor(megabytes - this.rss() / MEGABYTE);
    // Twice: a collector may have given back in the meantime what it had before.
    for (let i = 0; i < 2 && missing() > 0; i++) await this.perform('ballast', missing());
  }

  /** Ends it, and with it the children it still has. */
  async end() {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    await this.#ended;
    clearTimeout(timer);
  }
}
