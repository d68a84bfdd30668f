// Is the package what its users will find right? Packs it as `npm publish` would, then: publint and
// attw on the tarball, and every entry point loaded from it, by require and by import.
//
//   node scripts/setup/pack-check.mjs

import fs from 'node:fs';
import path from 'node:path';
import { build } from './build.mjs';
import { at } from './files.mjs';
import { SetupError, main, run, show } from './run.mjs';

const FOLDER = at('build/pack');

await main(async () => {
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
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const [command, ...args] = [...npm, 'pack', '--ignore-scripts', '--silent'];
  await run('packing', command, [...args, '--pack-destination', FOLDER]);
  return path.join(FOLDER, fs.readdirSync(FOLDER)[0]);
}

/** Unpacks the tarball where a dependency would be, and loads what its "exports" promise. */
async function loads(tarball) {
  const installed = path.join(FOLDER, 'node_modules/autoreap');
  fs.mkdirSync(installed, { recursive: true });
  await run('unpacking', 'tar', ['xzf', tarball, '-C', installed, '--strip-components=1']);
  const { exports, dependencies } = JSON.parse(
    fs.readFileSync(path.join(installed, 'package.json'), 'utf8'),
  );
  for (const name of Object.keys(dependencies)) {
    fs.symlinkSync(at('node_modules', name), path.join(FOLDER, 'node_modules', name));
  }

  const entries = Object.keys(exports)
    .filter((entry) => !entry.endsWith('.json'))
    .map((entry) => path.posix.join('autoreap', entry));
  const probe = path.join(FOLDER, 'probe.mjs');
  // Without it, `autoreap` would be this checkout, which resolves its own name.
  fs.writeFileSync(path.join(FOLDER, 'package.json'), '{}\n');
  fs.writeFileSync(probe, `(${probeEntries})(${JSON.stringify(entries)});\n`);
  return show(process.execPath, [probe]);
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
