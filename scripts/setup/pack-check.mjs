// Is the package what its users will find right? See --help.

import fs from 'node:fs';
import path from 'node:path';
import { build } from './build.mjs';
import { at } from './files.mjs';
import { SetupError, main, parseOptions, run, show } from './run.mjs';

const FOLDER = at('build/pack');

const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];

const HELP = `Packs the package as "npm publish" would, and asks of the tarball: publint, attw, an install of it and one by the
lock that this leaves, and every entry point by require and by import. What it looks at stays in build/pack.

  npm run pack:check
`;

await main(async () => {
  parseOptions('npm run pack:check', HELP);
  await build();
  const tarball = await pack();
  const results = [
    await show(process.execPath, [at('node_modules/publint/src/cli.js'), '--strict', tarball]),
    // Strictly: also by TypeScript's `moduleResolution: node10`, which knows no "exports" ("typesVersions" is for it).
    await show(process.execPath, [
      at('node_modules/@arethetypeswrong/cli/dist/index.js'),
      ...['--no-emoji', '--format', 'table-flipped', tarball],
    ]),
    await loads(tarball),
  ];
  if (results.includes(false)) throw new SetupError('the package is not right: see above');
});

async function pack() {
  fs.rmSync(FOLDER, { recursive: true, force: true });
  fs.mkdirSync(FOLDER, { recursive: true });
  const [command, ...args] = [...npm, 'pack', '--ignore-scripts', '--silent'];
  await run('packing', command, [...args, '--pack-destination', FOLDER]);
  return path.join(FOLDER, fs.readdirSync(FOLDER)[0]);
}

/** Installs the tarball as its users do, and loads what its "exports" promise. */
async function loads(tarball) {
  await install(tarball);
  const installed = path.join(FOLDER, 'node_modules/autoreap');
  if (fs.existsSync(path.join(installed, 'build'))) {
    throw new SetupError('npm compiled it where it was installed; nobody is to need a compiler');
  }
  const { exports } = JSON.parse(fs.readFileSync(path.join(installed, 'package.json'), 'utf8'));
  const entries = Object.keys(exports)
    .filter((entry) => !entry.endsWith('.json'))
    .map((entry) => path.posix.join('autoreap', entry));
  const probe = path.join(FOLDER, 'probe.mjs');
  fs.writeFileSync(probe, `(${probeEntries})(${JSON.stringify(entries)});\n`);
  return show(process.execPath, [probe]);
}

/**
 * Twice: by its package.json, and by the lock that this leaves. With a binding.gyp in the package, npm would compile it
 * the second time, because a lock does not say `"gypfile": false`. Our dependencies are those of this checkout, so that
 * nothing is downloaded.
 */
async function install(tarball) {
  const { dependencies: names } = JSON.parse(fs.readFileSync(at('package.json'), 'utf8'));
  const ours = Object.fromEntries(
    Object.keys(names).map((name) => [name, `file:${at('node_modules', name)}`]),
  );
  const dependencies = { autoreap: `file:${tarball}`, ...ours };
  const overrides = Object.fromEntries(Object.keys(ours).map((name) => [name, `$${name}`]));
  fs.writeFileSync(
    path.join(FOLDER, 'package.json'),
    JSON.stringify({ private: true, dependencies, overrides }, null, 2),
  );
  const [command, ...args] = [...npm, '--prefix', FOLDER, '--offline', '--no-audit', '--no-fund'];
  await run('installing the package', command, [...args, 'install']);
  await run('installing it by its lock', command, [...args, 'ci']);
}

// Runs in a process of its own, among the unpacked files.
async function probeEntries(entries) {
  const { createRequire } = await import('node:module');
  const require = createRequire(`${process.cwd()}/build/pack/probe.mjs`);
  for (const entry of entries) {
    const required = Object.keys(require(entry)).sort();
    const imported = new Set(Object.keys(await import(entry)));
    const unseen = required.filter((name) => !imported.has(name));
    if (unseen.length > 0) process.exitCode = 1;
    const verdict = unseen.length > 0 ? `import does not see ${unseen}` : required.join(' ');
    console.log(`${entry}: ${verdict}`);
  }
}
