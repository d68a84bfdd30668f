// Compiles the programs that the tests start: test/fixtures/NAME.c to build/fixtures/NAME, and
// NAME.so.c to the library NAME.so. Only what is older than its source or than a header beside it.
//
//   [CC=aarch64-linux-gnu-gcc] [OUT=some/folder] node scripts/setup/fixtures.mjs

import fs from 'node:fs';
import path from 'node:path';
import { at, isMain, isOlder } from './files.mjs';
import { main, run } from './run.mjs';
import { cc, requireTools } from './toolchain.mjs';

const SOURCES = at('test/fixtures');

export async function buildFixtures() {
  if (!fs.existsSync(SOURCES)) return;
  if (process.platform !== 'linux') return; // They are made of Linux system calls.
  const out = path.resolve(process.env.OUT || at('build/fixtures'));
  const files = fs.readdirSync(SOURCES).map((name) => path.join(SOURCES, name));
  const headers = files.filter((file) => file.endsWith('.h'));

  for (const source of files.filter((file) => file.endsWith('.c'))) {
    const target = path.join(out, path.basename(source, '.c'));
    if (isOlder(target, [source, ...headers])) await compile(source, target);
  }
}

async function compile(source, target) {
  const [compiler, ...flags] = cc();
  requireTools(compiler);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  await run(`compiling ${path.relative(at(), source)}`, compiler, [
    ...flags,
    ...['-O1', '-g', '-Wall', '-Wextra', '-pthread'],
    ...(target.endsWith('.so') ? ['-shared', '-fPIC'] : []),
    ...['-o', target, source],
  ]);
}

if (isMain(import.meta.url)) await main(buildFixtures);
