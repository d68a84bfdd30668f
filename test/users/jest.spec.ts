import { playUser } from '../support/users';

const SUMS = [
  'sums.test.js',
  'passed',
  ['adds: passed', 'runs in a worker: passed'],
  '(undefined)',
];

describe('jest with workers that are processes', () => {
  const saw = playUser('jest', { programs: ['jest.mjs', 'jest.js'], sync: [] });

  it('runs tests in them, which have children of their own', () => {
    expect(saw('passes')).toEqual({
      code: 0,
      passed: 3,
      failed: 0,
      each: [
        ['spawns.test.js', 'passed', ['has children of its own: passed'], '(undefined)'],
        SUMS,
      ],
    });
  });

  it('hears of a test that fails', () => {
    expect(saw('fails')).toEqual({
      code: 1,
      passed: 2,
      failed: 1,
      each: [['fails.test.js', 'failed', ['fails: failed'], '(undefined)'], SUMS],
    });
  });

  it('starts another one in the place of one that exits, and gives up at the fourth', () => {
    const exits = 'encountered 4 child process exceptions, exceeding retry limit';

    expect(saw('exits')).toEqual({
      code: 1,
      passed: 2,
      failed: 0,
      each: [['exits.test.js', 'failed', [], exits], SUMS],
    });
  });

  it('says of one that is killed how it ended', () => {
    const killed = 'terminated by another process: signal=SIGKILL, exitCode=null';

    expect(saw('killed')).toEqual({
      code: 1,
      passed: 2,
      failed: 0,
      each: [['killed.test.js', 'failed', [], killed], SUMS],
    });
  });
});
