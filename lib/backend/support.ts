import { readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import {
  CLONE_AUTOREAP,
  CLONE_NNP,
  CLONE_PIDFD_AUTOKILL,
  PIDFD_SIGNAL_PROCESS_GROUP,
  P_PIDFD,
  WEXITED,
  WNOHANG,
  type Backend,
  type SyscallResult,
} from './interface';

/** What a kernel may have, under the kernel's names. */
export const CAPABILITIES = [
  'clone3',
  'CLONE_AUTOREAP',
  'CLONE_NNP',
  'CLONE_PIDFD_AUTOKILL',
  'P_PIDFD',
  'pidfd_open',
  'pidfd_send_signal',
  'PIDFD_SIGNAL_PROCESS_GROUP',
  'PIDFD_GET_INFO',
  'PIDFD_INFO_EXIT',
  'pidfd_getfd',
  'process_mrelease',
  'close_range',
  'PR_SET_CHILD_SUBREAPER',
] as const;
export type CapabilityName = (typeof CAPABILITIES)[number];

export interface Capability {
  readonly supported: boolean;
  /** The errno that said no, negative. */
  readonly errno?: number;
  /** Why there is no answer, where asking would do harm. */
  readonly note?: string;
}

const { EAGAIN, EBADF, ECHILD, EINTR, EINVAL, EMFILE, ENFILE, ENOMEM, ENOSYS, EPERM, E2BIG } =
  constants.errno;
const { ESRCH } = constants.errno;

const YES: Capability = { supported: true };
const no = (result: SyscallResult): Capability => ({ supported: false, errno: -Math.abs(result) });

/** Supported if the call succeeds, or fails for the reason that only a kernel which knows it has. */
function asked(result: SyscallResult, ...known: number[]): Capability {
  return result >= 0 || known.includes(-result) ? YES : no(result);
}

/** Of the model: this process is stopped there, or dead. */
const HELD = [EINTR, ESRCH];

/** An answer of this moment, which says nothing of the kernel: it is asked again. */
const isPassing = ({ errno = 0 }: Capability): boolean =>
  [EAGAIN, EMFILE, ENFILE, ENOMEM, ...HELD].includes(-errno);

/**
 * What this kernel, and whatever filters its system calls, lets us do. Each capability is asked once,
 * by use, in a way that changes nothing; kernel versions are never looked at, for vendors backport
 * and seccomp takes away.
 */
export class Capabilities {
  readonly #backend: Backend;
  readonly #known = new Map<CapabilityName, Capability>();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get(name: CapabilityName): Capability {
    let capability = this.#known.get(name);
    if (capability === undefined) {
      capability = this.#probe(name);
      if (!isPassing(capability)) this.#known.set(name, capability);
    }
    return capability;
  }

  has(name: CapabilityName): boolean {
    return this.get(name).supported;
  }

  #probe(name: CapabilityName): Capability {
    const backend = this.#backend;
    switch (name) {
      // The flag check is the first thing clone3 does, so EINVAL proves that the call is there, and
      // E2BIG that it is older than 5.7: its struct lacks `cgroup`, and CLEAR_SIGHAND before 5.5.
      case 'clone3': {
        const result = backend.clone3Probe(CLONE_AUTOREAP);
        return [ENOSYS, EPERM, E2BIG, ...HELD].includes(-result) ? no(result) : YES;
      }
      case 'CLONE_AUTOREAP':
        return this.#flag(CLONE_AUTOREAP);
      case 'CLONE_NNP':
        return this.#flag(CLONE_NNP);
      case 'CLONE_PIDFD_AUTOKILL':
        return this.#flag(CLONE_AUTOREAP + CLONE_NNP + CLONE_PIDFD_AUTOKILL);

      // With a number that is no descriptor: EBADF says that the rest was understood.
      case 'P_PIDFD': {
        const result = backend.waitid(P_PIDFD, NO_FD, WEXITED | WNOHANG);
        return typeof result === 'number' ? asked(result, EBADF, ECHILD) : YES;
      }
      case 'pidfd_send_signal':
        return asked(backend.pidfdSendSignal(-1, 0, 0), EBADF);
      case 'pidfd_getfd':
        return asked(backend.pidfdGetfd(-1, -1, 0), EBADF);
      case 'process_mrelease':
        return asked(backend.processMrelease(-1, 0), EBADF);
      case 'close_range':
        return asked(backend.closeRange(NO_FD, NO_FD, 0));
      case 'PR_SET_CHILD_SUBREAPER':
        return asked(backend.prctlGetChildSubreaper());

      case 'pidfd_open':
        return this.#onSelf(() => YES);
      case 'PIDFD_SIGNAL_PROCESS_GROUP':
        // Signal 0 checks only. ESRCH: understood, and we do not lead our group.
        return this.#onSelf((pidfd) =>
          asked(backend.pidfdSendSignal(pidfd, 0, PIDFD_SIGNAL_PROCESS_GROUP), ESRCH),
        );
      case 'PIDFD_GET_INFO':
        return this.#getInfo();
      case 'PIDFD_INFO_EXIT':
        return this.#exitInfo();
    }
  }

  #flag(flags: number): Capability {
    const clone3 = this.get('clone3');
    if (!clone3.supported) return clone3;
    const result = this.#backend.clone3Probe(flags);
    // Any errno but EINVAL comes after the check of flags: EFAULT is ours, EAGAIN is a full system.
    return [EINVAL, ENOSYS, EPERM, ...HELD].includes(-result) ? no(result) : asked(result, -result);
  }

  #onSelf(use: (pidfd: number) => Capability): Capability {
    const pidfd = this.#backend.pidfdOpen(this.#backend.getpid(), 0, true);
    if (pidfd < 0) return no(pidfd);
    try {
      return use(pidfd);
    } finally {
      this.#backend.close(pidfd);
    }
  }

  #getInfo(): Capability {
    const info = this.#onSelf((pidfd) => {
      const result = this.#backend.pidfdGetInfo(pidfd, 0);
      return typeof result === 'number' ? asked(result) : YES;
    });
    // 7.1 has both. That there is no descriptor left is for the birth to say, which needs one too.
    return isPassing(info) && this.has('CLONE_AUTOREAP') ? { ...info, supported: true } : info;
  }

  // Only a reaped process shows whether its exit is told (SUPPORTED_MASK is younger, 6.19), so one is
  // made, unless it would be the first of a new pid namespace: its death would end the namespace.
  #exitInfo(): Capability {
    if (this.has('CLONE_AUTOREAP')) return this.get('PIDFD_GET_INFO'); // 7.1 has both.
    const info = this.get('PIDFD_GET_INFO');
    if (!info.supported) return info;
    if (!this.has('P_PIDFD')) return this.get('P_PIDFD');
    const note = this.#backend.name === 'native' ? dangerOfAsking() : undefined;
    if (note !== undefined) return { supported: false, note };
    const result = this.#backend.cloneExitInfo();
    if (result < 0) return no(result);
    return result === 1 ? YES : no(-EINVAL);
  }
}

function dangerOfAsking(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid') === readlinkSync('/proc/self/ns/pid_for_children')
      ? undefined
      : 'not asked: the next child starts a pid namespace';
  } catch {
    return 'not asked: no /proc to see the pid namespace of children';
  }
}

/** A descriptor that cannot be open. */
const NO_FD = 0x7fffffff;
