// Compiles what is older than its sources: the addon (build/Release/autoreap.node), then TypeScript
// (lib/ and test/ to dist/). npm runs it as `prepare`. See --help.

import fs from 'node:fs';
import path from 'node:path';
import { at, changedAt, isMain, isOlder, root, stamp, walk } from './files.mjs';
import { SetupError, main, parseOptions, run } from './run.mjs';
import { cxx, requireTools } from './toolchain.mjs';

export async function build({ force = false } = {}) {
  await buildAddon(force);
  await buildTypeScript(force);
}

const ADDON = at('build/Release/autoreap.node');
const ADDON_STAMP = at('build/.addon');

async function buildAddon(force) {
  if (!fs.existsSync(at('binding.gyp'))) return;
  if (process.platform !== 'linux') {
    if (force || isOlder(ADDON_STAMP, [at('binding.gyp')])) {
      console.log(
        `no addon on ${process.platform}: autoreap passes its calls to node:child_process`,
      );
      stamp(ADDON_STAMP, Date.now());
    }
    return;
  }
  const sources = [...walk(at('native')), at('binding.gyp'), at('package-lock.json')];
  if (!force && fs.existsSync(ADDON) && !isOlder(ADDON_STAMP, sources)) return;

  requireTools(cxx()[0], 'make', 'python3');
  if (!fs.existsSync(at('node_modules/node-gyp'))) {
    // npm runs `prepare` in a folder that it links, where nobody has installed anything.
    throw new SetupError(`autoreap is not built. First: cd ${root} && npm install`);
  }
  // Not `node-gyp rebuild`: it removes all of build/, the fixtures and the sanitizers' addon with it.
  if (force) fs.rmSync(at('build/Release'), { recursive: true, force: true });
  const startedAt = Date.now();
  await run('compiling the addon', process.execPath, [
    at('node_modules/node-gyp/bin/node-gyp.js'),
    ...['configure', 'build', '--loglevel=warn', '-j', '2'],
    ...nodeGypHeaders(),
  ]);
  stamp(ADDON_STAMP, startedAt);
}

/** Node's own headers, beside the node that runs: without them node-gyp fetches its own. */
export function localHeaders() {
  const prefix = path.resolve(process.execPath, '../..');
  return fs.existsSync(path.join(prefix, 'include/node/node_api.h')) ? prefix : undefined;
}

function nodeGypHeaders() {
  const prefix = process.env.npm_config_nodedir ? undefined : localHeaders();
  return prefix === undefined ? [] : [`--nodedir=${prefix}`];
}

const DIST_STAMP = at('dist/.built');

async function buildTypeScript(force) {
  // The type tests are not compiled with the rest: some of their lines must fail.
  const skip = (name) => name === at('test/types');
  const sources = [
    ...walk(at('lib'), skip),
    ...walk(at('test'), skip),
    at('tsconfig.json'),
    at('package-lock.json'),
  ];
  if (!force && !isOlder(DIST_STAMP, sources)) return;

  if (force) fs.rmSync(at('dist'), { recursive: true, force: true });
  const startedAt = Date.now();
  removeOrphans('dist/lib', 'lib');
  removeOrphans('dist/test', 'test');
  await run('compiling TypeScript', process.execPath, [
    at('node_modules/typescript/bin/tsc'),
    ...['-p', 'tsconfig.json', '--pretty', String(process.stdout.isTTY === true)],
  ]);
  stamp(DIST_STAMP, startedAt);
}

/** Removes the outputs of sources that are gone: jest would still run them. */
function removeOrphans(outputs, sources) {
  for (const file of walk(at(outputs))) {
    const [, stem] = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(path.relative(at(outputs), file)) ?? [];
    if (stem !== undefined && changedAt(at(sources, `${stem}.ts`)) === -Infinity) fs.rmSync(file);
  }
}

const HELP = `Compiles the addon (build/Release/autoreap.node) and TypeScript (lib/ and test/ to dist/).

  npm run build                       both
  node scripts/setup/build.mjs        only what is older than its sources, as the other commands do
`;

if (isMain(import.meta.url)) {
  process.chdir(root);
  await main(() => build(parseOptions('npm run build', HELP, { force: { type: 'boolean' } })));
}
