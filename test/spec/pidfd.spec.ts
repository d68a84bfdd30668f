// A process by its descriptor: ours, somebody's child, and those that are no more.
import { once } from 'node:events';
import { closeSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { inspect } from 'node:util';
import { Pidfd, spawn } from '../../lib/index';
import { describeEachBackend, type OnBackend } from '../support/backends';
import { itNeeds } from '../support/needs';
import { outputOf, tell } from '../support/programs';
import { describeEachReaper } from '../support/reapers';
import { shellVocabulary } from '../support/vocabulary';

const code = (name: string): Error => expect.objectContaining({ code: name }) as Error;

/** A child that is alive until its standard input ends. */
function cat({ spawn, programs, options }: OnBackend): {
  readonly pid: number;
  end(): Promise<unknown>;
} {
  const child = spawn(...programs.cat(), { ...options, stdio: ['pipe', 'ignore', 'inherit'] });
  const closed = once(child, 'close');
  return {
    pid: child.pid!,
    end: () => {
      child.stdin.end();
      return closed;
    },
  };
}

describe('Pidfd.open', () => {
  it('opens a process that is not ours, close-on-exec', () => {
    using pidfd = Pidfd.open(1);

    expect(pidfd.pid).toBe(1);
    expect(readlinkSync(`/proc/self/fd/${String(pidfd.fd)}`)).toMatch(/pidfd/);
    const fdinfo = readFileSync(`/proc/self/fdinfo/${String(pidfd.fd)}`, 'latin1');
    const [, flags] = /^flags:\s*(\d+)/m.exec(fdinfo)!;
    expect(parseInt(flags!, 8) & 0o2000000).not.toBe(0);
    expect(inspect(pidfd)).toBe(`Pidfd { fd: ${String(pidfd.fd)}, pid: 1 }`);
  });

  it('refuses the id of a thread', () => {
    const thread = readdirSync('/proc/self/task').find((id) => id !== String(process.pid));

    // ENOENT since 6.9, EINVAL before.
    expect(() => Pidfd.open(Number(thread))).toThrow(/^pidfd_open (ENOENT|EINVAL), pid \d+$/);
  });

  it('cannot be avoided: there is no constructor', () => {
    const construct = Pidfd as unknown as new (...args: unknown[]) => unknown;

    expect(Object.keys(Pidfd)).toEqual([]);
    expect(() => new construct(1)).toThrow(
      expect.objectContaining({
        code: 'ERR_ILLEGAL_CONSTRUCTOR',
        message: 'Illegal constructor Pidfd: Pidfd.open(pid) makes one',
      }) as Error,
    );
  });
});

describeEachBackend('Pidfd.open', ({ Pidfd, spawn, programs, options, backend }) => {
  it('opens ourselves', () => {
    using pidfd = Pidfd.open(backend.getpid());

    expect(pidfd.signal(0)).toBe(true);
  });

  it.each([
    ['no number', '1', 'ERR_INVALID_ARG_TYPE'],
    ['undefined', undefined, 'ERR_INVALID_ARG_TYPE'],
    ['zero', 0, 'ERR_OUT_OF_RANGE'],
    ['negative', -1, 'ERR_OUT_OF_RANGE'],
    ['a fraction', 1.5, 'ERR_OUT_OF_RANGE'],
    ['NaN', NaN, 'ERR_OUT_OF_RANGE'],
    ['too large', 2 ** 31, 'ERR_OUT_OF_RANGE'],
  ])('refuses a pid that is %s', (_title, pid, expected) => {
    expect(() => Pidfd.open(pid as number)).toThrow(code(expected));
  });

  it('refuses the pid of nobody', async () => {
    const child = spawn(...programs.exits(0), { ...options, stdio: 'ignore' });
    await once(child, 'close');
    const pid = child.pid!;

    expect(() => Pidfd.open(pid)).toThrow(
      expect.objectContaining({
        ...{ code: 'ESRCH', errno: -3, syscall: 'pidfd_open', pid },
        message: expect.stringContaining('not any more') as string,
      }) as Error,
    );
  });
});

describeEachBackend('a pidfd', (on) => {
  const { Pidfd, spawn, programs, options, backend, itNeeds } = on;

  itNeeds('PIDFD_GET_INFO', 'tells the ids of its process', async () => {
    const child = cat(on);
    using pidfd = Pidfd.open(child.pid);

    const info = pidfd.info();

    expect(info).toMatchObject({ pid: child.pid, ppid: backend.getpid() });
    expect(info.exit).toBeUndefined();
    const [uid, gid] = backend.name === 'model' ? [0, 0] : [process.getuid!(), process.getgid!()];
    expect(info.ids).toEqual({
      ...{ ruid: uid, euid: uid, suid: uid, fsuid: uid },
      ...{ rgid: gid, egid: gid, sgid: gid, fsgid: gid },
    });
    await child.end();
  });

  itNeeds('PIDFD_INFO_EXIT', 'tells how its process ended, once it is reaped', async () => {
    const child = spawn(...programs.exitsAfterInput(5), {
      ...options,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const closed = once(child, 'close');
    using pidfd = Pidfd.open(child.pid!);
    child.stdin.end();
    await closed;

    const { exitCode, statusLost } = await pidfd.exited;

    expect({ exitCode, statusLost }).toEqual({ exitCode: 5, statusLost: false });
    expect(pidfd.info()).toMatchObject({ exit: { wstatus: 0x500, exitCode: 5 } });
    expect(pidfd.info().pid).toBeUndefined();
  });

  // pidfs came with it.
  itNeeds('PIDFD_SIGNAL_PROCESS_GROUP', 'has the inode of its process', async () => {
    const [one, other] = [cat(on), cat(on)];
    using first = Pidfd.open(one.pid);
    using second = Pidfd.open(one.pid);
    using stranger = Pidfd.open(other.pid);

    expect(typeof first.inode).toBe('bigint');
    expect(second.inode).toBe(first.inode);
    expect(stranger.inode).not.toBe(first.inode);
    await Promise.all([one.end(), other.end()]);
  });

  it('signals its process, and nobody once that is gone', async () => {
    const child = spawn(...programs.cat(), { ...options, stdio: ['pipe', 'ignore', 'inherit'] });
    const exited = once(child, 'exit');
    const closed = once(child, 'close');
    using pidfd = Pidfd.open(child.pid!);

    expect(pidfd.signal(0)).toBe(true);
    expect(pidfd.signal()).toBe(true);
    expect(await exited).toEqual([null, 'SIGTERM']);
    expect(pidfd.signal('SIGTERM')).toBe(false);
    expect(pidfd.signal(0)).toBe(false);
    await closed;
  });

  itNeeds('PIDFD_SIGNAL_PROCESS_GROUP', 'signals the group that its process led', async () => {
    // The leader ends with its input; its child, which holds the output, does not.
    const leader = spawn(...programs.leads(), {
      ...options,
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
      processGroup: 0,
    });
    const ended = outputOf(leader);
    using group = Pidfd.open(leader.pid!);
    leader.stdin!.end();
    await leader.exited;

    expect(group.signal('SIGKILL')).toBe(false);
    expect(group.signal('SIGKILL', { group: true })).toBe(true);
    await ended; // The child is dead: it has let go of the output.
  });

  it.each([
    ['an unknown name', 'SIGNONE', 'ERR_UNKNOWN_SIGNAL'],
    ['a number without a signal', 65, 'ERR_OUT_OF_RANGE'],
    ['a negative number', -1, 'ERR_OUT_OF_RANGE'],
    ['an object', {}, 'ERR_INVALID_ARG_TYPE'],
  ])('refuses a signal that is %s', (_title, signal, expected) => {
    using pidfd = Pidfd.open(backend.getpid());

    expect(() => pidfd.signal(signal as NodeJS.Signals)).toThrow(code(expected));
  });

  itNeeds('process_mrelease', 'releases no memory of a process that lives', async () => {
    const child = cat(on);
    using pidfd = Pidfd.open(child.pid);

    expect(() => pidfd.releaseMemory()).toThrow(
      expect.objectContaining({
        ...{ code: 'EINVAL', syscall: 'process_mrelease' },
        message: expect.stringContaining('kill it first') as string,
      }) as Error,
    );
    await child.end();
    expect(() => pidfd.releaseMemory()).toThrow(code('ESRCH'));
  });
});

describeEachReaper('a pidfd, of a real process', ({ options }) => {
  const on = { options, spawn, programs: shellVocabulary } as OnBackend;

  itNeeds('pidfd_getfd', 'duplicates a descriptor of its process', async () => {
    const child = cat(on);
    using pidfd = Pidfd.open(child.pid);

    const fd = pidfd.getfd(0);

    expect(readlinkSync(`/proc/self/fd/${String(fd)}`)).toBe(
      readlinkSync(`/proc/${String(child.pid)}/fd/0`),
    );
    closeSync(fd);
    expect(() => pidfd.getfd(99)).toThrow(
      expect.objectContaining({ code: 'EBADF', syscall: 'pidfd_getfd', pid: child.pid }) as Error,
    );
    expect(() => pidfd.getfd(-1)).toThrow(code('ERR_OUT_OF_RANGE'));
    expect(() => pidfd.getfd('0' as unknown as number)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    await child.end();
  });

  itNeeds('root', "may not act on a stranger's process", async () => {
    const told = await tell<Record<string, string>>('pidfd-nobody', [String(process.pid)]);

    expect(told).toMatchObject({ open: 'ok', check: 'EPERM', kill: 'EPERM', getfd: 'EPERM' });
    expect(told.hint).toContain('CAP_KILL');
  });
});

describeEachBackend('a pidfd that is closed', ({ Pidfd, backend }) => {
  it('does nothing any more, and says so', () => {
    const pidfd = Pidfd.open(backend.getpid());
    pidfd.close();
    pidfd.close();

    expect(pidfd.fd).toBe(-1);
    expect(pidfd.pid).toBe(backend.getpid());
    expect(pidfd.inode).toBeUndefined();
    expect(() => pidfd.signal(0)).toThrow(code('EBADF'));
    expect(() => pidfd.info()).toThrow(code('EBADF'));
    expect(() => pidfd.getfd(0)).toThrow(/^pidfd_getfd EBADF, pid \d+: it is closed$/);
    expect(() => pidfd.releaseMemory()).toThrow(code('EBADF'));
    expect(inspect(pidfd)).toBe(`Pidfd { fd: -1, pid: ${String(backend.getpid())} }`);
  });

  it('does not wait for the exit', async () => {
    const pidfd = Pidfd.open(backend.getpid());
    const waiting = pidfd.exited;
    pidfd.close();

    await expect(waiting).rejects.toMatchObject({ code: 'EBADF', pid: backend.getpid() });
    const late = Pidfd.open(backend.getpid());
    late.close();
    await expect(late.exited).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('is one at the end of its block', () => {
    let outside: Pidfd;
    {
      using pidfd = Pidfd.open(backend.getpid());
      outside = pidfd;
      expect(pidfd.fd).toBeGreaterThan(2);
    }
    expect(outside.fd).toBe(-1);
  });
});
