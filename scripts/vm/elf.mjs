// Which shared libraries a program needs, by reading it: ldd would have to run it, and the guest's
// programs may be of another architecture.

import fs from 'node:fs';
import path from 'node:path';
import { warn } from './report.mjs';
import { run } from './tools.mjs';

const ELF = Buffer.from('\x7fELF');

export function isElf(file) {
  const fd = fs.openSync(file, 'r');
  const start = Buffer.alloc(4);
  fs.readSync(fd, start);
  fs.closeSync(fd);
  return start.equals(ELF);
}

/**
 * The loader and libraries that these programs need, and that those need.
 * @param {string[]} roots where the system of the programs is unpacked: `['/']` for the host's own
 * @returns {Promise<Map<string, string>>} path in the guest → file
 */
export async function librariesOf(programs, arch, roots) {
  const found = new Map();
  const missing = new Set();
  const queue = [...programs];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const name of await neededBy(file)) {
      const [inside, library] = find(name, arch, roots) ?? [];
      if (library === undefined) missing.add(name);
      else if (!found.has(inside)) {
        found.set(inside, library);
        queue.push(library);
      }
    }
  }
  // An addon for musl beside the one for glibc, say. The host has no such library either.
  for (const name of missing) if (!/musl/.test(name)) warn(`no ${name} for the guest`);
  return found;
}

async function neededBy(file) {
  const text = await run('readelf', ['--wide', '--dynamic', '--program-headers', file]);
  const names = [...text.matchAll(/\(NEEDED\).*\[(.*)\]|interpreter: (.*)\]/g)];
  return names.map(([, library, loader]) => library ?? loader);
}

/** A loader is named by its path, a library is looked for where ld.so would. */
function find(name, { triplet }, roots) {
  const folders = [
    `/lib/${triplet}`,
    `/usr/lib/${triplet}`,
    '/lib64',
    '/usr/lib64',
    '/lib',
    '/usr/lib',
  ];
  const places = name.startsWith('/')
    ? [name, path.join('/usr', name)]
    : folders.map((folder) => path.join(folder, name));
  for (const root of roots) {
    const place = places.find((inside) => fs.existsSync(path.join(root, inside)));
    if (place !== undefined) return [name.startsWith('/') ? name : place, path.join(root, place)];
  }
  return undefined;
}
