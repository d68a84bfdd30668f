import { ChildProcess } from 'node:child_process';
import { readContract } from './contract';
import {
  kOurs,
  ProcessHandle,
  type Launcher,
  type NodeExit,
  type NodeProcessHandle,
} from './process-handle';
import { whileWrapped } from './cut-off';
import { wrapForGood, wrapForNow, type Wrap } from './slot';

/** Marks the options of a spawn that is ours; Node.js copies it along with the others. */
const mark = Symbol('autoreap.spawn');

/** What ChildProcess.prototype.spawn is given. */
export interface NodeSpawnOptions {
  readonly file: string;
  readonly [mark]?: object;
}

interface WithHandle {
  _handle: (NodeProcessHandle & { readonly [kOurs]?: true }) | null;
}

interface Spawning {
  spawn(this: ChildProcess, options: NodeSpawnOptions): number;
}

/** Says what makes the process of a child that is about to be spawned; undefined leaves it to Node.js. */
export type Adopt = (child: ChildProcess, options: NodeSpawnOptions) => Launcher | undefined;

const prototype = ChildProcess.prototype as unknown as Spawning;

/**
 * Our handle under every child that is spawned while this is put in, whoever spawns it: `spawn`, `exec`,
 * `execFile`, `fork` and cluster all come through ChildProcess.prototype.spawn. All of Node's code runs:
 * its validation, its streams, its errors.
 */
export function replaceHandles(adopt: Adopt): Wrap {
  return wrapForNow<Spawning['spawn']>(
    prototype,
    'spawn',
    (stock, isMeant) =>
      function (options) {
        if (isMeant()) replaceHandle(this, options, adopt);
        return stock.call(this, options);
      },
  );
}

/** The same for good, and for all copies of this library. */
export function replaceHandlesForGood(adopt: Adopt): () => void {
  const replace = (child: ChildProcess, options: NodeSpawnOptions): void => {
    replaceHandle(child, options, adopt);
  };
  return wrapForGood<Spawning['spawn'], typeof replace>(
    prototype,
    'spawn',
    replace,
    (stock, current) =>
      function (options) {
        current()?.(this, options);
        return stock.call(this, options);
      },
  );
}

/**
 * Runs Node's own spawn with our handle under the child that it creates. `adopt` sees the new child before
 * it is spawned; it does not if this Node.js spawns in a way that we do not know.
 *
 * Somebody else's spawn can run inside of it (in a getter of `env`, in a subscriber of the diagnostics
 * channel): it lacks the mark and is left alone; or `unmarked` throws, for it may as well be ours, from somebody who
 * wraps spawn and has made new options.
 */
export function spawnWithHandle<Options extends object>(
  options: Options,
  adopt: Adopt,
  nodeSpawn: (options: Options) => ChildProcess,
  unmarked?: () => never,
): ChildProcess {
  const token = {};
  const handles = replaceHandles((child, spawnOptions) => {
    if (spawnOptions[mark] === token) return adopt(child, spawnOptions);
    if (spawnOptions[mark] === undefined) unmarked?.();
    return undefined;
  });
  return whileWrapped(handles, () => nodeSpawn({ ...options, [mark]: token }));
}

/** Hears what Node's own handle is told of its process, before the listeners of the child do. */
export function hearStockHandle(
  child: ChildProcess,
  {
    exited,
    failed,
  }: { exited: (exit: NodeExit) => void; failed: ((error: number) => void) | undefined },
): void {
  const handle = (child as unknown as WithHandle)._handle;
  const hear = (exitCode: number | null, signalCode: string | null): void => {
    if (exitCode !== null && exitCode < 0) {
      failed?.(exitCode); // The errno of a spawn that failed.
    } else if (signalCode === null || signalCode === '') {
      exited({ exitCode, signalCode: null });
    } else {
      exited({ exitCode: null, signalCode });
    }
  };
  if (handle === null || typeof handle.onexit !== 'function') {
    // A handle that we do not know. A child that was not born has its errno for an exit code.
    child.prependOnceListener('exit', hear);
    child.prependOnceListener('close', () => hear(child.exitCode, child.signalCode));
    return;
  }
  const { onexit } = handle;
  handle.onexit = function (exitCode, signalCode) {
    hear(exitCode, signalCode);
    onexit.call(this, exitCode, signalCode);
  };
}

/** A ChildProcess without a process. */
export function bareChildProcess(): ChildProcess {
  const child = new ChildProcess();
  // Or kill() would ask libuv, for which a handle without a process has the pid 0: our own group.
  (child as unknown as WithHandle)._handle = null;
  return child;
}

function replaceHandle(child: ChildProcess, options: NodeSpawnOptions, adopt: Adopt): void {
  const holder = child as unknown as WithHandle;
  const stock = holder._handle;
  // Spawned before, which Node.js refuses; or of an inner call, and one of ours already, of another copy's
  // maybe.
  if (stock === null || stock[kOurs] === true) return;
  const launcher = adopt(child, options);
  if (launcher === undefined) return;
  if (typeof stock.onexit !== 'function' || typeof stock.spawn !== 'function') {
    warnUnknownNode();
    launcher.stockSpawns();
    return;
  }
  holder._handle = new ProcessHandle(child, stock, launcher, (contract) => {
    if (readContract(contract) === undefined) warnUnknownNode();
    holder._handle = stock;
  });
}

let warned = false;

export function warnUnknownNode(): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    `autoreap does not know how Node.js ${process.version} spawns; children are Node's own ` +
      `(reapedBy: 'libuv') where it does not. Please report this version.`,
    { code: 'AUTOREAP_UNKNOWN_NODE' },
  );
}
