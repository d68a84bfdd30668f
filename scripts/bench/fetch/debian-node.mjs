// Debian's newest Node.js, unpacked into a folder with every library it needs, libc and ld.so too: it
// is linked to a libuv that Node.js itself takes over a year or so later.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isGone, openIndex, programTree } from '../../vm/apt.mjs';
import { hostArch } from '../../vm/arch.mjs';
import { compile } from './compile.mjs';

const PRELOADED = 'open-elsewhere.so';
const SOURCE = fileURLToPath(new URL('open-elsewhere.c', import.meta.url));

/** @returns the words that run it */
export async function debianNode() {
  const root = await fetchTree();
  const libraries = path.join(root, 'usr/lib', hostArch.triplet);
  const loader = fs.readdirSync(libraries).find((name) => /^ld-linux.*\.so\.\d+$/.test(name));
  return [
    path.join(libraries, loader),
    ...['--library-path', libraries],
    ...['--preload', path.join(root, PRELOADED)],
    path.join(root, 'usr/bin/node'),
  ];
}

async function fetchTree() {
  const take = (index) => programTree(index, 'nodejs', preloadInto);
  const index = await openIndex(hostArch);
  try {
    return await take(index);
  } catch (error) {
    if (!isGone(error)) throw error;
    return take(await openIndex(hostArch, { update: true })); // Today's lists are old already.
  }
}

function preloadInto(draft, root) {
  const flags = ['-shared', '-fPIC', `-DROOT="${root}"`];
  compile(path.join(draft, PRELOADED), [SOURCE], ...flags);
}
