// What do we promise in numbers, and does this machine agree?
//
//   node scripts/bench/main.mjs [--quick] [--only blocking,roundtrip,exit-latency] [--json] [--check]
//
// Every promise is a ratio of two contenders that took turns in the same run (rounds.mjs), because a
// millisecond here is not a millisecond there, and not even here an hour later.

import { parseArgs } from 'node:util';
import * as blocking from './blocking.mjs';
import * as exitLatency from './exit-latency.mjs';
import { loadNow, machineFacts } from './machine.mjs';
import { clearProgress } from './progress.mjs';
import { renderMachine, renderQuestion } from './report.mjs';
import * as roundtrip from './roundtrip.mjs';

const QUESTIONS = { blocking, roundtrip, 'exit-latency': exitLatency };

const HELP = `Measures autoreap against node:child_process and C, and compares with our targets.

  npm run bench -- [options]

  --only NAMES   some of: ${Object.keys(QUESTIONS).join(', ')}; separated by commas
  --quick        fewer samples: a look (a minute instead of three), not a verdict
  --json         one JSON document on stdout instead of the tables
  --check        exit code 1 if a target is missed
  --help         this text

Tables go to stdout, progress to stderr. Needs a C compiler (cc) for the C contenders, and up to 6 GB
of memory and 10,000 processes; what does not fit is left out, and said. The addon and dist/ are taken
as they are: npm run build.

  npm run bench -- --only roundtrip
  npm run bench -- --json > before.json
`;

class UsageError extends Error {}

function parseCommandLine(args) {
  let values;
  try {
    const flag = { type: 'boolean', default: false };
    ({ values } = parseArgs({
      args,
      options: { only: { type: 'string' }, quick: flag, json: flag, check: flag, help: flag },
    }));
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

async function main() {
  const options = parseCommandLine(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }

  const machine = await machineFacts();
  if (!options.json) process.stdout.write(renderMachine(machine));
  const questions = [];
  for (const name of options.names) {
    const { question, ask } = QUESTIONS[name];
    const answer = { name, question, load: [loadNow()], ...(await ask(options)) };
    answer.load.push(loadNow());
    questions.push(answer);
    clearProgress();
    if (!options.json) process.stdout.write(renderQuestion(answer));
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ machine, questions }, null, 2)}\n`);

  const missed = questions.flatMap(({ verdicts }) => verdicts).some(({ met }) => met === false);
  if (options.check && missed) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  clearProgress();
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message} See --help.\n`);
    process.exitCode = 2;
  } else {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 70; // EX_SOFTWARE: the benchmark failed, which says nothing of the targets.
  }
}
