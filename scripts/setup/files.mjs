// Where things are in this checkout, and whether what was made from them is older than they are.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** A path inside the checkout. */
export const at = (...parts) => path.join(root, ...parts);

/** True if the running script is the one named by `import.meta.url`, not a module it imports. */
export const isMain = (url) =>
  process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(url);

/** Every file under a folder, and the folder's own name: a removed file makes its folder newer. */
export function* walk(folder, skip = () => false) {
  if (!fs.existsSync(folder)) return;
  yield folder;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (skip(name)) continue;
    if (entry.isDirectory()) yield* walk(name, skip);
    else yield name;
  }
}

/** When a file was last changed, in milliseconds; -Infinity if there is none. */
export function changedAt(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
}

/** True if one of the sources is newer than the target, or if there is no target. */
export function isOlder(target, sources) {
  const builtAt = changedAt(target);
  if (builtAt === -Infinity) return true;
  for (const source of sources) if (changedAt(source) > builtAt) return true;
  return false;
}

/**
 * Notes that something was made from the sources as they were at `startedAt`. The tools' own
 * outputs cannot say so: make and tsc leave alone a file whose content would not change.
 */
export function stamp(file, startedAt) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, '');
  fs.utimesSync(file, startedAt / 1000, startedAt / 1000);
}
