// The signals a child begins with are those of a fresh login, whatever its parent does with its own.
import { tell } from '../support/programs';
import { describeEachReaper } from '../support/reapers';
import { worldOf, type World } from '../support/world';

describeEachReaper('the signals of a child', ({ options: own }) => {
  it('are not blocked and not ignored, though Node.js ignores SIGPIPE', async () => {
    expect(await worldOf(own)).toMatchObject({ blocked: [], ignored: [] });
  });

  it.each(['main', 'worker'])(
    'are not those that the %s thread of its parent blocks and ignores',
    async (thread) => {
      const { parent, child } = await tell<Record<'parent' | 'child', World>>('odd-signals', [
        own.autoreap,
        thread,
      ]);

      expect(parent.blocked).toEqual([1, 10, 12, 34, 64]);
      expect(parent.ignored).toEqual(expect.arrayContaining([1, 13, 40]));
      expect(child).toMatchObject({ blocked: [], ignored: [] });
    },
  );
});
