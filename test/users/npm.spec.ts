import { playUser } from '../support/users';

const failed = (code: number, ...lines: string[]): unknown => ({
  code,
  signal: null,
  lines,
  errors: [],
});
const ran = (...lines: string[]): unknown => failed(0, ...lines);

describe('npm', () => {
  const saw = playUser('npm', {
    programs: ['npm.mjs', 'npm-cli.js', 'spawns.cjs'],
    sync: ['spawns.cjs'],
  });

  it('runs scripts, with those before and after', () => {
    expect(saw('run')).toEqual({
      build: ran(
        ...['> outer@1.2.3 prebuild', '> echo before', 'before'],
        ...['> outer@1.2.3 build', '> echo during', 'during'],
        ...['> outer@1.2.3 postbuild', '> echo after', 'after'],
      ),
      silent: ran('before', 'during', 'after'),
      start: ran('hello, from start'),
      nested: ran('[x]before', 'during', 'after'),
      spawns: failed(4, 'sync', 'async'),
      input: ran('LOUD'),
      workspaces: ran('outer', 'inner'),
    });
  });

  it('ends as its script does', () => {
    expect(saw('failures')).toEqual({
      test: failed(3, 'tested'),
      loud: failed(3, '> outer@1.2.3 test', '> echo tested && exit 3', 'tested'),
      dies: { code: null, signal: 'SIGKILL', lines: [], errors: [] },
      missing: {
        code: 1,
        signal: null,
        lines: [],
        errors: ['npm error Missing script: "no-such-script"'],
      },
      ifPresent: ran(),
    });
  });

  it('tells its scripts where they are', () => {
    const names = ['tells', 'node tells.cjs', 'outer', '1.2.3', '8080', 'run', 'SCRATCH'];

    expect(saw('environment')).toEqual({ code: 0, told: [true, 'SCRATCH', names] });
  });

  it('quotes what it hands on', () => {
    expect(saw('quoting')).toEqual(['[a  b][$HOME][it\'s]["][*]']);
  });

  it('executes what is installed locally', () => {
    expect(saw('exec')).toEqual({
      local: ran('hello, a  b $HOME'),
      call: failed(9, 'HELLO, X'),
    });
  });

  it('is executed by execFile', () => {
    expect(saw('version')).toEqual([null, true]);
  });
});
