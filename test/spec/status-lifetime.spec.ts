// A child keeps its parent's event loop alive until it ends, unless told not to; and only its end ends it.
import { once } from 'node:events';
import { describeEachBackend, type OnBackend } from '../support/backends';
import { describeEachReaper } from '../support/reapers';
import { Scene } from '../support/scene';

describeEachReaper('a process with a living child', ({ options: { autoreap } }) => {
  it.each(['ref', 'unref and ref'])('stays for it: %s', async (how) => {
    await using scene = new Scene('lifetime', [autoreap, how]);
    await scene.hear();
    expect(await scene.line.answers()).toBe(true);

    scene.line.hangUp();

    expect(await scene.hear()).toEqual(['exit', 0]);
    expect(await scene.exited).toEqual([0, null]);
  });

  it.each([
    ['unref', 0],
    ['pidfd.unref', 0],
    ['exit', 7],
  ])('leaves before it, and it lives on: %s', async (how, code) => {
    await using scene = new Scene('lifetime', [autoreap, how]);

    expect(await scene.exited).toEqual([code, null]);

    expect(await scene.line.answers()).toBe(true);
    scene.line.hangUp();
    await scene.line.over;
  });
});

describeEachBackend('a child that is stopped and continued', (on) => {
  const { spawn, programs, options: own } = on;

  it('has not ended', async () => {
    const child = spawn(...programs.cat(), { ...own, stdio: ['pipe', 'pipe', 'ignore'] });
    const ends: unknown[] = [];
    child.on('exit', (...end) => ends.push(end));
    const closed = once(child, 'close');

    child.kill('SIGSTOP');
    awaitState(on, child.pidfd!.fd, WSTOPPED);
    child.kill('SIGCONT');
    awaitState(on, child.pidfd!.fd, WCONTINUED);
    child.stdin.write('still here');
    const [answer] = (await once(child.stdout, 'data')) as [Buffer];

    expect(String(answer)).toBe('still here');
    expect(ends).toEqual([]);
    child.stdin.end();
    expect(await closed).toEqual([0, null]);
    expect(ends).toEqual([[0, null]]);
  });

  it('can be killed while it is stopped', async () => {
    const child = spawn(...programs.cat(), { ...own, stdio: ['pipe', 'ignore', 'ignore'] });
    child.kill('SIGSTOP');
    awaitState(on, child.pidfd!.fd, WSTOPPED);

    child.kill('SIGKILL');

    expect(await child.exited).toMatchObject({ exitCode: null, signalCode: 'SIGKILL' });
  });
});

// <linux/wait.h>
const P_PIDFD = 3;
const WSTOPPED = 2;
const WCONTINUED = 8;

/** Blocks until our child has stopped, or runs again. Takes no exit status. */
function awaitState({ backend }: OnBackend, pidfd: number, state: number): void {
  expect(backend.waitid(P_PIDFD, pidfd, state)).toMatchObject({
    status: expect.any(Number) as number,
  });
}
