// What this kernel can do for this user, and what it was seen doing. Both come from the programs
// test/fixtures/facts*.c, which make the system calls themselves: were the library asked, its
// mistakes would be excused by its mistakes.
import { execFileSync } from 'node:child_process';
import path from 'node:path';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a scenario saw: results by name, a failed call as the name of its errno. */
export type Observations = Readonly<Record<string, Json>>;

const fixtures = path.resolve(__dirname, '../../../build/fixtures');

function facts(program: string, args: readonly string[]): Observations {
  // A scenario that waits in vain says so on stderr, which execFileSync puts into its error.
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const json = execFileSync(path.join(fixtures, program), args, {
    stdio: [...stdio],
    encoding: 'utf8',
  });
  return JSON.parse(json) as Observations;
}

/** Performs a scenario of `facts-<subject>` in a process of its own. */
export const observe = (subject: string, scenario: string, ...args: readonly string[]) =>
  facts(`facts-${subject}`, [scenario, ...args]);

/** Found by use. `errno` says why not. */
export interface CapabilityState {
  readonly supported: boolean;
  readonly errno?: string;
}

let known: Observations | undefined;

/** One of those that `facts capabilities` prints. Asked once per jest worker. */
export function capability(name: string): CapabilityState {
  known ??= facts('facts', ['capabilities']);
  const state = known[name] as { supported: boolean; errno: string | null } | undefined;
  if (state === undefined) throw new Error(`"facts capabilities" knows no ${name}`);
  return state.errno === null ? { supported: true } : { supported: false, errno: state.errno };
}

/** What to expect here: one thing where there is the capability, another where there is not. */
export const where = <T>(name: string, there: T, elsewhere: T): T =>
  capability(name).supported ? there : elsewhere;

/**
 * A test that only says something where there are these capabilities. Elsewhere it is skipped, and
 * its title says for want of what; with AUTOREAP_NO_SKIP=1, as on CI's 7.x, it fails instead.
 */
export function itNeeds(
  needed: string | readonly string[],
  title: string,
  test: () => unknown,
): void {
  const missing = [needed].flat().find((name) => !capability(name).supported);
  if (missing === undefined) {
    it(title, async () => {
      await test();
    });
    return;
  }
  const why = `no ${missing}: ${capability(missing).errno ?? ''}`;
  if (process.env['AUTOREAP_NO_SKIP'] === '1') {
    it(title, () => {
      throw new Error(why);
    });
  } else {
    it.skip(`${title} (${why})`, () => {});
  }
}
