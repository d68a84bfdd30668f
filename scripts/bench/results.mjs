// What is kept of an answer: a row for each contender, condition and measure, with its ratio.

import { BASELINE } from './contenders.mjs';
import { compare, find } from './rounds.mjs';
import { summary } from './stats.mjs';

/** Who is compared with all others in words: the first of these that took part. */
const OURS = ['drop-in', 'autoreap'];

// Closer than that, two medians say the same.
const NOTICEABLE = 1.05;

/** One question's part of the JSON document. */
export function answerOf({ name, question, metrics, judge }, { measured, failures }, load) {
  return {
    ...{ name, question, load, failures },
    rows: measured.map((one) => rowOf(one, measured)),
    ahead: Object.keys(metrics).flatMap((metric) => aheadOfUs(metric, metrics[metric], measured)),
    verdicts: judge(measured),
  };
}

function rowOf(one, measured) {
  const { contender, condition, metric, rounds } = one;
  const baseline = find(measured, BASELINE, metric, condition);
  return {
    ...{ id: contender.id, name: contender.name, ours: contender.ours },
    ...{ condition, metric },
    ...summary(rounds),
    rounds: rounds.length,
    ...(baseline === undefined ? {} : { ofBaseline: compare(one, baseline) }),
  };
}

/** Who does better than we do, condition by condition: the first thing that an honest table says. */
function aheadOfUs(metric, { more }, measured) {
  const ours = OURS.map((id) => measured.filter((one) => is(one, id, metric))).find(notEmpty) ?? [];
  return ours.flatMap((our) => {
    const better = measured
      .filter((one) => one.metric === metric && !one.contender.ours && sameCondition(one, our))
      .map((one) => ({
        name: one.contender.name,
        ...(more ? compare(one, our) : compare(our, one)),
      }))
      .filter(({ ratio, low }) => ratio > NOTICEABLE && low > 1)
      .sort((a, b) => b.ratio - a.ratio);
    return [{ metric, condition: our.condition, of: our.contender.name, better }];
  });
}

const is = (one, id, metric) => one.contender.id === id && one.metric === metric;
const notEmpty = (list) => list.length > 0;
const sameCondition = (one, other) =>
  JSON.stringify(one.condition) === JSON.stringify(other.condition);
