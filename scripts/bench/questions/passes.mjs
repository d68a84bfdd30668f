// A turn that is a process from its start to its end, and grows from size to size on its way.

import os from 'node:os';
import { warn } from '../progress.mjs';
import { takeTurns } from '../rounds.mjs';

const MEGABYTE = 1e6;
// V8 compiles what is called often, and what is called first is not what a server does all day.
const WARM_UP = { samples: 1000, budgetMs: 700 };
const SETTLE = { samples: 4, budgetMs: 1000 };

/** @param {{ rss, megabytes, samples, budgetMs }[]} sizes in growing order */
export function passes(name, { present }, sizes, { action, rounds }) {
  const fitting = sizes.filter(({ rss, megabytes }) => {
    const fits = megabytes * MEGABYTE < os.freemem() * 0.8;
    if (!fits) warn(`${name}: ${rss} is left out, there is not so much memory to be had`);
    return fits;
  });
  const arms = present.map((contender) => ({
    contender,
    measure: () => pass(contender, fitting, action),
  }));
  return takeTurns(name, arms, { rounds });
}

async function pass(contender, sizes, action) {
  const subject = contender.start();
  try {
    await subject.perform(action, WARM_UP.samples, WARM_UP.budgetMs);
    const blocks = [];
    for (const { rss, megabytes, samples, budgetMs } of sizes) {
      await subject.grow(megabytes);
      await subject.perform(action, SETTLE.samples, SETTLE.budgetMs);
      const answer = await subject.perform(action, samples, budgetMs);
      blocks.push({ condition: { rss }, samples: answer });
    }
    return blocks;
  } finally {
    await subject.end();
  }
}
