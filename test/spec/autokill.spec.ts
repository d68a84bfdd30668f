// With `autokill`, a child dies with this process, however that ends, and not before.
import { describeEachBackend } from '../support/backends';
import { program } from '../support/programs';
import { describeEachReaper } from '../support/reapers';
import { Scene, type SceneOptions } from '../support/scene';
import { worldOf } from '../support/world';

/** A process whose child is a `cat` on its line. */
async function parentOf(args: readonly string[], options: SceneOptions = {}): Promise<Scene> {
  const scene = new Scene('autokill', args, options);
  await scene.hear();
  return scene;
}

describeEachReaper('an autokill child', ({ options: { autoreap } }) => {
  it('dies with a parent that is killed', async () => {
    await using parent = await parentOf([autoreap, 'main', 'wait']);
    expect(await parent.line.answers()).toBe(true);

    parent.process.kill('SIGKILL');

    await parent.line.over;
  });

  it('dies with a parent that exits', async () => {
    await using parent = await parentOf([autoreap, 'main', 'exit']);

    expect(await parent.exited).toEqual([0, null]);

    await parent.line.over;
  });

  it.each(['terminated', 'ended'])(
    'does not die with the Worker that spawned it, %s, but with the process',
    async (worker) => {
      await using parent = await parentOf([autoreap, worker, 'wait']);
      expect(await parent.line.answers()).toBe(true);

      parent.process.kill('SIGKILL');

      await parent.line.over;
    },
  );

  it('does not die with the object that stood for it', async () => {
    await using parent = await parentOf([autoreap, 'collected', 'wait']);
    expect(await parent.line.answers()).toBe(true);

    parent.process.kill('SIGKILL');

    await parent.line.over;
  });

  it('gains no privileges', async () => {
    expect(await worldOf({ autoreap, autokill: true })).toMatchObject({ noNewPrivs: 1 });
  });
});

describeEachBackend('an autokill child', ({ spawn, programs, name, options: own }) => {
  it('says what makes it die', async () => {
    const mortal = spawn(...programs.exits(0), { ...own, stdio: 'ignore', autokill: true });
    const usual = spawn(...programs.exits(0), { ...own, stdio: 'ignore' });

    expect(mortal.autokill).toBe(name === 'kernel' ? 'kernel' : 'pdeathsig');
    expect(usual.autokill).toBeUndefined();
    await Promise.all([mortal.exited, usual.exited]);
  });

  it('can be signalled and ends as others do', async () => {
    const killed = spawn(...programs.cat(), {
      ...own,
      stdio: ['pipe', 'ignore', 'ignore'],
      autokill: true,
    });
    const left = spawn(...programs.exits(9), { ...own, stdio: 'ignore', autokill: true });

    killed.kill('SIGTERM');

    expect(await killed.exited).toMatchObject({ signalCode: 'SIGTERM' });
    expect(await left.exited).toMatchObject({ exitCode: 9 });
  });
});

describeEachReaper('a child without autokill', ({ options: { autoreap } }) => {
  it('outlives its parent', async () => {
    await using parent = await parentOf([autoreap, 'spared', 'wait']);

    parent.process.kill('SIGKILL');
    await parent.exited;

    expect(await parent.line.answers()).toBe(true);
    parent.line.hangUp();
    await parent.line.over;
  });
});

describe('autokill where clone3(2) is refused', () => {
  const through = [program('seccomp'), 'clone3:ENOSYS', '--'];

  it.each(['main', 'terminated'])('is kept, from the thread: %s', async (where) => {
    await using parent = await parentOf(['prefer', where, 'wait'], { through });
    expect(await parent.line.answers()).toBe(true);

    parent.process.kill('SIGKILL');

    await parent.line.over;
  });
});
