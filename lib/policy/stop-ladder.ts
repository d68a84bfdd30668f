/**
 * Stopping one child: a polite signal, a grace period, then SIGKILL.
 *
 *     running ── stop ──▶ terminating ── grace ──▶ killing
 *        └─────── exit ────────┴──────── exit ────────┴──▶ exited
 *
 * Pure: an event goes in, the next state and the actions to perform come out. It reads no clock, sends
 * no signal, knows no backend and never throws.
 */

export type StopState = 'running' | 'terminating' | 'killing' | 'exited';

/** A number only for signals that Node.js has no name for: 9 is written `'SIGKILL'` here. */
export type StopSignal = NodeJS.Signals | number;

export type StopEvent =
  | { readonly type: 'stop'; readonly killSignal: StopSignal; readonly graceMs: number }
  | { readonly type: 'grace' }
  | { readonly type: 'exit' };

export type StopAction =
  | { readonly type: 'signal'; readonly signal: StopSignal }
  | { readonly type: 'arm-grace'; readonly graceMs: number }
  | { readonly type: 'disarm-grace' };

export type StopStep = readonly [StopState, ...StopAction[]];

type EventOf<T extends StopEvent['type']> = Extract<StopEvent, { type: T }>;

// Every cell is written out: a pair that nobody thought about does not compile.
const TRANSITIONS: {
  readonly [S in StopState]: {
    readonly [T in StopEvent['type']]: (event: EventOf<T>) => StopStep;
  };
} = {
  running: {
    stop: ({ killSignal, graceMs }) =>
      killSignal === 'SIGKILL'
        ? ['killing', { type: 'signal', signal: 'SIGKILL' }] // There is nothing left to escalate to.
        : ['terminating', { type: 'signal', signal: killSignal }, { type: 'arm-grace', graceMs }],
    grace: () => ['running'], // Nothing was asked for; a timer that fires late changes nothing.
    exit: () => ['exited'],
  },
  terminating: {
    // Asked already, and the first grace period stands; but who now says SIGKILL is not made to wait.
    stop: ({ killSignal }) =>
      killSignal === 'SIGKILL'
        ? ['killing', { type: 'disarm-grace' }, { type: 'signal', signal: 'SIGKILL' }]
        : ['terminating'],
    grace: () => ['killing', { type: 'signal', signal: 'SIGKILL' }],
    exit: () => ['exited', { type: 'disarm-grace' }],
  },
  killing: {
    stop: () => ['killing'],
    grace: () => ['killing'],
    exit: () => ['exited'],
  },
  exited: {
    stop: () => ['exited'],
    grace: () => ['exited'],
    exit: () => ['exited'],
  },
};

export function nextStop(state: StopState, event: StopEvent): StopStep {
  const row = TRANSITIONS[state];
  switch (event.type) {
    case 'stop':
      return row.stop(event);
    case 'grace':
      return row.grace(event);
    case 'exit':
      return row.exit(event);
  }
}
