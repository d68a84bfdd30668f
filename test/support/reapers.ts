import { capability } from './needs';

/** Who reaps in a run of the suite, and the option that makes it so. */
export interface Reaper {
  readonly name: 'kernel' | 'waitid';
  readonly options: { readonly autoreap: 'require' | 'avoid' };
}

const REAPERS: readonly Reaper[] = [
  { name: 'kernel', options: { autoreap: 'require' } },
  { name: 'waitid', options: { autoreap: 'avoid' } },
];

/**
 * The same sentences for every way of reaping that this kernel has. Where the kernel's own is missing
 * the block is skipped by name; with AUTOREAP_NO_SKIP=1 (7.x in CI) that is a failure instead.
 */
export function describeEachReaper(subject: string, block: (reaper: Reaper) => void): void {
  for (const reaper of REAPERS) {
    const { supported, errno } =
      reaper.name === 'kernel' ? capability('CLONE_AUTOREAP') : capability('P_PIDFD');
    const title = `${subject}, reaped by ${reaper.name}`;
    if (supported || process.env.AUTOREAP_NO_SKIP === '1') {
      describe(title, () => {
        block(reaper);
      });
    } else {
      const missing = reaper.name === 'kernel' ? 'CLONE_AUTOREAP' : 'P_PIDFD';
      describe.skip(`${title} (no ${missing}: ${errno ?? 'unknown'})`, () => {
        block(reaper);
      });
    }
  }
}
