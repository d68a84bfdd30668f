// Compiles the native half for a guest of another architecture, into the cache: the addon with
// node-gyp, so that binding.gyp stays the only place of its sources and flags, and the tests'
// programs with the script that compiles them for the host.

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { localHeaders } from '../setup/build.mjs';
import { at, productsIn } from './project.mjs';
import { LabError, step } from './report.mjs';
import { cached, makeOnce, requireTools, run } from './tools.mjs';

const SOURCES = ['native', 'test/fixtures', 'binding.gyp', 'scripts/setup'];

/** What `productsIn` gives for the host, for the guest. */
export async function crossCompile(arch) {
  const [cc, cxx] = [`${arch.triplet}-gcc`, `${arch.triplet}-g++`];
  requireTools({ [cc]: arch.crossPackages, [cxx]: arch.crossPackages, make: ['make'] });

  // Named by content, not compared by time: a stale addon in the guest would be a riddle.
  const folder = cached('cross', `${arch.name}-${hashOf(SOURCES, [process.version])}`);
  await makeOnce(folder, async (draft) => {
    const env = { ...process.env, CC: cc, CXX: cxx, OUT: path.join(draft, 'fixtures') };
    const workplace = path.join(draft, 'workplace');
    await step(`compiling the addon for ${arch.name}`, () => compileAddon(arch, workplace, env));
    fs.renameSync(path.join(workplace, 'build/Release'), path.join(draft, 'Release'));
    fs.rmSync(workplace, { recursive: true });
    await step(`compiling the tests' programs for ${arch.name}`, () =>
      run(process.execPath, [at('scripts/setup/fixtures.mjs')], { cwd: at(), env }),
    );
  });
  return productsIn(path.join(folder, 'Release'), path.join(folder, 'fixtures'));
}

/** node-gyp has one output folder, build/ beside binding.gyp: so it gets a place of its own. */
async function compileAddon(arch, folder, env) {
  fs.mkdirSync(folder, { recursive: true });
  for (const name of ['binding.gyp', 'native', 'node_modules', 'package.json']) {
    if (!fs.existsSync(at(name))) throw new LabError(`${name} is missing: run npm ci first.`);
    fs.symlinkSync(at(name), path.join(folder, name));
  }
  const headers = env.npm_config_nodedir ?? localHeaders();
  await run(
    process.execPath,
    [
      at('node_modules/node-gyp/bin/node-gyp.js'),
      ...['configure', 'build', '--loglevel=warn', '-j', '2', `--arch=${arch.name}`],
      ...(headers === undefined ? [] : [`--nodedir=${headers}`]),
    ],
    { cwd: folder, env },
  );
}

function hashOf(names, words) {
  const hash = crypto.createHash('sha256').update(words.join('\0'));
  const add = (name) => {
    if (!fs.existsSync(at(name))) return;
    if (fs.statSync(at(name)).isDirectory()) {
      for (const inner of fs.readdirSync(at(name)).sort()) add(path.join(name, inner));
    } else hash.update(`${name}\0`).update(fs.readFileSync(at(name)));
  };
  for (const name of names) add(name);
  return hash.digest('hex').slice(0, 16);
}
