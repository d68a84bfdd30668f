// A child keeps our event loop alive, unless it is told not to.
import { spawn } from '../../lib/index';
import { outputOf, script } from '../support/programs';
import { describeEachReaper } from '../support/reapers';

describeEachReaper('a process whose child is', ({ options: { autoreap } }) => {
  const start = (mode: string) =>
    spawn(process.execPath, [script('ref'), autoreap, mode], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });

  it.each([
    ['referenced', 'ref', ['child ended']],
    ['referenced again', 'unref-ref', ['child ended']],
    ['watched by a pidfd', 'pidfd-ref', ['child ended', 'pidfd knows']],
  ])('%s lives as long as it does', async (_title, mode, between) => {
    const parent = start(mode);
    const ended = outputOf(parent);
    // Started: from now on only the child keeps it. Its standard input ends the child.
    parent.stdout.once('data', () => parent.stdin.end());

    const { stdout, exitCode } = await ended;

    const [first, ...rest] = stdout.trim().split('\n');
    expect(exitCode).toBe(0);
    expect(first).toBe('started');
    expect(rest.pop()).toBe('parent ends');
    expect(rest.sort()).toEqual([...between].sort());
  });

  it.each([
    ['not referenced', 'unref'],
    ['watched by a pidfd that is not referenced', 'pidfd-unref'],
  ])('%s ends before it', async (_title, mode) => {
    const parent = start(mode);
    const ended = outputOf(parent);

    const { exitCode } = await parent.exited; // Its child is still there, and reads from us.

    parent.stdin.end();
    expect(exitCode).toBe(0);
    expect((await ended).stdout).toBe('started\nparent ends\n');
  });

  it('hidden or not says so to who asks its handle, as under Node.js', async () => {
    const child = spawn('cat', { autoreap });
    const ended = outputOf(child);
    const handle = (child as unknown as { _handle: { hasRef(): boolean } })._handle;

    expect(handle.hasRef()).toBe(true);
    child.unref();
    expect(handle.hasRef()).toBe(false);
    child.ref();
    expect(handle.hasRef()).toBe(true);
    child.stdin.end();
    await ended;
    expect((child as unknown as { _handle: unknown })._handle).toBeNull();
  });
});
