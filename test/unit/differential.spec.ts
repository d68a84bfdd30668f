// What `npm run test:differential` refuses: in one line, and with another exit code than a difference has.
import { spawn } from '../../lib/index';
import { HELP, Refusal, parseOptions } from '../differential/options';
import { outputOf, scratch, type Output } from '../support/programs';

const main = require.resolve('../differential/main');

function play(args: readonly string[], through: readonly string[] = []): Promise<Output> {
  const [file, ...words] = [...through, process.execPath, main, ...args];
  return outputOf(spawn(file!, words, { stdio: ['ignore', 'pipe', 'pipe'] }));
}

describe('the options of test:differential', () => {
  it('are what they say', () => {
    expect(parseOptions([])).toMatchObject({ runs: 2000, seed: expect.any(Number) as number });
    expect(
      parseOptions(['--runs', '5', '--seed', '-1', '--path', '0:2', '--abi=linux-7.1']),
    ).toMatchObject({ runs: 5, seed: -1, path: '0:2', abi: 'linux-7.1' });
    expect(parseOptions(['--read', 'a', '--cpu', '1'])).toMatchObject({ read: 'a', cpu: 1 });
  });

  it.each([
    ['--bogus', '--bogus: there is no such option'],
    ['-x', '-x: there is no such option'],
    ['stray', 'stray: only options are understood'],
    ['--runs', '--runs: a value must follow'],
    ['--runs -5', '--runs -5: it must be a whole number from 1'],
    ['--runs 0', '--runs 0: it must be a whole number from 1'],
    ['--runs 1.5', '--runs 1.5: it must be a whole number from 1'],
    ['--runs x', '--runs x: it must be a whole number from 1'],
    ['--seed x', '--seed x: it must be a whole number'],
    ['--cpu x', '--cpu x: it must be the number of a processor'],
    ['--abi x', '--abi x: it must be one of linux-7.1, linux-6.18, autoreap-v2'],
    [
      '--abi linux-2.4',
      '--abi linux-2.4: that kernel has no clone3(2) to play with, it must be one of linux-7.1, linux-6.18, autoreap-v2',
    ],
    ['--path 1:2', '--path: the --seed that the failure named belongs to it'],
    ['--seed 1 --path x', '--path x: it must be numbers with colons between them'],
    ['--read a --seed 1', '--seed: it has no meaning together with --read'],
    ['--read a --write b', '--write: it has no meaning together with --read'],
  ])('refuse %s', (line, what) => {
    const refusal = new Refusal(`${what}. --help tells more.`);

    expect(() => parseOptions(line.split(' '))).toThrow(refusal);
  });

  it('are in --help, the names of the kernels too', () => {
    expect(HELP).toContain(
      '--abi NAME    another kernel than the one under us: linux-7.1, linux-6.18',
    );
  });
});

describe('test:differential', () => {
  const folder = scratch();

  it.each([
    [['--bogus'], /^--bogus: there is no such option\. .*\n$/],
    [['--read', folder.file('nope')], /^--read \S+: ENOENT: no such file or directory, .*\n$/],
    [['--write', folder.file('no/pe')], /^--write \S+: ENOENT: no such file or directory, .*\n$/],
  ])('ends with 2 after one line: %j', async (args, line) => {
    const { stdout, stderr, exitCode } = await play(args);

    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(stderr).toMatch(line);
  });

  it('says what it needs where that is refused', async () => {
    const isRoot = process.getuid?.() === 0;
    const { stdout, stderr, exitCode } = await play(
      ['--runs', '1'],
      isRoot ? ['setpriv', '--bounding-set', '-sys_admin'] : [],
    );

    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(stderr).toMatch(/^This needs CAP_SYS_ADMIN and CAP_SYS_NICE, so run it as root, .*\n$/);
  });
});
