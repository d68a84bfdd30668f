// The command line: what it may say, and the text that teaches it.

import { parseArgs } from 'node:util';
import { QUESTIONS } from './questions/index.mjs';

export const HELP = `Measures autoreap against Node.js, Bun, Deno, Python, execa and C, side by side in one run, and
compares with our targets.

  npm run bench -- [options]

  --only NAMES   some of these, separated by commas:
${Object.entries(QUESTIONS)
  .map(([name, { question }]) => `                   ${name.padEnd(13)} ${question}`)
  .join('\n')}
  --quick        fewer samples: a look (two or three minutes), not a verdict; else under twenty
  --json         one JSON document on stdout instead of the tables
  --charts       write docs/bench/results.json and draw docs/bench/*.svg from it
  --redraw       draw docs/bench/*.svg from the docs/bench/results.json there is; measure nothing
  --check        exit code 1 if a target is missed
  --help         this text

Examples:

  npm run bench -- --quick --only blocking     a first look
  npm run bench -- --json > before.json        to compare with, after a change
  npm run bench -- --charts                    what the repository shows; on a quiet machine

How to read it: each number is of one contender under one condition; "of Node.js 20" is its median in
units of what Node.js 20 needed in the same round, with the quartiles of the rounds. Our lines begin
with "*". Under each table it says who is ahead of us.

The contenders are fetched for this alone, by npm and from Debian's mirror as this machine's own apt
sources name it, into \${AUTOREAP_CACHE:-~/.cache/autoreap}: some 300 MB, once. Who cannot be had is
left out, and said. Needs a C compiler and python3, up to 6 GB of memory and 10,000 processes. Tables
go to stdout, progress to stderr. The addon and dist/ are taken as they are: npm run build.
`;

export class UsageError extends Error {}

export function parseCommandLine(args) {
  let values;
  try {
    const flag = { type: 'boolean', default: false };
    const flags = ['quick', 'json', 'charts', 'redraw', 'check', 'help'];
    const options = { only: { type: 'string' } };
    for (const name of flags) options[name] = flag;
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    throw new UsageError(error.message.replace(/\.?$/, '.'));
  }
  const names = values.only?.split(',') ?? Object.keys(QUESTIONS);
  const unknown = names.find((name) => !Object.hasOwn(QUESTIONS, name));
  if (unknown !== undefined) {
    const known = Object.keys(QUESTIONS).join(', ');
    throw new UsageError(`--only ${unknown}: there is ${known}.`);
  }
  return { ...values, names };
}
