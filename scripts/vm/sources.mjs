// Where this machine gets its Debian packages: the mirrors and the keys that its own apt
// configuration names. No host is written down in this repository.

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { LabError } from './report.mjs';

const FOLDER = '/etc/apt/sources.list.d';
const KEYRINGS = ['debian-archive-keyring.gpg', 'debian-archive-keyring.pgp'];

/**
 * @returns {{ main: string, security?: string, codename: string, keyring?: string }} two mirrors,
 * the machine's own release, and the keys that it trusts
 */
export function machineSources() {
  const codename = osRelease('VERSION_CODENAME');
  const entries = sourceFiles().flatMap(({ name, text }) =>
    name.endsWith('.sources') ? deb822Entries(text) : oneLineEntries(text),
  );
  const find = (suite) => entries.find(({ suites }) => suites.includes(suite));
  const main = find(codename) ?? find('stable') ?? find('testing') ?? find('sid');
  const uri = process.env.AUTOREAP_DEBIAN_MIRROR || (isDebian() ? main?.uri : undefined);
  if (uri === undefined) {
    throw new LabError(
      'The kernels come from Debian, and the apt sources of this machine name no Debian mirror. ' +
        'Name one in AUTOREAP_DEBIAN_MIRROR (and AUTOREAP_DEBIAN_SECURITY_MIRROR).',
    );
  }
  const security = find(`${codename}-security`) ?? find('stable-security');
  return {
    main: uri,
    security: process.env.AUTOREAP_DEBIAN_SECURITY_MIRROR || security?.uri,
    codename: isDebian() ? (codename ?? 'sid') : 'stable',
    keyring: machineKeyring(main),
  };
}

/** The archive's whole keyring if it is installed: a stanza may name one release's keys only. */
function machineKeyring(main) {
  const files = KEYRINGS.map((name) => path.join('/usr/share/keyrings', name));
  return [...files, main?.signedBy].find((file) => file?.startsWith('/') && fs.existsSync(file));
}

/** The keyring inside an unpacked package `debian-archive-keyring`. */
export function keyringIn(folder) {
  const files = KEYRINGS.map((name) => path.join(folder, 'usr/share/keyrings', name));
  return files.find((file) => fs.existsSync(file));
}

function osRelease(field) {
  const text = fs.existsSync('/etc/os-release') ? fs.readFileSync('/etc/os-release', 'utf8') : '';
  return new RegExp(`^${field}="?([^"\n]*)`, 'm').exec(text)?.[1];
}

const isDebian = () => osRelease('ID') === 'debian';

function sourceFiles() {
  const names = fs.existsSync(FOLDER)
    ? fs.readdirSync(FOLDER).map((n) => path.join(FOLDER, n))
    : [];
  return [...names, '/etc/apt/sources.list']
    .filter((name) => /\.(sources|list)$/.test(name) && fs.existsSync(name))
    .map((name) => ({ name, text: fs.readFileSync(name, 'utf8') }));
}

/** Stanzas of `Field: value` lines; a line that begins with white space continues the field. */
function deb822Entries(text) {
  const withoutComments = text.replace(/^#.*\n?/gm, '');
  return withoutComments.split(/\n[ \t]*\n/).flatMap((stanza) => {
    const field = (name) =>
      new RegExp(`^${name}:[ \t]*(.*(?:\n[ \t].*)*)`, 'im').exec(stanza)?.[1].trim() ?? '';
    if (!field('Types').split(/\s+/).includes('deb') || field('Enabled') === 'no') return [];
    const suites = field('Suites').split(/\s+/);
    return field('URIs')
      .split(/\s+/)
      .map((uri) => ({ uri, suites, signedBy: field('Signed-By') }));
  });
}

/** `deb [options] uri suite components…` */
function oneLineEntries(text) {
  const lines = text.matchAll(/^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)/gm);
  return [...lines].map(([, options = '', uri, suite]) => ({
    uri,
    suites: [suite],
    signedBy: /signed-by=(\S+)/.exec(options)?.[1],
  }));
}
