import { nextTick } from '../time';

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
    scheduled = true;
    nextTick(cleanUp);
  }
  try {
    return call();
  } finally {
    unfinished.delete(clean);
    clean(false);
  }
}
