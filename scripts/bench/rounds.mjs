// Who is measured when: the contenders take turns, a block of samples each, round after round, so
// that a noisy second hits them all, and a ratio is taken within a round, where the noise is shared.

import { progress, warn } from './progress.mjs';
import { median } from './stats.mjs';

/**
 * @typedef {object} Arm one contender's turn
 * @property {{ id, name, ours }} contender
 * @property {() => Promise<{ condition?: object, samples: Record<string, number[]> }[]>} measure
 *
 * @typedef {object} Measured one contender, under one condition, by one measure
 * @property {object} contender
 * @property {object} condition what the table shows beside it
 * @property {string} metric
 * @property {number[][]} rounds
 */

/**
 * Measures every arm in every round; in each, somebody else begins, so that nobody always follows the
 * same one. An arm that fails has left the field: it is reported, not mixed in.
 * @param {{ rounds: number, warmUp?: boolean }} options with a warm-up, one more round comes first and
 * is thrown away: code is compiled, caches and page tables fill
 * @returns {Promise<{ measured: Measured[], failures: { id, name, why }[] }>}
 */
export async function takeTurns(name, arms, { rounds, warmUp = false }) {
  const measured = new Map();
  const failures = [];
  let field = [...arms];
  for (let round = warmUp ? 0 : 1; round <= rounds; round++) {
    for (const arm of [...field]) {
      const { contender } = arm;
      const of = round === 0 ? 'warm-up' : `round ${round} of ${rounds}`;
      progress(`${name}: ${of}, ${contender.name}`);
      try {
        const blocks = await arm.measure();
        if (round > 0) for (const block of blocks) keep(measured, contender, block);
      } catch (error) {
        const [why] = error.message.split('\n');
        failures.push({ id: contender.id, name: contender.name, why });
        warn(`${name}: ${contender.name} is left out: ${why}`);
        field = field.filter((other) => other !== arm);
      }
    }
    field.push(...field.splice(0, 1));
  }
  const failed = new Set(failures.map(({ id }) => id));
  return {
    measured: [...measured.values()].filter(({ contender }) => !failed.has(contender.id)),
    failures,
  };
}

function keep(measured, contender, { condition = {}, samples }) {
  for (const [metric, values] of Object.entries(samples)) {
    const key = JSON.stringify([contender.id, condition, metric]);
    if (!measured.has(key)) measured.set(key, { contender, condition, metric, rounds: [] });
    measured.get(key).rounds.push(values);
  }
}

/** @returns {Measured | undefined} */
export const find = (measured, id, metric, condition = {}) =>
  measured.find(
    (one) =>
      one.contender.id === id &&
      one.metric === metric &&
      Object.entries(condition).every(([key, value]) => one.condition[key] === value),
  );

/**
 * One's median in units of another's: the median of the rounds' ratios, and their quartiles, which say
 * how far to believe it.
 */
export function compare(one, other) {
  const ratios = one.rounds.map((samples, i) => median(samples) / median(other.rounds[i]));
  const sorted = ratios.sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { ratio: median(ratios), low: at(0.25), high: at(0.75) };
}

/**
 * A promise, kept or not; nothing if one of the two was not measured. `what` names the ratio; its target
 * is `most` or `least`.
 */
export function verdict(what, one, other, { most, least }) {
  if (one === undefined || other === undefined) return [];
  const { ratio, low, high } = compare(one, other);
  const met = most === undefined ? ratio >= least : ratio <= most;
  return [{ what, ratio, low, high, most, least, met }];
}
