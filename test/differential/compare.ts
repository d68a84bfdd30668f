import { isDeepStrictEqual } from 'node:util';
import type { Command, Row, Step } from './commands';
import { describeCommand } from './describe';
import type { RealFamilies } from './real';

/** What a program did, on either of them. */
export interface Play {
  readonly steps: readonly Step[];
  readonly table: readonly Row[];
}

/** How often a program is played again that differs: what the kernel does one time so and one time so. */
const REPLAYS = 25;
/** In a log, it is only to say that somebody is still there. */
const PROGRESS_MS = process.stderr.isTTY ? 2000 : 60_000;

/** Holds plays of the model against the kernel, and counts. */
export class Comparison {
  readonly #real: RealFamilies;
  readonly #beganMs = performance.now();
  #toldMs = this.#beganMs;
  #programs = 0;
  #steps = 0;
  #races = 0;

  constructor(real: RealFamilies) {
    this.#real = real;
  }

  /** How many have been compared. */
  get programs(): number {
    return this.#programs;
  }

  /** Where the two differ first, in words; undefined if they do not, or if the kernel itself varies. */
  async difference(program: readonly Command[], model: () => Play): Promise<string | undefined> {
    const found = await this.#differenceOnce(program, model);
    this.#count(program);
    if (found === undefined) return undefined;
    for (let n = 0; n < REPLAYS; n++) {
      if ((await this.#differenceOnce(program, model)) !== undefined) continue;
      this.#races++;
      return undefined;
    }
    return found;
  }

  summary(): string {
    const perProgram = ((performance.now() - this.#beganMs) / this.#programs).toFixed(1);
    const counts = `${this.#programs} programs, ${this.#steps} steps, ${perProgram} ms a program`;
    if (this.#races === 0) return counts;
    const races = 'differed from the model at first and agreed when played again';
    return `${counts}\n${this.#races} of them ${races}: a race of the kernel's own`;
  }

  #count(program: readonly Command[]): void {
    this.#programs++;
    this.#steps += program.length;
    if (performance.now() - this.#toldMs < PROGRESS_MS) return;
    this.#toldMs = performance.now();
    process.stderr.write(`differential: ${this.#programs} programs, ${this.#steps} steps\n`);
  }

  async #differenceOnce(
    program: readonly Command[],
    play: () => Play,
  ): Promise<string | undefined> {
    let model: Play;
    try {
      model = play();
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      return [...program.map((command) => `  ${describeCommand(command)}`), said].join('\n');
    }
    return compare(program, model, await this.#real.run(program));
  }
}

function compare(program: readonly Command[], model: Play, linux: Play): string | undefined {
  const lines: string[] = [];
  const differs = (ours: unknown, theirs: unknown): string =>
    [...lines, `model: ${JSON.stringify(ours)}`, `linux: ${JSON.stringify(theirs)}`].join('\n  ');
  for (const [n, command] of program.entries()) {
    lines.push(`  ${describeCommand(command)}`);
    if (isDeepStrictEqual(model.steps[n], linux.steps[n])) continue;
    return differs(model.steps[n], linux.steps[n]);
  }
  lines.push('in the end');
  if (isDeepStrictEqual(comparable(model.table), comparable(linux.table))) return undefined;
  return differs(model.table, linux.table);
}

/** Of the living, and of a leader whose threads live, procfs tells what they were stopped by. */
function comparable(rows: readonly Row[]): unknown {
  return rows.map(({ exitCode, ...row }) => {
    const alone = rows.filter(({ tgid }) => tgid === row.tgid).length === 1;
    return row.state === 'Z' && alone ? { ...row, exitCode } : row;
  });
}
