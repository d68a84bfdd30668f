import { unsupportedError } from '../errors';
import { chooseGuarantee, type Wish } from '../policy/guarantee';
import type { ByClone } from './launch';
import type { CheckedOptions } from './options';
import type { System } from './system';

const OURS_ALONE = ['groups', 'umask', 'nice', 'rlimits', 'processGroup'] as const;

/** What the options ask of the birth. */
export function wishOf(checked: CheckedOptions): Wish {
  return {
    ...checked,
    cgroup: checked.cgroup !== undefined,
    beyondNode: OURS_ALONE.find((name) => checked[name] !== undefined),
  };
}

/**
 * The guarantee for a wish, on this system. `asked`: how somebody said what cannot be had, in the words of the wish.
 * @throws `ERR_AUTOREAP_UNSUPPORTED` if it cannot be kept.
 */
export function choose(
  wish: Wish,
  system: System | Error,
  asked = (wanted: string): string => `Option ${wanted}`,
): ByClone | { readonly reapedBy: 'libuv' } {
  const guarantee = chooseGuarantee(
    wish,
    (name) => !(system instanceof Error) && system.capabilities.has(name),
  );
  if ('missing' in guarantee) {
    if (system instanceof Error) {
      const [firstLine] = system.message.split('\n');
      throw unsupportedError(
        asked(guarantee.wanted),
        'the native addon',
        undefined,
        `${firstLine ?? ''}. See support().`,
      );
    }
    const { errno } = system.capabilities.get(guarantee.missing);
    throw unsupportedError(
      asked(guarantee.wanted),
      guarantee.missing,
      errno,
      'See support() for what this kernel can do.',
    );
  }
  return guarantee;
}
