// execa and its like, installed into the cache: they are measured, and no dependency of ours.

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { step, warn } from '../../vm/report.mjs';
import { cached, makeOnce, retry, run } from '../../vm/tools.mjs';

export const LIBRARIES = ['execa', 'nano-spawn', 'tinyexec'];

const FRESH_MS = 24 * 3600 * 1000;

/**
 * The newest versions, asked for once a day; without the network, those of the last time.
 * @param {string} node who measures them: of a range, npm takes the newest that its Node.js may run
 * @param {string} version of that Node.js
 * @returns {Promise<string>} the folder whose node_modules has them
 */
export async function installLibraries(node, version) {
  const kept = cached('bench', `libraries-node-${version}`);
  const keptSinceMs = fs.statSync(kept, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
  if (Date.now() - keptSinceMs < FRESH_MS) return kept;
  try {
    const fresh = await makeOnce(`${kept}.new`, (draft) =>
      step(`installing ${LIBRARIES.join(', ')} for the comparison`, () => install(draft, node)),
    );
    fs.rmSync(kept, { recursive: true, force: true });
    fs.renameSync(fresh, kept);
  } catch (error) {
    if (!fs.existsSync(kept)) throw error;
    warn(`${error.message}\nMeasuring the libraries as they were installed before.`);
  }
  return kept;
}

function install(folder, node) {
  const names = LIBRARIES.map((name) => `${name}@*`);
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` };
  return retry('npm install', () =>
    run('npm', ['install', '--prefix', folder, '--ignore-scripts', ...names], { env }),
  );
}
