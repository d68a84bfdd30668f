// A dot for the median and a line to the 95th percentile, a row for each contender, the best on top.
// The axis is logarithmic: a bar, which begins at zero, would lie on it.

import { colour, explain, groupOf, heading, short, WIDTH } from './page.mjs';

const ROW_HEIGHT = 17;

/**
 * @param {object[]} rows of results.json, of one measure
 * @param {{ where?: object, facet?: string }} chart under which condition; a panel for each value of one
 */
export function dots(rows, metric, { where = {}, facet }) {
  const meant = rows.filter(({ condition }) => includes(condition, where));
  const values =
    facet === undefined ? [undefined] : [...new Set(meant.map((row) => row.condition[facet]))];
  return values.map((value) => {
    const shown = meant.filter(
      ({ condition }) => facet === undefined || condition[facet] === value,
    );
    const words = { ...where, ...(facet === undefined ? {} : { [facet]: value }) };
    return panel(shown, metric, titled(metric.title, words));
  });
}

const includes = (condition, where) =>
  Object.entries(where).every(([key, value]) => condition[key] === value);

const titled = (title, words) =>
  [title, ...Object.entries(words).map(([key, value]) => saying(key, value))].join(', ');

const saying = (key, value) =>
  key === 'way' ? value : key === 'rss' ? `${value} of memory in use` : `${value} ${key}`;

function panel(rows, metric, title) {
  const sorted = rows.toSorted((a, b) => (metric.more ? b.p50 - a.p50 : a.p50 - b.p50));
  const data = sorted.map((row) => ({
    ...{ name: row.name, group: groupOf(row), p50: row.p50, label: short(row.p50) },
    // Of one number a round there is no tail to show.
    p95: row.samples > row.rounds ? row.p95 : row.p50,
  }));
  const y = {
    field: 'name',
    type: 'nominal',
    sort: data.map(({ name }) => name),
    axis: {
      ...{ title: null, ticks: false, domain: false, labelLimit: 0, grid: true },
      labelFontWeight: { condition: { test: bold(data), value: 'bold' }, value: 'normal' },
    },
  };
  const x = {
    field: 'p50',
    type: 'quantitative',
    scale: { type: 'log', domain: domainOf(data), nice: false },
    axis: { title: explain(metric), tickCount: 4, format: '~r', labelOverlap: true },
  };
  return {
    title: heading(title),
    width: WIDTH,
    height: data.length * ROW_HEIGHT,
    data: { values: data },
    encoding: { y, color: colour },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2, opacity: 0.45 },
        encoding: { x, x2: { field: 'p95' } },
      },
      {
        mark: { type: 'point', filled: true, opacity: 1 },
        encoding: {
          x,
          size: { condition: { test: "datum.group == 'ours'", value: 110 }, value: 55 },
          shape: {
            condition: { test: "datum.group == 'ours'", value: 'diamond' },
            value: 'circle',
          },
        },
      },
      {
        mark: { type: 'text', align: 'left' },
        encoding: { x: { value: WIDTH + 8 }, text: { field: 'label' } },
      },
    ],
  };
}

const bold = (data) => {
  const ours = data.filter(({ group }) => group === 'ours').map(({ name }) => name);
  return `indexof(${JSON.stringify(ours)}, datum.value) >= 0`;
};

function domainOf(data) {
  const all = data.flatMap(({ p50, p95 }) => [p50, p95]).filter((value) => value > 0);
  return [Math.min(...all) / 1.15, Math.max(...all) * 1.15];
}
