import * as childProcess from 'node:child_process';
import { spawn, type SpawnOptions } from '../../lib/index';
import { outputOf, program } from './programs';

/** What test/fixtures/world.c prints of itself. */
export interface World {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly umask: number;
  readonly nice: number;
  readonly noNewPrivs: number;
  readonly dumpable: number;
  readonly deathSignal: number;
  /** Real, effective and saved. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
  /** Signal numbers. */
  readonly blocked: readonly number[];
  /** Those that are not at their default; after an exec, that means ignored. */
  readonly ignored: readonly number[];
  readonly fds: Readonly<Record<string, WorldFd>>;
  /** Soft and hard. */
  readonly rlimits: Readonly<Record<string, readonly [Limit, Limit]>>;
  readonly cwd: string;
  readonly exe: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
}

export interface WorldFd {
  readonly target: string;
  readonly access: 'r' | 'w' | 'rw';
  readonly nonblocking: boolean;
}

export type Limit = number | 'Infinity';

type AnySpawn = (
  file: string,
  args: readonly string[],
  options: SpawnOptions,
) => childProcess.ChildProcess;

/** The world of a child that was spawned with these options. */
export async function worldOf(
  options: SpawnOptions = {},
  { file = program('world'), args = [] as readonly string[] } = {},
  by: AnySpawn = spawn,
): Promise<World> {
  const { stdout, stderr, exitCode } = await outputOf(by(file, args, options));
  if (exitCode !== 0) throw new Error(`world ended with ${String(exitCode)}: ${stderr}`);
  return JSON.parse(stdout) as World;
}

/** The same by Node's own spawn. */
export async function nodeWorldOf(
  options: SpawnOptions = {},
  program: { file?: string; args?: readonly string[] } = {},
): Promise<World> {
  return await worldOf(options, program, childProcess.spawn);
}

/** Spawns with both, and expects that a child cannot tell which of them it was. */
export async function expectWorldAsNode(
  options: SpawnOptions,
  own: SpawnOptions,
  program: { file?: string; args?: readonly string[] } = {},
): Promise<World> {
  const node = await nodeWorldOf(options, program);
  const ours = await worldOf({ ...options, ...own }, program);

  expect(comparable(ours)).toEqual(comparable(node));
  return ours;
}

// Without what differs from one process to the next, and with a pipe(2) as good as a socket. Node.js
// lets every descriptor through that is not O_CLOEXEC; ours by default does not.
function comparable({ pid, ppid, pgid, sid, fds, ...world }: World): unknown {
  return {
    ...world,
    isOurs: ppid === process.pid,
    leadsGroup: pgid === pid,
    leadsSession: sid === pid,
    fds: ['0', '1', '2'].map((fd) => {
      const { target, nonblocking } = fds[fd]!;
      return [/^(pipe|socket):/.test(target) ? 'stream' : target, nonblocking];
    }),
  };
}
