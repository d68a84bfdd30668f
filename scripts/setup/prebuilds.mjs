// The binaries of the published package: prebuilds/linux-<arch>/autoreap.<libc>.node. The other
// architecture is compiled with Debian's g++-aarch64-linux-gnu (or g++-x86-64-linux-gnu). See --help.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { promisify } from 'node:util';
import prebuildify from 'prebuildify';
import { localHeaders } from './build.mjs';
import { at } from './files.mjs';
import { UsageError, main, parseOptions } from './run.mjs';
import { requireTools } from './toolchain.mjs';

const GNU = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

// prebuildify starts with `node-gyp rebuild`, which removes build/: it gets a copy of its own.
const WORKPLACE = at('build/prebuild');

const COMMAND = 'npm run build:prebuilds';

const HELP = `Builds prebuilds/, the addon that a package brings along: it compiles nothing where it is installed.

  npm run build:prebuilds [-- --arch ARCH]

  --arch ARCH   x64 or arm64; default: this machine's. For the other one Debian's cross compiler is needed.

It wants the glibc of this machine or a newer one; what it really needs is printed at the end.
`;

function prepareWorkplace() {
  fs.rmSync(WORKPLACE, { recursive: true, force: true });
  fs.mkdirSync(WORKPLACE, { recursive: true });
  for (const name of ['package.json', 'binding.gyp', 'native']) {
    fs.cpSync(at(name), `${WORKPLACE}/${name}`, { recursive: true });
  }
  fs.symlinkSync('../../node_modules', `${WORKPLACE}/node_modules`);
}

function toolsFor(arch) {
  if (!(arch in GNU)) throw new UsageError(`no prebuild for ${arch}: x64 and arm64 only`, COMMAND);
  const prefix = arch === process.arch ? '' : `${GNU[arch]}-`;
  return { CC: `${prefix}gcc`, CXX: `${prefix}g++`, STRIP: `${prefix}strip` };
}

await main(async () => {
  const values = parseOptions(COMMAND, HELP, { arch: { type: 'string', default: process.arch } });
  const { CC, CXX, STRIP } = toolsFor(values.arch);
  requireTools(CXX, 'make', 'python3');
  prepareWorkplace();

  const headers = process.env.npm_config_nodedir ?? localHeaders();
  Object.assign(process.env, { CC, CXX, ...(headers && { npm_config_nodedir: headers }) });
  await promisify(prebuildify)({
    ...{ cwd: WORKPLACE, out: at(), arch: values.arch, targets: [process.versions.node] },
    ...{ napi: true, tagLibc: true, strip: true, stripBin: STRIP, quiet: true },
  });
  console.log(describe(values.arch));
});

/** What the binary needs of the machine that loads it. */
function describe(arch) {
  const folder = at(`prebuilds/linux-${arch}`);
  const lines = fs.readdirSync(folder).map((name) => {
    const symbols = execFileSync('readelf', ['--dyn-syms', '--wide', `${folder}/${name}`], {
      encoding: 'utf8',
    });
    const versions = [...symbols.matchAll(/@(GLIBC(?:XX)?)_([\d.]+)/g)];
    const newest = (library) =>
      versions
        .filter(([, found]) => found === library)
        .map(([, , version]) => version)
        .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
        .at(-1);
    const size = fs.statSync(`${folder}/${name}`).size;
    const needs = `glibc ${newest('GLIBC')}, libstdc++ ${newest('GLIBCXX')}`;
    return `prebuilds/linux-${arch}/${name}: ${size} bytes, needs ${needs}`;
  });
  return lines.join('\n');
}
