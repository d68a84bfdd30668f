import type { Duplex } from 'node:stream';
import type { Fd, SyscallResult } from '../backend/interface';

/** An entry of `stdio` as Node's ChildProcess hands it to its handle. */
export interface StdioEntry {
  type: 'ignore' | 'pipe' | 'overlapped' | 'inherit' | 'fd' | 'wrap';
  ipc?: boolean;
  fd?: number;
  handle?: { fd?: number; open?(fd: Fd): SyscallResult; close?(): void };
  /** Where Node.js keeps the stream that it makes of the handle. */
  socket?: Duplex;
}

/** A spawn, in the words of Node.js, once its options have been read. */
export interface SpawnCall {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  /** `NAME=value`. */
  readonly envPairs: readonly string[];
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** setsid(2). */
  readonly detached: boolean;
  /** Our descriptor for the child's i, or -1. */
  readonly stdio: readonly Fd[];
  /** Those of `stdio` that are the child's alone. Who takes them out closes them. */
  readonly childEnds: Fd[];
}

/** A spawn as Node.js says it. */
interface Contract extends Omit<SpawnCall, 'stdio' | 'childEnds'> {
  readonly stdio: readonly StdioEntry[];
}

/** In the flags. */
const DETACHED = 1;

/**
 * Up to Node.js 22, `spawn(options)`; from 24 on, `spawn(file, args, cwd, envPairs, stdio, flags, uid,
 * gid)`. Anything else is a Node.js that we do not know: undefined.
 */
export function readContract(contract: readonly unknown[]): Contract | undefined {
  const [first] = contract;
  const options = (
    typeof first === 'object' && first !== null && contract.length === 1
      ? first
      : {
          file: first,
          args: contract[1],
          cwd: contract[2],
          envPairs: contract[3],
          stdio: contract[4],
          detached: ((contract[5] as number) & DETACHED) !== 0,
          uid: contract[6],
          gid: contract[7],
        }
  ) as { -readonly [K in keyof Contract]?: Contract[K] };
  const { file, args, envPairs, cwd, stdio } = options;
  if (typeof file !== 'string' || !Array.isArray(stdio)) return undefined;
  // What is none of these, an empty cwd included, Node's own handle does not look at.
  const call = readCall({
    ...{ ...options, file },
    args: Array.isArray(args) ? args : undefined,
    envPairs: Array.isArray(envPairs) ? envPairs : undefined,
    cwd: typeof cwd === 'string' && cwd !== '' ? cwd : undefined,
  });
  return { ...call, stdio };
}

/** Node.js has looked at it, but for a ChildProcess that was made by hand. */
export const isId = (id: unknown): boolean =>
  id === undefined || (id as number) === ((id as number) | 0);

/** What both contracts say of a program. */
export function readCall(options: {
  readonly file: string;
  readonly args?: readonly string[] | undefined;
  readonly envPairs?: readonly string[] | undefined;
  readonly cwd?: string | Uint8Array | null | undefined;
  readonly uid?: number | null | undefined;
  readonly gid?: number | null | undefined;
  readonly detached?: unknown;
}): Omit<SpawnCall, 'stdio' | 'childEnds'> {
  const { file, args, envPairs } = options;
  return {
    file,
    // With neither, libuv runs the file under its own name and in our environment.
    args: args === undefined || args.length === 0 ? [file] : args,
    envPairs:
      envPairs ?? Object.entries(process.env).map(([name, value]) => `${name}=${String(value)}`),
    // Of spawnSync it may be a Buffer.
    cwd: options.cwd == null ? undefined : String(options.cwd),
    uid: options.uid ?? undefined,
    gid: options.gid ?? undefined,
    detached: options.detached === true, // Node's handle takes nothing else for it.
  };
}
