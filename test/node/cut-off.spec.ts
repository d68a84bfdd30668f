// JavaScript is cut off by vm's timeout, or by Ctrl-C in the REPL, and no `finally` runs. Node's own spawnSync cannot
// be: it returns when the child has ended. Each of these is cut off at many moments, for what there is to be cleaned
// up depends on it.
import { installedApp } from '../support/apps';
import { describeEachReaper } from '../support/reapers';

const app = installedApp();

const descriptors = JSON.stringify(require.resolve('../support/descriptors'));

/** Calls `call` in each round, which is cut off, a little later each time; then `then`. */
const ROUNDS = `
  const { runInNewContext } = require('node:vm');
  const { openDescriptors } = require(${descriptors});
  const ROUNDS = 200;
  void process.stdout;

  function spin(ms) {
    const until = process.hrtime.bigint() + BigInt(Math.round(ms * 1e6));
    while (process.hrtime.bigint() < until);
  }

  async function cutOff(call) {
    const said = new Set();
    for (let i = 0; i < ROUNDS; i++) {
      const late = () => {
        spin(0.3 + (0.8 * i) / ROUNDS);
        call();
        for (;;);
      };
      try {
        runInNewContext('late()', { late }, { timeout: 1 });
      } catch ({ code }) {
        said.add(code);
      }
      await new Promise((next) => setImmediate(next));
    }
    return [...said];
  }`;

describeEachReaper('a spawnSync that is cut off', ({ options: { autoreap } }) => {
  it('leaves no descriptor and no zombie, whenever that is', async () => {
    const source = `
      const { readFileSync } = require('node:fs');
      const { Pidfd } = require('autoreap');
      const { spawn, spawnSync } = require('autoreap/child_process');
      ${ROUNDS}

      const children = () =>
        readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim();

      async function ended(pid) {
        const pidfd = Pidfd.open(Number(pid));
        await pidfd.exited;
        pidfd.close();
      }

      void (async () => {
        spawnSync('true');
        const before = openDescriptors();
        const said = await cutOff(() => spawnSync('true', { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] }));
        for (const pid of children().split(' ')) if (pid !== '') await ended(pid).catch(() => {});
        // Ends are seen in their order: after this one all others have been reaped.
        spawn('true', { stdio: 'ignore' }).on('close', () => {
          const left = openDescriptors().filter((it) => !before.includes(it));
          console.log(JSON.stringify({ said, children: children(), left }));
        });
      })();`;

    expect(await app.tell('sync.cjs', source, { env: { AUTOREAP: autoreap } })).toEqual({
      said: ['ERR_SCRIPT_EXECUTION_TIMEOUT'],
      children: '',
      left: [],
    });
  });
});

describe.each(['autoreap', 'autoreap/child_process'])('a spawn of %s that is cut off', (name) => {
  it("leaves Node's own as it was, and the next one works", async () => {
    const source = `
      const stock = require('node:child_process');
      const { spawn } = require(${JSON.stringify(name)});
      ${ROUNDS}

      const codes = [];
      const closed = (child) => new Promise((resolve) => {
        child.on('close', (code) => resolve(codes.push(code)));
      });

      void (async () => {
        const before = stock.ChildProcess.prototype.spawn;
        await closed(spawn('true'));
        const said = await cutOff(() => spawn('true'));
        await closed(spawn('true'));
        await closed(stock.spawn('true'));
        const same = stock.ChildProcess.prototype.spawn === before;
        console.log(JSON.stringify({ said, codes, same }));
      })();`;

    expect(await app.tell('async.cjs', source)).toEqual({
      said: ['ERR_SCRIPT_EXECUTION_TIMEOUT'],
      codes: [0, 0, 0],
      same: true,
    });
  });
});
