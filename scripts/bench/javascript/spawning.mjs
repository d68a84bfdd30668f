// One child after another, and several at once.

import { cpuMs, LoopDelay, repeat } from './clock.mjs';

/** The least that can be spawned, and the same for everybody. */
const PROGRAM = '/bin/true';
const ECHO = '/bin/echo';

export function spawningActions({ spawn, ended, spawnSync, run }) {
  const one = async () => {
    await ended(spawn(PROGRAM, []));
  };
  const runOne = async () => {
    const text = await run(ECHO, ['hello']);
    if (text.trimEnd() !== 'hello') throw new Error(`echo said ${JSON.stringify(text)}`);
  };

  return {
    /** `blocking`: until spawn() returns. `exit`: until the exit is known. */
    async block(samples, budgetMs) {
      const blocking = [];
      const exit = [];
      await repeat(samples, budgetMs, async () => {
        const startMs = performance.now();
        const child = spawn(PROGRAM, []);
        blocking.push(performance.now() - startMs);
        await ended(child);
        exit.push(performance.now() - startMs);
      });
      return { blocking, exit };
    },

    async sync(samples, budgetMs) {
      const took = [];
      await repeat(samples, budgetMs, () => {
        const startMs = performance.now();
        spawnSync(PROGRAM, []);
        took.push(performance.now() - startMs);
      });
      return { took };
    },

    throughput: (inFlight, forMs) => keepInFlight(one, inFlight, forMs),

    async run(samples, budgetMs) {
      const took = [];
      await repeat(samples, budgetMs, async () => {
        const startMs = performance.now();
        await runOne();
        took.push(performance.now() - startMs);
      });
      return { took };
    },

    runThroughput: (inFlight, forMs) => keepInFlight(runOne, inFlight, forMs),
  };
}

/** So many at once, each followed by the next. */
async function keepInFlight(one, inFlight, forMs) {
  let count = 0;
  const delay = new LoopDelay();
  const startMs = performance.now();
  const startCpuMs = cpuMs();
  const lane = async () => {
    while (performance.now() < startMs + forMs) {
      await one();
      count++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const tookMs = performance.now() - startMs;
  return {
    rate: [(count / tookMs) * 1e3],
    cpu: [(cpuMs() - startCpuMs) / count],
    delay: [delay.stop()],
  };
}
