// All questions, in the order they are asked.

import * as blocking from './blocking.mjs';
import * as crowd from './crowd.mjs';
import * as importTime from './import-time.mjs';
import * as pipes from './pipes.mjs';
import * as run from './run.mjs';
import * as spawnSync from './spawn-sync.mjs';
import * as throughput from './throughput.mjs';

/**
 * Each is a module: `question` in words, `contenders` by id (and `names`, where the question asks another
 * function of them), `metrics` (what `ask` measures, less is better unless `more`), `charts`, `ask`, and
 * `judge`, which compares with the targets.
 */
export const QUESTIONS = {
  blocking,
  throughput,
  crowd,
  'spawn-sync': spawnSync,
  pipes,
  run,
  'import-time': importTime,
};
