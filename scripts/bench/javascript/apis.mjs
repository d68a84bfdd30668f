// The contenders in JavaScript under one signature. Whatever an API cannot do is not there.
//
//   spawn(file, args)          a child with stdio 'ignore'; its start is all that this may take
//   ended(child)               a promise of its exit
//   kill(child)                SIGKILL
//   spawnSync(file, args)      to its end, with pipes, as the API does by default
//   countOutput(file, args)    how many bytes came out of a child
//   feed(file, args, chunks)   writes them into a child, and waits for its exit
//   run(file, args)            what it wrote, as text

import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const IGNORE = { stdio: 'ignore' };

/** What has the names of node:child_process. */
function likeChildProcess({ spawn, spawnSync, execFile }) {
  const exitOf = (child) =>
    new Promise((resolve, reject) => {
      child.once('exit', resolve).once('error', reject);
    });
  return {
    spawn: (file, args) => spawn(file, args, IGNORE),
    ended: (child) => exitOf(child),
    kill: (child) => child.kill('SIGKILL'),
    spawnSync: spawnSync && ((file, args) => failed(spawnSync(file, args).status)),
    async countOutput(file, args) {
      const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
      let bytes = 0;
      child.stdout.on('data', (chunk) => (bytes += chunk.length));
      await new Promise((resolve) => child.once('close', resolve));
      return bytes;
    },
    async feed(file, args, chunks) {
      const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'ignore'] });
      const exit = exitOf(child);
      for (const chunk of chunks) {
        if (!child.stdin.write(chunk)) {
          await new Promise((resolve) => child.stdin.once('drain', resolve));
        }
      }
      child.stdin.end();
      failed(await exit);
    },
    run: execFile && (async (file, args) => (await promisify(execFile)(file, args)).stdout),
  };
}

/** A child that failed was not measured. */
export function failed(status) {
  if (status !== 0) throw new Error(`a child ended with ${status}`);
}

const library = (libraries, name) =>
  import(pathToFileURL(createRequire(path.join(libraries, 'x.js')).resolve(name)));

const OPEN = {
  child_process: async () => likeChildProcess(await import('node:child_process')),
  'autoreap/child_process': async () => likeChildProcess(await import('autoreap/child_process')),
  async autoreap() {
    const { spawn, run } = await import('autoreap');
    return {
      ...likeChildProcess({ spawn }),
      run: async (file, args) => (await run(file, args)).stdout,
    };
  },
  async execa(libraries) {
    const { execa } = await library(libraries, 'execa');
    return { run: async (file, args) => (await execa(file, args)).stdout };
  },
  async 'nano-spawn'(libraries) {
    const { default: nanoSpawn } = await library(libraries, 'nano-spawn');
    return { run: async (file, args) => (await nanoSpawn(file, args)).stdout };
  },
  async tinyexec(libraries) {
    const { x } = await library(libraries, 'tinyexec');
    return { run: async (file, args) => (await x(file, args)).stdout };
  },
  bun: () => import('./bun.mjs'),
  deno: () => import('./deno.mjs'),
};

export const openApi = (name, libraries) => OPEN[name](libraries);
