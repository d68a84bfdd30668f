// What there is to execute and to be in: paths, folders, files. The kernel of the model looks at the files alone.
import type { Program } from './program';

/** A file that execve(2) can run. */
export interface Executable {
  /** Set-user-ID: who runs it gets this euid, unless no_new_privs. */
  readonly setuid?: number;
  /** What runs: see `Program`. The model itself does not look at it; a backend does. */
  readonly program?: Program | undefined;
}

export class Disk {
  readonly #files = new Map<string, Executable>();
  /** Each with those above it. */
  readonly #folders = new Set<string>(['/']);

  install(path: string, file: Executable): void {
    const at = absolute('install', path);
    if (this.#folders.has(at)) throw new TypeError(`install: ${at} is a folder.`);
    checkFile(path, file);
    this.#addFolders(at.slice(0, at.lastIndexOf('/')));
    const { setuid, program } = file;
    this.#files.set(at, {
      ...(setuid === undefined ? {} : { setuid }),
      ...(program === undefined ? {} : { program }),
    });
  }

  mkdir(path: string): void {
    const at = absolute('mkdir', path);
    this.#addFolders(at === '/' ? '' : at);
  }

  file(path: string): Executable | undefined {
    return this.#files.get(clean(path));
  }

  isFolder(path: string): boolean {
    return this.#folders.has(clean(path));
  }

  #addFolders(path: string): void {
    const names = path.split('/').slice(1);
    const all = names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`);
    const taken = all.find((folder) => this.#files.has(folder));
    if (taken !== undefined) throw new TypeError(`${taken} is a file, and no folder: ${path}.`);
    for (const folder of all) this.#folders.add(folder);
  }
}

function absolute(call: string, path: unknown): string {
  if (typeof path === 'string' && path.startsWith('/') && !path.includes('\0')) return clean(path);
  throw new TypeError(`${call}(path): an absolute path, not ${shown(path)}.`);
}

/** Without `.`, `..`, and slashes that say nothing. */
function clean(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
}

function checkFile(path: string, file: unknown): void {
  const { setuid, program } = (file ?? {}) as {
    readonly setuid?: unknown;
    readonly program?: unknown;
  };
  const isFile = typeof file === 'object' && file !== null;
  if (!isFile || (program !== undefined && typeof program !== 'function')) {
    throw new TypeError(
      `install('${path}', …): the second argument is { program: (process) => … }, a function.`,
    );
  }
  if (setuid !== undefined && !(Number.isSafeInteger(setuid) && Number(setuid) >= 0)) {
    throw new TypeError(`install('${path}', …): setuid is a user's number, not ${shown(setuid)}.`);
  }
}

const shown = (value: unknown): string =>
  value === undefined ? 'undefined' : JSON.stringify(value);
