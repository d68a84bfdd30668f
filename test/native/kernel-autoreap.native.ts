import { itNeeds, observe } from '../support/needs';

const exited = (status: number) => status << 8;

/** HUP alone wakes who asked for no event; the wait finds nothing; the pidfd knows the status. */
const reaped = (wstatus: number) => ({
  'revents asked for nothing': ['HUP'],
  revents: ['IN', 'HUP'],
  wstatus,
  waitpid: 'ECHILD',
});

describe('a child created with CLONE_AUTOREAP', () => {
  const itReaps = (title: string, test: () => void) => {
    itNeeds('CLONE_AUTOREAP', title, test);
  };

  itReaps('leaves its status behind the pidfd and nothing to wait for', () => {
    expect(observe('autoreap', 'basic')).toEqual(reaped(exited(42)));
  });

  itReaps('is reaped without CLONE_PIDFD as well', () => {
    expect(observe('autoreap', 'without-pidfd')).toEqual(reaped(0));
  });

  itReaps('leaves the signal that killed it', () => {
    expect(observe('autoreap', 'signaled')).toEqual(reaped(9));
  });

  itReaps('leaves SIGABRT without the core flag where no core is written', () => {
    expect(observe('autoreap', 'aborted')).toEqual(reaped(6));
  });

  itReaps('is gone at HUP: from kill, from pidfd_send_signal, from pidfd_open, from /proc', () => {
    expect(observe('autoreap', 'gone')).toEqual({
      kill: 'ESRCH',
      pidfd_send_signal: 'ESRCH',
      pidfd_open: 'ESRCH',
      'state in /proc': null,
    });
  });

  itReaps('does not pass the flag on to its children, and may give it to them', () => {
    expect(observe('autoreap', 'family')).toEqual({
      'its ordinary child is waited for': true,
      'with status': exited(77),
      'waitpid for its AUTOREAP child': 'ECHILD',
      'waitpid for itself': 'ECHILD',
    });
  });

  itReaps('sends no SIGCHLD when it dies, whatever is done with that signal', () => {
    expect(observe('autoreap', 'sigchld-at-death')).toEqual({
      handled: 0,
      'handled, after exec': 0,
      'handled with SA_NOCLDWAIT': 0,
      ignored: 0,
      default: 0,
    });
  });

  itReaps('stays one over execve', () => {
    expect(observe('autoreap', 'survives', 'exec')).toMatchObject(reaped(exited(42)));
  });

  itNeeds(['CLONE_AUTOREAP', 'CAP_SETUID'], 'stays one over setuid', () => {
    expect(observe('autoreap', 'survives', 'setuid')).toMatchObject(reaped(exited(42)));
  });

  itReaps('stays one over the execve of a thread, of which the pidfd says nothing', () => {
    expect(observe('autoreap', 'survives', 'exec-by-a-thread')).toEqual({
      'revents before the end': [],
      ...reaped(exited(42)),
    });
  });

  itReaps('leaves no rusage, neither its own nor that of the children it waited for', () => {
    const { autoreap, ordinary } = observe('autoreap', 'lost-rusage');

    expect(autoreap).toEqual({ cpuMs: 0, maxrssKiB: 0, minflt: 0 });
    const { cpuMs, maxrssKiB, minflt } = ordinary as Record<string, number>;
    expect(cpuMs).toBeGreaterThanOrEqual(100); // Two processes, 60 ms each.
    expect(maxrssKiB).toBeGreaterThan(40 * 1024);
    expect(minflt).toBeGreaterThan(0);
  });
});

describe('a stopped and continued child', () => {
  const signals = {
    'sigchld at the stop': 'CLD_STOPPED',
    revents: [],
    state: 'T',
    'waitid with __WALL': 'CLD_STOPPED',
    'rusage of the living': true,
    'sigchld at the continue': 'CLD_CONTINUED',
    'then waitid with __WALL': 'CLD_CONTINUED',
  };

  itNeeds('CLONE_AUTOREAP', 'signals both with AUTOREAP; before execve only __WALL sees it', () => {
    expect(observe('autoreap', 'stop-and-continue', 'autoreap', 'before-exec')).toEqual({
      ...signals,
      waitid: 'ECHILD',
      waitpid: 'ECHILD',
      'sigchld at the end': null,
    });
  });

  itNeeds('CLONE_AUTOREAP', 'signals both with AUTOREAP; after execve every wait sees it', () => {
    expect(observe('autoreap', 'stop-and-continue', 'autoreap', 'after-exec')).toEqual({
      ...signals,
      waitid: 'CLD_STOPPED',
      waitpid: 'ECHILD',
      'sigchld at the end': null,
    });
  });

  it('signals both with exit_signal 0, and then dies in silence', () => {
    expect(observe('autoreap', 'stop-and-continue', 'zero', 'before-exec')).toEqual({
      ...signals,
      waitid: 'ECHILD',
      waitpid: 'child',
      'sigchld at the end': null,
    });
  });

  it('signals its death too once it has exec’d, with the exit_signal that it then has', () => {
    expect(observe('autoreap', 'stop-and-continue', 'zero', 'after-exec')).toEqual({
      ...signals,
      waitid: 'CLD_STOPPED',
      waitpid: 'child',
      'sigchld at the end': 'CLD_EXITED',
    });
  });
});

describe('no_new_privs', () => {
  itNeeds(['CLONE_AUTOREAP', 'CLONE_NNP'], 'is set by CLONE_NNP for the child and its own', () => {
    expect(observe('autoreap', 'no-new-privs', 'nnp')).toEqual({
      'ours before': 0,
      "the child's": 1,
      "the child's after exec": 1,
      "the grandchild's": 1,
      'ours after': 0,
    });
  });

  itNeeds('CLONE_AUTOREAP', 'is not set by CLONE_AUTOREAP', () => {
    expect(observe('autoreap', 'no-new-privs', 'none')).toEqual({
      'ours before': 0,
      "the child's": 0,
      "the child's after exec": 0,
      "the grandchild's": 0,
      'ours after': 0,
    });
  });
});
