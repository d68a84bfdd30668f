import { itNeeds, observe } from '../support/needs';

const exited42 = 42 << 8;

describe('waitid(2)', () => {
  const status = 'CLD_EXITED 42';
  const E = 'ECHILD';

  // With WNOHANG|WNOWAIT: a status, 0 for "not yet", ECHILD for "whom do you mean?".
  const matrix = [
    // child              state    none    __WALL  __WCLONE
    ['SIGCHLD before-exec alive', [0, 0, E]],
    ['SIGCHLD before-exec dead', [status, status, E]],
    ['SIGCHLD after-exec alive', [0, 0, E]],
    ['SIGCHLD after-exec dead', [status, status, E]],
    ['zero before-exec alive', [E, 0, 0]],
    ['zero before-exec dead', [E, status, status]],
    ['zero after-exec alive', [0, 0, E]],
    ['zero after-exec dead', [status, status, E]],
    ['SIGUSR1 before-exec alive', [E, 0, 0]],
    ['SIGUSR1 before-exec dead', [E, status, status]],
    ['SIGUSR1 after-exec alive', [0, 0, E]],
    ['SIGUSR1 after-exec dead', [status, status, E]],
    ['AUTOREAP before-exec alive', [E, 0, 0]],
    ['AUTOREAP before-exec dead', [E, E, E]],
    ['AUTOREAP after-exec alive', [0, 0, E]],
    ['AUTOREAP after-exec dead', [E, E, E]],
  ] as const;

  for (const [child, [none, wall, wclone]] of matrix) {
    const needed = child.startsWith('AUTOREAP') ? ['CLONE_AUTOREAP'] : [];
    const title = `answers ${none}, with __WALL ${wall}, with __WCLONE ${wclone} for ${child}`;

    itNeeds(needed, title, () => {
      const each = (answer: string | number) => ({ P_PID: answer, P_ALL: answer, P_PIDFD: answer });
      expect(observe('waits', 'matrix', ...child.split(' '))).toEqual({
        none: each(none),
        __WALL: each(wall),
        __WCLONE: each(wclone),
      });
    });
  }
});

describe('waitid(P_PIDFD) on a non-blocking pidfd', () => {
  itNeeds('PIDFD_NONBLOCK', 'answers EAGAIN for the living and takes the dead', () => {
    expect(observe('waits', 'nonblocking', 'SIGCHLD', 'before-exec')).toEqual({
      alive: 'EAGAIN',
      'alive, __WALL': 'EAGAIN',
      'alive, __WALL|WNOHANG': 0,
      'dead, __WALL': 0,
    });
  });

  itNeeds('CLONE_AUTOREAP', 'answers ECHILD for an AUTOREAP child that is dead', () => {
    expect(observe('waits', 'nonblocking', 'AUTOREAP', 'after-exec')).toEqual({
      alive: 'EAGAIN',
      'alive, __WALL': 'EAGAIN',
      'alive, __WALL|WNOHANG': 0,
      'dead, __WALL': 'ECHILD',
    });
  });

  itNeeds('CLONE_AUTOREAP', 'answers ECHILD without __WALL for one before its execve', () => {
    expect(observe('waits', 'nonblocking', 'AUTOREAP', 'before-exec')).toEqual({
      alive: 'ECHILD',
      'alive, __WALL': 'EAGAIN',
      'alive, __WALL|WNOHANG': 0,
      'dead, __WALL': 'ECHILD',
    });
  });
});

describe('a wait that is blocked', () => {
  const bodies = ['before-exec', 'after-exec'] as const;
  const ways = { pid: 'waitpid(pid)', any: 'waitpid(-1)', pidfd: 'waitid(P_PIDFD)' };

  for (const body of bodies) {
    for (const [way, name] of Object.entries(ways)) {
      itNeeds(
        ['CLONE_AUTOREAP', 'SCHED_FIFO'],
        `as ${name} with __WALL on an AUTOREAP child, ${body}, ends with ECHILD`,
        () => {
          expect(observe('waits', 'blocked', 'AUTOREAP', body, way)).toEqual({
            "the waiter's state": 'S',
            'the wait': 'ECHILD',
          });
        },
      );
    }

    itNeeds('SCHED_FIFO', `on an ordinary child, ${body}, ends with the child`, () => {
      expect(observe('waits', 'blocked', 'SIGCHLD', body, 'any')).toEqual({
        "the waiter's state": 'S',
        'the wait': 'child',
      });
    });

    itNeeds(
      ['CLONE_AUTOREAP', 'SCHED_FIFO'],
      `goes on over the death of an AUTOREAP child, ${body}, to that of an ordinary one`,
      () => {
        expect(observe('waits', 'blocked', 'AUTOREAP', body, 'any', 'with-ordinary')).toEqual({
          "the waiter's state": 'S',
          'its state after the first end': 'S',
          'the wait': 'ordinary child',
        });
      },
    );
  }

  itNeeds(
    ['CLONE_AUTOREAP', 'SCHED_FIFO'],
    'as plain wait() on an AUTOREAP child after its execve ends with ECHILD',
    () => {
      expect(observe('waits', 'blocked', 'AUTOREAP', 'after-exec', 'plain')).toEqual({
        "the waiter's state": 'S',
        'the wait': 'ECHILD',
      });
    },
  );

  itNeeds('CLONE_AUTOREAP', 'is none for plain wait() on one before its execve', () => {
    expect(observe('waits', 'not-blocked', 'AUTOREAP')).toEqual({
      wait: 'ECHILD',
      'the child': 'alive',
    });
  });

  it('is none for plain wait() on a child with exit_signal 0 before its execve', () => {
    expect(observe('waits', 'not-blocked', 'zero')).toEqual({
      wait: 'ECHILD',
      'the child': 'alive',
    });
  });
});

describe('a waitpid(-1) of somebody else', () => {
  const stolen = {
    'waitpid(-1)': 'child',
    sigchld: 'CLD_EXITED',
    'its status': exited42,
    'waitid(P_PIDFD)': 'ECHILD',
  };
  const untouched = { 'waitpid(-1)': 'ECHILD', sigchld: null, 'its status': -1 };

  it('takes the status of an ordinary child', () => {
    expect(observe('waits', 'theft', 'SIGCHLD', 'before-exec')).toMatchObject(stolen);
  });

  it('does not see a child with exit_signal 0 before its execve', () => {
    expect(observe('waits', 'theft', 'zero', 'before-exec')).toMatchObject({
      ...untouched,
      'waitid(P_PIDFD)': 0,
    });
  });

  it('takes its status after the execve', () => {
    expect(observe('waits', 'theft', 'zero', 'after-exec')).toMatchObject(stolen);
  });

  itNeeds('PIDFD_INFO_EXIT', 'leaves the status behind the pidfd all the same', () => {
    expect(observe('waits', 'theft', 'zero', 'after-exec')).toEqual({
      ...stolen,
      revents: ['IN', 'HUP'],
      wstatus: exited42,
    });
  });

  itNeeds('CLONE_AUTOREAP', 'gets nothing of an AUTOREAP child', () => {
    for (const body of ['before-exec', 'after-exec']) {
      expect(observe('waits', 'theft', 'AUTOREAP', body)).toEqual({
        ...untouched,
        'waitid(P_PIDFD)': 'ECHILD',
        revents: ['IN', 'HUP'],
        wstatus: exited42,
      });
    }
  });
});

describe('a child that dies', () => {
  const dispositions = [
    // child, what is done with SIGCHLD, who reaps it, and whether SIGCHLD is sent
    ['SIGCHLD before-exec', 'ignore', 'ECHILD', null],
    ['SIGCHLD before-exec', 'no-child-wait', 'ECHILD', 'CLD_EXITED'],
    ['zero before-exec', 'ignore', 'child', null],
    ['zero before-exec', 'no-child-wait', 'child', null],
    ['zero after-exec', 'ignore', 'ECHILD', null],
    ['zero after-exec', 'no-child-wait', 'ECHILD', 'CLD_EXITED'],
    ['AUTOREAP before-exec', 'ignore', 'ECHILD', null],
    ['AUTOREAP before-exec', 'no-child-wait', 'ECHILD', null],
    ['AUTOREAP after-exec', 'ignore', 'ECHILD', null],
    ['AUTOREAP after-exec', 'no-child-wait', 'ECHILD', null],
  ] as const;

  for (const [child, disposition, waitpid, sigchld] of dispositions) {
    const needed = child.startsWith('AUTOREAP') ? ['CLONE_AUTOREAP'] : [];
    const fate = waitpid === 'child' ? 'is left to us' : 'is reaped by the kernel';
    const signal = sigchld === null ? 'without SIGCHLD' : 'with SIGCHLD';
    const setting = disposition === 'ignore' ? 'SIG_IGN' : 'SA_NOCLDWAIT';

    itNeeds(needed, `as ${child} under ${setting} ${fate}, ${signal}`, () => {
      expect(observe('waits', 'dispositions', ...child.split(' '), disposition)).toEqual({
        waitpid,
        sigchld,
      });
    });
  }

  it('before SIGCHLD is ignored is still a zombie afterwards', () => {
    expect(observe('waits', 'ignored-too-late')).toEqual({ waitpid: 'child' });
  });

  it('with exit_signal 0 sends SIGCHLD to a parent that has exec’d since', () => {
    expect(observe('waits', 'parent-execs', 'zero')).toEqual({ 'SIGCHLD is pending': true });
  });

  itNeeds('CLONE_AUTOREAP', 'as AUTOREAP child of a parent that has exec’d sends none', () => {
    expect(observe('waits', 'parent-execs', 'AUTOREAP')).toEqual({ 'SIGCHLD is pending': false });
  });
});
