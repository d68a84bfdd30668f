/**
 * `node --import autoreap/register app.js`: every user of `child_process` in this thread, whoever it is and
 * however it was imported, gets what `autoreap/child_process` gives. In Workers too, where the flag reaches
 * them, and in Node.js descendants with NODE_OPTIONS=--import=autoreap/register. AUTOREAP=off turns it off.
 *
 * @packageDocumentation
 */
import { install } from './facade/drop-in';
import { absoluteExecArgv, absoluteNodeOptions } from './policy/preload';

export type { Extras } from './facade/extras';

// A descendant in another folder would not find us by name, and not start.
if (process.env.NODE_OPTIONS !== undefined) {
  process.env.NODE_OPTIONS = absoluteNodeOptions(process.env.NODE_OPTIONS, __filename);
}
process.execArgv = absoluteExecArgv(process.execArgv, __filename);

install();
