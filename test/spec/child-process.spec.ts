// A Child is a ChildProcess: what is true of Node's is true of ours.
import * as childProcess from 'node:child_process';
import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { Child, spawn, type SpawnOptions } from '../../lib/index';
import { describeEachBackend } from '../support/backends';
import { eventsOf } from '../support/events';
import { outputOf } from '../support/programs';
import { describeEachReaper } from '../support/reapers';

/** What anybody can ask of a child when it was just born, while it is closed, and whenever. */
const fieldsOf = (child: childProcess.ChildProcess): unknown => ({
  connected: child.connected,
  exitCode: child.exitCode,
  signalCode: child.signalCode,
  killed: child.killed,
  spawnfile: child.spawnfile,
  spawnargs: child.spawnargs,
  hasPid: typeof child.pid,
  stdio: child.stdio.map((stream) => stream?.constructor.name),
});

describeEachReaper('a child', ({ options: own }) => {
  interface Life {
    readonly title: string;
    readonly file: string;
    readonly args?: readonly string[];
    readonly options?: SpawnOptions;
    readonly signal?: NodeJS.Signals;
  }
  const lives: readonly Life[] = [
    { title: 'that exits with 0', file: 'true' },
    {
      title: 'that exits with 3',
      file: 'sh',
      args: ['-c', 'exit 3'],
      options: { stdio: 'ignore' },
    },
    { title: 'that kills itself', file: 'sh', args: ['-c', 'kill -9 $$'] },
    { title: 'that is killed by us', file: 'cat', signal: 'SIGTERM' },
    {
      title: 'with pipes beyond 2',
      file: 'true',
      options: { stdio: ['pipe', 'pipe', 'ignore', 'pipe'] },
    },
    { title: 'with another argv0', file: 'true', args: ['a'], options: { argv0: 'b' } },
    { title: 'behind a shell', file: 'exit 4', options: { shell: true } },
    { title: 'of a named shell', file: 'exit', args: ['5'], options: { shell: '/bin/sh' } },
  ];
  it.each(lives)('$title has the events and fields that Node.js gives', async (life) => {
    const { file, args = [], options = {}, signal } = life;
    const lifeOf = async (child: childProcess.ChildProcess): Promise<unknown> => {
      child.stdio.slice(3).forEach((stream) => (stream as NodeJS.ReadableStream | null)?.resume());
      for (const stream of [child.stdout, child.stderr]) stream?.resume();
      const events = eventsOf(child);
      const born = fieldsOf(child);
      const killed = signal === undefined ? undefined : child.kill(signal);
      return { events: await events, born, killed, closed: fieldsOf(child) };
    };
    const node = await lifeOf(childProcess.spawn(file, args, options));

    const ours = await lifeOf(spawn(file, args, { ...options, ...own }));

    expect(ours).toEqual(node);
  });
});

describeEachBackend('a child', ({ spawn, Pidfd, programs, backend, options: own }) => {
  it('is a ChildProcess, a Child and nothing that anybody else can make', async () => {
    const child = spawn(...programs.exits(0), own);

    expect(child).toBeInstanceOf(childProcess.ChildProcess);
    expect(child).toBeInstanceOf(Child);
    expect(child).toBeInstanceOf(EventEmitter);
    expect(child.pidfd).toBeInstanceOf(Pidfd);
    expect(() => new (Child as unknown as new () => Child)()).toThrow('A Child is made by spawn()');
    await outputOf(child);
  });

  it('has its pid and its pidfd at once', async () => {
    const child = spawn(...programs.cat(), own);
    const ended = outputOf(child);

    expect(child.pidfd!.pid).toBe(child.pid);
    expect(child.pidfd!.signal(0)).toBe(true);
    child.stdin.end();
    await ended;
    expect(child.pidfd!.fd).toBe(-1);
  });

  it('emits spawn, then exit, then close; and `exited` is known by exit', async () => {
    const child = spawn(...programs.exits(3), own);
    const events = eventsOf(child);

    const { exitCode, pid } = await child.exited;

    expect({ exitCode, pid }).toEqual({ exitCode: 3, pid: child.pid });
    expect(await events).toEqual(['spawn', 'exit 3 null', 'close 3 null']);
    expect([child.exitCode, child.signalCode]).toEqual([3, null]);
  });

  it('is not signalled once it has ended', async () => {
    const child = spawn(...programs.exits(0), own);
    await outputOf(child);

    expect(child.kill()).toBe(false);
    expect(child.kill(0)).toBe(false);
    expect(child.killed).toBe(false);
    expect(child.pidfd!.signal('SIGTERM')).toBe(false);
  });

  it.each([
    [undefined, 'SIGTERM'],
    ['SIGKILL', 'SIGKILL'],
    ['SIGINT', 'SIGINT'],
    [1, 'SIGHUP'],
  ] as const)('is killed by %s', async (signal, signalCode) => {
    const child = spawn(...programs.cat(), own);
    const ended = outputOf(child);

    expect(child.kill(0)).toBe(true);
    expect(child.kill(signal)).toBe(true);
    expect(child.killed).toBe(true);
    expect(await child.exited).toMatchObject({ exitCode: null, signalCode, code: 'CLD_KILLED' });
    expect((await ended).signalCode).toBe(signalCode);
  });

  it('refuses a signal that is none, as Node.js does', async () => {
    const child = spawn(...programs.cat(), own);
    const ended = outputOf(child);

    expect(() => child.kill('SIGNONE' as 'SIGTERM')).toThrow(
      expect.objectContaining({ code: 'ERR_UNKNOWN_SIGNAL' }) as Error,
    );
    expect(() => child.kill(1000)).toThrow(
      expect.objectContaining({ code: 'ERR_UNKNOWN_SIGNAL' }) as Error,
    );
    child.stdin.end();
    expect((await ended).exitCode).toBe(0);
  });

  it('that is never born rejects `exited`, and is no uncaught error for who has asked', async () => {
    const { exited } = spawn('no-such-program', { ...own, stdio: 'ignore' });

    await expect(exited).rejects.toMatchObject({ code: 'ENOENT', step: 'execve' });
  });

  it('that is never born emits its error for who listens, who need not catch', async () => {
    const child = spawn('no-such-program', { ...own, stdio: 'ignore' });
    const { exited } = child;

    const error = await new Promise((resolve) => child.once('error', resolve));

    expect(error).toMatchObject({ code: 'ENOENT' });
    await expect(exited).rejects.toBe(error);
    expect(child.reapedBy).toBeUndefined();
  });

  it('shows its pid, its state and its reaper', async () => {
    const born = (child: Child, state: string): string =>
      `Child { pid: ${String(child.pid)}, state: '${state}', reapedBy: ${inspect(child.reapedBy)} }`;

    const running = spawn(...programs.cat(), own);
    const runningEnded = outputOf(running);
    expect(inspect(running)).toBe(born(running, 'running'));
    running.kill('SIGKILL');
    await runningEnded;
    expect(inspect(running)).toBe(born(running, 'killed by SIGKILL'));

    const exited = spawn(...programs.exits(3), own);
    await outputOf(exited);
    expect(inspect(exited)).toBe(born(exited, 'exited 3'));

    const never = spawn('no-such-program', own);
    expect(inspect(never)).toBe(born(never, 'never born'));
    await expect(outputOf(never)).rejects.toThrow('ENOENT');
  });

  it('is reaped by whom it says', async () => {
    const child = spawn(...programs.exits(0), own);

    const reaper = own.autoreap === 'require' ? 'kernel' : 'waitid';
    expect(child.reapedBy).toBe(backend.name === 'model' ? 'model' : reaper);
    expect(child.autokill).toBeUndefined();
    await outputOf(child);
  });
});
