// Running one tool: silent while it is quick, a line of progress when it is not, and everything it
// wrote when it fails.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './files.mjs';

const QUIET_MS = 2_000;
const PROGRESS_MS = 10_000;

/** An error whose message is all that the reader needs: no stack. */
export class SetupError extends Error {
  exitCode = 1;
}

/** One about what was asked for. */
export class UsageError extends SetupError {
  exitCode = 2;

  /** @param {string} command the one whose help tells more: "npm run tidy" */
  constructor(message, command) {
    super(`${message.replace(/\.?$/, '.')} See ${command} -- --help.`);
  }
}

/**
 * The options that a script was given. It ends here if that is `--help`.
 *
 * @param {string} command what its user types: "npm run tidy"
 * @param {string} help
 * @param {import('node:util').ParseArgsConfig['options']} [options]
 * @throws {UsageError} for what is not known
 */
export function parseOptions(command, help, options = {}, args = process.argv.slice(2)) {
  let values;
  try {
    const known = { ...options, help: { type: 'boolean', short: 'h' } };
    ({ values } = parseArgs({ args, options: known }));
  } catch (error) {
    throw new UsageError(error.message, command);
  }
  if (values.help) {
    process.stdout.write(help);
    process.exit();
  }
  return values;
}

/**
 * @param {string} what the work in words: "compiling the addon"
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 * @returns what the tool wrote
 * @throws {SetupError} with what the tool wrote
 */
export async function run(what, command, args, options = {}) {
  const startedAt = Date.now();
  const seconds = () => `${((Date.now() - startedAt) / 1000).toFixed(0)} s`;
  let spoke = false;
  const speak = () => {
    console.log(spoke ? `… still ${what}, ${seconds()}` : `… ${what}`);
    spoke = true;
    timer = setTimeout(speak, PROGRESS_MS);
  };
  let timer = setTimeout(speak, QUIET_MS);

  try {
    const { output, failure } = await collect(command, args, options);
    if (failure) throw new SetupError(`${output.trimEnd()}\n\n${what}: ${failure}`.trimStart());
    if (spoke) console.log(`  done ${what}, ${seconds()}`);
    return output;
  } finally {
    clearTimeout(timer);
  }
}

function collect(command, args, { env }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.on('error', (error) => resolve({ output, failure: error.message }));
    child.on('close', (code, signal) => {
      const failure = code === 0 ? undefined : `${command} ended with ${signal ?? code}`;
      resolve({ output, failure });
    });
  });
}

/** Runs a tool whose output is the point of running it. True if it succeeded. */
export function show(command, args, { env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
    child.on('error', (error) => {
      console.error(error.message);
      resolve(false);
    });
    child.on('close', (code) => resolve(code === 0));
  });
}

/** True if a command of this name would be found. */
export function isInstalled(command) {
  if (command.includes('/')) return fs.existsSync(command);
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.some((folder) => fs.existsSync(path.join(folder, command)));
}

/** Runs a script's main function; a SetupError ends it with its message and its exit code. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    const isOurs = error instanceof SetupError;
    console.error(isOurs ? error.message : error);
    process.exitCode = isOurs ? error.exitCode : 1;
  }
}
