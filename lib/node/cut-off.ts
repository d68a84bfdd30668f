import { nextTick, setImmediate } from '../time';
import type { Wrap } from './slot';

/** Undoes what a call has left; `cutOff` says that the call cannot have done so itself. May come twice. */
type Clean = (cutOff: boolean) => void;

/**
 * Calls that have begun and not ended. JavaScript can be cut off in the middle of one (vm's timeout, Ctrl-C in the
 * REPL), and then no `finally` runs: so on the next tick, when no such call can be going on, what is still in here is
 * cleaned up. One tick for all.
 */
const unfinished = new Set<Clean>();
let scheduled = false;
let attempts = 0;

/**
 * A hook of async_hooks hears of the tick, and may spawn in there; it must not go round for ever. But to say
 * "scheduled" first would be wrong for ever after whoever was cut off in between. So: a few ticks too many at worst.
 */
const MOST_ATTEMPTS = 4;

function schedule(): void {
  if (scheduled || attempts === MOST_ATTEMPTS) return;
  attempts++;
  nextTick(cleanUp);
  scheduled = true;
}

function cleanUp(): void {
  if (unfinished.size > 0 && isGoingOn()) {
    setImmediate(cleanUp);
    return;
  }
  scheduled = false;
  attempts = 0;
  // The inner ones first, as their `finally` would have come.
  for (const clean of [...unfinished].reverse()) {
    unfinished.delete(clean);
    clean(true);
  }
}

/** Somebody runs the ticks in the middle of a call: process._tickCallback(), in a getter of `env`. */
function isGoingOn(): boolean {
  const before = { limit: Error.stackTraceLimit, prepare: Error.prepareStackTrace };
  const about: { stack?: NodeJS.CallSite[] } = {};
  try {
    Error.stackTraceLimit = Infinity;
    Error.prepareStackTrace = (_error, sites) => sites;
  } catch {
    return false; // By --frozen-intrinsics we cannot look.
  }
  Error.captureStackTrace(about);
  const { stack } = about; // This asks prepareStackTrace.
  Error.stackTraceLimit = before.limit;
  Error.prepareStackTrace = before.prepare;
  return stack?.some((site) => site.getFunctionName() === whateverHappens.name) === true;
}

/** Calls `clean` when `call` has ended, in whatever way. */
export function whateverHappens<T>(clean: Clean, call: () => T): T {
  unfinished.add(clean);
  schedule();
  try {
    return call();
  } finally {
    clean(false);
    unfinished.delete(clean); // Only then: we can be cut off in here, too.
  }
}

/** A call with a method of Node's wrapped. */
export function whileWrapped<T>({ putIn, takeOut }: Wrap, call: () => T): T {
  return whateverHappens(takeOut, () => {
    putIn();
    return call();
  });
}
