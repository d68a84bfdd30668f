// What do we promise in numbers, and does this machine agree? See --help.
//
// Every promise is a ratio of two contenders that took turns in the same run (rounds.mjs), because a
// millisecond here is not a millisecond there, and not even here an hour later.

import { speakAs } from '../vm/report.mjs';
import { drawCharts, readResults, writeResults } from './charts/index.mjs';
import { HELP, parseCommandLine, UsageError } from './command-line.mjs';
import { prepare, prepareFolders } from './contenders.mjs';
import { loadNow, machineFacts } from './machine.mjs';
import { clearProgress, warn } from './progress.mjs';
import { QUESTIONS } from './questions/index.mjs';
import { renderMachine, renderQuestion } from './report.mjs';
import { answerOf } from './results.mjs';

async function main() {
  const options = parseCommandLine(process.argv.slice(2));
  if (options.help) return void process.stdout.write(HELP);
  if (options.redraw) return drawCharts(readResults());
  speakAs('bench');
  const say = (text) => options.json || process.stdout.write(text);

  const asked = options.names.map((name) => ({ name, ...QUESTIONS[name] }));
  const folders = await prepareFolders();
  const wanted = new Set(asked.flatMap(({ contenders }) => contenders));
  const { present, leftOut } = await prepare(wanted, folders);
  const machine = await machineFacts(present);
  say(renderMachine(machine, leftOut));

  const questions = [];
  for (const asking of asked) {
    const load = [loadNow()];
    const answer = await asking.ask({
      ...{ folders, quick: options.quick },
      present: asking.contenders.flatMap((id) => {
        const contender = present.find((one) => one.id === id);
        return contender === undefined ? [] : { ...contender, ...nameIn(asking, contender) };
      }),
    });
    load.push(loadNow());
    questions.push(answerOf(asking, answer, load));
    clearProgress();
    say(renderQuestion(questions.at(-1)));
  }
  const results = { machine, quick: options.quick, leftOut, questions };
  if (options.json) process.stdout.write(`${JSON.stringify(results, null, 1)}\n`);
  if (options.charts) {
    if (options.quick) warn('These charts are of a quick look: not for the repository.');
    await drawCharts(writeResults(results));
  }

  const missed = questions.flatMap(({ verdicts }) => verdicts).some(({ met }) => !met);
  if (options.check && missed) process.exitCode = 1;
}

/** A question may ask another function of a contender than most do. */
const nameIn = ({ names = {} }, { id, name }) => ({ name: names[id] ?? name });

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
