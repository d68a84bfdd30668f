// Random programs on the model and on this machine's kernel: step by step the same.
import { readFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { release } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { support } from '../../lib/index';
import type { AbiName } from '../../lib/model/index';
import type { Command } from './commands';
import { Comparison, type Play } from './compare';
import { runOnModel } from './model';
import { HELP, Refusal, parseOptions, type Options } from './options';
import { compose, drafts } from './program';
import { RealFamilies } from './real';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.write !== undefined) return await write(options.write, options);
  const { cpu } = options;
  if (options.read !== undefined) {
    await using file = await openFile('--read', options.read, 'r');
    await using real = await stage(cpu);
    print(`the programs of ${path.basename(options.read)} on Linux ${release()}`);
    return await playWritten(programsOf(options.read, file), new Comparison(real));
  }
  await using real = await stage(cpu);
  return await playDrawn(options, new Comparison(real));
}

/** The kernel under us, which has played a first program: of nobody but init, who does nothing. */
async function stage(cpu: number | undefined): Promise<RealFamilies> {
  const real = new RealFamilies(cpu === undefined ? {} : { cpu });
  try {
    await real.run([]);
    return real;
  } catch (error) {
    const said = messageOf(error);
    if (said.includes('CPU:')) throw new Refusal(`--cpu ${cpu}: ${allowedProcessors()}.`);
    if (said.includes('ENOENT')) {
      throw new Refusal(`${said}: it is compiled by "npm run test:differential".`);
    }
    const needs = 'CAP_SYS_ADMIN and CAP_SYS_NICE, so run it as root';
    const container = 'in a container with --cap-add SYS_ADMIN --cap-add SYS_NICE';
    throw new Refusal(`This needs ${needs}, ${container}. (${said})`);
  }
}

function allowedProcessors(): string {
  const status = readFileSync('/proc/self/status', 'latin1');
  return `it must be one that we may run on, of ${/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? 'others'}`;
}

async function playDrawn(options: Options, comparison: Comparison): Promise<number> {
  const { runs: numRuns, seed } = options;
  const abi = abiOf(options);
  const which = options.path === undefined ? `${numRuns} programs` : `--path ${options.path}`;
  print(`${which} on ${abi} and on Linux ${release()}, --seed ${seed}`);
  const troubles: Error[] = [];
  const property = fc.asyncProperty(drafts, async (drawn) => {
    if (troubles[0] !== undefined) throw troubles[0]; // No difference, and nothing to be shrunk.
    const program = compose(abi, drawn);
    const found = await comparison
      .difference(program, () => runOnModel(abi, program))
      .catch((error: unknown) => {
        troubles.push(notPlayed(comparison, error));
      });
    if (found !== undefined) throw new Error(found);
  });
  const at = options.path === undefined ? {} : { path: options.path };
  const result = await fc.check(property, { numRuns, seed, ...at });
  if (troubles[0] !== undefined) throw troubles[0];
  print(comparison.summary());
  if (result.failed) {
    const again = `--seed ${result.seed} --path ${result.counterexamplePath ?? ''}`;
    print(`They differ; ${again} shows it again, shrunk ${result.numShrinks} times:`);
    print(messageOf(result.errorInstance));
  }
  const failed = Number(result.failed);
  print(`${result.numRuns - failed} passed, ${failed} failed`);
  return failed;
}

function abiOf({ abi }: Options): AbiName {
  if (abi !== undefined) return abi;
  return support().capabilities.CLONE_AUTOREAP.supported ? 'linux-7.1' : 'linux-6.18';
}

/** A line of what --write writes. */
type Written = Play & { readonly program: readonly Command[] };

async function write(file: string, options: Options): Promise<number> {
  const { runs: numRuns, seed } = options;
  const abi = abiOf(options);
  await using out = await openFile('--write', file, 'w');
  for (const drawn of fc.sample(drafts, { numRuns, seed })) {
    const program = compose(abi, drawn);
    const written: Written = { program, ...runOnModel(abi, program) };
    await out.write(`${JSON.stringify(written)}\n`).catch(refuse(`--write ${file}`));
  }
  print(`${numRuns} programs of ${abi}, --seed ${seed}, in ${path.basename(file)}`);
  return 0;
}

const openFile = (option: string, file: string, flags: 'r' | 'w'): Promise<FileHandle> =>
  open(file, flags).catch(refuse(`${option} ${file}`));

async function* programsOf(name: string, file: FileHandle): AsyncGenerator<Written> {
  const text = await file.readFile('utf8').catch(refuse(`--read ${name}`));
  const lines = text.trimEnd().split('\n');
  for (const [n, line] of lines.entries()) yield writtenOf(line, `--read ${name}, line ${n + 1}`);
}

function writtenOf(line: string, where: string): Written {
  try {
    const written = JSON.parse(line) as Partial<Written> | null;
    if (Array.isArray(written?.program) && Array.isArray(written.steps)) return written as Written;
  } catch {
    // It is said below.
  }
  throw new Refusal(`${where}: none of those that --write writes.`);
}

async function playWritten(all: AsyncIterable<Written>, comparison: Comparison): Promise<number> {
  let passed = 0;
  let failed = 0;
  for await (const { program, ...model } of all) {
    const found = await comparison
      .difference(program, () => model)
      .catch((error: unknown) => {
        throw notPlayed(comparison, error);
      });
    if (found === undefined) {
      passed++;
      continue;
    }
    failed++;
    print(`They differ in program ${passed + failed}:\n${found}`);
  }
  print(comparison.summary());
  print(`${passed} passed, ${failed} failed`);
  return Number(failed > 0);
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).trimEnd();

const refuse =
  (what: string) =>
  (error: unknown): never => {
    throw new Refusal(`${what}: ${messageOf(error)}.`);
  };

/** That is about us, and never about the kernel. */
const notPlayed = ({ programs }: Comparison, error: unknown): Refusal =>
  new Refusal(
    `Program ${programs + 1} could not be played, so nothing is known: ${messageOf(error)}.`,
  );

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    const said = error instanceof Refusal ? error.message : String((error as Error).stack);
    process.stderr.write(`${said}\n`);
    process.exitCode = 2;
  },
);
