import { executionAsyncId } from 'node:async_hooks';
import { nextTick, setImmediate } from '../time';
import type { Wrap } from './slot';
import { isInStack, leaveErrorAsItWas } from './stack';

/**
 * Undoes what a call has left; `cutOff` says that there may be more of it than the call has known of. May come twice.
 */
type Clean = (cutOff: boolean) => void;

/**
 * Calls that have begun and not ended. JavaScript can be cut off in the middle of one (vm's timeout, Ctrl-C in the
 * REPL), and then no `finally` runs: so on the next tick, when no such call can be going on, what is still in here is
 * cleaned up. One tick for all.
 */
const unfinished = new Set<Clean>();

/** Of those that have thrown: a program that has no tick for long must not keep all of them. */
const MOST_UNFINISHED = 100;

let isScheduled = false;
/** To make a tick, since the last one, but for those that threw. There may be none for one that was cut off. */
let attempts = 0;

/** Where the stack cannot be seen. */
const MOST_ATTEMPTS = 16;

const NO_TICK = -1;
let tickId = NO_TICK;

/**
 * Three races. Whoever is cut off in nextTick may have no tick, so "scheduled" is said after it. But a
 * hook of async_hooks hears of the tick in there, and if it spawns, comes here, and must not make tick after tick: only
 * the stack tells it from the call that comes after one that was cut off. And a hook that spawns after our tick would
 * have each of them make the next.
 */
function scheduleCleanUp(tick: (cleanUp: () => void) => void): void {
  if (isScheduled || executionAsyncId() === tickId) return;
  if (attempts > 0 && (isInStack(scheduleCleanUp) ?? attempts >= MOST_ATTEMPTS)) return;
  attempts++;
  try {
    tick(cleanUp);
    isScheduled = true;
  } finally {
    if (!isScheduled) attempts--;
  }
}

function cleanUp(): void {
  isScheduled = false;
  attempts = 0;
  tickId = NO_TICK;
  leaveErrorAsItWas();
  // Somebody runs the ticks in the middle of a call: process._tickCallback(), in a getter of `env`.
  if (unfinished.size > 0 && isInStack(whateverHappens) === true) {
    scheduleCleanUp(setImmediate);
    return;
  }
  // The inner ones first, as their `finally` would have come.
  for (const clean of [...unfinished].reverse()) {
    unfinished.delete(clean);
    clean(true);
  }
  // Last, for one that is cut off in here is never over. Somebody's fake timers run ticks that are none: in the main
  // program, which is 1, or in a microtask, which as often as not is 0.
  const id = executionAsyncId();
  if (id > 1) tickId = id;
}

/**
 * Calls `clean` when `call` has ended, in whatever way. An error ends it anywhere, too, if the stack is full: then it
 * is cleaned up at once and, as far as that goes, once more.
 */
export function whateverHappens<T>(clean: Clean, call: () => T): T {
  unfinished.add(clean);
  scheduleCleanUp(nextTick);
  let hasReturned = false;
  try {
    const result = call();
    hasReturned = true;
    return result;
  } finally {
    clean(false);
    // Only now: we can be cut off in here, too.
    if (hasReturned || unfinished.size > MOST_UNFINISHED) unfinished.delete(clean);
  }
}

/** A call with a method of Node's wrapped. */
export function whileWrapped<T>({ putIn, takeOut }: Wrap, call: () => T): T {
  return whateverHappens(takeOut, () => {
    putIn();
    return call();
  });
}
