import { nextTick } from '../time';
import type { Wrap } from './slot';

/** Undoes what a call has left; `cutOff` says that the call cannot have done so itself. */
type Clean = (cutOff: boolean) => void;

/**
 * Synchronous calls that have begun and not ended. JavaScript can be cut off in the middle of one (vm's
 * timeout, Ctrl-C in the REPL), and then no `finally` runs: so on the next tick, when no such call can be going
 * on, what is still in here is cleaned up. One tick for all: a hook of async_hooks hears of it only once.
 */
const unfinished = new Set<Clean>();
let scheduled = false;

function cleanUp(): void {
  scheduled = false;
  for (const clean of unfinished) clean(true);
  unfinished.clear();
}

/** Calls `clean` when `call` has ended, in whatever way. */
export function whateverHappens<T>(clean: Clean, call: () => T): T {
  unfinished.add(clean);
  if (!scheduled) {
    nextTick(cleanUp); // Cut off between these two, one tick too many is better than none ever after.
    scheduled = true;
  }
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
