// Who listens to 'exit' is told as Node.js tells it: in the context of the spawn, with what is thrown
// uncaught, and whoever else is told at the same time none the worse for it.
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { describeEachBackend } from '../support/backends';
import { describeEachReaper } from '../support/reapers';
import { play } from '../support/scene';

describeEachReaper("a listener of 'exit'", ({ options: { autoreap } }) => {
  it('that throws is an uncaught exception, and hides no other child of its batch', async () => {
    interface Told {
      readonly early: number;
      readonly told: readonly unknown[];
      readonly records: readonly unknown[];
      readonly uncaught: readonly string[];
    }
    const children = Array.from({ length: 20 }, (_, index) => index);

    const { early, told, records, uncaught } = await play<Told>('listeners', [autoreap]);

    const killed = children.map((index) => [index, 'SIGKILL']);
    expect(early).toBe(0);
    expect(told).toHaveLength(20);
    expect(told).toEqual(expect.arrayContaining(killed));
    expect(records).toEqual(expect.arrayContaining(killed));
    expect([...uncaught].sort()).toEqual(children.map((index) => `listener ${index}`).sort());
  });
});

describeEachBackend("a listener of 'exit'", ({ spawn, programs, options: own }) => {
  it('runs in the async context of the spawn', async () => {
    const storage = new AsyncLocalStorage<string>();

    const children = ['one', 'two', 'three'].map((name) => {
      const child = storage.run(name, () =>
        spawn(...programs.exits(0), { ...own, stdio: 'ignore' }),
      );
      const seen = storage.run('listening', async () => {
        const contexts: unknown[] = [];
        for (const event of ['exit', 'close']) {
          child.once(event, () => contexts.push(storage.getStore()));
        }
        await once(child, 'close');
        return contexts;
      });
      return { name, seen };
    });

    for (const { name, seen } of children) expect(await seen).toEqual([name, name]);
  });

  it('finds the record that `exited` resolves with already decided', async () => {
    const child = spawn(...programs.exits(3), { ...own, stdio: 'ignore' });
    const order: string[] = [];
    child.once('exit', () => order.push(`exit ${child.exitCode}`));

    const { exitCode } = await child.exited;
    order.push(`exited ${exitCode}`);

    expect(order).toEqual(['exit 3', 'exited 3']);
  });
});
