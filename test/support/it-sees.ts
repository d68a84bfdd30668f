// The rows of kernel-tables.ts as tests of the kernel that runs here.
import type { Fact } from './kernel-tables';
import { itNeeds, observe } from './needs';

export function itSees(facts: readonly Fact[]): void {
  for (const { title, scenario, sees, needs = [], atLeast } of facts) {
    itNeeds(needs, title, () => {
      const seen = observe(...scenario);
      if (atLeast === true) expect(seen).toMatchObject(sees);
      else expect(seen).toEqual(sees);
    });
  }
}
