import * as native from '../../lib/index';
import type { Backend } from '../../lib/backend/interface';
import { nativeBackend } from '../../lib/backend/native';
import { createAutoreap, modelBackend, type Autoreap } from '../../lib/index';
import { ModelKernel, type AbiName } from '../../lib/model';
import { itNeeds } from './needs';
import { describeEachReaper, type Reaper } from './reapers';
import { modelVocabulary, shellVocabulary, type Vocabulary } from './vocabulary';

/** What a sentence is said of: the library on a backend, and the programs that there are. */
export interface OnBackend extends Pick<
  Autoreap,
  'spawn' | 'run' | 'Pidfd' | 'subreaper' | 'support'
> {
  readonly backend: Backend;
  readonly name: Reaper['name'];
  /** The option that makes it so. */
  readonly options: Reaper['options'];
  readonly programs: Vocabulary;
  /** As `itNeeds` of needs.ts. The model has what is said of it here. */
  readonly itNeeds: typeof itNeeds;
}

const MODELS: readonly (readonly [AbiName, Reaper])[] = [
  ['linux-7.1', { name: 'kernel', options: { autoreap: 'require' } }],
  ['linux-6.18', { name: 'waitid', options: { autoreap: 'avoid' } }],
];

const itHas: typeof itNeeds = (_needed, title, test) => {
  it(title, async () => {
    await test();
  });
};

/**
 * The same sentences for every way of reaping that this kernel has, and for the model of a kernel that has it, where
 * after each test nothing is left but its init and us.
 */
export function describeEachBackend(subject: string, block: (on: OnBackend) => void): void {
  describeEachReaper(subject, (reaper) => {
    const backend = nativeBackend();
    if (backend instanceof Error) throw backend;
    block({ ...native, ...reaper, backend, programs: shellVocabulary, itNeeds });
  });
  // To the model it is all one which kernel is below, and an emulated one is slow.
  for (const [abi, reaper] of process.env.AUTOREAP_VM === '1' ? [] : MODELS) {
    describe(`${subject}, on the model of ${abi}`, () => {
      const kernel = new ModelKernel({ abi });
      const backend = modelBackend(kernel);
      const programs = modelVocabulary(kernel);

      block({ ...createAutoreap({ backend }), ...reaper, backend, programs, itNeeds: itHas });

      // Last, so that what the block does after each test has been done.
      afterEach(() => {
        expect(kernel.processes().map(({ comm }) => comm)).toEqual(['init', 'node']);
        kernel.check();
      });
    });
  }
}
