// Thousands of children that sleep: what the end of one costs, and the end of all.

import fs from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { cpuMs } from './clock.mjs';

const UNTIL_THEY_SLEEP_MS = 50;

export function crowdActions({ spawn, ended, kill }, children) {
  const sleeper = path.join(children, 'sleeper');
  const crowd = [];
  let fifo;
  let fifoEnd;

  return {
    /** Has that many children, who wait for the end of the FIFO. */
    async gather(count, fifoPath) {
      fifo = fifoPath;
      fifoEnd ??= fs.openSync(fifo, 'r+');
      while (crowd.length < count) {
        const child = spawn(sleeper, [fifo]);
        crowd.push(ended(child));
        if (crowd.length % 100 === 0) await nextTurn();
      }
      return {};
    },

    /** From kill(2) of one child to its exit, beside the crowd. */
    async exitLatency(samples) {
      const victims = Array.from({ length: samples }, () => spawn(sleeper, [fifo]));
      const exits = victims.map(ended);
      await sleep(UNTIL_THEY_SLEEP_MS);
      const latency = [];
      const startCpuMs = cpuMs();
      for (const [i, victim] of victims.entries()) {
        const startMs = performance.now();
        kill(victim);
        await exits[i];
        latency.push(performance.now() - startMs);
      }
      return { latency, cpu: [(cpuMs() - startCpuMs) / samples] };
    },

    /** Lets the whole crowd end at once, by closing what it waits for. */
    async exitTogether() {
      const startMs = performance.now();
      const startCpuMs = cpuMs();
      fs.closeSync(fifoEnd);
      await Promise.all(crowd);
      return { together: [performance.now() - startMs], togetherCpu: [cpuMs() - startCpuMs] };
    },
  };
}
