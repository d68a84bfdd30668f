// What does it cost to run a program and have its output? `echo hello`, collected.

import { standing } from './standing.mjs';

export const question = 'how long to run a program and collect its output?';

export const contenders = [
  ...['autoreap', 'drop-in', 'node-20', 'execa', 'nano-spawn', 'tinyexec', 'bun', 'deno'],
];

/** What each calls it. */
export const names = {
  autoreap: 'autoreap, run()',
  'drop-in': 'autoreap/child_process, execFile()',
  'node-20': 'child_process, execFile()',
};

export const metrics = {
  took: { title: 'one after the other', unit: 'ms' },
  rate: { title: '16 in flight', unit: '1/s', more: true },
  cpu: { title: 'CPU of the parent for each, 16 in flight', unit: 'ms' },
};

export const charts = ['took', 'rate', 'cpu'].map((metric) => ({ metric, kind: 'dots' }));

const FOR_MS = 400;

export const ask = (field) =>
  standing('run', field, field.quick ? 3 : 9, async (subject) => {
    const { took } = await subject.perform('run', 100, FOR_MS);
    const { rate, cpu } = await subject.perform('runThroughput', 16, FOR_MS);
    return [{ samples: { took, rate, cpu } }];
  });

export const judge = () => [];
