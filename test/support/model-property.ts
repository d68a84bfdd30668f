// A property of the model and the proof that it can fail, side by side.
import fc from 'fast-check';
import { ABIS, type AbiName } from '../../lib/model/abi';
import { claim, perform, Violation, type Watch } from './model-machine';
import { scripts, type Script } from './model-scripts';

/** What is broken so that a property does not hold. The model itself has no such switch. */
export interface Break {
  /** Completes "is noticed to be broken when …". */
  readonly when: string;
  /** Breaks it, and returns what mends it. */
  readonly make: () => () => void;
  /** How many scripts it may take to find it; what is rarer takes more. @defaultValue 2000 */
  readonly within?: number;
  /** How many lines the shortest script may have that shrinking finds. @defaultValue 8 */
  readonly lines?: number;
}

/** The dice of `npm test` are the same each time; whoever asks for more scripts gets others each time. */
const DICE = 20260227;
const ASKED = process.env['MODEL_PROPERTY_RUNS'];
const HOW_MANY: fc.Parameters<[Script]> =
  ASKED === undefined ? { numRuns: 500, seed: DICE } : { numRuns: +ASKED };

const EVERY = Object.keys(ABIS) as AbiName[];
/** Those with clone3(2), and the flags of our days. */
export const MODERN: readonly AbiName[] = ['linux-7.1', 'linux-6.18', 'autoreap-v2'];

/**
 * Asserts that the sentence holds after every line of every script, and that it does not in a model that is
 * broken. fast-check prints the seed of what fails.
 */
export function property(
  sentence: string,
  { abis = EVERY, watch, broken }: { abis?: readonly AbiName[]; watch: Watch; broken: Break },
): void {
  propertyOf(sentence, abis, (script) => void perform(script, watch), broken);
}

/** The same of whatever can be done with a script. */
export function propertyOf(
  sentence: string,
  abis: readonly AbiName[] | undefined,
  judge: (script: Script) => void,
  broken: Break,
): void {
  const holds = fc.property(scripts(abis ?? EVERY), judge);

  it(sentence, () => {
    fc.assert(holds, HOW_MANY);
  });

  it(`… and this is noticed to be broken when ${broken.when}`, () => {
    const { within = 2000, lines = 8, make } = broken;
    const mend = make();
    try {
      const { counterexample, errorInstance, numRuns, numShrinks } = fc.check(holds, {
        seed: DICE,
        numRuns: within,
      });

      if (!(errorInstance instanceof Violation)) {
        throw new Error(`Nothing was found in ${numRuns} scripts.`, { cause: errorInstance });
      }
      const found = counterexample?.[0].lines ?? [];
      claim(
        found.length <= lines,
        () => `It shrank to ${found.length} lines: ${fc.stringify(found)}`,
      );
      claim(numShrinks > 0 || found.length <= 2, () => 'It did not shrink.');
    } finally {
      mend();
    }
  });
}
