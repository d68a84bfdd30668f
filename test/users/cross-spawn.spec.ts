import { playUser } from '../support/users';

const exits = (code: number | null, signal: string | null = null): unknown[] => [
  ['spawn'],
  ['exit', code, signal],
  ['close', code, signal],
];

describe('cross-spawn', () => {
  const saw = playUser('cross-spawn');

  it('gives children with the events and fields of Node.js', () => {
    expect(saw('lives')).toMatchObject({
      plain: { events: exits(3), stdout: 'out\n', stderr: 'err\n', exitCode: 3, killed: false },
      killed: { events: exits(null, 'SIGINT'), signalCode: 'SIGINT', killed: true },
      fed: { events: exits(0), stdout: 'IN', spawnargs: ['tr', 'a-z', 'A-Z'] },
      shell: { events: exits(0), stdout: '42 a  b\n', spawnfile: '/bin/sh' },
      quoted: { stdout: '[a  b]["$HOME"][it\'s][]' },
    });
  });

  it('finds programs by PATH, by path and by working directory', () => {
    expect(saw('lookups')).toMatchObject({
      found: { events: exits(0), stdout: 'hello, you a  b\n', spawnfile: 'greet' },
      direct: { events: exits(0), stdout: 'hello, me\n' },
      relative: { events: exits(0), stdout: 'hello, us\n' },
    });
  });

  it('emits the errors of Node.js', () => {
    expect(saw('errors')).toMatchObject({
      missing: {
        code: 'ENOENT',
        errno: -2,
        syscall: 'spawn no-such-program',
        path: 'no-such-program',
        spawnargs: ['a b'],
        message: 'spawn no-such-program ENOENT',
      },
      denied: { code: 'EACCES', path: 'SCRATCH/denied' },
      interpreter: { code: 'ENOENT', path: 'SCRATCH/odd' },
      cwd: { code: 'ENOENT', syscall: 'spawn true' },
    });
  });

  it('pipes one child into another, by us and without us', () => {
    expect(saw('pipes')).toEqual({ sorted: 'a\nb\n', direct: 'direct\n' });
  });

  it('does the same synchronously', () => {
    expect(saw('sync')).toMatchObject({
      plain: { hasPid: true, status: 3, signal: null, output: [null, 'out\n', 'err\n'] },
      found: { status: 0, stdout: 'hello, you\n' },
      missing: { hasPid: false, status: null, output: null, error: { code: 'ENOENT', errno: -2 } },
      killed: { status: null, signal: 'SIGKILL' },
      timedOut: { signal: 'SIGTERM', error: { code: 'ETIMEDOUT', path: 'sleep' } },
      input: true,
      long: { signal: 'SIGTERM', error: { code: 'ENOBUFS' } },
      buffer: [255, 0],
      quoted: '[a  b]["$HOME"][it\'s][]',
    });
  });
});
