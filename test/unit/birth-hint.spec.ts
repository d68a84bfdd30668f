import { constants } from 'node:os';
import { birthHint } from '../../lib/policy/birth-hint';

const { E2BIG, EBADF, EACCES, EAGAIN, EMFILE, ENFILE, ENOENT, EINVAL, EIO, EPERM } =
  constants.errno;

describe('birthHint', () => {
  it.each([
    ['execve', ENOENT, /PATH/],
    ['execve', E2BIG, /too large/],
    ['execve', EACCES, /executed/],
    ['chdir', ENOENT, /cwd/],
    ['chdir', EACCES, /cwd/],
    ['setuid', EPERM, /CAP_SETUID/],
    ['setgid', EPERM, /CAP_SETGID/],
    ['prlimit64', EINVAL, /soft limit/],
    ['prlimit64', EPERM, /CAP_SYS_RESOURCE/],
    ['clone', EAGAIN, /pids\.max/],
    ['clone', EMFILE, /RLIMIT_NOFILE/],
    ['dup3', EBADF, /stdio/],
    ['dup3', EMFILE, /RLIMIT_NOFILE/],
    ['open', ENFILE, /fs\.file-max/],
  ])('says of %s and errno %i where to look', (step, errno, hint) => {
    expect(birthHint(step, errno)).toMatch(hint);
    expect(birthHint(step, -errno)).toBe(birthHint(step, errno)); // The sign is the caller's.
  });

  it('says nothing where the errno says it all', () => {
    expect(birthHint('execve', EIO)).toBeUndefined();
    expect(birthHint('no such step', EINVAL)).toBeUndefined();
  });

  it('prefers what is known of the step to what is known of the errno', () => {
    expect(birthHint('epoll_ctl', EMFILE)).toMatch(/watched/);
  });

  it('is one sentence, without a full stop, that can follow a colon', () => {
    for (const step of ['execve', 'clone', 'chdir', 'setuid', 'setgid', 'setgroups', 'prlimit64']) {
      for (const errno of Object.values(constants.errno)) {
        const hint = birthHint(step, errno);
        if (hint !== undefined) expect(hint).toMatch(/^[^A-Z\s].*[^.\s]$/);
      }
    }
  });
});
