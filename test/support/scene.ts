import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { script } from './programs';

export interface SceneOptions {
  /** What executes the script: a command that ends in the words that follow it. */
  readonly through?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Open in every scene and not O_CLOEXEC, as careless libraries leave theirs. (Of the descriptors below 16,
 * Node.js makes itself sure.)
 */
export const STRAY = 20;

const running = new Set<Scene>();

// What a test that ran out of time has left; jest would wait for it for ever.
afterEach(async () => {
  for (const scene of running) await scene[Symbol.asyncDispose]();
});

/**
 * A fixture script in a node process of its own, which runs while the test does and says lines of JSON.
 * Started by Node's own spawn: the observer is not what is observed.
 *
 * Its stdin and its descriptor 3 stay open until the test ends them, so that what the script starts can
 * wait for their end: nothing outlives a test that fails.
 */
export class Scene implements AsyncDisposable {
  readonly process: ChildProcess;
  /** Its descriptor 3. */
  readonly line: Line;
  /** Its own end; what it started may live on. */
  readonly exited: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>;
  readonly #closed: Promise<unknown>;
  readonly #said: AsyncIterator<string>;
  #stderr = '';

  constructor(name: string, args: readonly string[] = [], options: SceneOptions = {}) {
    const words = [...(options.through ?? []), process.execPath, script(name), ...args];
    const stdio = Array<'pipe' | 'ignore'>(STRAY + 1).fill('ignore');
    for (const fd of [0, 1, 2, 3, STRAY]) stdio[fd] = 'pipe';
    const env = { ...process.env, ...options.env };
    this.process = spawn(words[0]!, words.slice(1), { stdio, env });
    this.line = new Line(this.process.stdio[3] as Duplex);
    this.exited = once(this.process, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.#closed = once(this.process, 'close');
    running.add(this);
    this.#said = createInterface(this.process.stdout!)[Symbol.asyncIterator]();
    this.process.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
  }

  /** What it says next. */
  async hear<T>(): Promise<T> {
    const next = await this.#said.next();
    if (next.done !== true) return JSON.parse(next.value) as T;
    const [code, signal] = await this.exited;
    throw new Error(
      `${this.process.spawnargs.join(' ')}: ${String(code ?? signal)}\n${this.#stderr}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    running.delete(this);
    this.process.kill('SIGKILL');
    for (const stream of this.process.stdio) stream?.destroy();
    await this.#closed;
  }
}

/** One end of a socket; at the other is a `cat`, which says what it is told for as long as it lives. */
export class Line {
  /** Everything that was said, once nobody is left who could say more. */
  readonly over: Promise<string>;
  readonly #stream: Duplex;
  #said = '';

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    stream.on('error', () => {}); // Nobody is left to be told: it closes next.
    this.over = new Promise((resolve) => {
      stream.once('close', () => {
        resolve(this.#said);
      });
    });
  }

  /** Whether it answers: alive, and not on its way out. */
  async answers(): Promise<boolean> {
    const before = this.#said.length;
    this.#stream.write('ping\n');
    const answer = (): boolean => this.#said.slice(before).includes('ping\n');
    while (!answer() && this.#stream.readable) {
      await Promise.race([new Promise((more) => this.#stream.once('data', more)), this.over]);
    }
    return answer();
  }

  /** End of file for the other side. */
  hangUp(): void {
    this.#stream.end();
  }
}

/** The one thing that a script says, which then ends well. */
export async function play<T>(
  name: string,
  args: readonly string[] = [],
  options: SceneOptions = {},
): Promise<T> {
  await using scene = new Scene(name, args, options);
  const said = await scene.hear<T>();
  expect(await scene.exited).toEqual([0, null]);
  return said;
}
