import { playUser } from '../support/users';

describe('execa', () => {
  const saw = playUser('execa');

  it('gives results with all that was written', () => {
    expect(saw('results')).toMatchObject({
      plain: {
        exitCode: 0,
        failed: false,
        stdout: 'out',
        stderr: 'err',
        all: ['err', 'out'],
        took: true,
      },
      stdio: ['(undefined)', 'out', 'err'],
      lines: ['a', 'b', '', 'c'],
      bytes: [255, 0],
      final: 'x\n',
      hidden: { exitCode: 0, failed: false },
      three: ['(undefined)', '', '', 'three'],
      command: 'a b c',
      node: 'true 42',
      env: '1',
      cwd: 'SCRATCH',
      argv0: 'me',
      shell: '43',
    });
  });

  it('throws errors that say what went wrong', () => {
    expect(saw('errors')).toMatchObject({
      code: { class: 'ExecaError', exitCode: 7, failed: true, stdout: 'half' },
      signal: { signal: 'SIGHUP', isTerminated: true, signalDescription: 'Terminal closed' },
      missing: {
        code: 'ENOENT',
        originalMessage: 'spawn no-such-program ENOENT',
        cause: {
          code: 'ENOENT',
          syscall: 'spawn no-such-program',
          path: 'no-such-program',
          spawnargs: ['a b'],
        },
      },
      folder: { code: 'ENOENT', cause: 'ENOENT' },
      denied: 'EACCES',
      quiet: { exitCode: 1, failed: true },
      long: { isMaxBuffer: true, stdout: 'y\ny' },
      options: 'ERR_INVALID_ARG_TYPE',
    });
  });

  it('feeds input, and transforms output', () => {
    expect(saw('input')).toMatchObject({
      text: 'in',
      file: 'from a file',
      iterable: 'generated',
      transformed: 'A\nB',
      megabytes: true,
      unread: { exitCode: 0, failed: false },
      target: 'kept\n',
    });
  });

  it('pipes one process into another', () => {
    expect(saw('pipes')).toEqual({
      sorted: ' 1 a 2 b',
      from: ['a\nb'],
      failed: { exitCode: 3, command: 'sh -c echo x; exit 3', stdout: 'x' },
      template: 'a b $c',
      error: 'e',
    });
  });

  it('iterates over lines, while the process still runs', () => {
    expect(saw('iteration')).toEqual({
      lines: ['1', '2', '3'],
      broken: ['1'],
      exitCode: 4,
      heard: ['1', '2', '3'],
    });
  });

  it('kills, cancels, times out, and kills again what does not listen', () => {
    expect(saw('ends')).toMatchObject({
      wasKilled: true,
      killed: { signal: 'SIGTERM', isTerminated: true, isForcefullyTerminated: false },
      enough: { signal: 'SIGTERM', originalMessage: 'enough' },
      forced: { signal: 'SIGKILL', isForcefullyTerminated: true, stdout: 'ready' },
      cancelled: { isCanceled: true, signal: 'SIGTERM', originalMessage: 'no more' },
      before: true,
      timedOut: { timedOut: true, signal: 'SIGTERM' },
      named: { timedOut: true, signal: 'SIGINT' },
    });
  });

  it('exchanges messages, and asks politely to cancel', () => {
    expect(saw('ipc')).toMatchObject({
      first: ['1', [['k', '1970-01-01T00:00:00.000Z']]],
      replies: [{ doubled: ['a', 'a'] }, { doubled: ['b', 'b'] }],
      outputs: 3,
      input: ['hello'],
      json: ['x', 0],
      asked: {
        isCanceled: true,
        isGracefullyCanceled: true,
        exitCode: 0,
        ipcOutput: ['ready', 'cancelled: please'],
      },
    });
  });

  it('finds what is installed locally', () => {
    expect(saw('local')).toEqual({
      found: 'hello, you',
      template: 'hello, all of you',
      sync: 'hello, now',
      missing: 'ENOENT',
    });
  });

  it('does the same synchronously', () => {
    expect(saw('sync')).toMatchObject({
      plain: { exitCode: 0, failed: false, stdout: 'out', stderr: 'err' },
      lines: ['1', '2'],
      input: true,
      code: { class: 'ExecaSyncError', exitCode: 7, stdout: 'half' },
      signal: { signal: 'SIGHUP', isTerminated: true },
      missing: { code: 'ENOENT', originalMessage: 'spawnSync no-such-program ENOENT' },
      timedOut: { timedOut: true, signal: 'SIGTERM', code: 'ETIMEDOUT' },
      long: { isMaxBuffer: true, code: 'ENOBUFS', stdout: '1234' },
      quiet: 1,
      template: 'a  b',
      three: ['(undefined)', '', '', '3'],
    });
  });

  it('ends its children when its process ends, unless told not to', () => {
    expect(saw('cleanup')).toEqual({
      exit: { one: 'one', end: [0, null] },
      signal: { one: 'one', end: [null, 'SIGTERM'] },
      kept: { one: 'one', end: [0, null], two: 'two' },
    });
  });

  it('keeps many apart', () => {
    const many = Array.from({ length: 40 }, (_, i) => [String(i), i % 2]);

    expect(saw('many')).toEqual(many);
  });
});
