// One row for each thing measured, a dot for each contender: how many times better than Node.js 20.

import { colour, groupOf, page, WIDTH } from './page.mjs';

const HEADLINES = [
  ['blocking', 'blocking', { rss: '50 MB' }, 'spawn() blocks, 50 MB in use'],
  ['blocking', 'blocking', { rss: '1 GB' }, 'spawn() blocks, 1 GB in use'],
  ['blocking', 'blocking', { rss: '4 GB' }, 'spawn() blocks, 4 GB in use'],
  ['blocking', 'exit', { rss: '50 MB' }, 'spawn to known exit, 50 MB'],
  ['throughput', 'rate', { 'in flight': '1' }, 'spawns a second, 1 in flight'],
  ['throughput', 'rate', { 'in flight': '16' }, 'spawns a second, 16 in flight'],
  ['throughput', 'rate', { 'in flight': '128' }, 'spawns a second, 128 in flight'],
  ['crowd', 'latency', { children: '0' }, 'an exit, alone'],
  ['crowd', 'latency', { children: '5000' }, 'an exit beside 5,000 children'],
  ['crowd', 'togetherCpu', {}, 'CPU of 5,000 exits at once'],
  ['crowd', 'bytes', {}, 'memory for a child alive'],
  ['spawn-sync', 'took', { rss: '50 MB' }, 'spawnSync(), 50 MB in use'],
  ['spawn-sync', 'took', { rss: '1 GB' }, 'spawnSync(), 1 GB in use'],
  ['pipes', 'rate', { way: 'child writes' }, 'pipe, the child writes'],
  ['pipes', 'rate', { way: 'child reads' }, 'pipe, the child reads'],
];

const ROW_HEIGHT = 26;

// Names for the legend: who is on several rows, and what it is called on all of them.
const SHOWN = {
  'drop-in': 'autoreap/child_process',
  autoreap: 'autoreap',
  'node-20': 'Node.js 20',
  'node-26': 'Node.js 26',
  'node-libuv': 'Node.js on libuv 1.53',
  bun: 'Bun',
  deno: 'Deno',
  python: 'Python asyncio',
  c: 'C',
};
const SHAPES = {
  'drop-in': 'diamond',
  autoreap: 'triangle-up',
  'node-20': 'circle',
  'node-26': 'square',
  'node-libuv': 'cross',
  bun: 'triangle-down',
  deno: 'triangle-left',
  python: 'triangle-right',
  c: 'stroke',
};

/** @returns undefined if too little of it was measured */
export function overview({ questions, machine }) {
  const data = HEADLINES.flatMap(([question, metric, condition, title]) => {
    const { rows = [] } = questions.find(({ name }) => name === question) ?? {};
    return rows
      .filter((row) => row.metric === metric && row.id in SHOWN && row.ofBaseline !== undefined)
      .filter((row) => Object.entries(condition).every(([key, is]) => row.condition[key] === is))
      .map((row) => ({
        ...{ title, who: SHOWN[row.id], group: groupOf(row) },
        better: isMore(question, metric) ? row.ofBaseline.ratio : 1 / row.ofBaseline.ratio,
      }));
  });
  const titles = HEADLINES.map(([, , , title]) => title);
  const there = titles.filter((title) => data.some((one) => one.title === title));
  if (there.length < 2) return undefined;

  const names = Object.values(SHOWN).filter((name) => data.some(({ who }) => who === name));
  const shapes = names.map((name) => SHAPES[Object.keys(SHOWN).find((id) => SHOWN[id] === name)]);
  const y = {
    field: 'title',
    type: 'nominal',
    sort: there,
    axis: { title: null, ticks: false, domain: false, grid: true, labelLimit: 300 },
  };
  const panel = {
    width: WIDTH + 100,
    height: there.length * ROW_HEIGHT,
    layer: [
      {
        data: { values: [{ one: 1 }] },
        mark: { type: 'rule', color: '#0072B2', strokeWidth: 1.5 },
        encoding: { x: { field: 'one', type: 'quantitative', scale: { type: 'log' } } },
      },
      {
        data: { values: data },
        mark: { type: 'point', filled: true, opacity: 0.95 },
        encoding: {
          y,
          x: {
            field: 'better',
            type: 'quantitative',
            scale: { type: 'log', nice: false },
            axis: {
              title: 'times better than Node.js 20 (left of 1: worse)',
              values: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
              format: '~r',
            },
          },
          color: colour,
          size: { condition: { test: "datum.group == 'ours'", value: 140 }, value: 60 },
          shape: {
            field: 'who',
            type: 'nominal',
            scale: { domain: names, range: shapes },
            legend: { title: null, orient: 'right', labelFontSize: 12, symbolSize: 90 },
          },
        },
      },
    ],
  };
  return page('Against node:child_process of Node.js 20', [panel], machine);
}

const MORE = new Set(['throughput rate', 'pipes rate']);
const isMore = (question, metric) => MORE.has(`${question} ${metric}`);
