import { itNeeds, observe } from '../support/needs';

const exited = (status: number) => status << 8;

describe('a process whose leader has ended before its last thread', () => {
  const headless = {
    'state of the leader': 'Z',
    revents: [],
    wstatus: null,
    waitid: 0,
    'the process': 'alive',
  };

  for (const [way, status, title] of [
    ['exit-group', 7, 'lives until that calls exit_group, and ends with its status'],
    ['exit-alone', 5, 'lives until that ends too, and ends with its status'],
  ] as const) {
    itNeeds('CLONE_AUTOREAP', `and which is an AUTOREAP child ${title}`, () => {
      expect(observe('threads', 'leader-first', 'autoreap', way)).toEqual({
        ...headless,
        waitpid: 'ECHILD',
        'its status': -1,
        'wstatus in the end': exited(status),
      });
    });

    itNeeds('PIDFD_INFO_EXIT', title, () => {
      expect(observe('threads', 'leader-first', 'plain', way)).toEqual({
        ...headless,
        waitpid: 'child',
        'its status': exited(status),
        'wstatus in the end': exited(status),
      });
    });
  }
});

describe('_exit(2) of a process with threads', () => {
  itNeeds('PIDFD_INFO_EXIT', 'ends them all', () => {
    expect(observe('threads', 'group-exit', 'plain')).toEqual({
      waitpid: 'child',
      wstatus: exited(99),
    });
  });

  itNeeds('CLONE_AUTOREAP', 'ends all those of an AUTOREAP child', () => {
    expect(observe('threads', 'group-exit', 'autoreap')).toEqual({
      waitpid: 'ECHILD',
      wstatus: exited(99),
    });
  });
});

describe('a leader that ends while another thread ends the process', () => {
  // From 7.2 on, seen: the pidfd has the leader's status where wait4 has the group's.
  itNeeds('CLONE_AUTOREAP', 'leaves one of the two statuses behind the pidfd', () => {
    expect(observe('threads', 'two-codes', 'autoreap', '200')).toMatchObject({ another: 0 });
  });
});
