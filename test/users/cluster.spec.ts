import { playUser } from '../support/users';

describe('a cluster', () => {
  const saw = playUser('cluster', { sync: [] });

  it('answers every request, and loses none but of a worker that is killed', () => {
    expect(saw('load')).toEqual({
      answered: 2_000,
      byAll: true,
      byVictim: true,
      lostSome: true,
      lostOfOthers: [],
      exit: [null, 'SIGKILL'],
      exitedAfterDisconnect: false,
      dead: true,
    });
  });

  it('leaves gracefully, with the last request answered', () => {
    expect(saw('graceful')).toEqual({
      status: 200,
      ends: [
        [0, null],
        [0, null],
        [0, null],
        [0, null],
      ],
      meant: [true, true, true, true],
      left: 0,
    });
  });
});
