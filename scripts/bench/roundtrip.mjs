// From spawn() to "the exit is known": what do we add to what the kernel needs anyway?
//
//   node scripts/bench/main.mjs --only roundtrip
//
// The floor is C, posix_spawn(3) and waitpid(2) in a loop with the same program, environment and stdio
// (three times /dev/null), timed inside that program. One child at a time: with more in flight, it is
// the scheduler that is measured.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { compile } from './compile.mjs';
import { CONTENDERS, NOTHING, PROGRAM } from './contenders.mjs';
import { compare, takeTurns, verdict } from './rounds.mjs';
import { summary } from './stats.mjs';
import { Subject } from './subject.mjs';

export const question = 'how long from spawn() to the exit?';

const SAMPLES = 100;
const SETTLE = 4;
const NANOSECONDS = 1e6; // In a millisecond.

/** Performed by the measured process. */
export const actions = {
  async roundtrip(contender, samples) {
    const spawn = CONTENDERS[contender];
    const tookMs = [];
    for (let i = -SETTLE; i < samples; i++) {
      const startMs = performance.now();
      const endMs = await new Promise((resolve) => {
        spawn(PROGRAM, [], NOTHING).once('exit', () => resolve(performance.now()));
      });
      if (i >= 0) tookMs.push(endMs - startMs);
    }
    return tookMs;
  },
};

export async function ask({ quick }) {
  const floor = compile('posix-spawn');
  const subject = new Subject(import.meta.url);
  try {
    const arms = Object.keys(CONTENDERS).map((contender) => ({
      contender,
      measure: (samples) => subject.perform('roundtrip', contender, samples),
    }));
    arms.unshift({ contender: 'C', measure: (samples) => measureFloor(floor, samples) });
    const [c, ours, nodes] = await takeTurns(
      'roundtrip',
      arms.map((arm) => ({ ...arm, condition: {}, samples: SAMPLES })),
      quick ? 4 : 20,
    );
    return {
      rows: [c, ours, nodes].map(({ rounds, contender, condition }) => ({
        ...{ contender, condition },
        ...summary(rounds),
      })),
      verdicts: [verdict('autoreap / C', compare(ours, c), { most: 1.25 })],
    };
  } finally {
    await subject.end();
  }
}

async function measureFloor(program, samples) {
  const { stdout } = await promisify(execFile)(program, [String(samples + SETTLE), PROGRAM]);
  return stdout
    .trim()
    .split('\n')
    .slice(SETTLE)
    .map((ns) => Number(ns) / NANOSECONDS);
}
