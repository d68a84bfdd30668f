// From spawn() to "the exit is known": what do we add to what the kernel needs anyway?
//
//   node scripts/bench/main.mjs --only roundtrip
//
// The floor is C, posix_spawn(3) and waitpid(2) in a loop with the same program, environment and stdio
// (three times /dev/null), timed inside that program. A second one learns of the exit by a thread and a
// pidfd, as we do, because a loop that serves others cannot sit in waitpid: what that costs is the
// kernel's and the processor's (to wake an idle one takes long in a virtual machine), and the rest is
// ours. One child at a time: with more in flight, it is the scheduler that is measured.

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
    arms.unshift(
      { contender: 'C', measure: (samples) => measureFloor(floor, samples) },
      { contender: 'C, by a thread', measure: (samples) => measureFloor(floor, samples, 'thread') },
    );
    const measured = await takeTurns(
      'roundtrip',
      arms.map((arm) => ({ ...arm, condition: {}, samples: SAMPLES })),
      quick ? 4 : 20,
    );
    const [c, threaded, ours, nodes] = measured;
    return {
      rows: measured.map(({ rounds, contender, condition }) => ({
        ...{ contender, condition },
        ...summary(rounds),
      })),
      verdicts: [
        verdict('autoreap / C', compare(ours, c), { most: 1.25 }),
        verdict('C, by a thread / C', compare(threaded, c)),
        verdict('autoreap / C, by a thread', compare(ours, threaded)),
        verdict('child_process / C', compare(nodes, c)),
      ],
    };
  } finally {
    await subject.end();
  }
}

async function measureFloor(program, samples, ...how) {
  const args = [String(samples + SETTLE), PROGRAM, ...how];
  const { stdout } = await promisify(execFile)(program, args);
  return stdout
    .trim()
    .split('\n')
    .slice(SETTLE)
    .map((ns) => Number(ns) / NANOSECONDS);
}
