// For how long does spawn() stop the event loop, and does that depend on how large we are?
//
//   node scripts/bench/main.mjs --only blocking
//
// libuv up to 1.52 forks: the kernel copies our page tables, some 20 ms for each GiB, and nothing else
// runs meanwhile. The ballast is in Buffers, written to, as a cache of a server would be. A contender
// gets a block of samples, not every other one, and the first few do not count: after a fork every
// page of ours is write-protected, and whoever runs next pays for that.

import os from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CONTENDERS, NOTHING, PROGRAM } from './contenders.mjs';
import { progress, warn } from './progress.mjs';
import { compare, takeTurns, verdict } from './rounds.mjs';
import { summary } from './stats.mjs';
import { Subject } from './subject.mjs';

export const question = 'how long does spawn() block?';

const MEGABYTE = 1e6;
const SIZES = [
  { megabytes: 50, rss: '50 MB', forkSamples: 40 },
  { megabytes: 1000, rss: '1 GB', forkSamples: 10 },
  { megabytes: 4000, rss: '4 GB', forkSamples: 6 },
];
const SAMPLES = 40;
const SETTLE = 4;

const ballast = [];

/** Performed by the measured process. */
export const actions = {
  /** Grows to that many megabytes of RSS, if it is not that large already. */
  grow(megabytes) {
    const missing = () => megabytes * MEGABYTE - process.memoryUsage.rss();
    while (missing() > MEGABYTE) {
      ballast.push(Buffer.alloc(Math.min(missing(), 64 * MEGABYTE), 1));
    }
  },

  async block(contender, samples) {
    const spawn = CONTENDERS[contender];
    const tookMs = [];
    for (let i = -SETTLE; i < samples; i++) {
      const startMs = performance.now();
      const child = spawn(PROGRAM, [], NOTHING);
      const endMs = performance.now();
      if (i >= 0) tookMs.push(endMs - startMs);
      await new Promise((resolve) => child.once('exit', resolve));
      await nextTurn(); // What the exit left to do is not the next one's to pay for.
    }
    return tookMs;
  },
};

export async function ask({ quick }) {
  const subjects = [];
  try {
    const arms = [];
    for (const { megabytes, rss, forkSamples } of SIZES) {
      if (megabytes * MEGABYTE > os.freemem() * 0.8) {
        warn(`blocking: ${rss} is left out, there is not so much memory to be had`);
        continue;
      }
      const subject = new Subject(import.meta.url);
      subjects.push(subject);
      progress(`blocking: filling ${rss}`);
      await subject.perform('grow', megabytes);
      for (const contender of Object.keys(CONTENDERS)) {
        const measure = (samples) => subject.perform('block', contender, samples);
        const samples = contender === 'autoreap' ? SAMPLES : forkSamples;
        arms.push({ contender, condition: { rss }, samples, measure });
      }
    }
    const measured = await takeTurns('blocking', arms, quick ? 3 : 15);
    return {
      rows: measured.map(({ rounds, contender, condition }) => ({
        ...{ contender, condition },
        ...summary(rounds),
      })),
      verdicts: judge(measured),
    };
  } finally {
    for (const subject of subjects) await subject.end();
  }
}

function judge(measured) {
  const find = (contender, rss) =>
    measured.find((arm) => arm.contender === contender && arm.condition.rss === rss);
  const [small, ...larger] = SIZES.map(({ rss }) => find('autoreap', rss));
  const verdicts = larger.flatMap((large) =>
    large === undefined
      ? []
      : verdict(`autoreap at ${large.condition.rss} / at 50 MB`, compare(large, small), {
          most: 1.3,
        }),
  );
  const forked = find('child_process', '50 MB');
  verdicts.push(
    verdict('autoreap / child_process at 50 MB', compare(small, forked), { most: 0.35 }),
  );
  const large = find('autoreap', '4 GB');
  if (large !== undefined) {
    const forkedLarge = find('child_process', '4 GB');
    verdicts.push(
      verdict('child_process / autoreap at 4 GB', compare(forkedLarge, large), { least: 100 }),
    );
  }
  return verdicts;
}
