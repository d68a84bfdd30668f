// The thin layer: the kernel's answers, its errors, and nothing besides.
import * as childProcess from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readSync, readlinkSync, writeSync } from 'node:fs';
import * as syscalls from '../../lib/syscalls';
import { capability, itNeeds } from '../support/needs';
import { tell } from '../support/programs';

const BAD_FD = 0x7fffffff;

const failsWith = (code: string, syscall: string): Error =>
  expect.objectContaining({ code, syscall, errno: expect.any(Number) as number }) as Error;

/** A child that is nobody's to wait for but ours: libuv knows it, and waits only on SIGCHLD. */
async function withCat<T>(use: (pid: number) => T): Promise<T> {
  const child = childProcess.spawn('cat', { stdio: ['pipe', 'ignore', 'inherit'] });
  const closed = once(child, 'close');
  try {
    return use(child.pid!);
  } finally {
    child.stdin.end();
    await closed;
  }
}

describe('clone3Probe', () => {
  it('says EFAULT for what this kernel knows and EINVAL for what it does not', () => {
    const { CLONE_VM, CLONE_AUTOREAP, CLONE_PIDFD } = syscalls;
    const known = capability('clone3').supported ? 'EFAULT' : capability('clone3').errno;

    expect(syscalls.clone3Probe(CLONE_VM + CLONE_PIDFD)).toBe(known);
    if (capability('clone3').supported) {
      expect(syscalls.clone3Probe(CLONE_AUTOREAP)).toBe(
        capability('CLONE_AUTOREAP').supported ? 'EFAULT' : 'EINVAL',
      );
    }
    expect(syscalls.clone3Probe(2 ** 40)).toBe('EINVAL'); // Nobody's flag.
  });
});

describe('pidfdOpen', () => {
  it('gives a descriptor that is ours to close, and says whose fault it is', () => {
    const pidfd = syscalls.pidfdOpen(process.pid);

    expect(readlinkSync(`/proc/self/fd/${String(pidfd)}`)).toMatch(/pidfd/);
    syscalls.close(pidfd);
    expect(() => syscalls.close(pidfd)).toThrow(failsWith('EBADF', 'close'));
    expect(() => syscalls.pidfdOpen(-1)).toThrow(failsWith('EINVAL', 'pidfd_open'));
    expect(() => syscalls.pidfdOpen(process.pid, 1)).toThrow(failsWith('EINVAL', 'pidfd_open'));
  });

  it('answers EINVAL to what is no number', () => {
    expect(() => syscalls.pidfdOpen('1' as unknown as number)).toThrow(
      failsWith('EINVAL', 'pidfd_open'),
    );
  });
});

describe('pidfdSendSignal', () => {
  it('checks with signal 0, and throws what the kernel says', () => {
    const pidfd = syscalls.pidfdOpen(process.pid);

    syscalls.pidfdSendSignal(pidfd, 0);
    expect(() => syscalls.pidfdSendSignal(pidfd, 65)).toThrow(
      failsWith('EINVAL', 'pidfd_send_signal'),
    );
    expect(() => syscalls.pidfdSendSignal(BAD_FD, 0)).toThrow(
      failsWith('EBADF', 'pidfd_send_signal'),
    );
    syscalls.close(pidfd);
  });
});

describe('pidfdGetInfo', () => {
  itNeeds('PIDFD_GET_INFO', 'has what its mask says', () => {
    const { PIDFD_INFO_PID } = syscalls;
    const pidfd = syscalls.pidfdOpen(process.pid);

    const info = syscalls.pidfdGetInfo(pidfd, PIDFD_INFO_PID);

    syscalls.close(pidfd);
    expect(info.mask & PIDFD_INFO_PID).toBe(PIDFD_INFO_PID);
    expect(info).toMatchObject({ pid: process.pid, tgid: process.pid, ppid: process.ppid });
  });

  it('throws for what is no pidfd', () => {
    const [reader, writer] = syscalls.pipe2();

    expect(() => syscalls.pidfdGetInfo(reader, 0)).toThrow(failsWith('ENOTTY', 'PIDFD_GET_INFO'));
    syscalls.close(reader);
    syscalls.close(writer);
    expect(() => syscalls.pidfdGetInfo(BAD_FD, 0)).toThrow(failsWith('EBADF', 'PIDFD_GET_INFO'));
  });
});

describe('pidfdGetfd', () => {
  itNeeds('pidfd_getfd', 'duplicates a descriptor of another', async () => {
    await withCat((pid) => {
      const pidfd = syscalls.pidfdOpen(pid);

      const fd = syscalls.pidfdGetfd(pidfd, 1);

      expect(readlinkSync(`/proc/self/fd/${String(fd)}`)).toBe('/dev/null');
      expect(() => syscalls.pidfdGetfd(pidfd, BAD_FD)).toThrow(failsWith('EBADF', 'pidfd_getfd'));
      syscalls.close(fd);
      syscalls.close(pidfd);
    });
  });
});

describe('pidfdInode', () => {
  it('has the inode of pidfs, or says that there is none', () => {
    const pidfd = syscalls.pidfdOpen(process.pid);
    const again = syscalls.pidfdOpen(process.pid);

    if (capability('PIDFD_SIGNAL_PROCESS_GROUP').supported) {
      expect(syscalls.pidfdInode(pidfd)).toBe(syscalls.pidfdInode(again));
      expect(typeof syscalls.pidfdInode(pidfd)).toBe('bigint');
    } else {
      expect(() => syscalls.pidfdInode(pidfd)).toThrow(failsWith('EOPNOTSUPP', 'fstat'));
    }
    syscalls.close(pidfd);
    syscalls.close(again);
  });
});

describe('processMrelease', () => {
  itNeeds('process_mrelease', 'throws what the kernel says', async () => {
    await withCat((pid) => {
      const pidfd = syscalls.pidfdOpen(pid);

      expect(() => syscalls.processMrelease(pidfd)).toThrow(
        failsWith('EINVAL', 'process_mrelease'),
      );
      syscalls.close(pidfd);
    });
  });
});

describe('waitid', () => {
  const { P_PID, P_PIDFD, WEXITED, WNOHANG } = syscalls;

  it('is null where a child has nothing to report, and throws ECHILD where there is none', async () => {
    await withCat((pid) => {
      const pidfd = syscalls.pidfdOpen(pid);

      expect(syscalls.waitid(P_PID, pid, WEXITED | WNOHANG)).toBeNull();
      expect(syscalls.waitid(P_PIDFD, pidfd, WEXITED | WNOHANG)).toBeNull();
      syscalls.close(pidfd);
    });
    expect(() => syscalls.waitid(P_PID, process.pid, WEXITED)).toThrow(
      failsWith('ECHILD', 'waitid'),
    );
    expect(() => syscalls.waitid(P_PID, 1, 0)).toThrow(failsWith('EINVAL', 'waitid'));
  });

  it('takes the status of a child, with what it used', async () => {
    // In a process of its own: Node.js must not wait for the same child.
    const told = await tell<Record<string, never>>('syscalls-waitid');

    expect(told).toEqual({
      kept: { pid: told.pid, uid: process.getuid!(), signo: 17, code: 1, status: 7 },
      taken: { pid: told.pid, uid: process.getuid!(), signo: 17, code: 1, status: 7 },
      again: 'ECHILD',
      pid: expect.any(Number) as number,
      rusage: {
        utimeUs: expect.any(Number) as number,
        stimeUs: expect.any(Number) as number,
        maxrssKib: expect.any(Number) as number,
        minflt: expect.any(Number) as number,
        majflt: expect.any(Number) as number,
        inblock: expect.any(Number) as number,
        oublock: expect.any(Number) as number,
        nvcsw: expect.any(Number) as number,
        nivcsw: expect.any(Number) as number,
      },
    });
  });
});

describe('prctl', () => {
  it('reads and writes what a process says about itself', async () => {
    // In a process of its own: it becomes a subreaper.
    expect(await tell('syscalls-prctl')).toEqual({
      before: false,
      on: true,
      off: false,
      noNewPrivs: readFileSync('/proc/self/status', 'latin1').includes('NoNewPrivs:\t1'),
    });
  });
});

describe('descriptors', () => {
  it('come in pairs that are connected, close-on-exec', () => {
    for (const [first, second] of [syscalls.pipe2(), syscalls.socketpair()]) {
      writeSync(second, 'through');
      const buffer = Buffer.alloc(16);

      expect(buffer.toString('latin1', 0, readSync(first, buffer))).toBe('through');
      for (const fd of [first, second]) {
        const fdinfo = readFileSync(`/proc/self/fdinfo/${String(fd)}`, 'latin1');
        expect(parseInt(/^flags:\s*(\d+)/m.exec(fdinfo)![1]!, 8) & 0o2000000).not.toBe(0);
        syscalls.close(fd);
      }
    }
  });

  it('are polled without waiting', () => {
    const { POLLHUP, POLLIN, poll } = syscalls;
    const [reader, writer] = syscalls.pipe2();
    const watched = [
      { fd: reader, events: POLLIN },
      { fd: reader, events: 0 },
    ];

    expect(poll(watched, 0)).toEqual([0, 0]);
    writeSync(writer, 'a');
    expect(poll(watched, 0)).toEqual([POLLIN, 0]);
    syscalls.close(writer);
    expect(poll(watched, -1)).toEqual([POLLIN | POLLHUP, POLLHUP]);
    syscalls.close(reader);
    expect(poll([], 0)).toEqual([]);
  });

  it('are duplicated from a number on', () => {
    const [reader, writer] = syscalls.pipe2();

    const copy = syscalls.dup(reader, 500);

    expect(copy).toBeGreaterThanOrEqual(500);
    expect(readlinkSync(`/proc/self/fd/${String(copy)}`)).toBe(
      readlinkSync(`/proc/self/fd/${String(reader)}`),
    );
    for (const fd of [copy, reader, writer]) syscalls.close(fd);
    expect(() => syscalls.dup(reader)).toThrow(failsWith('EBADF', 'fcntl(F_DUPFD_CLOEXEC)'));
  });

  itNeeds('close_range', 'are closed by the range', () => {
    const [reader, writer] = syscalls.pipe2();
    const low = syscalls.dup(reader, 900);
    const high = syscalls.dup(reader, 901);

    syscalls.closeRange(low, high);

    expect(() => syscalls.close(low)).toThrow(failsWith('EBADF', 'close'));
    expect(() => syscalls.close(high)).toThrow(failsWith('EBADF', 'close'));
    expect(() => syscalls.closeRange(2, 1)).toThrow(failsWith('EINVAL', 'close_range'));
    for (const fd of [reader, writer]) syscalls.close(fd);
  });
});
