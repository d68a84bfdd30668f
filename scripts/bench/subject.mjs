// A process under measurement. It is not the one that leads the benchmark: each condition (how much
// memory, how many children) has a process of its own, all of them alive at once and idle but one,
// so that conditions can take turns too.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROCESS = fileURLToPath(new URL('subject-process.mjs', import.meta.url));
const PATIENCE_MS = 120_000;

export class Subject {
  #child;
  #pending;

  /** @param {string} module the URL of the module whose `actions` it performs */
  constructor(module) {
    this.#child = fork(PROCESS, [module], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child.on('message', ({ value, error }) => {
      if (error === undefined) this.#pending?.resolve(value);
      else this.#pending?.reject(Object.assign(new Error(error.message), error));
    });
    this.#child.on('exit', (code, signal) => {
      this.#pending?.reject(new Error(`the measured process ended early (${signal ?? code})`));
    });
  }

  /** Performs one of the module's actions there, and brings its result. One at a time. */
  async perform(action, ...args) {
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        this.#pending = { resolve, reject };
        this.#child.send({ action, args });
        timer = setTimeout(() => {
          reject(new Error(`${action}(${args.join(', ')}) waits for an exit that does not come`));
          this.#child.kill('SIGKILL');
        }, PATIENCE_MS);
      });
    } finally {
      clearTimeout(timer);
      this.#pending = undefined;
    }
  }

  /** Ends the process, and with it the children it still has. */
  async end() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    await ended;
  }
}
