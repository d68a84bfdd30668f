// A contender in JavaScript, on Node.js, Bun and Deno alike: performs what a line of its stdin says,
// and answers with a line.
//
//   node subject.mjs API CHILDREN LIBRARIES
//
// CHILDREN is the folder of the compiled children, LIBRARIES the one where execa and its like are
// installed.

import process from 'node:process';
import readline from 'node:readline';
import { openApi } from './apis.mjs';
import { crowdActions } from './crowd.mjs';
import { pipeActions } from './pipes.mjs';
import { spawningActions } from './spawning.mjs';

const [, , name, children, libraries] = process.argv;
const ballast = [];

async function perform({ action, args }, actions) {
  try {
    return { value: await actions[action](...args) };
  } catch (error) {
    return { error: `${action}: ${error.stack}` };
  }
}

function hello() {
  const { versions } = process;
  if (versions.bun !== undefined) return { version: `Bun ${versions.bun}` };
  if (versions.deno !== undefined) return { version: `Deno ${versions.deno}` };
  return { version: `Node.js ${versions.node}, libuv ${versions.uv}` };
}

const api = await openApi(name, libraries);
const actions = {
  hello,
  /** Fills memory as a cache of a server would be filled: the kernel must have given every page. */
  ballast(megabytes) {
    for (let left = megabytes; left > 0; left -= 64) {
      ballast.push(Buffer.alloc(Math.min(left, 64) * 1e6, 1));
    }
    return {};
  },
  tidy() {
    globalThis.gc?.();
    globalThis.Bun?.gc(true);
    return {};
  },
  ...spawningActions(api),
  ...crowdActions(api, children),
  ...pipeActions(api, children),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const answer = await perform(JSON.parse(line), actions);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit();
