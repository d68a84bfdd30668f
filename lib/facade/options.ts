import type { SpawnOptions as NodeSpawnOptions } from 'node:child_process';
import { incompatibleOptions, invalidArgType, invalidArgValue, outOfRange } from '../errors';

/** A soft and a hard limit, getrlimit(2); one number sets both. `Infinity` is RLIM_INFINITY. */
export type ResourceLimit = number | { readonly soft: number; readonly hard: number };

/** The resources of getrlimit(2), without their prefix. */
export type ResourceLimitName =
  | 'as'
  | 'core'
  | 'cpu'
  | 'data'
  | 'fsize'
  | 'locks'
  | 'memlock'
  | 'msgqueue'
  | 'nice'
  | 'nofile'
  | 'nproc'
  | 'rss'
  | 'rtprio'
  | 'rttime'
  | 'sigpending'
  | 'stack';

/** What `spawn` understands beyond the options of Node's `child_process.spawn`. */
export interface AutoreapOptions {
  /**
   * Who reaps the child. `'prefer'`: the kernel (CLONE_AUTOREAP, Linux 7.1) where it can, else our
   * watcher thread. `'require'`: the kernel or an error. `'avoid'`: our watcher thread.
   * @defaultValue `'prefer'`
   * @throws `ERR_AUTOREAP_UNSUPPORTED` for `'require'`, naming the capability that is missing.
   */
  readonly autoreap?: 'prefer' | 'require' | 'avoid';

  /**
   * The child is killed (SIGKILL) when this process ends, however it ends. By the kernel's
   * CLONE_PIDFD_AUTOKILL where there is one, else by PR_SET_PDEATHSIG; `child.autokill` says which. It
   * implies `noNewPrivileges`, on every kernel, because the kernel demands it. Its own children are
   * not killed. @see PR_SET_PDEATHSIG(2const)
   * @defaultValue `false`
   * @throws `ERR_AUTOREAP_UNSUPPORTED` where neither is possible.
   */
  readonly autokill?: boolean;

  /**
   * The child and its descendants can gain no privileges by exec: setuid bits and file capabilities
   * are ignored (sudo, su, ping). @see PR_SET_NO_NEW_PRIVS(2const)
   * @defaultValue `false`
   */
  readonly noNewPrivileges?: boolean;

  /**
   * Report what the child used, in the exit record. Somebody must wait for that, so the child is
   * reaped by `waitid`; only with `autoreap: 'require'` and a `cgroup` of its own is it read from the
   * cgroup. @see getrusage(2)
   * @defaultValue `false`
   */
  readonly resourceUsage?: boolean;

  /**
   * A cgroup2 directory, by path or open descriptor, that the child is born in (CLONE_INTO_CGROUP,
   * Linux 5.7; else it enters by cgroup.procs before it executes). @see cgroups(7)
   */
  readonly cgroup?: string | number;

  /**
   * The supplementary groups, by number. Without it, and with `uid` or `gid`, they are dropped where
   * that is permitted, as Node.js does. @see setgroups(2)
   */
  readonly groups?: readonly number[];

  /** The file mode creation mask, 0 to 0o777. @see umask(2) @defaultValue ours */
  readonly umask?: number;

  /** The nice value itself, -20 to 19, not an increment. @see setpriority(2) @defaultValue ours */
  readonly nice?: number;

  /** Resource limits of the child. @see getrlimit(2) @defaultValue ours */
  readonly rlimits?: { readonly [Name in ResourceLimitName]?: ResourceLimit };

  /**
   * The process group: 0 for a new one that the child leads, else one of our session to join. Not
   * together with `detached`, which starts a session. @see setpgid(2)
   * @defaultValue ours
   */
  readonly processGroup?: number;

  /**
   * Whether descriptors beyond `stdio` reach the child when they are not O_CLOEXEC. False closes them
   * all (close_range(2)); true is what Node.js does. @defaultValue `false`
   */
  readonly inheritFds?: boolean;
}

/** The options of Node's `child_process.spawn`, and ours. */
export interface SpawnOptions extends NodeSpawnOptions, AutoreapOptions {}

/** Ours, checked, with defaults. */
export interface CheckedOptions {
  readonly autoreap: 'prefer' | 'require' | 'avoid';
  readonly autokill: boolean;
  readonly noNewPrivileges: boolean;
  readonly resourceUsage: boolean;
  readonly cgroup: string | number | undefined;
  readonly groups: readonly number[] | undefined;
  readonly umask: number | undefined;
  readonly nice: number | undefined;
  /** Triples of resource number, soft and hard; -1 is RLIM_INFINITY. */
  readonly rlimits: readonly number[] | undefined;
  readonly processGroup: number | undefined;
  readonly inheritFds: boolean;
}

// <asm-generic/resource.h>, which x86_64 and aarch64 share.
const RLIMITS: { readonly [Name in ResourceLimitName]: number } = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};

const ID_MAX = 2 ** 32 - 2; // (uid_t) -1 means "leave as it is" to the kernel.
const INT_MAX = 2 ** 31 - 1;

/** Reads our options. Node's own are checked by Node's own code. */
export function checkOptions(options: AutoreapOptions): CheckedOptions {
  const autoreap = options.autoreap ?? 'prefer';
  if (!['prefer', 'require', 'avoid'].includes(autoreap)) {
    throw invalidArgValue(
      'options.autoreap',
      autoreap,
      "must be one of: 'prefer', 'require', 'avoid'",
    );
  }
  const { processGroup } = options;
  if (processGroup !== undefined && (options as NodeSpawnOptions).detached === true) {
    throw incompatibleOptions(
      'processGroup',
      'detached',
      'that starts a session and a group of its own.',
    );
  }
  return {
    autoreap,
    autokill: boolean(options, 'autokill'),
    noNewPrivileges: boolean(options, 'noNewPrivileges'),
    resourceUsage: boolean(options, 'resourceUsage'),
    cgroup: cgroup(options.cgroup),
    groups: groups(options.groups),
    umask: integer('options.umask', options.umask, 0, 0o777),
    nice: integer('options.nice', options.nice, -20, 19),
    rlimits: rlimits(options.rlimits),
    processGroup: integer('options.processGroup', processGroup, 0, INT_MAX),
    inheritFds: boolean(options, 'inheritFds'),
  };
}

function boolean(
  options: AutoreapOptions,
  name: 'autokill' | 'noNewPrivileges' | 'resourceUsage' | 'inheritFds',
): boolean {
  const value: unknown = options[name] ?? false;
  if (typeof value !== 'boolean') throw invalidArgType(`options.${name}`, 'of type boolean', value);
  return value;
}

/** An integer in a range, or undefined; Node's errors. */
export function integer(
  name: string,
  value: unknown,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < least || value > most) {
    throw outOfRange(name, `>= ${String(least)} && <= ${String(most)}`, value);
  }
  return value;
}

function cgroup(value: unknown): string | number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return integer('options.cgroup', value, 0, INT_MAX);
  if (typeof value !== 'string') {
    throw invalidArgType('options.cgroup', 'of type string or number', value);
  }
  if (value === '' || value.includes('\0')) {
    throw invalidArgValue('options.cgroup', value, 'must be a path without null bytes');
  }
  return value;
}

function groups(value: unknown): readonly number[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw invalidArgType('options.groups', 'an instance of Array', value);
  return value.map((group: unknown, i) => {
    const name = `options.groups[${String(i)}]`;
    const checked = integer(name, group, 0, ID_MAX);
    if (checked === undefined) throw invalidArgType(name, 'of type number', group);
    return checked;
  });
}

function rlimits(value: unknown): readonly number[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object') throw invalidArgType('options.rlimits', 'of type object', value);
  const triples: number[] = [];
  for (const [name, limit] of Object.entries(value) as [string, unknown][]) {
    if (limit === undefined) continue;
    if (!Object.hasOwn(RLIMITS, name)) {
      const known = Object.keys(RLIMITS).join(', ');
      throw invalidArgValue(`options.rlimits.${name}`, limit, `is not one of: ${known}`);
    }
    if (Array.isArray(limit)) {
      throw invalidArgType(`options.rlimits.${name}`, 'a number or { soft, hard }', limit);
    }
    const { soft, hard } = (
      typeof limit === 'object' && limit !== null ? limit : { soft: limit, hard: limit }
    ) as { soft: unknown; hard: unknown };
    triples.push(
      RLIMITS[name as ResourceLimitName],
      rlimit(`options.rlimits.${name}.soft`, soft),
      rlimit(`options.rlimits.${name}.hard`, hard),
    );
  }
  return triples;
}

function rlimit(name: string, value: unknown): number {
  if (value === Infinity) return -1;
  const checked = integer(name, value, 0, Number.MAX_SAFE_INTEGER);
  if (checked === undefined) throw invalidArgType(name, 'of type number', value);
  return checked;
}
