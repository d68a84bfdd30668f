import { itNeeds, observe } from '../support/needs';

const exited42 = 42 << 8;

const itTraces = (title: string, test: () => void) => {
  itNeeds(['CLONE_AUTOREAP', 'ptrace'], title, test);
};

/** It is dead and stays so: IN without HUP, and no exit information. */
const zombie = { 'revents while dead': ['IN'], 'wstatus while dead': null };
const reaped = {
  'revents asked for nothing': ['HUP'],
  wstatus: exited42,
  waitpid: 'ECHILD',
  'sigchld after it': null,
};

describe('an AUTOREAP child that its parent traces', () => {
  const waitedFor = {
    ...zombie,
    'our waitid': 'child',
    "the tracer's waitpid": 'child',
    'its status': exited42,
    'rusage is counted': true,
    ...reaped,
  };

  itTraces('has to be waited for, and then counts in rusage', () => {
    expect(observe('ptrace', 'by-parent', 'seize')).toEqual({ ...waitedFor, sigchld: null });
  });

  itTraces('has to be waited for after PTRACE_TRACEME too', () => {
    expect(observe('ptrace', 'by-parent', 'traceme')).toEqual({ ...waitedFor, sigchld: null });
  });

  itTraces('signals its death if it has exec’d, as its exit_signal then says', () => {
    expect(observe('ptrace', 'by-parent', 'seize-after-exec')).toEqual({
      ...waitedFor,
      sigchld: 'CLD_EXITED',
    });
  });

  itTraces('is reaped by the kernel when the tracing thread ends without a wait', () => {
    expect(observe('ptrace', 'by-a-thread-that-ends')).toEqual(reaped);
  });

  itTraces('is an AUTOREAP child again after PTRACE_DETACH', () => {
    expect(observe('ptrace', 'detached')).toEqual({
      'sigchld at the stop': 'CLD_STOPPED',
      ...reaped,
    });
  });
});

describe('an AUTOREAP child that somebody else traces', () => {
  for (const [way, title] of [
    ['waits', 'is a zombie that seems alive to its parent, until the tracer waits'],
    ['leaves', 'is a zombie that seems alive to its parent, until the tracer ends'],
  ] as const) {
    itTraces(title, () => {
      expect(observe('ptrace', 'by-another', way)).toEqual({
        ...zombie,
        'our waitid': 0,
        sigchld: null,
        state: 'Z',
        ...reaped,
      });
    });
  }
});
