// The ladder of stop(), cell by cell: every state, every event.
import {
  nextStop,
  type StopEvent,
  type StopState,
  type StopStep,
} from '../../lib/policy/stop-ladder';

const polite: StopEvent = { type: 'stop', killSignal: 'SIGHUP', graceMs: 250 };
const rude: StopEvent = { type: 'stop', killSignal: 'SIGKILL', graceMs: 250 };
const grace: StopEvent = { type: 'grace' };
const exit: StopEvent = { type: 'exit' };

const kill = { type: 'signal', signal: 'SIGKILL' } as const;
const disarm = { type: 'disarm-grace' } as const;

const CELLS: readonly (readonly [says: string, StopState, StopEvent, StopStep])[] = [
  [
    'signals and gives it time',
    'running',
    polite,
    ['terminating', { type: 'signal', signal: 'SIGHUP' }, { type: 'arm-grace', graceMs: 250 }],
  ],
  ['kills at once, there is nothing to wait for', 'running', rude, ['killing', kill]],
  ['ignores a timer that nobody set', 'running', grace, ['running']],
  ['is done', 'running', exit, ['exited']],

  ['lets the first grace period stand', 'terminating', polite, ['terminating']],
  ['cuts the grace period short', 'terminating', rude, ['killing', disarm, kill]],
  ['kills when the time is over', 'terminating', grace, ['killing', kill]],
  ['needs the timer no more', 'terminating', exit, ['exited', disarm]],

  ['has done all there is to do', 'killing', polite, ['killing']],
  ['does not kill twice', 'killing', rude, ['killing']],
  ['ignores a timer that comes late', 'killing', grace, ['killing']],
  ['is done', 'killing', exit, ['exited']],

  ['signals nobody', 'exited', polite, ['exited']],
  ['signals nobody', 'exited', rude, ['exited']],
  ['ignores a timer that comes late', 'exited', grace, ['exited']],
  ['does not end twice', 'exited', exit, ['exited']],
];

const nameOf = (event: StopEvent): string =>
  event.type === 'stop' ? `stop by ${event.killSignal}` : event.type;

describe('the stop ladder', () => {
  it.each(
    CELLS.map(([says, state, event, step]) => ({ says, state, event, step, on: nameOf(event) })),
  )('$state, on $on: $says', ({ state, event, step }) => {
    expect(nextStop(state, event)).toEqual(step);
  });

  it('has no cell that is not in this table', () => {
    const states = new Set(CELLS.map(([, state]) => state));
    const cells = new Set(CELLS.map(([, state, event]) => `${state}, ${nameOf(event)}`));

    expect(cells.size).toBe(CELLS.length);
    expect(cells.size).toBe(states.size * 4);
  });

  it('gives an endless grace period as it was asked for', () => {
    const [, , arm] = nextStop('running', { ...polite, graceMs: Infinity });

    expect(arm).toEqual({ type: 'arm-grace', graceMs: Infinity });
  });
});
