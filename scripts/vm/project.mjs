// What of this checkout goes into the guest: the built project, and the npm packages that running it
// and its tests needs. Everything comes from the files as they are now; nothing here is cached.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const at = (...parts) => path.join(root, ...parts);

/** Where the project is in the guest. */
export const GUEST_ROOT = '/autoreap';

const LEFT_OUT = /^(\.git|\.cache|node_modules|build|prebuilds|coverage|.*\.tgz)$/;

/** Adds the project, with what was compiled for the guest by `products` (see `productsIn`). */
export function addProject(cpio, products) {
  cpio.tree(GUEST_ROOT, root, (name) => LEFT_OUT.test(name));
  for (const [folder, files] of Object.entries(products)) {
    for (const file of files) cpio.file(path.join(GUEST_ROOT, folder, path.basename(file)), file);
  }
}

/** What is compiled natively, by folder of the checkout: the addon and the tests' programs. */
export function productsIn(releaseFolder, fixturesFolder) {
  const files = (folder) =>
    (fs.existsSync(folder) ? fs.readdirSync(folder, { withFileTypes: true }) : [])
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.a'))
      .map((entry) => path.join(folder, entry.name));
  return { 'build/Release': files(releaseFolder), 'build/fixtures': files(fixturesFolder) };
}

/** What a run of the suite would miss, in words; empty if nothing. */
export function missingParts(products) {
  const parts = {
    'node_modules (npm ci)': fs.existsSync(at('node_modules')),
    'dist/lib/index.js (npm run build)': fs.existsSync(at('dist/lib/index.js')),
    'build/Release/autoreap.node (npm run build)': products['build/Release'].some((file) =>
      file.endsWith('/autoreap.node'),
    ),
  };
  return Object.keys(parts).filter((part) => !parts[part]);
}

/**
 * The folders of node_modules that the guest needs: the run-time dependencies, jest, whatever else
 * the tests name, and what those depend on. The compilers and linters stay at home.
 * @returns {Map<string, object>} folder ("node_modules/jest") → its entry in package-lock.json
 */
export function neededModules() {
  const { dependencies = {}, devDependencies = {} } = readJson('package.json');
  const { packages } = readJson('package-lock.json');
  const text = [...compiledText()].join('\n');
  const isNamed = (name) => [`'${name}`, `"${name}`].some((start) => text.includes(start));
  const seeds = [
    ...Object.keys(dependencies),
    ...Object.keys(devDependencies).filter((name) => name === 'jest' || isNamed(name)),
  ];

  const needed = new Map();
  const visit = (name, from) => {
    const folder = resolve(name, from, packages);
    if (folder === undefined || needed.has(folder)) return;
    const entry = packages[folder];
    needed.set(folder, entry);
    const optionalPeers = Object.keys(entry.peerDependenciesMeta ?? {});
    const peers = Object.keys(entry.peerDependencies ?? {}).filter(
      (p) => !optionalPeers.includes(p),
    );
    for (const dependency of [
      ...Object.keys(entry.dependencies ?? {}),
      ...Object.keys(entry.optionalDependencies ?? {}),
      ...peers,
    ]) {
      visit(dependency, folder);
    }
  };
  for (const name of seeds) visit(name, '');
  return needed;
}

/** Node's own search: the innermost node_modules first. */
function resolve(name, from, packages) {
  const inside = `${from}/`.split('node_modules/');
  for (let depth = inside.length; depth > 0; depth--) {
    const folder = inside.slice(0, depth).join('node_modules/').replace(/^\/$/, '');
    const candidate = `${folder}node_modules/${name}`;
    if (packages[candidate] !== undefined) return candidate;
  }
  return undefined;
}

/** The text of every file that the guest may run. */
function* compiledText() {
  for (const folder of ['dist', 'test']) {
    if (!fs.existsSync(at(folder))) continue;
    for (const name of fs.readdirSync(at(folder), { recursive: true })) {
      if (/\.[cm]?js$/.test(name)) yield fs.readFileSync(at(folder, name), 'utf8');
    }
  }
}

const readJson = (name) => JSON.parse(fs.readFileSync(at(name), 'utf8'));
