// Waiting for the end of a process, by its descriptor.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ExitRecord } from '../../lib/index';
import { installedApp } from '../support/apps';
import { describeEachBackend, type OnBackend } from '../support/backends';
import { capability } from '../support/needs';
import { outputOf } from '../support/programs';

/** A process that is not our child, and its parent, which waits for it. */
async function grandchild(
  { spawn, programs, options }: OnBackend,
  exitCode: number,
): Promise<{
  readonly pid: number;
  end(): void;
  readonly parentEnded: Promise<unknown>;
}> {
  const parent = spawn(...programs.namesChild(exitCode), {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const parentEnded = once(parent, 'close');
  const [pid] = (await once(parent.stdout!.setEncoding('utf8'), 'data')) as [string];
  const gate = parent.stdio[3] as Socket;
  gate.resume();
  return { pid: Number(pid), end: () => void gate.end(), parentEnded };
}

/** What the kernel tells of a process that somebody else has reaped. */
function expectStatus(
  { backend }: OnBackend,
  record: ExitRecord,
  exitCode: number | null,
  signalCode: string | null,
): void {
  if (backend.name === 'model' || capability('PIDFD_INFO_EXIT').supported) {
    expect(record).toMatchObject({ exitCode, signalCode, statusLost: false });
  } else {
    expect(record).toMatchObject({
      exitCode: null,
      signalCode: null,
      statusLost: true,
      code: null,
    });
  }
}

describeEachBackend('a pidfd, of a process that is not our child', (on) => {
  const { Pidfd } = on;

  it('knows its exit', async () => {
    const { pid, end, parentEnded } = await grandchild(on, 9);
    using pidfd = Pidfd.open(pid);
    const waiting = pidfd.exited;

    end();

    const record = await waiting;
    expect(record.pid).toBe(pid);
    expect(record.durationMs).toBeGreaterThanOrEqual(0);
    expectStatus(on, record, 9, null);
    await parentEnded;
  });

  it('knows the signal that ended it', async () => {
    const { pid, end, parentEnded } = await grandchild(on, 9);
    using pidfd = Pidfd.open(pid);

    pidfd.signal('SIGKILL');

    expectStatus(on, await pidfd.exited, null, 'SIGKILL');
    end();
    await parentEnded;
  });

  it('knows it afterwards too, and tells everybody the same', async () => {
    const { pid, end, parentEnded } = await grandchild(on, 3);
    using first = Pidfd.open(pid);
    using second = Pidfd.open(pid);
    end();
    await parentEnded; // It has reaped it.

    const [one, other, again] = await Promise.all([first.exited, second.exited, first.exited]);

    expect(first.exited).toBe(first.exited);
    expect(again).toBe(one);
    expectStatus(on, one, 3, null);
    expectStatus(on, other, 3, null);
  });
});

describeEachBackend('a pidfd, of a child', ({ spawn, Pidfd, programs, options: own }) => {
  it('knows the same as its child', async () => {
    const child = spawn(...programs.exits(3), own);
    const ended = outputOf(child);

    expect(child.pidfd!.exited).toBe(child.exited);
    expect(await child.pidfd!.exited).toMatchObject({ exitCode: 3 });
    await ended;
  });

  it('is the same process as one that is opened by its pid', async () => {
    const child = spawn(...programs.cat(), own);
    const ended = outputOf(child);
    using other = Pidfd.open(child.pid!);

    expect(other.fd).not.toBe(child.pidfd!.fd);
    expect(other.inode).toBe(child.pidfd!.inode);
    const waiting = other.exited;
    child.stdin.end();
    expect((await waiting).pid).toBe(child.pid);
    await ended;
  });

  it('is not ours to close', async () => {
    const child = spawn(...programs.cat(), own);
    const ended = outputOf(child);
    const { fd } = child.pidfd!;

    child.pidfd!.close();
    child.pidfd![Symbol.dispose]();

    expect(child.pidfd!.fd).toBe(fd);
    expect(child.pidfd!.signal('SIGTERM')).toBe(true);
    expect((await ended).signalCode).toBe('SIGTERM');
    expect(child.pidfd!.fd).toBe(-1);
  });

  it('can be told not to keep us, and to keep us again', async () => {
    const child = spawn(...programs.cat(), own);
    const ended = outputOf(child);

    expect(child.pidfd!.unref()).toBe(child.pidfd);
    expect(child.pidfd!.ref()).toBe(child.pidfd);
    child.stdin.end();
    expect((await ended).exitCode).toBe(0);
  });
});

describe('a Pidfd that is closed when its end has come and is not told yet', () => {
  const app = installedApp();

  it('is not told, and other children keep the process alive as before', async () => {
    const said = await app.tell(
      'closed.cjs',
      `const { spawn, Pidfd } = require('autoreap');
      const { poll, pidfdOpen, POLLIN } = require('autoreap/syscalls');
      const stdio = ['pipe', 'ignore', 'inherit'];
      const [first, second] = [spawn('cat', { stdio }), spawn('cat', { stdio })];
      const pidfd = Pidfd.open(first.pid);
      let told = 'nothing';
      pidfd.exited.then(() => (told = 'end'), () => (told = 'closed'));
      const another = pidfdOpen(first.pid);
      process.kill(first.pid, 'SIGKILL');
      poll([{ fd: another, events: POLLIN }], -1);
      setImmediate(() => pidfd.close());
      first.on('close', () => second.kill());
      second.on('exit', (code, signal) => console.log(JSON.stringify({ told, signal })));`,
    );

    expect(said).toMatchObject({ signal: 'SIGTERM' });
  });
});
