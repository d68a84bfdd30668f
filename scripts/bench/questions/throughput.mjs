// How many children a second, when so many may run at once, and what does the event loop say to that?
//
// A child that ends is followed by the next, for a fixed time. Timers of a millisecond run beside it:
// `delay` is what one in a hundred of them is late, or later.

import { find, verdict } from '../rounds.mjs';
import { standing } from './standing.mjs';

export const question = 'how many spawns a second, and how late are timers meanwhile?';

export const contenders = [
  ...['autoreap', 'drop-in', 'autoreap-26', 'drop-in-26', 'node-20', 'node-26', 'node-libuv'],
  ...['bun', 'deno', 'python', 'c'],
];

export const metrics = {
  rate: { title: 'spawns a second', unit: '1/s', more: true },
  delay: { title: 'event loop delay, 99th percentile', unit: 'ms' },
  cpu: { title: 'CPU of the parent for each', unit: 'ms' },
};

const IN_FLIGHT = [1, 16, 128];
const FOR_MS = 400;

export const charts = ['rate', 'delay'].map((metric) => ({
  ...{ metric, kind: 'dots', facet: 'in flight' },
  order: IN_FLIGHT.map(String),
}));

export function ask(field) {
  const forMs = field.quick ? FOR_MS / 2 : FOR_MS;
  return standing('throughput', field, field.quick ? 3 : 9, async (subject) => {
    const blocks = [];
    for (const inFlight of IN_FLIGHT) {
      const samples = await subject.perform('throughput', inFlight, forMs);
      blocks.push({ condition: { 'in flight': String(inFlight) }, samples });
    }
    return blocks;
  });
}

export function judge(measured) {
  const at16 = (id) => find(measured, id, 'rate', { 'in flight': '16' });
  return ['drop-in', 'autoreap'].flatMap((id) =>
    verdict(
      `${id === 'drop-in' ? 'autoreap/child_process' : 'autoreap'} / Node.js 20, 16 in flight`,
      at16(id),
      at16('node-20'),
      { least: 1.8 },
    ),
  );
}
