// How fast do bytes go through a pipe to a child and back? Ours are pipes, which a child can open as
// /dev/stdin; Node's and Bun's are pairs of sockets, which hold more.

import { find, verdict } from '../rounds.mjs';
import { standing } from './standing.mjs';

export const question = 'how fast do bytes go through a pipe?';

export const contenders = [
  ...['autoreap', 'drop-in', 'node-20', 'node-26', 'node-libuv', 'bun', 'deno', 'python', 'c'],
];

export const metrics = {
  rate: { title: 'throughput', unit: 'GB/s', more: true },
  cpu: { title: 'CPU of the parent', unit: 'ms' },
};

const GIBIBYTE = 2 ** 30;

export const charts = [{ metric: 'rate', kind: 'dots', facet: 'way' }];

export function ask(field) {
  const bytes = field.quick ? GIBIBYTE / 8 : GIBIBYTE;
  return standing('pipes', field, field.quick ? 3 : 5, async (subject) => [
    { condition: { way: 'child writes' }, samples: await subject.perform('pipeIn', bytes) },
    { condition: { way: 'child reads' }, samples: await subject.perform('pipeOut', bytes) },
  ]);
}

export function judge(measured) {
  return ['drop-in', 'autoreap'].flatMap((id) =>
    ['child writes', 'child reads'].flatMap((way) =>
      verdict(
        `${id === 'drop-in' ? 'autoreap/child_process' : 'autoreap'} / Node.js 20, ${way}`,
        find(measured, id, 'rate', { way }),
        find(measured, 'node-20', 'rate', { way }),
        { least: 1 },
      ),
    ),
  );
}
