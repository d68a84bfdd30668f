import { CLONE_CALLS, hasNewFlags } from '../support/kernel-tables';
import { capability, itNeeds, observe, where, type Observations } from '../support/needs';

/** A call that a kernel without the new flags refuses for a bit that it does not know. */
const here = (call: string, answer: string | number) =>
  hasNewFlags(call) ? where('CLONE_AUTOREAP', answer, 'EINVAL') : answer;

describe('clone3(2)', () => {
  let answers: Observations;
  beforeAll(() => {
    answers = observe('clone', 'validity');
  });

  for (const { call, answer } of CLONE_CALLS) {
    it(`answers ${here(call, answer)} to ${call}`, () => {
      expect(answers[call]).toBe(here(call, answer));
    });
  }

  it('accepts no flag from bit 38 on', () => {
    expect(answers['bits accepted from 38 on']).toEqual([]);
  });

  itNeeds(
    ['CLONE_AUTOREAP', 'pid_namespaces'],
    'creates an AUTOREAP child that is the init of a pid namespace',
    () => {
      expect(observe('clone', 'validity-newpid')).toEqual({ 'AUTOREAP|NEWPID': 0 });
    },
  );

  itNeeds('CLONE_AUTOREAP', 'looks at the flags before it looks for a descriptor', () => {
    expect(observe('clone', 'late-errors')).toEqual({
      'no descriptor left': 'EMFILE',
      'no descriptor left, AUTOREAP|PARENT': 'EINVAL',
    });
  });

  it('may have written a pidfd that is not open when it fails', () => {
    expect(observe('clone', 'failed-pidfd')).toEqual({
      clone3: 'EBADF',
      pidfd: 'written',
      fcntl: 'EBADF',
    });
  });
});

describe('struct clone_args', () => {
  let answers: Observations;
  beforeAll(() => {
    answers = observe('clone', 'sizes');
  });

  it.each([
    ['63', 'EINVAL'],
    ['64', 0],
    ['88', 0],
    ['96, zeros at the end', 0],
    ['96, a one at the end', 'E2BIG'],
    ['more than a page', 'E2BIG'],
    ['SIZE_MAX', 'E2BIG'],
    ['0, NULL', 'EINVAL'],
    ['64, NULL', 'EFAULT'],
  ])('of size %s is answered by %s', (size, answer) => {
    expect(answers[size]).toBe(answer);
  });

  it.each([
    ['33 set_tid', 'EINVAL'],
    ['set_tid NULL', 'EINVAL'],
    ['set_tid nowhere', 'EFAULT'],
    ['exit_signal above 32 bits', 'EINVAL'],
    ['INTO_CGROUP in 80', 'EINVAL'],
    ['INTO_CGROUP above INT_MAX', 'EINVAL'],
  ])('with %s is answered by %s', (field, answer) => {
    expect(answers[field]).toBe(answer);
  });

  itNeeds('CLONE_AUTOREAP', 'holds AUTOREAP in the 64 bytes of Linux 5.3', () => {
    expect(observe('clone', 'autoreap-in-64-bytes')).toEqual({ '64': 0 });
  });
});

describe('CLONE_PIDFD_AUTOKILL without CLONE_NNP', () => {
  itNeeds(['CLONE_PIDFD_AUTOKILL', 'CAP_SYS_ADMIN'], 'is granted to CAP_SYS_ADMIN', () => {
    expect(observe('clone', 'autokill-with-capability')).toEqual({ 'without NNP': 0, wstatus: 0 });
  });

  itNeeds('CLONE_PIDFD_AUTOKILL', 'is EPERM for others, who may have it with CLONE_NNP', () => {
    expect(observe('clone', 'autokill-without-capability')).toEqual({
      'without NNP': 'EPERM',
      'with NNP': 0,
      'wstatus with NNP': 0,
    });
  });
});

describe('clone(2)', () => {
  it('drops AUTOREAP, which is above its 32 bits: the child is an ordinary one', () => {
    expect(observe('clone', 'legacy-clone')).toEqual({ waitpid: 'child', sigchld: 'CLD_EXITED' });
  });
});

describe('CLONE_PARENT', () => {
  it('makes the child of an ordinary process its sibling', () => {
    expect(observe('clone', 'parent-from-inside', 'plain')).toEqual({
      'clone3(PARENT)': null,
      'clone(PARENT)': null,
      fork: null,
      siblings: 2,
    });
  });

  itNeeds('CLONE_AUTOREAP', 'is refused to an AUTOREAP process, in clone(2) too', () => {
    expect(observe('clone', 'parent-from-inside', 'autoreap')).toEqual({
      'clone3(PARENT)': 'EINVAL',
      'clone(PARENT)': 'EINVAL',
      fork: null,
      siblings: 0,
    });
  });
});

describe('the three flags of Linux 7.1', () => {
  it('are there together or not at all', () => {
    const { supported } = capability('CLONE_AUTOREAP');

    expect(capability('CLONE_NNP').supported).toBe(supported);
    expect(capability('CLONE_PIDFD_AUTOKILL').supported).toBe(supported);
  });
});
