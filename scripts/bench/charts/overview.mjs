// One row for each thing measured, a dot for each contender: how many times better than Node.js 20.

import { groupOf, page, WIDTH } from './page.mjs';

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

// Who is on several rows: its name on all of them, its shape, and a colour of Okabe and Ito's palette.
const SHOWN = {
  'drop-in': ['autoreap/child_process', 'diamond', '#D55E00'],
  autoreap: ['autoreap', 'triangle-up', '#D55E00'],
  'node-20': ['Node.js 20', 'circle', '#0072B2'],
  'node-26': ['Node.js 26', 'square', '#0072B2'],
  'node-libuv': ['Node.js on libuv 1.53', 'cross', '#56B4E9'],
  bun: ['Bun', 'triangle-down', '#009E73'],
  deno: ['Deno', 'triangle-left', '#B0609A'],
  python: ['Python asyncio', 'triangle-right', '#C28A00'],
  c: ['C', 'arrow', '#000000'],
};

/** @returns undefined if too little of it was measured */
export function overview({ questions, machine }) {
  const data = HEADLINES.flatMap(([question, metric, condition, title]) => {
    const { rows = [] } = questions.find(({ name }) => name === question) ?? {};
    return rows
      .filter((row) => row.metric === metric && row.id in SHOWN && row.ofBaseline !== undefined)
      .filter((row) => Object.entries(condition).every(([key, is]) => row.condition[key] === is))
      .map((row) => ({
        ...{ title, who: SHOWN[row.id][0], group: groupOf(row) },
        better: isMore(question, metric) ? row.ofBaseline.ratio : 1 / row.ofBaseline.ratio,
      }));
  });
  const titles = HEADLINES.map(([, , , title]) => title);
  const there = titles.filter((title) => data.some((one) => one.title === title));
  if (there.length < 2) return undefined;

  const shown = Object.values(SHOWN).filter(([name]) => data.some(({ who }) => who === name));
  const [names, shapes, colours] = [0, 1, 2].map((i) => shown.map((entry) => entry[i]));
  const legend = {
    ...{ title: null, orient: 'right', offset: 24 },
    ...{ labelFontSize: 12, labelLimit: 0, symbolSize: 90 },
  };
  const who = { field: 'who', type: 'nominal', legend };
  const scale = { type: 'log', nice: false, domain: domainOf(data) };
  const y = {
    field: 'title',
    type: 'nominal',
    sort: there,
    axis: { title: null, ticks: false, domain: false, grid: true, labelLimit: 0 },
  };
  const panel = {
    width: WIDTH + 100,
    height: there.length * ROW_HEIGHT,
    layer: [
      {
        data: { values: [{ one: 1 }] },
        mark: { type: 'rule', color: '#0072B2', strokeWidth: 1.5 },
        encoding: { x: { field: 'one', type: 'quantitative', scale } },
      },
      {
        data: { values: data },
        mark: { type: 'point', filled: true, opacity: 0.95 },
        encoding: {
          y,
          x: {
            field: 'better',
            type: 'quantitative',
            scale,
            axis: {
              title: 'times better than Node.js 20 (left of 1: worse)',
              values: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
              format: '~r',
            },
          },
          color: { ...who, scale: { domain: names, range: colours } },
          size: { condition: { test: "datum.group == 'ours'", value: 140 }, value: 60 },
          shape: { ...who, scale: { domain: names, range: shapes } },
        },
      },
    ],
  };
  return page('Against node:child_process of Node.js 20', [panel], machine);
}

const MORE = new Set(['throughput rate', 'pipes rate']);
const isMore = (question, metric) => MORE.has(`${question} ${metric}`);

function domainOf(data) {
  const all = data.map(({ better }) => better);
  return [Math.min(...all) / 1.3, Math.max(...all) * 1.3];
}
