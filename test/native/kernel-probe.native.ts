import { itNeeds, observe, where } from '../support/needs';

describe('the probe, a clone3(2) with a pidfd that cannot be written,', () => {
  const known = (name: string) => where(name, 'EFAULT', 'EINVAL');

  it('tells by EFAULT the flags that the kernel knows, and by EINVAL the others', () => {
    expect(observe('probe', 'flags')).toMatchObject({
      AUTOREAP: known('CLONE_AUTOREAP'),
      'AUTOREAP|NNP': known('CLONE_NNP'),
      'AUTOREAP|AUTOKILL|NNP': known('CLONE_PIDFD_AUTOKILL'),
      'bit 38': 'EINVAL',
      'bit 63': 'EINVAL',
    });
  });

  it('creates no process, sends no SIGCHLD and leaves no descriptor', () => {
    expect(observe('probe', 'flags')).toMatchObject({
      child: null,
      sigchld: null,
      'fds more than before': 0,
    });
  });

  it('has the same answer wherever the pidfd cannot go', () => {
    expect(observe('probe', 'addresses')).toEqual({
      "the kernel's half": known('CLONE_AUTOREAP'),
      PROT_NONE: known('CLONE_AUTOREAP'),
      PROT_READ: known('CLONE_AUTOREAP'),
      unaligned: known('CLONE_AUTOREAP'),
    });
  });

  itNeeds('seccomp', 'has the answer of seccomp where that refuses clone3', () => {
    expect(observe('probe', 'under-seccomp')).toEqual({ ENOSYS: 'ENOSYS', EPERM: 'EPERM' });
  });
});
