import {
  CLONE_AUTOREAP,
  CLONE_CLEAR_SIGHAND,
  CLONE_INTO_CGROUP,
  CLONE_NNP,
  CLONE_PIDFD,
  CLONE_PIDFD_AUTOKILL,
  CLONE_VFORK,
  CLONE_VM,
  Watch,
} from '../backend/interface';
import type { CapabilityName } from '../backend/support';

/** Who takes a child's status, and with it what can be promised about it. */
export type ReapedBy = 'kernel' | 'waitid' | 'libuv' | 'model';

/** What the caller asked for, as far as it bears on how the child is born. */
export interface Wish {
  readonly autoreap: 'prefer' | 'require' | 'avoid';
  readonly autokill: boolean;
  readonly resourceUsage: boolean;
  readonly noNewPrivileges: boolean;
  readonly cgroup: boolean;
  /** The first other option that Node's own spawn does not know. */
  readonly beyondNode: string | undefined;
}

/** How the child is born, and what that gives. */
export type Guarantee =
  | {
      readonly reapedBy: 'kernel' | 'waitid';
      /** What makes it die with us. */
      readonly autokill: 'kernel' | 'pdeathsig' | undefined;
      /** Who knows what it used. */
      readonly resourceUsage: 'waitid' | 'cgroup' | undefined;
      readonly flags: number;
      readonly legacy: boolean;
      readonly watch: Watch;
      /** The child gives up privileges itself, where the kernel has no CLONE_NNP. */
      readonly noNewPrivs: boolean;
      readonly deathSignal: boolean;
    }
  | { readonly reapedBy: 'libuv' }
  | { readonly missing: CapabilityName; readonly wanted: string };

/** A yes or no per capability; asked only for what the wish needs, since each answer is a probe. */
export type Has = (name: CapabilityName) => boolean;

/**
 * Chooses the strongest guarantee that this kernel can give and the caller did not forgo.
 *
 * Pure but for `has`. A wish that cannot be kept is named, never dropped.
 */
export function chooseGuarantee(wish: Wish, has: Has): Guarantee {
  const reapedBy = chooseReaper(wish, has);
  if (typeof reapedBy === 'object') return reapedBy;
  if (reapedBy === 'libuv') {
    const wanted = beyondNode(wish);
    return wanted === undefined ? { reapedBy } : { missing: 'P_PIDFD', wanted };
  }

  const clone3 = has('clone3');
  const kernelKills = wish.autokill && reapedBy === 'kernel' && has('CLONE_PIDFD_AUTOKILL');
  // A setuid program would escape PDEATHSIG, and AUTOKILL is refused without it: so that a child
  // behaves the same on every kernel, autokill always implies it.
  const noNewPrivs = wish.autokill || wish.noNewPrivileges;
  const kernelNnp = noNewPrivs && has('CLONE_NNP');

  let flags = CLONE_VM + CLONE_VFORK + CLONE_PIDFD + CLONE_CLEAR_SIGHAND;
  if (reapedBy === 'kernel') flags += CLONE_AUTOREAP;
  if (kernelKills) flags += CLONE_PIDFD_AUTOKILL;
  if (kernelNnp) flags += CLONE_NNP;
  if (wish.cgroup && clone3) flags += CLONE_INTO_CGROUP;

  return {
    reapedBy,
    autokill: wish.autokill ? (kernelKills ? 'kernel' : 'pdeathsig') : undefined,
    resourceUsage: wish.resourceUsage ? (reapedBy === 'kernel' ? 'cgroup' : 'waitid') : undefined,
    flags,
    legacy: !clone3,
    watch: reapedBy === 'kernel' ? Watch.Hup : Watch.Waitid,
    noNewPrivs: noNewPrivs && !kernelNnp,
    deathSignal: wish.autokill && !kernelKills,
  };
}

/** The first wish that Node's own spawn would ignore. */
export function beyondNode(wish: Wish): string | undefined {
  if (wish.autoreap === 'require') return "autoreap: 'require'";
  if (wish.autokill) return 'autokill';
  if (wish.cgroup) return 'cgroup';
  if (wish.noNewPrivileges) return 'noNewPrivileges';
  if (wish.resourceUsage) return 'resourceUsage';
  return wish.beyondNode;
}

function chooseReaper(
  wish: Wish,
  has: Has,
): 'kernel' | 'waitid' | 'libuv' | { missing: CapabilityName; wanted: string } {
  // Nobody is told what a kernel-reaped child used, unless a cgroup of its own counts it.
  const kernelCounts = !wish.resourceUsage || (wish.cgroup && wish.autoreap === 'require');
  if (wish.autoreap !== 'avoid' && kernelCounts) {
    // Without PIDFD_GET_INFO (a seccomp filter on ioctl) the kernel would reap and tell nobody.
    const missing = (['clone3', 'CLONE_AUTOREAP', 'PIDFD_GET_INFO'] as const).find(
      (name) => !has(name),
    );
    if (missing === undefined) return 'kernel';
    if (wish.autoreap === 'require') return { missing, wanted: "autoreap: 'require'" };
  }
  return has('P_PIDFD') ? 'waitid' : 'libuv';
}
