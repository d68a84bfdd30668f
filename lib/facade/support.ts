import { release } from 'node:os';
import { CAPABILITIES, type Capability, type CapabilityName } from '../backend/support';
import { errnoName } from '../errors';
import { chooseGuarantee, type ReapedBy } from '../policy/guarantee';
import { defaultSystem, type System } from './system';

/** One thing a kernel may be able to do. */
export interface CapabilityReport {
  readonly supported: boolean;
  /** The errno that said no, negative, and its name. */
  readonly errno?: number;
  readonly code?: string;
  /** Why there is no answer, where asking would do harm. */
  readonly note?: string;
}

/** What `spawn` can promise here. */
export interface Support {
  /** Whom all this was asked of: Linux, or the model of it. */
  readonly backend: 'native' | 'model';
  /** Who reaps a child that was spawned without options. Of the model, by which of its rules. */
  readonly reapedBy: ReapedBy;
  readonly guarantees: {
    /**
     * `'always'`: even after we crash. `'while alive'`: even with a blocked event loop or an ended
     * Worker. `'no'`: as Node.js.
     */
    readonly zombieFree: 'always' | 'while alive' | 'no';
    /** A status cannot be lost to another's `waitpid(-1)`, nor to an ignored SIGCHLD. */
    readonly statusSafe: boolean;
    /** No SIGCHLD when a child dies. */
    readonly noSigchld: boolean;
    /** A signal cannot hit a stranger who got the pid. */
    readonly signalsByPidfd: boolean;
    /** What `autokill: true` rests on, if it is possible. */
    readonly autokill: 'kernel' | 'pdeathsig' | undefined;
  };
  readonly capabilities: { readonly [Name in CapabilityName]: CapabilityReport };
  readonly addon: { readonly loaded: true } | { readonly loaded: false; readonly error: string };
  /** For the reader of a report; nothing is decided by it. Of the model, its abi. */
  readonly kernel: string;
  readonly arch: string;
}

/**
 * What this kernel, and whatever filters its system calls, can do, and what follows for `spawn`. Each
 * capability is asked by use, once per process; where it says no, with which errno. Never throws.
 */
export function support(): Support {
  return supportOf(defaultSystem());
}

/** The same of another system. */
export function supportOf(system: System | Error): Support {
  const absent: CapabilityReport = { supported: false, note: 'the addon is not loaded' };
  const report = (name: CapabilityName): CapabilityReport =>
    system instanceof Error ? absent : described(system.capabilities.get(name));
  const capabilities = Object.fromEntries(
    CAPABILITIES.map((name) => [name, report(name)]),
  ) as Record<CapabilityName, CapabilityReport>;
  const has = (name: CapabilityName): boolean => capabilities[name].supported;

  const plain = {
    autoreap: 'prefer',
    autokill: false,
    resourceUsage: false,
    noNewPrivileges: false,
    cgroup: false,
    beyondNode: undefined,
  } as const;
  const guarantee = chooseGuarantee(plain, has);
  const mortal = chooseGuarantee({ ...plain, autokill: true }, has);
  const reapedBy = 'reapedBy' in guarantee ? guarantee.reapedBy : 'libuv';
  const backend = system instanceof Error ? undefined : system.backend;
  return {
    backend: backend?.name ?? 'native',
    reapedBy,
    guarantees: {
      zombieFree: reapedBy === 'kernel' ? 'always' : reapedBy === 'waitid' ? 'while alive' : 'no',
      statusSafe: reapedBy === 'kernel' || (reapedBy === 'waitid' && has('PIDFD_INFO_EXIT')),
      noSigchld: reapedBy === 'kernel',
      signalsByPidfd: reapedBy !== 'libuv' && has('pidfd_send_signal'),
      autokill: 'autokill' in mortal ? mortal.autokill : undefined,
    },
    capabilities,
    addon:
      system instanceof Error
        ? { loaded: false, error: system.message }
        : system.backend.name === 'model'
          ? { loaded: false, error: 'the model needs none' }
          : { loaded: true },
    kernel: backend?.release ?? release(),
    arch: process.arch,
  };
}

function described({ supported, errno, note }: Capability): CapabilityReport {
  return {
    supported,
    ...(errno === undefined ? {} : { errno, code: errnoName(errno) }),
    ...(note === undefined ? {} : { note }),
  };
}
