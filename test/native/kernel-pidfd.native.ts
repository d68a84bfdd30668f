import { PIDFD_STATES } from '../support/kernel-tables';
import { itSees } from '../support/it-sees';
import { itNeeds, observe } from '../support/needs';

const exited42 = 42 << 8;

/** Both ways in which a process may end, and what this takes. */
const kinds = [
  ['autoreap', 'an AUTOREAP child', ['CLONE_AUTOREAP']],
  ['plain', 'an ordinary child', []],
] as const;

describe('a pidfd', () => {
  itSees(PIDFD_STATES);

  itNeeds('PIDFD_INFO_EXIT', 'knows it too if opened on the zombie, or again on the gone', () => {
    expect(observe('pidfd', 'persistence')).toEqual({
      'opened on the dead': exited42,
      'opened on the gone, through /proc': exited42,
      'same inode': true,
    });
  });

  it('is closed by execve and cannot be read', () => {
    expect(observe('pidfd', 'file-flags')).toEqual({ 'close on exec': true, read: 'EINVAL' });
  });
});

describe('ioctl(PIDFD_GET_INFO)', () => {
  itNeeds('PIDFD_INFO_EXIT', 'refuses what is no struct and what is no pidfd', () => {
    expect(observe('pidfd', 'bad-requests')).toEqual({
      NULL: 'EINVAL',
      nowhere: 'EFAULT',
      '56 bytes': expect.stringMatching(/^(ENOTTY|EINVAL)$/) as string, // EINVAL before 6.18
      'a pipe': 'ENOTTY',
      'a bit from the future': 0,
    });
  });
});

describe('the exit information', () => {
  const complete = { children: 2000, 'missing at HUP': 0, wrong: 0 };

  for (const [kind, child, needed] of kinds) {
    itNeeds(
      ['PIDFD_INFO_EXIT', ...needed],
      `of ${child} is there at HUP, for each of 2000 that die twenty at a time`,
      () => {
        expect(observe('pidfd', 'gap', kind, '2000', 'hup')).toEqual({
          ...complete,
          'missing at the first event': 0,
        });
      },
    );

    itNeeds(
      ['PIDFD_INFO_EXIT', ...needed],
      `of ${child} may be missing at IN, and is there at the HUP that follows`,
      () => {
        // How many were missing depends on the machine: up to all of them, down to none.
        expect(observe('pidfd', 'gap', kind, '2000', 'in')).toMatchObject(complete);
      },
    );

    itNeeds(
      ['PIDFD_INFO_EXIT', ...needed],
      `of ${child} is announced once by an epoll set that asks for no event`,
      () => {
        expect(observe('pidfd', 'epoll-once', kind)).toEqual({
          'events while alive': 0,
          ...(kind === 'plain' ? { 'events while dead': 0 } : {}),
          events: 1,
          revents: ['HUP'],
          wstatus: exited42,
          'events after it': 0,
        });
      },
    );
  }
});

describe('PIDFD_SIGNAL_PROCESS_GROUP', () => {
  for (const [kind, child, needed] of kinds) {
    itNeeds(
      ['PIDFD_SIGNAL_PROCESS_GROUP', 'PIDFD_POLLHUP', ...needed],
      `reaches the group whose leader, ${child}, is dead and reaped`,
      () => {
        expect(observe('pidfd', 'group-signal', kind)).toEqual({
          'to one that leads no group': 'ESRCH',
          'to the leader': 'ESRCH',
          'the member before': 'alive',
          'to the group': 0,
          'signal that ended the member': 15,
          'to the empty group': 'ESRCH',
        });
      },
    );
  }
});

describe('the number of a process', () => {
  itNeeds(
    ['CLONE_AUTOREAP', 'ns_last_pid', 'SCHED_FIFO'],
    'is free when an AUTOREAP child is gone, whose pidfd does not name the next owner',
    () => {
      expect(observe('pidfd', 'reuse', 'autoreap')).toEqual({
        "the second has the first one's number": true,
        "SIGKILL through the first one's pidfd": 'ESRCH',
        'the second': 'alive',
        'wstatus of the first': exited42,
        'same inode': false,
      });
    },
  );

  itNeeds(['PIDFD_INFO_EXIT', 'ns_last_pid', 'SCHED_FIFO'], 'is kept by a zombie', () => {
    expect(observe('pidfd', 'reuse', 'plain')).toEqual({
      "the second has the first one's number": false,
      "SIGKILL through the first one's pidfd": 0,
      'the second': 'alive',
      'wstatus of the first': exited42,
      'same inode': false,
    });
  });
});
