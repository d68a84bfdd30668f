// How soon is an exit known, when thousands of other children live?
//
//   node scripts/bench/main.mjs --only exit-latency
//
// SIGCHLD does not say whose: libuv asks about every child it has, one wait4(2) each, at every exit. A
// pidfd in an epoll set does. Measured from kill(SIGKILL) of one child to its 'exit' event, with a
// crowd of others that sleep. Every contender has two processes, one with the crowd and one without,
// which take turns; the two contenders do not share one, for our children would make libuv count its.

import fs from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compile } from './compile.mjs';
import { CONTENDERS, NOTHING } from './contenders.mjs';
import { progress, warn } from './progress.mjs';
import { compare, takeTurns, verdict } from './rounds.mjs';
import { summary } from './stats.mjs';
import { Subject } from './subject.mjs';

export const question = 'how long from kill() to the exit, with other children alive?';

const CROWDS = [100, 1000, 5000];
const SAMPLES = 20;
const SETTLE = 2;
// Until the new child sleeps. Its exec closes our thousands of descriptors first, and is not measured.
const REST_MS = 5;
const SPARE_FDS = 100;

const crowd = [];

/** Performed by the measured process. */
export const actions = {
  /** Has that many children sleep. @returns how many there is room for, if that is less */
  async gather(contender, sleeper, count) {
    // Node.js has raised the soft limit to the hard one.
    const limits = fs.readFileSync('/proc/self/limits', 'utf8');
    const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
    if (contender === 'autoreap' && count > files - SPARE_FDS) return files - SPARE_FDS;
    while (crowd.length < count) {
      const child = CONTENDERS[contender](sleeper, [], NOTHING);
      const failed = new Promise((resolve) => child.once('error', resolve));
      if (child.pid === undefined) throw await failed;
      crowd.push(child);
      if (crowd.length % 100 === 0) await nextTurn();
    }
    return count;
  },

  async exitLatency(contender, sleeper, samples) {
    const tookMs = [];
    for (let i = -SETTLE; i < samples; i++) {
      const child = CONTENDERS[contender](sleeper, [], NOTHING);
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      const startMs = performance.now();
      const endMs = await new Promise((resolve) => {
        child.once('exit', () => resolve(performance.now()));
        child.kill('SIGKILL');
      });
      if (i >= 0) tookMs.push(endMs - startMs);
    }
    return tookMs;
  },
};

export async function ask({ quick }) {
  const sleeper = compileSleeper();
  const names = Object.keys(CONTENDERS);
  const start = () =>
    names.map((contender) => ({ contender, subject: new Subject(import.meta.url) }));
  const alone = start();
  const among = start();
  try {
    const measured = [];
    for (const children of CROWDS) {
      progress(`exit-latency: ${children} children`);
      if (!(await gather(among, sleeper, children))) break;
      const arms = [
        ...alone.map((one) => ({ ...one, condition: { children: '0' } })),
        ...among.map((one) => ({ ...one, condition: { children: String(children) } })),
      ].map(({ contender, subject, condition }) => ({
        ...{ contender, condition, samples: SAMPLES },
        measure: (samples) => subject.perform('exitLatency', contender, sleeper, samples),
      }));
      measured.push(...(await takeTurns('exit-latency', arms, quick ? 3 : 10)));
    }
    return { rows: rows(measured), verdicts: judge(measured) };
  } finally {
    for (const { subject } of [...alone, ...among]) await subject.end();
  }
}

async function gather(subjects, sleeper, children) {
  for (const { contender, subject } of subjects) {
    try {
      const room = await subject.perform('gather', contender, sleeper, children);
      if (room >= children) continue;
      warn(`exit-latency: ${children} children need as many descriptors: see ulimit -Hn`);
    } catch (error) {
      warn(`exit-latency: ${contender} cannot have ${children} children: ${error.message}`);
    }
    return false;
  }
  return true;
}

/** Static, if this machine can: a twentieth of the memory. */
function compileSleeper() {
  try {
    return compile('sleeper', '-static');
  } catch {
    return compile('sleeper');
  }
}

/** A row for each crowd and contender; the turns without a crowd are put together. */
function rows(measured) {
  const groups = new Map();
  for (const { contender, condition, rounds } of measured) {
    const key = `${condition.children} ${contender}`;
    const group = groups.get(key) ?? { contender, condition, rounds: [] };
    group.rounds.push(...rounds);
    groups.set(key, group);
  }
  return [...groups.values()]
    .sort((a, b) => a.condition.children - b.condition.children)
    .map(({ contender, condition, rounds }) => ({ contender, condition, ...summary(rounds) }));
}

/** Each crowd against the turns without one that were taken with it. */
function judge(measured) {
  const verdicts = [];
  for (let i = 0; i < measured.length; i += 4) {
    const [ours, nodes, oursAmong, nodesAmong] = measured.slice(i, i + 4);
    const { children } = oursAmong.condition;
    const target = Number(children) === CROWDS.at(-1) ? { most: 1.3 } : {};
    verdicts.push(
      verdict(`autoreap with ${children} / with none`, compare(oursAmong, ours), target),
      verdict(`child_process with ${children} / with none`, compare(nodesAmong, nodes), {}),
    );
  }
  return verdicts;
}
