import type { ChildProcess } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spawn, type SpawnOptions } from '../../lib/index';

const root = path.resolve(__dirname, '../../..');

/** test/fixtures/NAME.c, compiled. */
export const program = (name: string): string => path.join(root, 'build/fixtures', name);

/** test/fixtures/NAME.cjs, for a node process of its own. */
export const script = (name: string): string => path.join(root, 'test/fixtures', `${name}.cjs`);

/** What a process wrote and how it ended, once its streams are closed. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signalCode: NodeJS.Signals | null;
}

/** Waits for 'close'. Rejects with the error of a child that was never born. */
export function outputOf(child: ChildProcess): Promise<Output> {
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => (text[name] += chunk));
  }
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    child.once('close', (exitCode, signalCode) => {
      if (failure === undefined) resolve({ ...text, exitCode, signalCode });
      else reject(failure);
    });
  });
}

/** The JSON that a fixture script prints: what it saw in a process of its own. */
export async function tell<T>(
  name: string,
  args: readonly string[] = [],
  options: SpawnOptions & { readonly node?: readonly string[] } = {},
): Promise<T> {
  const { node = [], ...rest } = options;
  const child = spawn(process.execPath, [...node, script(name), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...rest,
  });
  const { stdout, stderr, exitCode, signalCode } = await outputOf(child);
  if (exitCode !== 0) {
    throw new Error(`${name} ended with ${String(exitCode ?? signalCode)}:\n${stderr}${stdout}`);
  }
  return JSON.parse(stdout) as T;
}

/** A folder that is there for the tests of one file, and that everybody may enter. */
export function scratch(): { readonly path: string; file(name: string): string } {
  let made: string | undefined;
  // Not before somebody wants it: where all tests of a describe are skipped, its afterAll is not called.
  const folder = (): string => {
    if (made === undefined) {
      made = mkdtempSync(path.join(tmpdir(), 'autoreap-spec-'));
      chmodSync(made, 0o755);
    }
    return made;
  };
  afterAll(() => {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
    made = undefined;
  });
  return {
    get path() {
      return folder();
    },
    file: (name) => path.join(folder(), name),
  };
}

/** A copy that others may execute: the checkout may be in a folder that is ours alone. */
export function publicCopy(name: string, to: string): string {
  copyFileSync(program(name), to);
  chmodSync(to, 0o755);
  return to;
}
