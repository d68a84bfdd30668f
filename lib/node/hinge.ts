import { ChildProcess } from 'node:child_process';
import type { Backend } from '../backend/interface';
import {
  ProcessHandle,
  readContract,
  type Launcher,
  type NodeProcessHandle,
} from './process-handle';

/** Marks the options of a spawn that is ours; Node.js copies it along with the others. */
const mark = Symbol('autoreap.spawn');

/** What ChildProcess.prototype.spawn is given. */
export interface NodeSpawnOptions {
  readonly file: string;
  readonly detached?: boolean;
  readonly [mark]?: object;
}

interface WithHandle {
  _handle: NodeProcessHandle | null;
}

interface Spawning {
  spawn(this: ChildProcess, options: NodeSpawnOptions): number;
}

let warned = false;

/**
 * Runs Node's own spawn with our handle under the child that it creates, so all of Node's code runs: its
 * validation, its streams, its errors. `adopt` sees the new child before it is spawned; it does not if
 * this Node.js spawns in a way that we do not know.
 *
 * ChildProcess.prototype.spawn is replaced for the length of that one call. Somebody else's spawn can
 * run inside of it (in a getter of `env`, in a subscriber of the diagnostics channel): it lacks the mark
 * and is left alone.
 */
export function spawnWithHandle<Options extends object>(
  backend: Backend,
  options: Options,
  adopt: (child: ChildProcess, options: NodeSpawnOptions) => Launcher,
  nodeSpawn: (options: Options) => ChildProcess,
): ChildProcess {
  const token = {};
  const prototype = ChildProcess.prototype as unknown as Spawning;
  const stock = prototype.spawn;
  prototype.spawn = function (spawnOptions) {
    if (spawnOptions[mark] === token) {
      replaceHandle(this, backend, adopt(this, spawnOptions));
    }
    return stock.call(this, spawnOptions);
  };
  try {
    return nodeSpawn({ ...options, [mark]: token });
  } finally {
    prototype.spawn = stock;
  }
}

/** A ChildProcess without a process. */
export function bareChildProcess(): ChildProcess {
  const child = new ChildProcess();
  // Or kill() would ask libuv, for which a handle without a process has the pid 0: our own group.
  (child as unknown as WithHandle)._handle = null;
  return child;
}

function replaceHandle(child: ChildProcess, backend: Backend, launcher: Launcher): void {
  const holder = child as unknown as WithHandle;
  const stock = holder._handle;
  if (stock === null || typeof stock.onexit !== 'function' || typeof stock.spawn !== 'function') {
    warnUnknownNode();
    return;
  }
  holder._handle = new ProcessHandle(stock, backend, launcher, (contract) => {
    if (readContract(contract) === undefined) warnUnknownNode();
    holder._handle = stock;
  });
}

export function warnUnknownNode(): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    `autoreap does not know how Node.js ${process.version} spawns; children are Node's own ` +
      `(reapedBy: 'libuv'). Please report this version.`,
    { code: 'AUTOREAP_UNKNOWN_NODE' },
  );
}
