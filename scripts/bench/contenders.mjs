// Who is measured, what it is called in the tables, and how it is started. Whoever cannot be had on
// this machine is left out, and the result says so.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostArch } from '../vm/arch.mjs';
import { npmNode, npmPackage, npmVersion } from '../vm/npm.mjs';
import { compileChildren, compileFloor } from './fetch/compile.mjs';
import { debianNode } from './fetch/debian-node.mjs';
import { installLibraries, LIBRARIES } from './fetch/libraries.mjs';
import { ContenderProcess } from './contender-process.mjs';
import { warn } from './progress.mjs';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const SUBJECT = file('javascript/subject.mjs');

/** What the ratios are taken against. */
export const BASELINE = 'node-20';

const BUN = { x64: '@oven/bun-linux-x64-baseline', arm64: '@oven/bun-linux-aarch64' };
const DENO = { x64: '@deno/linux-x64-glibc', arm64: '@deno/linux-arm64-glibc' };

/**
 * @typedef {object} Contender
 * @property {string} id
 * @property {string} name as the tables have it: the API, and what it runs on
 * @property {string} [api] what apis.mjs calls it
 * @property {boolean} [ours]
 * @property {(folders: { children: string, libraries: string }) => Promise<string[]>} command
 */
export const CONTENDERS = [
  onNode('autoreap', 'autoreap', 20),
  onNode('drop-in', 'autoreap/child_process', 20),
  onNode('autoreap-26', 'autoreap', 26),
  onNode('drop-in-26', 'autoreap/child_process', 26),
  onNode('node-20', 'child_process', 20),
  onNode('node-26', 'child_process', 26),
  onLibuv('node-libuv', 'child_process'),
  onLibuv('drop-in-libuv', 'autoreap/child_process'),
  ...LIBRARIES.map((name) => onNode(name, name, 20)),
  {
    id: 'bun',
    name: 'Bun',
    async command(folders) {
      const folder = await npmNewest(BUN[hostArch.name]);
      return [path.join(folder, 'bin/bun'), ...javascript('bun', folders)];
    },
  },
  {
    id: 'deno',
    name: 'Deno',
    async command(folders) {
      const folder = await npmNewest(DENO[hostArch.name]);
      const flags = ['--allow-all', '--no-config', '--no-lock', '--v8-flags=--expose-gc'];
      return [path.join(folder, 'deno'), 'run', ...flags, ...javascript('deno', folders)];
    },
  },
  {
    id: 'python',
    name: 'Python asyncio',
    async command({ children }) {
      // A shim of a version manager would be measured, too, and start a shell for it.
      const print = ['-c', 'import sys; print(sys.executable)'];
      const python = execFileSync('python3', print, { encoding: 'utf8' }).trim();
      return [python, file('python/subject.py'), children];
    },
  },
  { id: 'c', name: 'C, posix_spawn and waitpid', command: (folders) => floor(folders, 'wait') },
  { id: 'c-thread', name: 'C, told by a thread', command: (folders) => floor(folders, 'thread') },
];

function onNode(id, api, major) {
  return {
    ...{ id, api },
    name: `${api}, Node.js ${major}`,
    ours: api.startsWith('autoreap'),
    async command(folders) {
      const { file: node } = await npmNode(hostArch, major);
      return [node, '--expose-gc', ...javascript(api, folders)];
    },
  };
}

/** Debian's Node.js, which is linked to the libuv that forks no more. */
function onLibuv(id, api) {
  return {
    ...{ id, api },
    name: `${api}, libuv 1.53`,
    ours: api.startsWith('autoreap'),
    command: async (folders) => [...(await debianNode()), ...javascript(api, folders)],
  };
}

const javascript = (api, { children, libraries }) => [SUBJECT, api, children, libraries];

const floor = async ({ children }, how) => [compileFloor(), children, how];

async function npmNewest(name) {
  const folder = await npmPackage(name, await npmVersion(name));
  for (const program of ['bin/bun', 'deno'].map((inside) => path.join(folder, inside))) {
    if (fs.existsSync(program)) fs.chmodSync(program, 0o755); // Its install script would do that.
  }
  return folder;
}

/** Node.js 20 and the folders that every contender is told of. */
export async function prepareFolders() {
  const { file: node, version } = await npmNode(hostArch, 20);
  return {
    node,
    children: compileChildren(),
    libraries: await installLibraries(node, version),
  };
}

/**
 * Fetches, starts and greets each of these.
 * @returns {Promise<{ present: object[], leftOut: { id, name, why }[] }>} those present have a
 * `version`, and `start()` brings another process
 */
export async function prepare(ids, folders) {
  const present = [];
  const leftOut = [];
  for (const contender of CONTENDERS.filter(({ id }) => ids.has(id))) {
    const { id, name, api, ours = false } = contender;
    try {
      const command = await contender.command(folders);
      const start = () => new ContenderProcess(command);
      present.push({ id, name, api, ours, start, version: await greet(start) });
    } catch (error) {
      const [why] = error.message.trim().split('\n').slice(-1);
      leftOut.push({ id, name, why });
      warn(`${name} is left out: ${why}`);
    }
  }
  return { present, leftOut };
}

async function greet(start) {
  const subject = start();
  try {
    return (await subject.perform('hello')).version;
  } finally {
    await subject.end();
  }
}
