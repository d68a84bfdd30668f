// What does the end of a child cost, when thousands of others live? What does it cost when they all end
// at once, and what does each take while it lives?
//
// SIGCHLD does not say whose: libuv asks about every child it has, one wait4(2) each, at every exit. A
// pidfd in an epoll set does say. A turn is a process whose crowd grows from size to size. All of the
// crowd wait for one FIFO to end, so that the last of the three questions costs the parent no kill(2).

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { find, takeTurns, verdict } from '../rounds.mjs';

export const question = 'what does an exit cost, beside others and all at once; and a child alive?';

export const contenders = [
  ...['autoreap', 'drop-in', 'node-20', 'node-26', 'node-libuv', 'bun', 'deno', 'python', 'c'],
];

export const metrics = {
  latency: { title: 'from kill() to the exit, beside others', unit: 'ms' },
  cpu: { title: 'CPU of the parent for that exit', unit: 'ms' },
  together: { title: '5,000 exits at once', unit: 'ms' },
  togetherCpu: { title: '5,000 exits at once, CPU of the parent', unit: 'ms' },
  bytes: { title: 'memory of the parent for each child alive', unit: 'bytes' },
};

const CROWDS = [0, 100, 1000, 5000];
const [MANY, MOST] = CROWDS.slice(-2);
const SAMPLES = 30;
const WARM_UP = 500;

export const charts = [
  ...['latency', 'cpu'].map((metric) => ({
    ...{ metric, kind: 'lines', x: 'children' },
    order: CROWDS.map(String),
  })),
  ...['togetherCpu', 'together', 'bytes'].map((metric) => ({ metric, kind: 'dots' })),
];

export async function ask({ present, quick }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'autoreap-bench-'));
  const fifo = path.join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  try {
    const arms = present.map((contender) => ({ contender, measure: () => pass(contender, fifo) }));
    return await takeTurns('crowd', arms, { rounds: quick ? 1 : 3 });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

async function pass(contender, fifo) {
  const subject = contender.start();
  try {
    const blocks = [];
    const rss = new Map();
    await subject.perform('gather', 0, fifo);
    await subject.perform('exitLatency', WARM_UP); // Compiled, and forgotten.
    for (const children of CROWDS) {
      await subject.perform('gather', children, fifo);
      const samples = await subject.perform('exitLatency', SAMPLES);
      blocks.push({ condition: { children: String(children) }, samples });
      await subject.perform('tidy');
      rss.set(children, subject.rss());
    }
    const samples = await subject.perform('exitTogether');
    const bytes = (rss.get(MOST) - rss.get(MANY)) / (MOST - MANY);
    if (bytes > 0) samples.bytes = [bytes]; // C keeps nothing of them.
    return [...blocks, { samples }];
  } finally {
    await subject.end();
  }
}

export function judge(measured) {
  return ['drop-in', 'autoreap'].flatMap((id) => {
    const name = id === 'drop-in' ? 'autoreap/child_process' : 'autoreap';
    const at = (who, metric, children) => find(measured, who, metric, { children });
    return [
      ...verdict(
        `${name}: latency beside 5,000 / beside none`,
        at(id, 'latency', '5000'),
        at(id, 'latency', '0'),
        { most: 1.3 },
      ),
      ...verdict(
        `${name} / Node.js 20: CPU of 5,000 exits at once`,
        find(measured, id, 'togetherCpu'),
        find(measured, 'node-20', 'togetherCpu'),
        { most: 1 },
      ),
    ];
  });
}
