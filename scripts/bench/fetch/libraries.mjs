// execa and its like, installed into the cache: they are measured, and no dependency of ours.

import path from 'node:path';
import process from 'node:process';
import { step } from '../../vm/report.mjs';
import { cached, makeOnce, retry, run } from '../../vm/tools.mjs';

export const LIBRARIES = ['execa', 'nano-spawn', 'tinyexec'];

const DAY_MS = 24 * 3600 * 1000;

/**
 * @param {string} node who measures them: of a range, npm takes the newest that its Node.js may run
 * @param {string} version of that Node.js
 * @returns {Promise<string>} the folder whose node_modules has them
 */
export function installLibraries(node, version) {
  const day = Math.floor(Date.now() / DAY_MS);
  const folder = cached('bench', `libraries-node${version}-day${day}`);
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` };
  return makeOnce(folder, (draft) =>
    step(`installing ${LIBRARIES.join(', ')} for the comparison`, () =>
      retry('npm install', () =>
        run(
          'npm',
          ['install', '--prefix', draft, '--ignore-scripts', ...LIBRARIES.map((n) => `${n}@*`)],
          { env },
        ),
      ),
    ),
  );
}
