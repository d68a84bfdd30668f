import { setImmediate } from '../time';
import type { Wrap } from './slot';

/** Undoes what a call has left; `cutOff` says that the call cannot have done so itself. May come twice. */
type Clean = (cutOff: boolean) => void;

/**
 * Calls that have begun and not ended. JavaScript can be cut off in the middle of one (vm's timeout, Ctrl-C in the
 * REPL), and then no `finally` runs: so when the stack is empty, and no such call can be going on, what is still in
 * here is cleaned up. Once for all.
 */
const unfinished = new Set<Clean>();

/**
 * Has `cleanUp` called when the stack is empty, and does nothing if it has been called before. It is the `resolve` of a
 * promise that waits for it, because that cannot be cut off. A call of process.nextTick can: those that were cut off in
 * there got no tick, and nobody could tell their next attempt from that of a hook of async_hooks, which hears of the
 * tick and may spawn in there.
 */
let schedule: () => void;
arm();

function arm(): void {
  let resolve!: () => void;
  const called = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  void called.then(cleanUp);
  schedule = resolve; // Not before, or a hook that hears of the promises and spawns would have more and more made.
}

function cleanUp(): void {
  if (unfinished.size > 0 && isGoingOn()) {
    setImmediate(cleanUp);
    return;
  }
  arm();
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
