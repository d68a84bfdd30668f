// What every action measures with.

import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** User and system time of this process, all its threads. */
export function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** Calls `one` so many times, one after the other, or until the time is up; at least once. */
export async function repeat(samples, budgetMs, one) {
  const untilMs = performance.now() + budgetMs;
  for (let i = 0; i < samples && (i === 0 || performance.now() < untilMs); i++) {
    await one();
    await nextTurn(); // What it left to do is not the next one's to pay for.
  }
}

/**
 * How late timers are while something else goes on: one of a millisecond after the other. The same for
 * every runtime, where each one's own histogram would count differently.
 */
export class LoopDelay {
  #lateMs = [];
  #timer;

  constructor() {
    let lastMs = performance.now();
    const beat = () => {
      const nowMs = performance.now();
      this.#lateMs.push(Math.max(0, nowMs - lastMs - 1));
      lastMs = nowMs;
      this.#timer = setTimeout(beat, 1);
    };
    this.#timer = setTimeout(beat, 1);
  }

  /** @returns the lateness that one beat in a hundred exceeds */
  stop() {
    clearTimeout(this.#timer);
    const sorted = this.#lateMs.sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
  }
}
