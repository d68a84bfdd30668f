// Results as text: facts, a table for each measure, who is ahead of us, and the promises.

import { QUESTIONS } from './questions/index.mjs';

export function renderMachine(machine, leftOut) {
  const { cpu, cores, memoryGib, kernel, hugePages, reapedBy, nice, load, contenders } = machine;
  return [
    `${cpu}, ${cores} cores, ${memoryGib} GiB; ${kernel}, transparent huge pages: ${hugePages}`,
    `children of autoreap are reaped by: ${reapedBy}; load ${load}, nice ${nice}`,
    ...contenders.map(({ name, version }) => `  ${name}: ${version}`),
    ...leftOut.map(({ name, why }) => `  ${name}: left out, ${why}`),
    '',
  ].join('\n');
}

/** @param answer as results.mjs makes it */
export function renderQuestion({ name, question, load, rows, ahead, verdicts, failures }) {
  const { metrics } = QUESTIONS[name];
  const parts = Object.entries(metrics).map(([metric, { title, unit, more }]) => {
    const better = more ? 'more is better' : 'less is better';
    const lines = ranked(
      rows.filter((row) => row.metric === metric),
      more,
    );
    if (lines.length === 0) return '';
    const behind = ahead.filter((one) => one.metric === metric).map(renderAhead);
    return [`  ${title}, ${unit} (${better})\n`, table(lines.map(cells)), ...behind].join('\n');
  });
  return [
    `\n${name}: ${question} (load ${load.join(' to ')})\n`,
    ...parts.filter(Boolean).map((part) => `${part}\n`),
    ...failures.map(({ name: who, why }) => `  ${who} is left out: ${why}`),
    verdicts.length === 0 ? '' : table(verdicts.map(verdictCells)),
  ].join('\n');
}

/** Conditions in the order in which they were measured, and within one the best first. */
function ranked(rows, more) {
  const conditions = [...new Set(rows.map(({ condition }) => JSON.stringify(condition)))];
  const place = ({ condition }) => conditions.indexOf(JSON.stringify(condition));
  return rows.toSorted((a, b) => place(a) - place(b) || (more ? b.p50 - a.p50 : a.p50 - b.p50));
}

function cells({ name, ours, condition, p50, p95, samples, ofBaseline }) {
  return {
    ...condition,
    contender: `${ours ? '*' : ' '} ${name}`,
    p50: short(p50),
    p95: short(p95),
    samples: String(samples),
    'of Node.js 20': ofBaseline === undefined ? '' : short(ofBaseline.ratio),
    quartiles: ofBaseline === undefined ? '' : range(ofBaseline),
  };
}

function renderAhead({ condition, of, better }) {
  const when = Object.entries(condition).map(([key, value]) => `${key} ${value}`);
  const where = when.length === 0 ? '' : ` (${when.join(', ')})`;
  if (better.length === 0) return `  nobody is ahead of ${of}${where}`;
  const who = better.map(({ name, ratio }) => `${name} ${short(ratio)} times`);
  return `  ahead of ${of}${where}: ${who.join('; ')}`;
}

const verdictCells = ({ what, ratio, low, high, most, least, met }) => ({
  promise: what,
  ratio: short(ratio),
  quartiles: range({ low, high }),
  target: most === undefined ? `≥ ${least}` : `≤ ${most}`,
  verdict: met ? 'met' : 'MISSED',
});

const range = ({ low, high }) => `${short(low)} – ${short(high)}`;

const short = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** Columns by the rows' keys; numbers to the right. */
function table(rows) {
  const names = Object.keys(rows[0]);
  const columns = names.map((name) => {
    const all = [name, ...rows.map((row) => row[name])];
    const width = Math.max(...all.map((cell) => cell.length));
    const numeric = all.slice(1).every((cell) => /^[\d.]*$/.test(cell));
    return all.map((cell) => (numeric ? cell.padStart(width) : cell.padEnd(width)));
  });
  const lines = columns[0].map((_, i) => columns.map((column) => column[i]).join('  '));
  return `${lines.map((line) => `  ${line}`.trimEnd()).join('\n')}\n`;
}
