import { ChildProcess } from 'node:child_process';
import type { Backend } from '../backend/interface';
import { ProcessHandle, readContract, type Launch, type NodeProcessHandle } from './process-handle';

/** What ChildProcess.prototype.spawn is given. */
export interface NodeSpawnOptions {
  readonly file: string;
  readonly detached?: boolean;
}

interface WithHandle {
  _handle: NodeProcessHandle | null;
}

interface Spawning {
  spawn(this: ChildProcess, options: NodeSpawnOptions): number;
}

let warned = false;

/**
 * Runs `call`, which calls Node's own `spawn`, with our handle under the child that it creates. All of
 * Node's code runs: its validation, its streams, its errors.
 *
 * ChildProcess.prototype.spawn is replaced for the length of that one call, and by its first use put
 * back, so nobody else's child passes through here. `adopt` sees the new child before it is spawned.
 */
export function spawnWithHandle<T>(
  backend: Backend,
  adopt: (child: ChildProcess, options: NodeSpawnOptions) => Launch,
  call: () => T,
): T {
  const prototype = ChildProcess.prototype as unknown as Spawning;
  const stock = prototype.spawn;
  prototype.spawn = function (options) {
    prototype.spawn = stock;
    const launch = adopt(this, options);
    replaceHandle(this, backend, launch);
    return stock.call(this, options);
  };
  try {
    return call();
  } finally {
    prototype.spawn = stock;
  }
}

function replaceHandle(child: ChildProcess, backend: Backend, launch: Launch): void {
  const holder = child as unknown as WithHandle;
  const stock = holder._handle;
  if (stock === null || typeof stock.onexit !== 'function' || typeof stock.spawn !== 'function') {
    warnOnce();
    return;
  }
  holder._handle = new ProcessHandle(stock, backend, launch, (contract) => {
    if (readContract(contract) === undefined) warnOnce();
    holder._handle = stock;
  });
}

function warnOnce(): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    `autoreap does not know how Node.js ${process.version} spawns; children are Node's own ` +
      `(reapedBy: 'libuv'). Please report this version.`,
    { code: 'AUTOREAP_UNKNOWN_NODE' },
  );
}
