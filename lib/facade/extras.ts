import type { ReapedBy } from '../policy/guarantee';
import type { ExitRecord } from './exit-record';
import type { Pidfd } from './pidfd';

/** What `autoreap/child_process` and `autoreap/register` add to a ChildProcess. Not enumerable. */
export interface Extras {
  /**
   * The descriptor that names this process and nobody else; closes when its end is known. Undefined where
   * the child could not be born, and where Node.js reaps it (`reapedBy: 'libuv'`).
   */
  readonly pidfd: Pidfd | undefined;

  /** Who takes its status: see `support()`. Undefined if never born. */
  readonly reapedBy: ReapedBy | undefined;

  /**
   * How it ended, as soon as that is known: independent of its streams. Rejects if it was never born, with
   * the step that failed and what to do; Node's `'error'` event comes all the same. Nobody has to catch it.
   */
  readonly exited: Promise<ExitRecord>;
}

// Whoever imports one of the two has the extras in the types of Node's own child_process. Of the two names
// of that module this is the one that can be extended in every @types/node (tried: 20, 22, 24, 26).
declare module 'child_process' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- it extends Node's class.
  interface ChildProcess extends Extras {}
}
