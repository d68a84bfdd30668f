// Five moments of one idea: what each of them can do, as data. Everything else in this folder asks here.
import {
  CLONE_AUTOREAP,
  CLONE_CLEAR_SIGHAND,
  CLONE_EMPTY_MNTNS,
  CLONE_INTO_CGROUP,
  CLONE_NNP,
  CLONE_PIDFD_AUTOKILL,
} from './constants';

/**
 * Which kernel the model is.
 *
 * - `'linux-7.1'`: CLONE_AUTOREAP, CLONE_NNP and CLONE_PIDFD_AUTOKILL, as merged.
 * - `'linux-6.18'`: pidfds that tell an exit status, and no way to be reaped.
 * - `'autoreap-v2'`: the patch of February 2026, which still allowed CLONE_PARENT, and had the first flag only.
 * - `'clone4-2015'`: Linux 4.0 with the proposed clone4(), CLONE_FD and an autoreap of its own.
 * - `'linux-2.4'`: the year 2002: kernel threads, daemonize(), and no descriptor for a process.
 */
export type AbiName = 'linux-7.1' | 'linux-6.18' | 'autoreap-v2' | 'clone4-2015' | 'linux-2.4';

/** What a kernel has. */
export interface Abi {
  readonly name: AbiName;
  /** clone3(2), pidfd_open(2) and the other calls with pidfds, waitid(P_PIDFD), PIDFD_GET_INFO with exit codes. */
  readonly pidfd: boolean;
  /** The flags of clone3(2) above bit 31. */
  readonly clone3Flags: number;
  /** CLONE_PARENT is refused with CLONE_AUTOREAP (v5 of the series), and to those that are reaped (as merged). */
  readonly parentRefused: boolean;
  /** PIDFD_INFO_SUPPORTED_MASK (6.19). */
  readonly supportedMask: boolean;
  /** PR_SET_CHILD_SUBREAPER (3.4), PR_SET_NO_NEW_PRIVS (3.5). */
  readonly subreaper: boolean;
  /** waitid(2) (2.6.9). */
  readonly waitid: boolean;
  /** A process that leaves its last thread tells this thread's code (5.16: synchronize_group_exit). */
  readonly groupExitCode: boolean;
  /** execve(2) makes the exit signal SIGCHLD (2.5; before, the parent's death or exec did). */
  readonly execResetsExitSignal: boolean;
  /** An ignored SIGCHLD reaps at the death, and not when the parent next takes signals (2.6). */
  readonly ignoredReapsAtDeath: boolean;
  /**
   * An init is not killed by a signal that one thread of it blocks and another would take. Measured: so on 6.18.44 as
   * it runs here, and not on Debian's 6.12 and 7.3, where complete_signal() does not ask about SIGNAL_UNKILLABLE.
   */
  readonly initIsImmune: boolean;
  /** Whoever is woken by the first half of a death runs before the second (a preemptible kernel). */
  readonly exitYields: boolean;
  /** clone4(), CLONE_FD. */
  readonly clone4: boolean;
  /** kernel_thread() and daemonize(), which drivers called in those years. */
  readonly kernelThreads: boolean;
}

const since55 = CLONE_CLEAR_SIGHAND + CLONE_INTO_CGROUP;

const modern = {
  pidfd: true,
  clone3Flags: since55,
  parentRefused: false,
  supportedMask: false,
  subreaper: true,
  waitid: true,
  groupExitCode: true,
  execResetsExitSignal: true,
  ignoredReapsAtDeath: true,
  initIsImmune: true,
  exitYields: false,
  clone4: false,
  kernelThreads: false,
} as const;

export const ABIS: { readonly [Name in AbiName]: Abi & { readonly name: Name } } = {
  'linux-7.1': {
    ...modern,
    name: 'linux-7.1',
    clone3Flags: since55 + CLONE_AUTOREAP + CLONE_NNP + CLONE_PIDFD_AUTOKILL + CLONE_EMPTY_MNTNS,
    parentRefused: true,
    supportedMask: true,
    initIsImmune: false,
    exitYields: true,
  },
  'linux-6.18': { ...modern, name: 'linux-6.18' },
  'autoreap-v2': {
    ...modern,
    name: 'autoreap-v2',
    clone3Flags: since55 + CLONE_AUTOREAP,
    supportedMask: true,
    initIsImmune: false,
  },
  'clone4-2015': {
    ...modern,
    name: 'clone4-2015',
    pidfd: false,
    clone3Flags: 0,
    groupExitCode: false,
    clone4: true,
  },
  'linux-2.4': {
    ...modern,
    name: 'linux-2.4',
    pidfd: false,
    clone3Flags: 0,
    subreaper: false,
    waitid: false,
    groupExitCode: false,
    execResetsExitSignal: false,
    ignoredReapsAtDeath: false,
    kernelThreads: true,
  },
};
