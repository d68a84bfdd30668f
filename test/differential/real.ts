import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { program as fixture } from '../support/programs';
import {
  type Caught,
  type Command,
  type Outcome,
  type Returned,
  type Row,
  type State,
  type Step,
  OUTPUTS,
  lineOf,
} from './commands';
import { describeCommand } from './describe';

/** What a program did on the real kernel. */
export interface Run {
  /** One for each command. */
  readonly steps: readonly Step[];
  /** Who is left, by tid. */
  readonly table: readonly Row[];
}

export interface RealOptions {
  /**
   * The processor that stage and families share. Two stages need two for speed, and different user ids
   * in their programs: RLIMIT_NPROC counts a user's processes in all families.
   */
  readonly cpu?: number;
  /**
   * On all processors, without SCHED_FIFO: slower, and the kernel's own races show.
   * @defaultValue `false`
   */
  readonly loose?: boolean;
}

interface Waiting {
  readonly program: readonly Command[];
  readonly lines: string[];
  readonly resolve: (run: Run) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The real kernel, for programs of commands: each is played by a family of processes in a pid namespace
 * of its own, whose init has tid 1. All of them go through one process, test/fixtures/puppet.c; a
 * program may be handed in before the last one has come back.
 */
export class RealFamilies implements AsyncDisposable {
  readonly #stage: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting: Waiting[] = [];
  readonly #closed: Promise<void>;
  #text = '';
  #stderr = '';
  #failure: Error | undefined;

  constructor({ cpu, loose = false }: RealOptions = {}) {
    const args = [
      ...(cpu === undefined ? [] : ['--cpu', String(cpu)]),
      ...(loose ? ['--loose'] : []),
    ];
    this.#stage = spawn(fixture('puppet'), args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#stage.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#stage.stdout.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    // EPIPE: the stage has failed, and 'close' says how.
    this.#stage.stdin.on('error', () => {});
    this.#closed = new Promise((resolve) => {
      this.#stage.once('error', (error) => this.#fail(error));
      this.#stage.once('close', (exitCode, signalCode) => {
        this.#fail(new Error(this.#stderr || `puppet ended: ${String(exitCode ?? signalCode)}`));
        resolve();
      });
    });
  }

  /** Rejects if the program cannot be played: that is about us, and never about the kernel. */
  run(program: readonly Command[]): Promise<Run> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#waiting.push({ program, lines: [], resolve, reject });
      this.#stage.stdin.write([...program.map(lineOf), 'end', ''].join('\n'));
    });
  }

  /** Ends when the last program has. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stage.stdin.end();
    await this.#closed;
  }

  #hear(text: string): void {
    const lines = (this.#text + text).split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      const [first] = this.#waiting;
      if (first === undefined) throw new Error(`nobody awaits this of puppet: ${line}`);
      first.lines.push(line);
      if (first.lines.length <= first.program.length) continue;
      this.#waiting.shift();
      first.resolve(runOf(first.program, first.lines));
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    const [first, ...others] = this.#waiting.splice(0);
    const at = first?.program[first.lines.length];
    const last = at === undefined ? 'end' : describeCommand(at);
    first?.reject(new Error(`${error.message.trim()} (${last})`, { cause: error }));
    for (const { reject } of others) reject(error);
  }
}

// --- The wire: see the head of puppet.c ------------------------------------------------------------

type Six = readonly [number, number, number, number, number, number];

interface StepLine {
  readonly is: Outcome['is'];
  readonly value: number;
  readonly out: readonly number[];
  readonly late: readonly (readonly [tid: number, value: number, out: readonly number[]])[];
  readonly caught: readonly Six[];
  readonly states: readonly (readonly [tid: number, state: State])[];
}

interface TableLine {
  readonly table: readonly (readonly [
    number,
    number,
    State,
    number,
    number,
    number,
    number,
    number,
  ])[];
}

function runOf(program: readonly Command[], lines: readonly string[]): Run {
  const begun = new Map<number, Command>(); // The last call of each task.
  const steps = program.map((command, n) => {
    const line = JSON.parse(lines[n]!) as StepLine;
    if (line.is !== 'unable') begun.set(command.by, command);
    return stepOf(command, line, begun);
  });
  const { table } = JSON.parse(lines.at(-1)!) as TableLine;
  const rows = table.map(([tid, tgid, state, ppid, pgid, sid, exitSignal, exitCode]): Row => ({
    ...{ tid, tgid, state, ppid, pgid, sid, exitSignal, exitCode },
  }));
  return { steps, table: rows };
}

function stepOf(command: Command, line: StepLine, begun: ReadonlyMap<number, Command>): Step {
  const { is, value, out, late, caught, states } = line;
  return {
    outcome: is === 'returned' ? { is, ...returned(command, value, out) } : { is },
    late: late.map(([tid, value, out]) => ({ tid, ...returned(begun.get(tid), value, out) })),
    caught: caught.map(([tid, signo, code, pid, uid, status]): Caught => ({
      tid,
      signo,
      code,
      pid,
      uid,
      status,
    })),
    states: Object.fromEntries(states),
  };
}

// An execve that a tracer has held up answers late and under the leader's tid, where another call may
// have been under way: it has no outputs.
function returned(command: Command | undefined, value: number, out: readonly number[]): Returned {
  const names = command === undefined ? [] : (OUTPUTS[command.call] ?? []);
  return { value, out: Object.fromEntries(out.map((output, n) => [names[n] ?? `${n}`, output])) };
}
