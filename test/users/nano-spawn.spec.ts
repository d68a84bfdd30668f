import { playUser } from '../support/users';

describe('nano-spawn', () => {
  const saw = playUser('nano-spawn', { sync: [] });

  it('gives results with all that was written', () => {
    expect(saw('results')).toMatchObject({
      plain: { stdout: 'out', stderr: 'err', took: true },
      both: ['err', 'out'],
      input: 'in',
      megabytes: true,
      stream: 'from a file',
      descriptor: { stdout: '', command: 'echo x' },
      env: 'a',
      cwd: 'SCRATCH',
      shell: '43',
      node: '42',
    });
  });

  it('throws errors that say what went wrong', () => {
    expect(saw('errors')).toMatchObject({
      code: { class: 'SubprocessError', exitCode: 7, stdout: 'half' },
      signal: { signalName: 'SIGHUP', message: expect.stringContaining('SIGHUP') as string },
      missing: {
        class: 'SubprocessError',
        cause: {
          code: 'ENOENT',
          syscall: 'spawn no-such-program',
          path: 'no-such-program',
          spawnargs: ['a b'],
        },
      },
      cwd: 'ENOENT',
      option: 'ERR_INVALID_ARG_TYPE',
    });
  });

  it('iterates over lines, and throws at their end', () => {
    expect(saw('iteration')).toMatchObject({
      both: ['1', '2'],
      out: ['1'],
      failing: ['1'],
      error: { exitCode: 4 },
    });
  });

  it('pipes one process into another', () => {
    expect(saw('pipes')).toMatchObject({
      sorted: ' 1 a 2 b',
      from: 'a\nb',
      failed: { exitCode: 3, command: "sh -c 'echo x; exit 3'" },
      missing: 'ENOENT',
    });
  });

  it('kills, cancels and times out', () => {
    expect(saw('ends')).toMatchObject({
      killed: { signalName: 'SIGINT', isCanceled: false },
      cancelled: { isCanceled: true },
      before: { isCanceled: true },
      timedOut: { signalName: 'SIGKILL', isCanceled: false },
    });
  });

  it('leaves the messages to the child that it shows', () => {
    expect(saw('ipc')).toEqual({ message: 'abab', connected: false });
  });

  it('finds what is installed locally', () => {
    expect(saw('local')).toEqual({ found: 'hello, you', missing: 'ENOENT' });
  });
});
