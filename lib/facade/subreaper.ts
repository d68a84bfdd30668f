import type { Backend, SyscallResult } from '../backend/interface';
import { errnoError, unsupportedError } from '../errors';
import { defaultSystem, type System } from './system';

/** Whether this process inherits the orphans among its descendants. */
export interface Subreaper {
  /** @throws `ERR_AUTOREAP_UNSUPPORTED` off Linux. */
  readonly enabled: boolean;
  /**
   * From now on a descendant whose parent dies becomes our child, in place of init's; also one that was
   * born before. Nobody is told when it comes, and when it dies it is a zombie until somebody waits for
   * it by its pid. For applications: a library must not decide this for its process.
   * @throws `ERR_AUTOREAP_UNSUPPORTED` off Linux.
   */
  enable(): void;
  /** Orphans go to the next subreaper or to init again. Those that are ours stay ours. */
  disable(): void;
}

/** That of a system, which is asked for when it is needed. */
export function subreaperOf(find: () => System | Error): Subreaper {
  const call = (name: string, ask: (backend: Backend) => SyscallResult): number => {
    const system = find();
    if (system instanceof Error) {
      throw unsupportedError('subreaper', 'the native addon', undefined, `${system.message}.`);
    }
    const result = ask(system.backend);
    if (result < 0) throw errnoError(result, `prctl(${name})`);
    return result;
  };
  return {
    get enabled() {
      return call('PR_GET_CHILD_SUBREAPER', (backend) => backend.prctlGetChildSubreaper()) === 1;
    },
    enable() {
      call('PR_SET_CHILD_SUBREAPER', (backend) => backend.prctlSetChildSubreaper(true));
    },
    disable() {
      call('PR_SET_CHILD_SUBREAPER', (backend) => backend.prctlSetChildSubreaper(false));
    },
  };
}

/**
 * The `child subreaper` attribute of this process, which survives execve(2) and is not inherited by
 * children. Never set by this library itself. @see PR_SET_CHILD_SUBREAPER(2const)
 */
export const subreaper: Subreaper = subreaperOf(defaultSystem);
