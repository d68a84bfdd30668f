// Random programs on the model and on this machine's kernel: step by step the same.
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { release } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { once } from 'node:events';
import fc from 'fast-check';
import { support } from '../../lib/index';
import type { AbiName } from '../../lib/model/index';
import type { Command } from './commands';
import { Comparison, type Play } from './compare';
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
  --abi NAME    another kernel than the one under us
  --write FILE  do not play: write the programs, and what the model answers
  --read FILE   play what was written so: in an emulated guest, where JavaScript is slow
  --help        this
`;

const OPTIONS = {
  runs: { type: 'string', default: '2000' },
  seed: { type: 'string' },
  path: { type: 'string' },
  cpu: { type: 'string' },
  abi: { type: 'string' },
  write: { type: 'string' },
  read: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const numRuns = Number(values.runs);
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  if (!(numRuns >= 1) || !Number.isInteger(seed)) {
    process.stderr.write('--runs and --seed are whole numbers. --help tells more.\n');
    return 2;
  }
  if (values.write !== undefined) return write(values.write, abiOf(values.abi), numRuns, seed);

  await using real = new RealFamilies(values.cpu === undefined ? {} : { cpu: Number(values.cpu) });
  const comparison = new Comparison(real);
  if (values.read !== undefined) return await read(values.read, comparison);

  const abi = abiOf(values.abi);
  print(`${numRuns} programs on ${abi} and on Linux ${release()}, --seed ${seed}`);
  const property = fc.asyncProperty(drafts, async (drawn) => {
    const program = compose(abi, drawn);
    const found = await comparison.difference(program, () => runOnModel(abi, program));
    if (found !== undefined) throw new Error(found);
  });
  const at = values.path === undefined ? {} : { path: values.path };
  const result = await fc.check(property, { numRuns, seed, ...at });
  print(comparison.summary());
  if (result.failed) {
    const error = result.errorInstance;
    const again = `--seed ${result.seed} --path ${result.counterexamplePath ?? ''}`;
    print(`They differ; ${again} shows it again, shrunk ${result.numShrinks} times:`);
    print(error instanceof Error ? error.message : String(error));
  }
  const failed = Number(result.failed);
  print(`${result.numRuns - failed} passed, ${failed} failed`);
  return failed;
}

function abiOf(name: string | undefined): AbiName {
  if (name !== undefined) return name as AbiName;
  return support().capabilities.CLONE_AUTOREAP.supported ? 'linux-7.1' : 'linux-6.18';
}

/** A line of what --write writes. */
type Written = Play & { readonly program: readonly Command[] };

async function write(file: string, abi: AbiName, numRuns: number, seed: number): Promise<number> {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  const out = createWriteStream(file);
  for (const drawn of fc.sample(drafts, { numRuns, seed })) {
    const program = compose(abi, drawn);
    const written: Written = { program, ...runOnModel(abi, program) };
    if (!out.write(`${JSON.stringify(written)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
  print(`${numRuns} programs of ${abi}, --seed ${seed}, in ${path.basename(file)}`);
  return 0;
}

async function read(file: string, comparison: Comparison): Promise<number> {
  print(`the programs of ${path.basename(file)} on Linux ${release()}`);
  let passed = 0;
  let failed = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const { program, ...model } = JSON.parse(line) as Written;
    const found = await comparison.difference(program, () => model);
    if (found === undefined) {
      passed++;
      continue;
    }
    failed++;
    print(`They differ in program ${passed + failed}:\n${found}`);
  }
  print(comparison.summary());
  print(`${passed} passed, ${failed} failed`);
  return Number(failed > 0 || passed === 0);
}

void main().then((code) => (process.exitCode = code));
