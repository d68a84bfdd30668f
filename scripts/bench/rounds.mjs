// Who is measured when: the contenders take turns, a block of samples each, round after round, so
// that a noisy second hits them all, and a ratio is taken within a round, where the noise is shared.

import { progress } from './progress.mjs';
import { median } from './stats.mjs';

/**
 * @typedef {object} Arm one contender under one condition
 * @property {string} contender
 * @property {object} condition what the table shows beside it
 * @property {(samples: number) => Promise<number[]>} measure milliseconds
 * @property {number} samples in a block
 */

/**
 * Measures every arm in every round. One more round comes first and is thrown away: code is compiled,
 * caches and page tables fill.
 * @param {Arm[]} arms
 * @returns {Promise<(Arm & { rounds: number[][] })[]>}
 */
export async function takeTurns(name, arms, rounds) {
  const measured = arms.map((arm) => ({ ...arm, rounds: [] }));
  for (let round = 0; round <= rounds; round++) {
    for (const arm of measured) {
      const of = round === 0 ? 'warm-up' : `round ${round} of ${rounds}`;
      progress(`${name}: ${of}, ${arm.contender} ${Object.values(arm.condition).join(' ')}`);
      const samples = await arm.measure(arm.samples);
      if (round > 0) arm.rounds.push(samples);
    }
  }
  return measured;
}

/**
 * One arm's median in units of another's: the median of the rounds' ratios, and their quartiles, which
 * say how far to believe it.
 */
export function compare(arm, other) {
  const ratios = arm.rounds.map((samples, i) => median(samples) / median(other.rounds[i]));
  return spread(ratios);
}

function spread(ratios) {
  const sorted = ratios.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { ratio: median(ratios), low: at(0.25), high: at(0.75) };
}

/** A promise, kept or not. `what` names the ratio; its target is `most` or `least`, if there is one. */
export function verdict(what, { ratio, low, high }, { most, least } = {}) {
  const met = most !== undefined ? ratio <= most : least !== undefined ? ratio >= least : undefined;
  return { what, ratio, low, high, most, least, met };
}
