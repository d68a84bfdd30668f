// A question whose contenders all live from its beginning to its end, and take turns by the block.

import { takeTurns } from '../rounds.mjs';

/** @param {(subject, contender) => Promise<object[]>} measure one turn */
export async function standing(name, { present }, rounds, measure) {
  const subjects = [];
  try {
    const arms = present.map((contender) => {
      const subject = contender.start();
      subjects.push(subject);
      return { contender, measure: () => measure(subject, contender) };
    });
    return await takeTurns(name, arms, { rounds, warmUp: true });
  } finally {
    await Promise.all(subjects.map((subject) => subject.end()));
  }
}
