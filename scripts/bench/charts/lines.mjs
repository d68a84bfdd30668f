// A line for each contender over the values of one condition, with its name at its end.

import { colour, explain, groupOf, heading, WIDTH } from './page.mjs';

const HEIGHT = 320;
const LABEL_HEIGHT = 14;

// Beside the colour of a group, who it is: by its line and its points.
const SHAPES = ['circle', 'square', 'triangle-up', 'cross'];
const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
];

/** @param {{ x: string, order: string[] }} chart the condition, and its values from left to right */
export function lines(rows, metric, { x, order }) {
  const there = order.filter((value) => rows.some(({ condition }) => condition[x] === value));
  const data = rows.map((row) => ({
    ...{ name: row.name, group: groupOf(row), at: row.condition[x], p50: row.p50 },
    ...lookOf(row, rows),
  }));
  const all = data.map(({ p50 }) => p50);
  const domain = [Math.min(...all) / 1.2, Math.max(...all) * 1.2];
  const last = data.filter(({ at }) => at === there.at(-1));
  const labels = spreadOut(last, domain);

  const scale = { type: 'log', domain, nice: false };
  const y = (field) => ({
    ...{ field, type: 'quantitative', scale },
    axis: { title: explain(metric), tickCount: 5, format: '~r' },
  });
  const position = { field: 'at', type: 'ordinal', sort: there };
  const ours = (value, other) => ({
    condition: { test: "datum.group == 'ours'", value },
    value: other,
  });
  return [
    {
      title: heading(metric.title),
      width: WIDTH,
      height: HEIGHT,
      data: { values: data },
      encoding: {
        x: {
          ...position,
          scale: { type: 'point', padding: 0.15 },
          axis: { title: x === 'rss' ? 'memory in use' : `other ${x} alive`, labelAngle: 0 },
        },
        color: colour,
      },
      layer: [
        {
          mark: { type: 'line' },
          encoding: {
            y: y('p50'),
            detail: { field: 'name' },
            strokeWidth: ours(3.5, 1.5),
            strokeDash: { field: 'dash', type: 'nominal', scale: range(DASHES), legend: null },
          },
        },
        {
          mark: { type: 'point', filled: true, opacity: 1 },
          encoding: {
            y: y('p50'),
            size: ours(90, 40),
            shape: { field: 'look', type: 'nominal', scale: range(SHAPES), legend: null },
          },
        },
        // From the last point to its name, which had to make room for others.
        {
          data: { values: labels },
          mark: { type: 'rule', strokeWidth: 0.7, opacity: 0.6, xOffset: 6, x2Offset: 24 },
          encoding: { x: position, x2: { field: 'at' }, y: y('p50'), y2: { field: 'labelAt' } },
        },
        {
          data: { values: labels },
          mark: { type: 'text', align: 'left', dx: 28 },
          encoding: {
            x: position,
            y: y('labelAt'),
            text: { field: 'name' },
          },
        },
      ],
    },
  ];
}

const range = (values) => ({ domain: values.map((_, i) => i), range: values });

function lookOf(row, rows) {
  const group = groupOf(row);
  const kin = [...new Set(rows.filter((one) => groupOf(one) === group).map(({ id }) => id))];
  const look = kin.indexOf(row.id) % SHAPES.length;
  return { look, dash: look };
}

/** Where the names stand, on the axis, so that none covers another. */
function spreadOut(points, [low, high]) {
  const toPixels = (value) => (Math.log(high / value) / Math.log(high / low)) * HEIGHT;
  const toValue = (pixels) => high * (low / high) ** (pixels / HEIGHT);
  const sorted = points
    .map((point) => ({ ...point, pixels: toPixels(point.p50) }))
    .sort((a, b) => a.pixels - b.pixels);
  for (let pass = 0; pass < 200; pass++) {
    for (const [i, upper] of sorted.slice(0, -1).entries()) {
      const lower = sorted[i + 1];
      const missing = LABEL_HEIGHT - (lower.pixels - upper.pixels);
      if (missing <= 0) continue;
      upper.pixels -= missing / 2;
      lower.pixels += missing / 2;
    }
  }
  return sorted.map((point) => ({ ...point, labelAt: toValue(point.pixels) }));
}
