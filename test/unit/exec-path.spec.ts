import { execCandidates } from '../../lib/policy/exec-path';

describe('execCandidates', () => {
  it.each<readonly [string, string, readonly string[], readonly string[]]>([
    ['each entry of PATH, in order', 'a', ['PATH=/x:/y'], ['/x/a', '/y/a']],
    ['the working directory for an empty PATH', 'a', ['PATH='], ['a']],
    [
      'the working directory for an empty entry',
      'a',
      ['PATH=:/x::/y:'],
      ['a', '/x/a', 'a', '/y/a', 'a'],
    ],
    ['relative entries as they are', 'a', ['PATH=x:./y'], ['x/a', './y/a']],
    ['the default PATH where there is none', 'a', ['A=1'], ['/bin/a', '/usr/bin/a']],
    ['the default PATH in an empty environment', 'a', [], ['/bin/a', '/usr/bin/a']],
    ['the first PATH of two, as getenv(3)', 'a', ['PATH=/x', 'PATH=/y'], ['/x/a']],
    [
      'a PATH and no variable that ends like it',
      'a',
      ['XPATH=/x', 'PATH_=/z', 'PATH=/y'],
      ['/y/a'],
    ],
    ['a file with a slash alone', 'x/a', ['PATH=/x'], ['x/a']],
    ['a full path alone', '/x/a', ['PATH=/y'], ['/x/a']],
    ['a file in the working directory alone', './a', ['PATH=/y'], ['./a']],
    ['nothing for nothing', '', ['PATH=/x'], []],
  ])('has %s', (_title, file, env, candidates) => {
    expect(execCandidates(file, env)).toEqual(candidates);
  });
});
