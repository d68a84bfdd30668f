// How long does spawnSync() take, with pipes as it has them by default?

import { find, verdict } from '../rounds.mjs';
import { passes } from './passes.mjs';

export const question = 'how long does spawnSync() take?';

export const contenders = [
  ...['drop-in', 'drop-in-26', 'node-20', 'node-26', 'node-libuv', 'bun', 'deno', 'python', 'c'],
];

export const metrics = { took: { title: 'how long spawnSync() takes', unit: 'ms' } };

const SIZES = [
  { rss: '50 MB', megabytes: 50, samples: 100, budgetMs: 300 },
  { rss: '1 GB', megabytes: 1000, samples: 50, budgetMs: 400 },
];

export const charts = [
  { metric: 'took', kind: 'dots', facet: 'rss', order: SIZES.map(({ rss }) => rss) },
];

export const ask = (field) =>
  passes('spawn-sync', field, SIZES, { action: 'sync', rounds: field.quick ? 3 : 7 });

export function judge(measured) {
  const at = (id, rss) => find(measured, id, 'took', { rss });
  const small = at('drop-in', '50 MB');
  return [
    ...verdict('ours / Node.js 20 at 50 MB', small, at('node-20', '50 MB'), { most: 0.7 }),
    ...verdict('ours at 1 GB / at 50 MB', at('drop-in', '1 GB'), small, { most: 1.3 }),
  ];
}
