import { playUser } from '../support/users';

describe('zx', () => {
  const saw = playUser('zx');

  it('runs commands of the shell, and quotes what they are given', () => {
    expect(saw('results')).toEqual({
      plain: { exitCode: 0, signal: null, stdout: 'out\n', stderr: 'err\n', ok: true, class: true },
      quoted: '[a  b][$HOME][it\'s]["][`id`][;][*][]',
      text: 'text\n',
      json: { a: [1, 2] },
      lines: ['a', 'b', 'c'],
      nested: 'inner\n',
      input: 'in',
      env: 'a\n',
      cwd: 'SCRATCH\n',
      unset: 1,
      pipefail: 1,
    });
  });

  it('throws the output of what failed, but not where it is told not to', () => {
    expect(saw('errors')).toMatchObject({
      code: { class: true, ok: false, exitCode: 7, stdout: 'half\n' },
      missing: { exitCode: 127, stderr: expect.stringContaining('no-such-program') as string },
      signal: { exitCode: null, signal: 'SIGHUP' },
      nothrow: { exitCode: 5, ok: false },
      option: { exitCode: 6, ok: false },
      exitCode: 8,
      cwd: -2,
    });
  });

  it('pipes one command into another, into a file, and into two', () => {
    expect(saw('pipes')).toEqual({
      chain: 'A\nB\n',
      file: 'filed\n',
      failed: 3,
      stderr: 'e\n',
      replayed: ['once\n', 'Once\n'],
    });
  });

  it('iterates over lines, while the command still runs', () => {
    expect(saw('iteration')).toEqual({ lines: ['1', '2', '3'], replies: ['1', '2', '3'] });
  });

  it('kills whole groups, aborts and times out', () => {
    expect(saw('ends')).toMatchObject({
      killed: { exitCode: null, signal: 'SIGTERM' },
      deaf: { signal: 'SIGKILL', stdout: 'ready\n' },
      aborted: { signal: 'SIGTERM' },
      signalled: { signal: 'SIGTERM' },
      timedOut: { signal: 'SIGTERM' },
      named: { signal: 'SIGUSR1' },
    });
  });

  it('changes folders, and finds what is installed locally', () => {
    expect(saw('places')).toEqual({
      inner: 'file\n',
      here: 'SCRATCH\n',
      local: 'hello, all of you\n',
    });
  });

  it('does the same synchronously', () => {
    expect(saw('sync')).toMatchObject({
      plain: { exitCode: 0, stdout: 'out\n', stderr: 'err\n', ok: true },
      quoted: '[a  b][$HOME]',
      input: 'in',
      nothrow: { exitCode: 5, stdout: 'half\n', ok: false },
    });
  });
});
