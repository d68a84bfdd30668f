// Random programs on the model and on this machine's kernel: step by step the same.
import { parseArgs } from 'node:util';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { release } from 'node:os';
import { support } from '../../lib/index';
import type { AbiName } from '../../lib/model/index';
import type { Command } from './commands';
import { describeCommand } from './describe';
import { runOnModel } from './model';
import { compose, drafts } from './program';
import { RealFamilies } from './real';

const HELP = `npm run test:differential -- [options]

Plays random programs of system calls, 1 to 40 steps by a family of processes, on the model of the kernel
and on the kernel under us, and compares what each step answers: results, errnos, signals caught, states.
The model is that of this kernel: linux-7.1 where there is CLONE_AUTOREAP, else linux-6.18. Needs root.

  --runs N      how many programs           (default 2000)
  --seed S      where the dice begin        (default: the time)
  --path P      the counterexample that a failure named
  --cpu N       the processor to play on    (default: the current one)
  --help        this
`;

const PROGRESS_MS = 2000;

/** How often a program is played again that differs: what the kernel itself does one time so, one time so. */
const REPLAYS = 25;

/** Where the two differ first, in words; undefined if they do not. */
async function difference(
  abi: AbiName,
  real: RealFamilies,
  program: readonly Command[],
): Promise<string | undefined> {
  let model: ReturnType<typeof runOnModel>;
  try {
    model = runOnModel(abi, program);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return [...program.map((command) => `  ${describeCommand(command)}`), said].join('\n');
  }
  const linux = await real.run(program);
  const lines: string[] = [];
  for (const [n, command] of program.entries()) {
    const [ours, theirs] = [model.steps[n], linux.steps[n]];
    lines.push(`  ${describeCommand(command)}`);
    if (isDeepStrictEqual(ours, theirs)) continue;
    return [
      ...lines,
      `  model: ${JSON.stringify(ours)}`,
      `  linux: ${JSON.stringify(theirs)}`,
    ].join('\n');
  }
  // Of the living, and of a leader whose threads live, procfs tells what they were stopped by.
  const shape = (rows: typeof model.table): unknown =>
    rows.map(({ exitCode, ...row }) => {
      const alone = rows.filter(({ tgid }) => tgid === row.tgid).length === 1;
      return row.state === 'Z' && alone ? { ...row, exitCode } : row;
    });
  if (isDeepStrictEqual(shape(model.table), shape(linux.table))) return undefined;
  const tables = [`model: ${JSON.stringify(model.table)}`, `linux: ${JSON.stringify(linux.table)}`];
  return [...lines, '  in the end', ...tables.map((line) => `  ${line}`)].join('\n');
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '2000' },
      seed: { type: 'string' },
      path: { type: 'string' },
      cpu: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const numRuns = Number(values.runs);
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const abi: AbiName = support().capabilities.CLONE_AUTOREAP.supported ? 'linux-7.1' : 'linux-6.18';
  process.stdout.write(`${numRuns} programs on ${abi} and on Linux ${release()}, --seed ${seed}\n`);

  await using real = new RealFamilies(values.cpu === undefined ? {} : { cpu: Number(values.cpu) });
  let played = 0;
  let steps = 0;
  let races = 0;
  const beganMs = performance.now();
  let toldMs = beganMs;
  const property = fc.asyncProperty(drafts, async (drawn) => {
    const program = compose(abi, drawn);
    let found = await difference(abi, real, program);
    for (let n = 0; found !== undefined && n < REPLAYS; n++) {
      const again = await difference(abi, real, program);
      if (again === undefined) races++;
      if (again === undefined) found = undefined;
    }
    played++;
    steps += program.length;
    if (performance.now() - toldMs > PROGRESS_MS) {
      toldMs = performance.now();
      process.stderr.write(`differential: ${played} programs, ${steps} steps\n`);
    }
    if (found !== undefined) throw new Error(found);
  });
  const result = await fc.check(property, {
    numRuns,
    seed,
    ...(values.path === undefined ? {} : { path: values.path }),
  });
  const perProgram = ((performance.now() - beganMs) / played).toFixed(1);
  process.stdout.write(
    `${played} programs, ${steps} steps, ${perProgram} ms a program, ${races} races\n`,
  );
  if (!result.failed) {
    process.stdout.write(`${played} passed, 0 failed\n`);
    return 0;
  }
  const error = result.errorInstance instanceof Error ? result.errorInstance : undefined;
  const where = `--seed ${result.seed} --path ${result.counterexamplePath ?? ''}`;
  process.stdout.write(`They differ, ${where}, shrunk ${result.numShrinks} times:\n`);
  process.stdout.write(`${error?.stack ?? String(result.errorInstance)}\n`);
  process.stdout.write(`${played} passed, 1 failed\n`);
  return 1;
}

void main().then((code) => (process.exitCode = code));
