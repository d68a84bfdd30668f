import { itNeeds, observe } from '../support/needs';

const killed = { wstatus: 9, waitpid: 'ECHILD' };

const itKills = (title: string, test: () => void) => {
  itNeeds('CLONE_PIDFD_AUTOKILL', title, test);
};

describe('a child created with CLONE_PIDFD_AUTOKILL', () => {
  itKills('is killed, and reaped, when its descriptor is closed', () => {
    expect(observe('autokill', 'closed')).toEqual({
      before: 'alive',
      'after close': 'dead',
      ...killed,
    });
  });

  itKills('lives until the last duplicate is closed', () => {
    expect(observe('autokill', 'duplicated')).toEqual({
      'after close of one': 'alive',
      'after close of the last': 'dead',
      ...killed,
    });
  });

  itKills('is killed by a dup2 over its descriptor', () => {
    expect(observe('autokill', 'replaced')).toEqual({ 'after dup2 over it': 'dead', ...killed });
  });

  for (const [way, event] of [
    ['ends', 'end'],
    ['execs', 'exec'],
  ] as const) {
    itKills(`lives until the ${event} of a sibling that inherited the descriptor`, () => {
      expect(observe('autokill', 'inherited', way)).toEqual({
        'after close, a sibling has it': 'alive',
        [`after the sibling's ${event}`]: 'dead',
        ...killed,
      });
    });
  }

  itKills('lives while the descriptor is in a message that nobody has received', () => {
    expect(observe('autokill', 'in-a-message')).toEqual({
      'after close, queued in a message': 'alive',
      'after the sender closed': 'alive',
      'after the queue is gone': 'dead',
      ...killed,
    });
  });

  itKills('is not kept alive by an epoll set', () => {
    expect(observe('autokill', 'watched-by-epoll')).toEqual({
      'after close, in an epoll set': 'dead',
      ...killed,
    });
  });

  const otherFiles = [
    ['pidfd_open', 'pidfd_open', []],
    ['proc', 'an open of /proc/self/fd', []],
    ['handle', 'open_by_handle_at', ['PIDFD_FILE_HANDLE', 'CAP_SYS_ADMIN']],
  ] as const;

  for (const [way, name, needed] of otherFiles) {
    const title = `is neither killed by nor kept alive by a descriptor of ${name}`;
    itNeeds(['CLONE_PIDFD_AUTOKILL', ...needed], title, () => {
      expect(observe('autokill', 'other-file', way)).toEqual({
        'after close of the other': 'alive',
        'after close, the other still open': 'dead',
        ...killed,
      });
    });
  }

  itKills('is killed by the close in a table of descriptors that a sibling shares', () => {
    expect(observe('autokill', 'shared-table')).toEqual({ 'after close': 'dead', ...killed });
  });

  itKills('is killed by the close in a table that it shares itself', () => {
    expect(observe('autokill', 'own-table')).toEqual({
      before: 'alive',
      'after close': 'dead',
      ...killed,
    });
  });

  itKills('takes nobody with it: its own child survives', () => {
    expect(observe('autokill', 'grandchild')).toEqual({
      'the child after close': 'dead',
      'the grandchild': 'alive',
      'our wait for the grandchild': 0,
      ...killed,
    });
  });
});

describe('the holder of an AUTOKILL descriptor', () => {
  for (const [how, title] of [
    ['exits', 'takes the child with it when it exits'],
    ['killed', 'takes the child with it when it is killed'],
  ] as const) {
    itKills(title, () => {
      expect(observe('autokill', 'holder', how)).toEqual({
        before: 'alive',
        "after the holder's end": 'dead',
        ...killed,
      });
    });
  }

  itKills('kills the child when it execs, for the descriptor is closed by that', () => {
    expect(observe('autokill', 'holder', 'execs')).toEqual({
      before: 'alive',
      "after the holder's exec": 'dead',
      ...killed,
    });
  });

  itNeeds(
    ['CLONE_PIDFD_AUTOKILL', 'pidfd_getfd'],
    'is succeeded by who took a copy with pidfd_getfd',
    () => {
      expect(observe('autokill', 'holder', 'getfd')).toEqual({
        before: 'alive',
        "after the holder's end": 'alive',
        'after close of the copy': 'dead',
        ...killed,
      });
    },
  );
});

describe('CLONE_PIDFD_AUTOKILL', () => {
  itKills('is shown by F_GETFL, and neither cleared nor set by F_SETFL', () => {
    expect(observe('autokill', 'file-flag')).toEqual({
      'F_GETFL shows it': true,
      'after F_SETFL 0': true,
      'set on another': false,
      'after close': 'dead',
      ...killed,
    });
  });

  itKills('kills nobody when clone3 fails after the file was made', () => {
    expect(observe('autokill', 'aborted')).toEqual({ clone3: 'EFAULT', 'nobody is there': true });
  });

  itKills('kills a stopped child', () => {
    expect(observe('autokill', 'stopped')).toEqual(killed);
  });

  itKills('kills a child that has exec’d', () => {
    expect(observe('autokill', 'executed')).toEqual({
      before: 'alive',
      'after close': 'dead',
      ...killed,
    });
  });

  itNeeds(
    ['CLONE_PIDFD_AUTOKILL', 'CAP_SETUID'],
    'kills a child that its holder may no longer signal',
    () => {
      expect(observe('autokill', 'no-permission')).toEqual({
        before: 'alive',
        kill: 'EPERM',
        ...killed,
      });
    },
  );

  itNeeds(['CLONE_PIDFD_AUTOKILL', 'pid_namespaces'], 'kills the init of a pid namespace', () => {
    expect(observe('autokill', 'init-of-namespace')).toEqual({
      before: 'alive',
      'after close': 'dead',
      ...killed,
    });
  });
});
