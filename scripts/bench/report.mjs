// Results as text: facts, a table of contenders, a table of promises.

const MS_DIGITS = 3;

export function renderMachine(machine) {
  const { cpu, cores, memoryGib, kernel, hugePages, node, libuv, reapedBy, nice, load } = machine;
  return [
    `${cpu}, ${cores} cores, ${memoryGib} GiB; ${kernel}, transparent huge pages: ${hugePages}`,
    `Node.js ${node}, libuv ${libuv}; children of autoreap are reaped by: ${reapedBy}`,
    `load ${load}, nice ${nice}`,
    '',
  ].join('\n');
}

/** @param {{ name, question, load: [number, number], rows: object[], verdicts: object[] }} answer */
export function renderQuestion({ name, question, load, rows, verdicts }) {
  const measured = rows.map(({ condition, contender, p50, p95, samples }) => ({
    ...condition,
    contender,
    'p50 ms': p50.toFixed(MS_DIGITS),
    'p95 ms': p95.toFixed(MS_DIGITS),
    samples: String(samples),
  }));
  const promised = verdicts.map(({ what, ratio, low, high, most, least, met }) => ({
    ratio: what,
    '': short(ratio),
    quartiles: `${short(low)} – ${short(high)}`,
    target: most === undefined ? (least === undefined ? '' : `≥ ${least}`) : `≤ ${most}`,
    verdict: met === undefined ? '' : met ? 'met' : 'missed',
  }));
  const heading = `${name}: ${question} (load ${load.join(' to ')})`;
  return `\n${heading}\n\n${table(measured)}\n${table(promised)}`;
}

const short = (ratio) => (ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(3));

/** Columns by the rows' keys; numbers to the right. */
function table(rows) {
  if (rows.length === 0) return '';
  const names = Object.keys(rows[0]);
  const columns = names.map((name) => {
    const cells = [name, ...rows.map((row) => row[name])];
    const width = Math.max(...cells.map((cell) => cell.length));
    const numeric = cells.slice(1).every((cell) => /^[\d.]+$/.test(cell));
    return cells.map((cell) => (numeric ? cell.padStart(width) : cell.padEnd(width)));
  });
  const lines = columns[0].map((_, i) =>
    columns
      .map((cells) => cells[i])
      .join('  ')
      .trimEnd(),
  );
  return `${lines.map((line) => `  ${line}`).join('\n')}\n`;
}
