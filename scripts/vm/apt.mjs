// A private apt: Debian's newer and older suites on the machine's own mirror, with lists, cache and
// state of its own. The machine's packages and lists are not touched; root is not needed. The
// benchmark takes a program from here too (scripts/bench/fetch).

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { LabError, seconds, step, warn } from './report.mjs';
import { keyringIn, machineSources } from './sources.mjs';
import { cached, makeOnce, retry, run, tryRun } from './tools.mjs';

const SUITES = ['sid', 'forky', 'trixie', 'trixie-backports', 'bookworm', 'bullseye'];
const SECURITY_SUITES = ['trixie-security', 'bookworm-security', 'bullseye-security'];

const FRESH_MS = 24 * 3600 * 1000;

/** What the index holds besides kernels: the guest's user space. */
const USER_SPACE = ['busybox-static', 'libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1'];

/**
 * The kernels and libraries that the mirror has now: from the cache if it is of today.
 * @returns {Promise<{ arch, codename, packages: { name, version, suite, gone? }[], save() }>}
 */
export async function openIndex(arch, { update = false } = {}) {
  const sources = machineSources();
  const file = cached('apt', arch.debian, 'index.json');
  const known = readIndex(file, sources);
  const ageMs = Date.now() - (known?.fetchedAt ?? 0);
  if (known && ageMs < FRESH_MS && !update) return asIndex(arch, sources, file, known);

  try {
    const packages = await step(`reading Debian's package lists (${arch.debian})`, () =>
      fetchIndex(arch, sources),
    );
    const index = asIndex(arch, sources, file, { sources, fetchedAt: Date.now(), packages });
    index.save();
    return index;
  } catch (error) {
    if (!known) throw error;
    warn(`${error.message}\nUsing the package lists of ${seconds(ageMs)} ago.`);
    return asIndex(arch, sources, file, known);
  }
}

function readIndex(file, sources) {
  if (!fs.existsSync(file)) return undefined;
  const index = JSON.parse(fs.readFileSync(file, 'utf8'));
  return JSON.stringify(index.sources) === JSON.stringify(sources) ? index : undefined;
}

function asIndex(arch, { codename }, file, data) {
  const save = () => {
    fs.writeFileSync(`${file}.${process.pid}`, JSON.stringify(data, null, 1));
    fs.renameSync(`${file}.${process.pid}`, file);
  };
  return { arch, codename, packages: data.packages, save };
}

async function fetchIndex(arch, sources) {
  await updateLists(arch, sources);
  const pattern = `^linux-(binary|image)-[0-9].*-cloud-${arch.debian}(-unsigned)?$`;
  const found = await apt(arch, 'apt-cache', ['search', '--names-only', pattern]);
  const names = found.split('\n').map((line) => line.split(' ')[0]);
  const table = await apt(arch, 'apt-cache', ['madison', ...names.filter(Boolean), ...USER_SPACE]);

  // "name | version | uri suite/component arch Packages"
  const rows = table.matchAll(/^\s*(\S+) \|\s*(\S+) \| \S+ ([^/\s]+)\S* \S+ Packages$/gm);
  return [...rows].map(([, name, version, suite]) => ({ name, version, suite }));
}

async function updateLists(arch, sources) {
  configure(arch, sources, sources.keyring);
  let renewed = false;
  await retry('apt-get update', async () => {
    const { code, output } = await tryApt(arch, 'apt-get', ['update']);
    if (code === 0) return;
    if (/NO_PUBKEY|EXPKEYSIG|Missing key|is not signed/.test(output) && !renewed) {
      renewed = true;
      configure(arch, sources, await renewKeyring(arch));
    }
    // A suite that the mirror dropped is no reason to be without the others.
    const errors = output.split('\n').filter((line) => line.startsWith('E: '));
    const isGone = (line) => line.includes('does not have a Release file');
    if (errors.length > 0 && errors.every(isGone)) return warn(errors.join('\n'));
    throw new LabError(`${output.trim()}\napt-get update failed (${code}).`);
  });
}

/**
 * A machine older than a suite lacks its keys. They come in a package of a suite that the machine
 * does verify, so the trust is the machine's own.
 */
async function renewKeyring(arch) {
  const name = 'debian-archive-keyring';
  const folder = cached('apt', arch.debian, 'keyring');
  fs.rmSync(folder, { recursive: true, force: true });
  await unpack(arch, name, folder);
  return keyringIn(folder);
}

function configure(arch, sources, keyring) {
  const root = cached('apt', arch.debian);
  for (const name of ['lists/partial', 'archives/partial', 'sources']) {
    fs.mkdirSync(path.join(root, name), { recursive: true });
  }
  fs.writeFileSync(path.join(root, 'status'), '');
  // Read after the machine's own settings, which stay in force: proxies, for one. Its hooks do not.
  fs.writeFileSync(
    path.join(root, 'apt.conf'),
    `#clear APT::Update;
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "${root}/sources";
Dir::State "${root}";
Dir::State::status "${root}/status";
Dir::Cache "${root}";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "";
APT::Architecture "${arch.debian}";
#clear APT::Architectures;
APT::Architectures { "${arch.debian}"; };
APT::Sandbox::User "root"; # As root, apt would become a user who may not enter our cache.
APT::Update::Error-Mode "any";
`,
  );
  const own = SUITES.includes(sources.codename) ? [] : [sources.codename];
  const stanza = (uri, suites) =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites.join(' ')}\nComponents: main\n` +
    (keyring === undefined ? '' : `Signed-By: ${keyring}\n`);
  const stanzas = [stanza(sources.main, [...SUITES, ...own])];
  if (sources.security) stanzas.push(stanza(sources.security, SECURITY_SUITES));
  fs.writeFileSync(path.join(root, 'sources/debian.sources'), stanzas.join('\n'));
}

/** Runs one of apt's tools with our configuration; flock because apt's own lock does not wait. */
function tryApt(arch, tool, args, options) {
  const root = cached('apt', arch.debian);
  const lock = path.join(root, 'lock-of-the-laboratory');
  return tryRun('flock', [lock, tool, '-c', path.join(root, 'apt.conf'), ...args], {
    ...options,
    env: { ...process.env, LC_ALL: 'C' },
  });
}

async function apt(arch, tool, args, options) {
  const { code, stdout, output } = await tryApt(arch, tool, args, options);
  if (code === 0) return stdout;
  throw new LabError(`${output.trim()}\n${tool} ${args[0]} failed (${code}).`);
}

/** The mirror lists the package but has it no more. */
export const isGone = (error) => /\b404\b/.test(error.message);

/** Downloads a package (apt checks its hash) and unpacks it; `what` is "name" or "name=version". */
export async function unpack(arch, what, folder) {
  const draft = fs.mkdtempSync(path.join(os.tmpdir(), 'autoreap-deb-'));
  try {
    await retry(
      `downloading ${what}`,
      () => apt(arch, 'apt-get', ['download', what], { cwd: draft }),
      isGone,
    );
    const [deb] = fs.readdirSync(draft).filter((name) => name.endsWith('.deb'));
    await run('dpkg-deb', ['-x', path.join(draft, deb), folder]);
  } finally {
    fs.rmSync(draft, { recursive: true, force: true });
  }
}

/** The unpacked files of a user-space package, of the machine's own release where it has one. */
export async function packageTree(index, name) {
  const versions = index.packages.filter((entry) => entry.name === name && !entry.gone);
  const entry = versions.find(({ suite }) => suite === index.codename) ?? versions[0];
  if (entry === undefined) throw new LabError(`Debian's mirror has no ${name}.`);
  const folder = cached('packages', `${name}_${entry.version}_${index.arch.debian}`);
  return makeOnce(folder, (draft) =>
    step(`fetching ${name} ${entry.version} (${index.arch.debian})`, () =>
      unpack(index.arch, `${name}=${entry.version}`, draft),
    ),
  );
}

/**
 * The unpacked files of a program and of all that it depends on, of the newest suite: a system of its
 * own, but for what the kernel is.
 * @param {(draft: string, folder: string) => unknown} finish adds to the draft of the folder, once
 * @returns {Promise<string>} the folder
 */
export async function programTree(index, name, finish) {
  // The private status file is empty, so this is everything, libc included.
  const args = ['install', '--simulate', '--no-install-recommends', name];
  const plan = await apt(index.arch, 'apt-get', args);
  const packages = [...plan.matchAll(/^Inst (\S+) \((\S+) /gm)].map(([, ...words]) => words);
  const [, version] = packages.find(([wanted]) => wanted === name) ?? [];
  const folder = cached('programs', `${name}_${version}_${index.arch.debian}`);
  return makeOnce(folder, (draft) =>
    step(`fetching ${name} ${version} and ${packages.length - 1} others`, async () => {
      for (const words of packages) await unpack(index.arch, words.join('='), draft);
      await finish(draft, folder);
    }),
  );
}
