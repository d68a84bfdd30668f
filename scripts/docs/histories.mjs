// The stories of docs/history/. See --help.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { at } from '../setup/files.mjs';
import { SetupError, main, parseOptions } from '../setup/run.mjs';

const require = createRequire(import.meta.url);

const HELP = `Writes what the scenes of lib/model/histories/ print into the pages of docs/history/, between their marks.

  npm run docs:histories [-- --check]

  --check   writes nothing; prints where a page differs from its scene, and then the exit code is 1
`;

await main(() => {
  const { check } = parseOptions('npm run docs:histories', HELP, { check: { type: 'boolean' } });
  const { HISTORIES, fillPage } = require(at('dist/lib/model/histories/index.js'));
  const folder = at('docs/history');
  const drifted = [];
  for (const name of fs.readdirSync(folder).filter((file) => file.endsWith('.md'))) {
    const file = path.join(folder, name);
    const page = fs.readFileSync(file, 'utf8');
    const filled = fillPage(page, HISTORIES);
    if (page === filled) continue;
    const shown = path.relative(at(), file);
    if (check) {
      drifted.push(difference(shown, page.split('\n'), filled.split('\n')));
    } else {
      fs.writeFileSync(file, filled);
      console.log(`${shown} is written`);
    }
  }
  if (drifted.length === 0) return;
  throw new SetupError(`${drifted.join('\n\n')}\n\n\`npm run docs:histories\` writes them`);
});

/** The lines that only one of the two has, by their number in the page. */
function difference(file, page, filled) {
  const lines = [];
  let [at, to] = [0, 0];
  for (const [samePage, sameFilled] of [...common(page, filled), [page.length, filled.length]]) {
    if (at < samePage || to < sameFilled) lines.push(`${file}:${at + 1}`);
    for (; at < samePage; at++) lines.push(`- ${page[at]}`);
    for (; to < sameFilled; to++) lines.push(`+ ${filled[to]}`);
    [at, to] = [samePage + 1, sameFilled + 1];
  }
  return lines.join('\n');
}

/** The longest common subsequence of two lists, as pairs of indexes. A page is short enough for the table. */
function common(a, b) {
  const length = a.map(() => []).concat([[]]);
  const of = (i, j) => length[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i][j] = a[i] === b[j] ? of(i + 1, j + 1) + 1 : Math.max(of(i + 1, j), of(i, j + 1));
    }
  }
  const pairs = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (of(i + 1, j) >= of(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}
