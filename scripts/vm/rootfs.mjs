// The guest's whole file system, as an initramfs: busybox, Node.js and its libraries, the project,
// and what to run in it.

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { packageTree } from './apt.mjs';
import { isForeign } from './arch.mjs';
import { Cpio } from './cpio.mjs';
import { isElf, librariesOf } from './elf.mjs';
import { npmPackage } from './npm.mjs';
import { GUEST_ROOT, addProject, at, neededModules } from './project.mjs';
import { quote } from './tools.mjs';

const here = (name) => path.join(path.dirname(fileURLToPath(import.meta.url)), name);

/**
 * @param {object} plan
 * @param {string} plan.file where to write
 * @param {string} plan.node the guest's Node.js
 * @param {object} plan.products see `productsIn`
 * @param {string[]} plan.command
 * @param {string} plan.nonce what makes our lines in the guest's output ours
 */
export async function writeRootfs({ file, arch, index, node, products, command, nonce }) {
  const modules = await moduleFolders(arch);
  const busybox = await packageTree(index, 'busybox-static');
  const programs = [
    node,
    ...Object.values(products).flat(),
    ...[...modules.values()].flatMap(addonsIn),
  ].filter(isElf);
  const libraries = await librariesOf(programs, arch, await systemRoots(arch, index));

  const cpio = new Cpio(file);
  addSystem(cpio);
  cpio.file('/usr/bin/busybox', busyboxIn(busybox), 0o755);
  cpio.file('/usr/local/bin/node', node, 0o755);
  for (const [inside, library] of libraries) cpio.file(merged(inside), library, 0o755);
  addProject(cpio, products);
  for (const [folder, from] of modules) {
    cpio.tree(path.join(GUEST_ROOT, folder), from, isUnread);
  }
  addCommands(cpio);
  cpio.file('/init', here('guest-init.sh'), 0o755);
  cpio.file('/vm/facts.cjs', here('guest-facts.cjs'));
  cpio.data('/vm/nonce', nonce);
  // CI=1 alone makes some tools colour what they write.
  cpio.data('/vm/environment', process.stdout.isTTY && !process.env.NO_COLOR ? '' : 'NO_COLOR=1');
  cpio.data('/vm/now', `@${Math.floor(Date.now() / 1000)}`);
  cpio.data('/vm/command', `exec ${command.map(quote).join(' ')}\n`);
  cpio.close();
}

/** Nested packages have entries of their own; nobody reads manuals in there. */
const isUnread = (name) => name === 'node_modules' || /\.(map|md)$/.test(name);

const busyboxIn = (tree) =>
  ['usr/bin', 'bin'].map((folder) => path.join(tree, folder, 'busybox')).find(fs.existsSync);
/** /bin, /sbin and the /libs are links into /usr, as Debian has them. */
const merged = (name) => name.replace(/^\/(bin|sbin|lib\w*)\//, '/usr/$1/');

async function systemRoots(arch, index) {
  if (!isForeign(arch)) return ['/'];
  const names = ['libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1'];
  const roots = [];
  for (const name of names) roots.push(await packageTree(index, name));
  return roots;
}

/** Where each needed npm package is: in node_modules, or fetched for the guest's architecture. */
async function moduleFolders(arch) {
  const folders = new Map();
  if (!fs.existsSync(at('node_modules'))) return folders;
  for (const [folder, { version, integrity, cpu, os, libc, name }] of neededModules()) {
    const fits = (list, own) => list === undefined || list.includes(own);
    if (!fits(cpu, arch.name) || !fits(os, 'linux') || !fits(libc, 'glibc')) continue;
    if (fs.existsSync(at(folder))) folders.set(folder, at(folder));
    else if (cpu !== undefined && isForeign(arch)) {
      const published = name ?? folder.slice(folder.lastIndexOf('node_modules/') + 13);
      folders.set(folder, await npmPackage(published, version, integrity));
    }
  }
  return folders;
}

function addonsIn(folder) {
  const names = fs.readdirSync(folder, { recursive: true });
  return names.filter((name) => name.endsWith('.node')).map((name) => path.join(folder, name));
}

/** node_modules/.bin, as far as its packages came along: `jest` can be said in the guest. */
function addCommands(cpio) {
  const folder = at('node_modules/.bin');
  for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
    const target = fs.readlinkSync(path.join(folder, name));
    const inside = path.join(GUEST_ROOT, 'node_modules/.bin', target);
    if (cpio.has(inside)) cpio.link(path.join(GUEST_ROOT, 'node_modules/.bin', name), target);
  }
}

function addSystem(cpio) {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    cpio.directory(`/usr/${name}`);
    cpio.link(`/${name}`, `usr/${name}`);
  }
  for (const name of ['proc', 'sys', 'dev', 'run', 'mnt', 'var', 'root'])
    cpio.directory(`/${name}`);
  cpio.directory('/tmp', 0o1777);
  cpio.link('/var/run', '../run');
  cpio.link('/var/tmp', '../tmp');
  // What the kernel opens as PID 1's stdin, stdout and stderr, before there is a devtmpfs.
  cpio.device('/dev/console', 5, 1);
  cpio.device('/dev/null', 1, 3);

  const nobody = 'nobody:x:65534:65534:nobody:/nonexistent:/bin/false';
  cpio.data('/etc/passwd', `root:x:0:0:root:/root:/bin/sh\n${nobody}\n`);
  cpio.data('/etc/group', 'root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n');
  cpio.data('/etc/hosts', '127.0.0.1 localhost autoreap\n::1 localhost\n');
  cpio.data('/etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files\n');
}
