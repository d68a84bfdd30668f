// Running the machine's tools, and the folder where everything that was fetched is kept.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError, warn } from './report.mjs';

export const cacheRoot = path.resolve(
  process.env.AUTOREAP_CACHE ||
    path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'autoreap'),
);

/** A path inside the cache. */
export const cached = (...parts) => path.join(cacheRoot, ...parts);

/**
 * Makes a folder of the cache once: whole or not at all, also when two runs make it together.
 * @param {(folder: string) => unknown} make fills the folder that it is given
 */
export async function makeOnce(folder, make) {
  if (fs.existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  fs.rmSync(draft, { recursive: true, force: true });
  fs.mkdirSync(draft, { recursive: true });
  try {
    await make(draft);
    fs.renameSync(draft, folder);
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true });
    if (!fs.existsSync(folder)) throw error; // Else somebody was quicker.
  }
  return folder;
}

/** Aborted when the user interrupts: whatever runs is ended, and nothing new is begun. */
export const interruption = new AbortController();

/** Runs a tool; its standard output, or an error that holds everything it wrote. */
export async function run(command, args, { cwd, env } = {}) {
  const { code, stdout, output } = await tryRun(command, args, { cwd, env });
  if (code === 0) return stdout;
  throw new LabError(`${output.trimEnd()}\n${command} ${args[0] ?? ''} failed (${code}).`.trim());
}

/** As `run`, but a failure is a result. */
export function tryRun(command, args, { cwd, env } = {}) {
  return new Promise((resolve) => {
    const { signal } = interruption;
    const child = spawn(command, args, { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ code: error.code, stdout, output: error.message }));
    child.on('close', (code, signal) => resolve({ code: code ?? signal, stdout, output }));
  });
}

const TRIES = 3;
const FIRST_PAUSE_MS = 2_000;

/**
 * Downloads fail for a moment more often than for good: three tries, with growing pauses.
 * @param {(error: Error) => boolean} isFinal true where another try could not help
 */
export async function retry(what, work, isFinal = () => false) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isLast = attempt === TRIES || interruption.signal.aborted || isFinal(error);
      if (isLast) throw error;
      const pauseMs = FIRST_PAUSE_MS * 3 ** (attempt - 1);
      warn(`${what} failed, trying again in ${pauseMs / 1000} s (${lastLine(error.message)})`);
      await sleep(pauseMs);
    }
  }
}

/** A word as a shell reads it. */
export const quote = (word) =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

const lastLine = (text) => text.trim().split('\n').at(-1);

/** @param {Record<string, string[]>} tools command → the Debian packages that have it */
export function requireTools(tools) {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const isMissing = (tool) => !folders.some((folder) => fs.existsSync(path.join(folder, tool)));
  const missing = Object.keys(tools).filter(isMissing);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((tool) => tools[tool]))];
  throw new LabError(
    `This needs ${missing.join(', ')}. On Debian:\n\n  apt-get install ${packages.join(' ')}\n`,
  );
}
