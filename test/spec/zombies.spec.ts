// No zombie, whatever became of the JavaScript that gave birth: its event loop blocked, its Worker ended.
import { describeEachReaper } from '../support/reapers';
import { Scene, play } from '../support/scene';

describeEachReaper('a child that dies', ({ options: { autoreap } }) => {
  it('is no zombie while the event loop is blocked', async () => {
    interface Told {
      readonly blocked: { readonly zombies: readonly string[]; readonly told: number };
      readonly ends: readonly unknown[];
    }

    const { blocked, ends } = await play<Told>('zombies', [autoreap]);

    expect(blocked).toEqual({ zombies: [], told: 0 });
    expect(ends).toEqual(Array.from({ length: 50 }, () => [null, 'SIGKILL']));
  });

  it.each([
    ['was terminated', 'terminate'],
    ['called process.exit', 'exit'],
    ['came to its end, its children unreferenced', 'unref'],
  ])('is no zombie, and its pidfd is closed, when its Worker %s', async (_, how) => {
    const told = await play('worker-child', [autoreap, how]);

    expect(told).toEqual({ survivors: 2, held: 2, zombies: [], pidfds: 0, leaked: 0 });
  });
});

// A Worker costs as much as a small program does, which is much where the processor is emulated.
const WORKERS = process.env.AUTOREAP_VM === '1' ? 10 : 100;

describe(`${WORKERS} Workers, one after the other`, () => {
  const PATIENCE_MS = 180_000;

  it(
    'leave nothing of themselves and of the children that outlived them',
    async () => {
      const told = await play('worker-child', ['prefer', 'terminate', String(WORKERS)]);

      expect(told).toEqual({ survivors: 2, held: 2, zombies: [], pidfds: 0, leaked: 0 });
    },
    PATIENCE_MS,
  );
});

describeEachReaper('the end of a process', ({ options: { autoreap } }) => {
  it.each([
    ['ended', 'leave'],
    ['is running', 'leave first'],
  ])('is not delayed by the living children of a Worker that %s', async (_, how) => {
    await using scene = new Scene('worker-child', [autoreap, how]);
    expect(await scene.hear()).toBe('leaving');

    expect(await scene.exited).toEqual([0, null]);

    expect(await scene.line.answers()).toBe(true);
    scene.line.hangUp();
    await scene.line.over;
  });
});
