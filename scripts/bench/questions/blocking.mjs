// For how long does spawn() stop the event loop, how long until the exit is known, and does either
// depend on how large we are?
//
// Whoever forks has the kernel copy its page tables, some 20 ms for each GiB, and nothing else runs
// meanwhile. A contender's turn is a process of its own that grows from size to size: all of them at
// 4 GB would not fit. After a fork every page is write-protected, and whoever writes next pays; so the
// first spawns of each size do not count.
//
// The floor is C, posix_spawn(3) and waitpid(2) with the same program, environment and stdio. Its second
// form learns of the exit by a thread and a pidfd, because a loop that serves others cannot sit in
// waitpid: the difference is what it costs to wake an idle thread here.

import { find, verdict } from '../rounds.mjs';
import { passes } from './passes.mjs';

export const question = 'for how long does spawn() block, and how long until the exit is known?';

export const contenders = [
  ...['autoreap', 'drop-in', 'autoreap-26', 'drop-in-26', 'node-20', 'node-26', 'node-libuv'],
  ...['drop-in-libuv', 'bun', 'deno', 'python', 'c', 'c-thread'],
];

export const metrics = {
  blocking: { title: 'how long spawn() blocks', unit: 'ms' },
  exit: { title: 'from spawn() to the known exit', unit: 'ms' },
};

const SIZES = [
  { rss: '50 MB', megabytes: 50, samples: 100, budgetMs: 250 },
  { rss: '1 GB', megabytes: 1000, samples: 50, budgetMs: 250 },
  { rss: '4 GB', megabytes: 4000, samples: 30, budgetMs: 500 },
];

export const charts = [
  { metric: 'blocking', kind: 'lines', x: 'rss', order: SIZES.map(({ rss }) => rss) },
  { metric: 'exit', kind: 'dots', where: { rss: '50 MB' } },
];

export const ask = (field) =>
  passes('blocking', field, SIZES, { action: 'block', rounds: field.quick ? 3 : 5 });

export function judge(measured) {
  const at = (id, metric, rss) => find(measured, id, metric, { rss });
  const ours = ['drop-in', 'autoreap'].flatMap((id) => {
    const name = id === 'drop-in' ? 'autoreap/child_process' : 'autoreap';
    const small = at(id, 'blocking', '50 MB');
    const against = (other) => at(other, 'blocking', '50 MB');
    return [
      ...verdict(`${name} / Node.js 20 at 50 MB`, small, against('node-20'), { most: 0.3 }),
      ...verdict(`${name} / Node.js on libuv 1.53 at 50 MB`, small, against('node-libuv'), {
        most: 0.8,
      }),
      ...['1 GB', '4 GB'].flatMap((rss) =>
        verdict(`${name} at ${rss} / at 50 MB`, at(id, 'blocking', rss), small, { most: 1.3 }),
      ),
      ...verdict(`${name} / C, spawn to exit`, at(id, 'exit', '50 MB'), at('c', 'exit', '50 MB'), {
        most: 1.15,
      }),
    ];
  });
  return [
    ...ours,
    ...verdict(
      'autoreap/child_process / child_process, both on libuv 1.53',
      at('drop-in-libuv', 'blocking', '50 MB'),
      at('node-libuv', 'blocking', '50 MB'),
      { most: 0.8 },
    ),
  ];
}
