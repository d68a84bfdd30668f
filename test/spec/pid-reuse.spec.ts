// A pid is a number that a stranger may have next. A signal to the dead never reaches that stranger.
import { spawnSync } from 'node:child_process';
import { program } from '../support/programs';
import { describeEachReaper } from '../support/reapers';
import { play } from '../support/scene';

// CAP_SYS_ADMIN is needed, for a pid namespace in which a pid can be chosen.
const probe = spawnSync(program('nspid'), [program('nspid'), '--as', '300', 'true']);
const possible = probe.status === 0 || process.env.AUTOREAP_NO_SKIP === '1';
const title = possible ? '' : ` (no pid namespace of our own: ${String(probe.stderr).trim()})`;

const through = [program('nspid')];
const KILLED = 128 + 9; // As a shell, and nspid, says it.

describeEachReaper('when a stranger has got its pid', ({ options: { autoreap } }) => {
  (possible ? it : it.skip)(`a dead child cannot be signalled${title}`, async () => {
    const told = await play('pid-reuse', [autoreap, 'child'], { through });

    const nobody = { kill: false, pidfd: false, held: false, dispose: 'done', survived: true };
    expect(told).toEqual({
      unaware: { known: false, ...nobody },
      aware: { known: true, ...nobody, stop: 'SIGKILL' },
      byPid: KILLED,
    });
  });

  (possible ? it : it.skip)(`nor can another's dead child, by its Pidfd${title}`, async () => {
    const told = await play('pid-reuse', [autoreap, 'other'], { through });

    expect(told).toEqual({
      unaware: { held: false, survived: true },
      aware: { held: false, diedAs: true, survived: true },
      byPid: KILLED,
    });
  });
});
