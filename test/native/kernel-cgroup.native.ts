import { itNeeds, observe } from '../support/needs';

describe('CLONE_INTO_CGROUP', () => {
  itNeeds(['CLONE_AUTOREAP', 'CLONE_INTO_CGROUP'], 'holds an AUTOREAP child from its birth', () => {
    expect(observe('cgroup', 'born-inside')).toEqual({
      'is a member': true,
      'cgroupid is that of the directory': true,
      'rmdir at HUP': 0,
      wstatus: 42 << 8,
      waitpid: 'ECHILD',
    });
  });

  itNeeds(['CLONE_AUTOREAP', 'CLONE_INTO_CGROUP'], 'lets the cgroup be removed at HUP', () => {
    expect(observe('cgroup', 'removal', '100')).toEqual({ failed: 0 });
  });

  const answers = {
    O_PATH: 0,
    'cgroup.procs': 'EBADF',
    stdout: 'EBADF',
    closed: 'EBADF',
    removed: expect.stringMatching(/^(ENOENT|ENODEV)$/) as string,
  };

  itNeeds('CLONE_INTO_CGROUP', 'takes an O_PATH descriptor of a cgroup that is there', () => {
    expect(observe('cgroup', 'descriptors', 'plain')).toEqual(answers);
  });

  itNeeds(['CLONE_AUTOREAP', 'CLONE_INTO_CGROUP'], 'takes the same with AUTOREAP', () => {
    expect(observe('cgroup', 'descriptors', 'autoreap')).toEqual(answers);
  });
});
