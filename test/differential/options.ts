// The command line of main.ts: what is understood, and what is refused before anything is played.
import { parseArgs } from 'node:util';
import { ABIS, type AbiName } from '../../lib/model/abi';

/** What cannot be played, in one line. It ends with 2, for 1 is a difference of model and kernel. */
export class Refusal extends Error {}

/** Families are born by clone3(2), which the kernels without pidfds lack. */
const PLAYABLE = Object.values(ABIS)
  .filter(({ pidfd }) => pidfd)
  .map(({ name }) => name);

export const HELP = `npm run test:differential -- [options]

Plays random programs of system calls, 1 to 40 steps by a family of processes, on the model of the kernel
and on the kernel under us, and compares what each step answers: results, errnos, signals caught, states.
The model is that of this kernel: linux-7.1 where there is CLONE_AUTOREAP, else linux-6.18. Needs root
(CAP_SYS_ADMIN and CAP_SYS_NICE), and Linux 6.11.

  --runs N      how many programs           (default 2000)
  --seed S      where the dice begin        (default: the time)
  --path P      the counterexample that a failure named, together with its seed
  --cpu N       the processor to play on    (default: the current one)
  --abi NAME    another kernel than the one under us: ${PLAYABLE.join(', ')}
  --write FILE  do not play: write the programs, and what the model answers; needs no root
  --read FILE   play what was written so: in an emulated guest, where JavaScript is slow
  --help        this

Ends with 0 if they agree, with 1 if they differ, and with 2 if nothing can be said about that.
`;

export interface Options {
  readonly help: boolean;
  readonly runs: number;
  readonly seed: number;
  readonly path: string | undefined;
  readonly cpu: number | undefined;
  readonly abi: AbiName | undefined;
  readonly write: string | undefined;
  readonly read: string | undefined;
}

const OPTIONS = {
  runs: { type: 'string' },
  seed: { type: 'string' },
  path: { type: 'string' },
  cpu: { type: 'string' },
  abi: { type: 'string' },
  write: { type: 'string' },
  read: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Name = Exclude<keyof typeof OPTIONS, 'help'>;

/** What has a say where nothing is drawn, or nothing is played. */
const BESIDE: { readonly [Mode in 'read' | 'write']: readonly Name[] } = {
  read: ['cpu'],
  write: ['runs', 'seed', 'abi'],
};

/** @throws Refusal */
export function parseOptions(args: readonly string[]): Options {
  const given = new Map<Name, string>();
  let help = false;
  // Not strict: what parseArgs says itself differs from one Node.js to the next, and takes -5 for an option.
  const { tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') refuse(`${token.value}: only options are understood`);
    const { name, rawName, value } = token;
    if (!Object.hasOwn(OPTIONS, name)) refuse(`${rawName}: there is no such option`);
    if (name === 'help') help = true;
    else if (value === undefined || value === '') refuse(`${rawName}: a value must follow`);
    else given.set(name as Name, value);
  }
  for (const mode of ['read', 'write'] as const) if (given.has(mode)) checkBeside(mode, given);
  if (given.has('path') && !given.has('seed')) {
    refuse('--path: the --seed that the failure named belongs to it');
  }
  return {
    help,
    runs: take(given, 'runs', /^\d+$/, 'a whole number from 1', (n) => n >= 1) ?? 2000,
    seed: take(given, 'seed', /^-?\d+$/, 'a whole number') ?? Date.now() % 2 ** 31,
    path: checked(given, 'path', /^\d+(:\d+)*$/, 'numbers with colons between them'),
    cpu: take(given, 'cpu', /^\d+$/, 'the number of a processor'),
    abi: abiOf(given.get('abi')),
    write: given.get('write'),
    read: given.get('read'),
  };
}

function checkBeside(mode: 'read' | 'write', given: ReadonlyMap<Name, string>): void {
  for (const name of given.keys()) {
    if (name === mode || BESIDE[mode].includes(name)) continue;
    refuse(`--${name}: it has no meaning together with --${mode}`);
  }
}

function checked(
  given: ReadonlyMap<Name, string>,
  name: Name,
  form: RegExp,
  meant: string,
): string | undefined {
  const value = given.get(name);
  if (value !== undefined && !form.test(value)) refuse(`--${name} ${value}: it must be ${meant}`);
  return value;
}

function take(
  given: ReadonlyMap<Name, string>,
  name: Name,
  form: RegExp,
  meant: string,
  isValid: (n: number) => boolean = () => true,
): number | undefined {
  const text = checked(given, name, form, meant);
  if (text === undefined) return undefined;
  const n = Number(text);
  if (!Number.isSafeInteger(n) || !isValid(n)) refuse(`--${name} ${text}: it must be ${meant}`);
  return n;
}

function abiOf(name: string | undefined): AbiName | undefined {
  if (name === undefined) return undefined;
  const found = PLAYABLE.find((abi) => abi === name);
  if (found !== undefined) return found;
  const why = Object.hasOwn(ABIS, name) ? 'that kernel has no clone3(2) to play with, ' : '';
  refuse(`--abi ${name}: ${why}it must be one of ${PLAYABLE.join(', ')}`);
}

function refuse(what: string): never {
  throw new Refusal(`${what}. --help tells more.`);
}
