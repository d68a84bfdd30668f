import { playUser } from '../support/users';

describe('tinyexec', () => {
  const saw = playUser('tinyexec');

  it('gives output and exit code, whatever that is', () => {
    expect(saw('results')).toEqual({
      output: { stdout: 'out\n', stderr: 'err\n', exitCode: 3 },
      exitCode: 3,
      killed: false,
      aborted: false,
      hasPid: 'number',
      input: 'in',
      megabytes: true,
      cwd: 'SCRATCH\n',
      env: 'a\n',
      inherited: { stdout: '', stderr: '', exitCode: 0 },
    });
  });

  it('throws where it is asked to, and where nothing was born', () => {
    const born = { ours: false, code: 'ENOENT' };

    expect(saw('errors')).toMatchObject({
      code: { ours: true, exitCode: 7, output: { stdout: 'half\n' } },
      missing: { ...born, syscall: 'spawn no-such-program', path: 'no-such-program' },
      cwd: { ...born, syscall: 'spawn true', path: 'true' },
    });
  });

  it('iterates over lines, while the process still runs', () => {
    expect(saw('iteration')).toMatchObject({
      lines: ['1', '2', '3'],
      failing: ['1'],
      error: { ours: true, exitCode: 4 },
      replies: ['1', '2', '3'],
    });
  });

  it('pipes one process into another', () => {
    expect(saw('pipes')).toEqual({ stdout: 'A\nb\n', exitCode: 0, fed: 'fed\n' });
  });

  it('kills, aborts and times out', () => {
    expect(saw('ends')).toMatchObject({
      wasKilled: true,
      killed: { signalCode: 'SIGTERM', killed: true, aborted: false },
      deaf: { signalCode: 'SIGKILL', killed: true },
      aborted: { signalCode: 'SIGTERM', aborted: true, output: { stdout: '' } },
      timed: { signalCode: 'SIGTERM', aborted: false, name: 'AbortError', cause: 'TimeoutError' },
    });
  });

  it('finds what is installed locally', () => {
    expect(saw('local')).toMatchObject({
      found: 'hello, you\n',
      sync: 'hello, now\n',
      without: { ours: false, code: 'ENOENT' },
    });
  });

  it('does the same synchronously', () => {
    expect(saw('sync')).toMatchObject({
      stdout: '1\n2\n',
      stderr: 'e\n',
      exitCode: 5,
      killed: false,
      lines: ['1', '2', 'e'],
      code: { ours: true, exitCode: 7 },
      missing: { ours: false, code: 'ENOENT', syscall: 'spawnSync no-such-program' },
      timed: { ours: false, code: 'ETIMEDOUT' },
    });
  });
});
