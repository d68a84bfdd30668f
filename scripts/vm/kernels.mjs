// Which of Debian's packages is the kernel that was asked for, and its vmlinuz.

import fs from 'node:fs';
import path from 'node:path';
import { isGone, unpack } from './apt.mjs';
import { LabError, step, warn } from './report.mjs';
import { cached, makeOnce } from './tools.mjs';

/**
 * `linux-binary-7.3.4+deb13-cloud-amd64`, `linux-image-6.1.0-56-cloud-amd64[-unsigned]`. Not
 * `linux-image-6.12-cloud-amd64`, which only depends on a kernel.
 */
const NAME = /^linux-(binary|image)-(\d+\.\d+\.\d.*)-cloud-[a-z0-9]+?(-unsigned)?$/;

/** Every kernel of the index, newest first. */
export function listKernels(index) {
  const kernels = index.packages.flatMap((entry) => {
    const [, kind, release, unsigned] = NAME.exec(entry.name) ?? [];
    if (kind === undefined) return [];
    const upstream = /^[\d.]+/.exec(entry.version)[0];
    const series = upstream.split('.').slice(0, 2).join('.');
    return [{ entry, kind, release, unsigned: unsigned !== undefined, upstream, series }];
  });
  const binaries = new Set(kernels.filter((k) => k.kind === 'binary').map((k) => k.release));
  return kernels
    .filter((kernel) => kernel.kind === 'binary' || !binaries.has(kernel.release)) // Dependencies.
    .map((kernel) => ({ ...kernel, ...where(kernel.entry, index.arch) }))
    .sort(newestFirst);
}

function where({ name, version }, arch) {
  const folder = cached('kernels', `${name}_${version}_${arch.debian}`);
  return { folder, isCached: fs.existsSync(folder) };
}

function newestFirst(a, b) {
  const [as, bs] = [a, b].map(({ upstream }) => upstream.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (bs[i] ?? 0) - (as[i] ?? 0);
    if (difference !== 0) return difference;
  }
  // One upstream release: Debian's newest revision ("~" marks a rebuild for an older suite), and
  // the package of the many before the one without Secure Boot's signature.
  const rebuilt = (kernel) => Number(kernel.entry.version.includes('~'));
  return (
    rebuilt(a) - rebuilt(b) ||
    Number(a.unsigned) - Number(b.unsigned) ||
    b.entry.version.localeCompare(a.entry.version, 'en', { numeric: true })
  );
}

/** True if `wanted` ("7.x", "6.12", "7.2.13") names this kernel. */
function matches(wanted, { upstream, series }) {
  if (wanted.endsWith('.x')) return series.startsWith(wanted.slice(0, -1));
  return wanted === series || wanted === upstream;
}

/**
 * The newest kernel of a series, fetched if it must be.
 * @returns {Promise<{ vmlinuz: string, release: string, version: string, suite: string }>}
 */
export async function getKernel(index, wanted) {
  const all = listKernels(index);
  const candidates = all.filter((kernel) => matches(wanted, kernel) && !kernel.entry.gone);
  for (const kernel of candidates) {
    const { name, version, suite } = kernel.entry;
    if (await fetchIfThere(index, kernel)) {
      const vmlinuz = path.join(kernel.folder, 'vmlinuz');
      return { vmlinuz, release: kernel.release, version, suite };
    }
    warn(`Debian's mirror lists ${name} ${version} but no longer has it; taking the next`);
  }
  const series = [...new Set(all.map((kernel) => kernel.series))].join(', ');
  throw new LabError(`No kernel ${wanted} for ${index.arch.name}. There are: ${series}.`);
}

async function fetchIfThere(index, kernel) {
  const { name, version, suite } = kernel.entry;
  try {
    await makeOnce(kernel.folder, (draft) =>
      step(`fetching ${name} ${version} from ${suite}`, () => fetchKernel(index, kernel, draft)),
    );
    return true;
  } catch (error) {
    if (!isGone(error)) throw error;
    // Remembered until the lists are read again: a run should not ask for it every time.
    kernel.entry.gone = true;
    index.save();
    return false;
  }
}

async function fetchKernel(index, { entry, release }, draft) {
  const tree = path.join(draft, 'tree');
  await unpack(index.arch, `${entry.name}=${entry.version}`, tree);
  const debian = `${release}-cloud-${index.arch.debian}`;
  const places = [`usr/lib/modules/${debian}/vmlinuz`, `boot/vmlinuz-${debian}`];
  const file = places.map((place) => path.join(tree, place)).find((name) => fs.existsSync(name));
  if (file === undefined) throw new LabError(`${entry.name} holds no vmlinuz.`);
  fs.renameSync(file, path.join(draft, 'vmlinuz'));
  fs.rmSync(tree, { recursive: true, force: true });
}
