// docs/bench: the results of one run, and the charts drawn from them. A chart shows nothing that is not
// in the JSON, so it can be drawn again (--redraw) when only its looks have changed.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as vega from 'vega';
import { compile } from 'vega-lite';
import { QUESTIONS } from '../questions/index.mjs';
import { dots } from './dots.mjs';
import { lines } from './lines.mjs';
import { overview } from './overview.mjs';
import { page } from './page.mjs';

const FOLDER = fileURLToPath(new URL('../../../docs/bench/', import.meta.url));
const RESULTS = path.join(FOLDER, 'results.json');

const KINDS = { dots, lines };

export const readResults = () => JSON.parse(fs.readFileSync(RESULTS, 'utf8'));

export function writeResults(results) {
  fs.mkdirSync(FOLDER, { recursive: true });
  fs.writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
  return results;
}

/** One for each question, of a panel for each of its `charts`, and one over all. */
export async function drawCharts(results) {
  for (const { name, question, rows } of results.questions) {
    const { metrics, charts } = QUESTIONS[name];
    const panels = charts.flatMap((chart) => {
      const meant = rows.filter(({ metric }) => metric === chart.metric);
      return meant.length === 0 ? [] : KINDS[chart.kind](meant, metrics[chart.metric], chart);
    });
    await draw(name, page(capitalized(question), panels, results.machine));
  }
  const summary = overview(results);
  if (summary !== undefined) await draw('overview', summary);
}

async function draw(name, specification) {
  const runtime = vega.parse(compile(specification).spec);
  const svg = await new vega.View(runtime, { renderer: 'none' }).toSVG();
  fs.writeFileSync(path.join(FOLDER, `${name}.svg`), `${svg}\n`);
}

const capitalized = (text) => text[0].toUpperCase() + text.slice(1);
