import { itNeeds, observe } from '../support/needs';

const exited = (status: number) => status << 8;

describe('the orphan that comes to a subreaper', () => {
  const adopted = {
    'we are its parent': true,
    it: 'alive',
    'sigchld at the adoption': null,
    'waitid while alive': 0, // It had exit_signal 0: a plain wait would not have seen it.
  };

  itNeeds('CLONE_AUTOREAP', 'is waited for while it lives, and gone without SIGCHLD', () => {
    expect(observe('reparent', 'orphan', 'autoreap')).toEqual({
      ...adopted,
      waitpid: 'ECHILD',
      'sigchld at its end': null,
      wstatus: exited(42),
    });
  });

  it('without AUTOREAP has SIGCHLD for its exit signal', () => {
    expect(observe('reparent', 'orphan', 'plain')).toMatchObject({
      ...adopted,
      waitpid: 'child',
      'sigchld at its end': 'CLD_EXITED',
    });
  });

  it('is announced by SIGCHLD if it is a zombie already', () => {
    expect(observe('reparent', 'dead-orphan')).toEqual({ sigchld: 'CLD_EXITED', waitpid: 'child' });
  });
});

describe('a subreaper', () => {
  const subreaper = {
    'inherited by its child': 0,
    'waits for its orphan': true,
    'wstatus of the orphan': exited(77),
  };

  it('waits for the orphans of its children, which do not inherit the attribute', () => {
    expect(observe('reparent', 'subreaper', 'plain')).toEqual({ ...subreaper, waitpid: 'child' });
  });

  itNeeds('CLONE_AUTOREAP', 'may be an AUTOREAP process', () => {
    expect(observe('reparent', 'subreaper', 'autoreap')).toEqual({
      ...subreaper,
      waitpid: 'ECHILD',
    });
  });
});

describe('PR_SET_PDEATHSIG', () => {
  it('kills the child when the thread that created it ends', () => {
    expect(observe('reparent', 'death-signal', 'plain')).toEqual({ waitpid: 'child', wstatus: 9 });
  });

  itNeeds('CLONE_AUTOREAP', 'kills an AUTOREAP child as well', () => {
    expect(observe('reparent', 'death-signal', 'autoreap')).toEqual({
      waitpid: 'ECHILD',
      wstatus: 9,
    });
  });
});

describe('the init of a pid namespace', () => {
  const gone = ['IN', 'HUP'];
  const ends = {
    'revents of an inhabitant before': [],
    'revents of the inhabitants': [gone, gone, gone],
    wstatus: exited(11),
  };

  itNeeds(['PIDFD_INFO_EXIT', 'pid_namespaces'], 'takes everybody in it along', () => {
    expect(observe('reparent', 'init-of-namespace', 'plain')).toEqual({
      ...ends,
      waitpid: 'child',
      sigchld: 'CLD_EXITED',
    });
  });

  itNeeds(
    ['CLONE_AUTOREAP', 'pid_namespaces'],
    'as an AUTOREAP child is gone when everybody in it is',
    () => {
      expect(observe('reparent', 'init-of-namespace', 'autoreap')).toEqual({
        ...ends,
        waitpid: 'ECHILD',
        sigchld: null,
      });
    },
  );
});
