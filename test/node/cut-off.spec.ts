// JavaScript is cut off by vm's timeout, or by Ctrl-C in the REPL, and no `finally` runs. Node's own spawnSync cannot
// be: it returns when the child has ended. What there is to be cleaned up depends on the moment: so first at each call
// into the addon, and then wherever the clock says.
import { installedApp } from '../support/apps';
import { itWithCgroup2 } from '../support/cgroups';
import { script, tell } from '../support/programs';
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

/** In whose middle Ctrl-C comes. */
const ENV = `{
    PATH: process.env.PATH,
    get A() {
      process.kill(process.pid, 'SIGINT');
      for (;;);
    },
  }`;

describeEachReaper('a call that is cut off at each of its steps', ({ options: { autoreap } }) => {
  interface Told {
    readonly steps: number;
    readonly faults: readonly {
      readonly step: string;
      readonly left: readonly string[];
      readonly closed: readonly string[];
      readonly wrapped: boolean;
    }[];
  }

  const leavesNothing = async (kind: string, ...more: string[]): Promise<void> => {
    const { steps, faults } = await tell<Told>('cut-off', [kind, autoreap, ...more]);

    expect(steps).toBeGreaterThan(10);
    // An end that is neither ours any more nor Node's yet. Closed by both it would be worse.
    const known = faults.filter(({ step }) => step === 'after disown');
    for (const { left, ...fault } of known) {
      expect(fault).toEqual({ step: 'after disown', closed: [], wrapped: false });
      expect(left).toHaveLength(1);
    }
    expect(faults.filter((fault) => !known.includes(fault))).toEqual([]);
  };

  it.each([
    ...[
      'spawnSync',
      'spawn',
      'spawn of autoreap',
      'spawn in a spawn',
      'spawn of what is not there',
    ],
  ])('leaves nothing open and closes nothing else: %s', async (kind) => leavesNothing(kind));

  itWithCgroup2(
    'leaves nothing open and closes nothing else: spawn into a cgroup',
    async (cgroup) => {
      await leavesNothing('spawn into a cgroup', cgroup);
    },
  );
});

describeEachReaper('a spawnSync that is cut off', ({ options: { autoreap } }) => {
  it.each([
    ['', []],
    [', also where Error cannot be changed', ['--frozen-intrinsics', '--no-warnings']],
  ])('leaves no descriptor and no zombie, whenever that is%s', async (_, node) => {
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

    expect(await app.tell('sync.cjs', source, { node, env: { AUTOREAP: autoreap } })).toEqual({
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

// A slow machine cuts off one call after the other at its beginning, and then one in the middle.
it('a call that is cut off leaves nothing wrapped, however many were before it had begun', async () => {
  const source = `
    const { runInThisContext } = require('node:vm');
    const stock = require('node:child_process');
    const { add } = Set.prototype;
    const { nextTick } = process;
    let due;
    const maybeCutOff = (where) => {
      if (due !== where) return;
      due = undefined;
      process.kill(process.pid, 'SIGINT');
      for (;;);
    };
    Set.prototype.add = function (it) {
      add.call(this, it);
      maybeCutOff('add');
      return this;
    };
    process.nextTick = function (...args) {
      maybeCutOff('nextTick');
      return nextTick.apply(this, args);
    };

    const { spawn } = require('autoreap/child_process');
    const env = {
      PATH: process.env.PATH,
      get A() {
        maybeCutOff('env');
        return '';
      },
    };
    const said = [];
    const cutOff = async (where) => {
      globalThis.call = () => {
        due = where;
        spawn('true', { env });
      };
      try {
        runInThisContext('call()', { breakOnSigint: true });
      } catch ({ code }) {
        said.push(code);
      }
      due = undefined;
      await new Promise((next) => setImmediate(next));
    };

    void (async () => {
      const before = stock.ChildProcess.prototype.spawn;
      for (let i = 0; i < 20; i++) {
        await cutOff(i % 2 === 0 ? 'add' : 'nextTick');
      }
      await cutOff('env');
      const same = stock.ChildProcess.prototype.spawn === before;
      console.log(JSON.stringify({ same, said: [...new Set(said)] }));
    })();`;

  expect(await app.tell('beginning.cjs', source)).toEqual({
    same: true,
    said: ['ERR_SCRIPT_EXECUTION_INTERRUPTED'],
  });
});

// Whoever was cut off while a tick was made comes to look at the stack, and can be cut off in that, too.
it.each([
  ['as it was', '', { limit: 10, isAsBefore: true }],
  [
    'as somebody has set it since',
    'Error.stackTraceLimit = 50; Error.prepareStackTrace = (error) => error.name;',
    { limit: 50, isAsBefore: false },
  ],
])('a look at the stack that is cut off leaves Error %s', async (_, since, told) => {
  const source = `
    const { runInThisContext } = require('node:vm');
    const { nextTick } = process;
    const { defineProperty } = Reflect;
    const { prepareStackTrace } = Error;
    let due;
    const maybeCutOff = (where) => {
      if (due !== where) return;
      due = undefined;
      process.kill(process.pid, 'SIGINT');
      for (;;);
    };
    process.nextTick = function (...args) {
      maybeCutOff('nextTick');
      return nextTick.apply(this, args);
    };
    Reflect.defineProperty = (holder, name, descriptor) => {
      const isDone = defineProperty(holder, name, descriptor);
      maybeCutOff(name);
      return isDone;
    };
    const { spawnSync } = require('autoreap/child_process');
    const cutOffIn = (where) => {
      globalThis.call = () => {
        due = where;
        spawnSync('true');
      };
      try {
        runInThisContext('call()', { breakOnSigint: true });
      } catch {}
      return due === undefined;
    };

    const isCutOff = cutOffIn('nextTick') && cutOffIn('prepareStackTrace');
    const during = Error.stackTraceLimit;
    ${since}
    spawnSync('true');
    setImmediate(() => {
      const { stackTraceLimit: limit } = Error;
      const isAsBefore = Error.prepareStackTrace === prepareStackTrace;
      console.log(JSON.stringify({ isCutOff, during, limit, isAsBefore }));
    });`;

  // JSON has no Infinity.
  expect(await app.tell('look.cjs', source)).toEqual({ isCutOff: true, during: null, ...told });
});

// jest's fake timers do, where they are enabled before we are loaded.
it('a call that is cut off leaves nothing wrapped, also where somebody else has run its ticks', async () => {
  const source = `
    const { runInThisContext } = require('node:vm');
    const stock = require('node:child_process');

    const { nextTick } = process;
    const ticks = [];
    process.nextTick = (tick, ...args) => ticks.push(() => tick(...args));
    const { spawn, spawnSync } = require('autoreap/child_process');
    const runAllTicks = () => {
      for (const tick of ticks.splice(0)) tick();
    };
    globalThis.call = () => spawn('true', { env: ${ENV} });

    void (async () => {
      const before = stock.ChildProcess.prototype.spawn;
      for (let i = 0; i < 2; i++) {
        await Promise.resolve();
        spawnSync('true');
        runAllTicks();
      }
      let code;
      try {
        runInThisContext('call()', { breakOnSigint: true });
      } catch (error) {
        code = error.code;
      }
      runAllTicks();
      process.nextTick = nextTick;
      const same = stock.ChildProcess.prototype.spawn === before;
      console.log(JSON.stringify({ code, same }));
    })();`;

  expect(await app.tell('fake.cjs', source)).toEqual({
    ...{ code: 'ERR_SCRIPT_EXECUTION_INTERRUPTED', same: true },
  });
});

it('a call that is cut off leaves Error as it was, where that can be written and where it cannot', async () => {
  const source = `
    const { runInThisContext } = require('node:vm');
    Object.defineProperty(Error, 'prepareStackTrace', { value: undefined, writable: false });
    const { spawn } = require('autoreap/child_process');
    globalThis.call = () => spawn('true', { env: ${ENV} });
    const before = Object.getOwnPropertyDescriptors(Error);
    try {
      runInThisContext('call()', { breakOnSigint: true });
    } catch ({ code }) {
      setImmediate(() => {
        const after = Object.getOwnPropertyDescriptors(Error);
        const same = require('node:util').isDeepStrictEqual(after, before);
        console.log(JSON.stringify({ code, same }));
      });
    }`;

  const told = { code: 'ERR_SCRIPT_EXECUTION_INTERRUPTED', same: true };
  expect(await app.tell('error.cjs', source)).toEqual(told);
  const where = /Object\.defineProperty.*\n/;
  expect(await app.tell('error.cjs', source.replace(where, ''))).toEqual(told);
});

it('a child that was cut off from its references does not keep the event loop', async () => {
  const source = `
    process.env.AUTOREAP_ADDON = ${JSON.stringify(script('cut-off-addon'))};
    const { runInThisContext } = require('node:vm');
    const { cutOffAt } = require(process.env.AUTOREAP_ADDON);
    const { spawn } = require('autoreap');
    const child = spawn('true', { stdio: 'ignore' });
    globalThis.unref = () => child.unref();
    cutOffAt(0, 'before');
    try {
      runInThisContext('unref()', { breakOnSigint: true });
    } catch ({ code }) {
      console.log(JSON.stringify({ code }));
    }
    cutOffAt(-1);`;

  expect(await app.tell('unref.cjs', source)).toEqual({ code: 'ERR_SCRIPT_EXECUTION_INTERRUPTED' });
});

it('a Pidfd that was cut off while it closed closes no stranger', async () => {
  const source = `
    process.env.AUTOREAP_ADDON = ${JSON.stringify(script('cut-off-addon'))};
    const { fstatSync, openSync } = require('node:fs');
    const { runInThisContext } = require('node:vm');
    const { cutOffAt } = require(process.env.AUTOREAP_ADDON);
    const { Pidfd } = require('autoreap');
    const pidfd = Pidfd.open(process.pid);
    const number = pidfd.fd;
    globalThis.close = () => pidfd.close();
    cutOffAt(0, 'after');
    try {
      runInThisContext('close()', { breakOnSigint: true });
    } catch {
      cutOffAt(-1);
    }
    const mine = openSync('/dev/null');
    pidfd.close();
    console.log(JSON.stringify({ same: mine === number, open: fstatSync(mine).isCharacterDevice() }));`;

  expect(await app.tell('close.cjs', source)).toEqual({ same: true, open: true });
});
