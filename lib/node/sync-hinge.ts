import { whateverHappens } from './cut-off';
import { warnUnknownNode } from './hinge';
import { maySpawn } from './permission';
import { wrapForGood, wrapForNow, type Wrap } from './slot';

/** An entry of `stdio` as Node's spawnSync hands it to its binding. */
export interface SyncStdioEntry {
  type: 'pipe' | 'overlapped' | 'ignore' | 'inherit' | 'fd' | 'wrap';
  /** The child reads. */
  readable?: boolean;
  /** A Buffer, or whatever view of memory the caller has given. */
  input?: ArrayBufferView;
  fd?: number;
  handle?: { fd?: number };
}

/** What Node's spawnSync says of a child, checked by it. */
export interface SyncOptions {
  readonly file: string;
  readonly args?: readonly string[];
  readonly envPairs?: readonly string[];
  readonly cwd?: string | Uint8Array | null;
  readonly stdio: readonly SyncStdioEntry[];
  readonly detached?: boolean;
  readonly uid?: number | null;
  readonly gid?: number | null;
  /** Milliseconds; 0 never. */
  readonly timeout?: number | null;
  /** Bytes, of all streams together; 0 is no limit. */
  readonly maxBuffer?: number | null;
  /** A number. */
  readonly killSignal?: number | null;
}

/** What it wants back. */
export interface SyncResult {
  /** -errno: why there was no child, or why it was killed. */
  error?: number;
  status: number | null;
  signal: string | null;
  /** By descriptor; null where there was no pipe. Null altogether if there was no child. */
  output: (Buffer | null)[] | null;
  pid: number;
}

/** Undefined leaves it to Node.js. */
export type RunSync = (options: SyncOptions) => SyncResult | undefined;

interface Binding {
  spawn: (options: unknown) => SyncResult;
}

/**
 * The binding under spawnSync, execSync and execFileSync. process.binding is the one way to it; it is
 * deprecated (DEP0111), refused under --permission, and there on every Node.js that we know.
 */
function findBinding(): Binding | undefined {
  try {
    const found = undeprecated(() =>
      (process as unknown as { binding(name: string): Partial<Binding> }).binding('spawn_sync'),
    );
    if (typeof found.spawn === 'function') return found as Binding;
    warnUnknownNode();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') warnUnknownNode();
  }
  return undefined;
}

/** With --pending-deprecation it would warn of us. */
function undeprecated<T>(call: () => T): T {
  if (process.noDeprecation === true) return call(); // And not writable, by --no-deprecation.
  const before = Object.getOwnPropertyDescriptor(process, 'noDeprecation');
  let isRestored = false;
  const restore = (): void => {
    if (isRestored) return;
    if (before === undefined) Reflect.deleteProperty(process, 'noDeprecation');
    else Object.defineProperty(process, 'noDeprecation', before);
    isRestored = true;
  };
  return whateverHappens(restore, () => {
    process.noDeprecation = true;
    return call();
  });
}

let binding: Binding | null | undefined;

const bindingOrNull = (): Binding | null => (binding ??= findBinding() ?? null);

/**
 * `run` under the synchronous family while this is put in: all of Node's code around it stays, its validation, its
 * result and its errors. Undefined with a Node.js that we do not know.
 */
export function replaceSpawnSync(run: RunSync): Wrap | undefined {
  const found = bindingOrNull();
  if (found === null) return undefined;
  return wrapForNow<Binding['spawn']>(
    found,
    'spawn',
    (stock, isMeant) => (options) =>
      (isMeant() ? runInstead(options, run) : undefined) ?? stock.call(found, options),
  );
}

/** The same for good, and for all copies of this library. Returns what takes it back. */
export function replaceSpawnSyncForGood(run: RunSync): () => void {
  const found = bindingOrNull();
  if (found === null) return () => undefined;
  const instead = (options: unknown): SyncResult | undefined => runInstead(options, run);
  return wrapForGood<Binding['spawn'], typeof instead>(
    found,
    'spawn',
    instead,
    (stock, current) => (options) => current()?.(options) ?? stock.call(found, options),
  );
}

function runInstead(options: unknown, run: RunSync): SyncResult | undefined {
  if (!maySpawn()) return undefined; // Node's own refuses, with Node's error.
  if (isSyncOptions(options)) return run(options);
  warnUnknownNode();
  return undefined;
}

function isSyncOptions(options: unknown): options is SyncOptions {
  if (typeof options !== 'object' || options === null) return false;
  const { file, args, envPairs, stdio } = options as Partial<SyncOptions>;
  return (
    typeof file === 'string' &&
    Array.isArray(stdio) &&
    (args === undefined || Array.isArray(args)) &&
    (envPairs === undefined || Array.isArray(envPairs))
  );
}
