// What runs around the events of a child: AsyncLocalStorage, ticks, promises, the garbage collector.
import { tell } from '../support/programs';
import { describeEachReaper } from '../support/reapers';

const node = ['--expose-gc'];
const told = (how: string, who: string): Promise<unknown> =>
  tell('async-context', [how, who], { node });

describeEachReaper('the async context of a child', ({ options: { autoreap } }) => {
  it('is let go with the child', async () => {
    expect(await told('stores', autoreap)).toBe(0);
  });

  it('is that of whoever handles what a listener throws, as in Node.js', async () => {
    const ours = await told('uncaught', autoreap);

    expect(ours).toEqual(['of a listener', 'mine']);
    expect(ours).toEqual(await told('uncaught', 'node'));
  });

  it('has its ticks and promises run before the next end is told, as in Node.js', async () => {
    const ours = await told('order', autoreap);

    expect(ours).toBe(await told('order', 'node'));
  });
});

describeEachReaper('a copy of the library that nobody uses any more', ({ options }) => {
  it('is collected', async () => {
    expect(await told('copies', options.autoreap)).toBe(0);
  });
});
