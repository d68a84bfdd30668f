// Writes an initramfs: a cpio archive of the "newc" kind, the one the kernel unpacks. Ours rather
// than cpio(1): it may hold device nodes without our being root, and it needs no copy of the tree.
// Not compressed: the guest would spend longer unpacking than QEMU spends loading.

import fs from 'node:fs';
import path from 'node:path';

const DIRECTORY = 0o040000;
const FILE = 0o100000;
const LINK = 0o120000;
const CHARACTER_DEVICE = 0o020000;

export class Cpio {
  #fd;
  #ino = 1;
  #now = Date.now();
  #names = new Set();

  constructor(file) {
    this.#fd = fs.openSync(file, 'w');
  }

  has(name) {
    return this.#names.has(normalize(name));
  }

  directory(name, mode = 0o755) {
    this.#entry(name, DIRECTORY | mode);
  }

  data(name, content, mode = 0o644) {
    this.#entry(name, FILE | mode, Buffer.from(content));
  }

  /** A copy of a file of the host, followed if it is a symbolic link. */
  file(name, from, mode) {
    const stat = fs.statSync(from);
    const bits = FILE | (mode ?? stat.mode & 0o777);
    this.#entry(name, bits, fs.readFileSync(from), { mtimeMs: stat.mtimeMs });
  }

  link(name, target) {
    this.#entry(name, LINK | 0o777, Buffer.from(target));
  }

  device(name, major, minor) {
    this.#entry(name, CHARACTER_DEVICE | 0o600, undefined, { device: [major, minor] });
  }

  /** Everything in a folder of the host; `skip` gets names relative to it. */
  tree(name, from, skip = () => false, below = '') {
    for (const entry of fs.readdirSync(path.join(from, below), { withFileTypes: true })) {
      const relative = path.join(below, entry.name);
      if (skip(relative)) continue;
      const [source, target] = [path.join(from, relative), path.join(name, relative)];
      try {
        if (entry.isDirectory()) {
          this.directory(target);
          this.tree(name, from, skip, relative);
        } else if (entry.isSymbolicLink()) this.link(target, fs.readlinkSync(source));
        else if (entry.isFile()) this.file(target, source);
      } catch (error) {
        if (error.code !== 'ENOENT') throw error; // Removed since readdir: an editor's draft, say.
      }
    }
  }

  close() {
    this.#write('TRAILER!!!', 0);
    fs.closeSync(this.#fd);
  }

  /** Parents come first: the kernel does not make them. The first entry of a name is the one. */
  #entry(name, mode, content, extra) {
    const inside = normalize(name);
    if (inside === '.' || this.#names.has(inside)) return;
    this.#names.add(inside);
    this.directory(path.dirname(inside));
    this.#write(inside, mode, content, extra);
  }

  #write(name, mode, content = Buffer.alloc(0), { mtimeMs = this.#now, device = [0, 0] } = {}) {
    const nameBytes = Buffer.from(`${name}\0`);
    const [uid, gid, links, check] = [0, 0, 1, 0];
    const time = Math.floor(mtimeMs / 1000);
    const fields = [this.#ino++, mode, uid, gid, links, time, content.length];
    fields.push(0, 0, ...device, nameBytes.length, check);
    const hex = fields.map((n) => n.toString(16).padStart(8, '0'));
    const header = Buffer.concat([Buffer.from(`070701${hex.join('')}`), nameBytes]);
    // One write, not writev: most files are small, and a short write would have to be finished.
    const whole = Buffer.concat([header, padding(header.length), content, padding(content.length)]);
    fs.writeFileSync(this.#fd, whole);
  }
}

const normalize = (name) => path.posix.normalize(name).replace(/^\/+|\/+$/g, '') || '.';
const padding = (length) => Buffer.alloc((4 - (length % 4)) % 4);
