// What others do in the middle of a call of ours: hooks that hear of it, getters, a stack that is full.
import { installedApp } from '../support/apps';

const app = installedApp();

const descriptors = JSON.stringify(require.resolve('../support/descriptors'));
const children = JSON.stringify(require.resolve('../support/children'));

describe.each(['init', 'before', 'after', 'destroy', 'promiseResolve'])(
  'a hook of async_hooks for %s that calls spawnSync',
  (name) => {
    it('hears of a few resources of ours, not of one after the other for ever', async () => {
      const source = `
        const { createHook } = require('node:async_hooks');
        const { spawnSync } = require('autoreap/child_process');
        let heard = 0;
        let isInside = false;
        spawnSync('true');
        const hook = createHook({
          ${name}() {
            if (++heard > 100) process.abort();
            // A hook that spawns after each of them hears of its own, but for this.
            if (isInside && ${JSON.stringify(name !== 'init')}) return;
            isInside = true;
            spawnSync('true');
            isInside = false;
          },
        });
        setImmediate(() => {
          hook.enable();
          const { status } = spawnSync('true');
          setImmediate(() => setImmediate(() => {
            hook.disable();
            console.log(JSON.stringify({ status }));
          }));
        });`;

      expect(await app.tell('hook.cjs', source)).toEqual({ status: 0 });
    });
  },
);

it("resolves no promise twice, which 'multipleResolves' would tell of", async () => {
  const source = `
    const heard = [];
    process.on('multipleResolves', (type) => heard.push(type));
    const { execFile, spawnSync } = require('autoreap/child_process');
    spawnSync('true');
    execFile('echo', ['hello'], (error, stdout) => {
      setImmediate(() => console.log(JSON.stringify({ error, stdout, heard })));
    });`;

  const { stdout } = await app.run('twice.cjs', source, { node: ['--no-deprecation'] });
  expect(JSON.parse(stdout)).toEqual({ error: null, stdout: 'hello\n', heard: [] });
});

// Whoever makes asynchronous calls synchronous does it.
describe.each(['autoreap', 'autoreap/child_process'])('a spawn of %s', (name) => {
  it.each([
    ['', ''],
    [
      ', nor by somebody who replaces Error',
      'const Before = Error; globalThis.Error = class Error extends Before {};',
    ],
  ])('does not mind that the ticks are run in the middle of it%s', async (_, before) => {
    const source = `
      ${before}
      const { openSync } = require('node:fs');
      const { spawn } = require(${JSON.stringify(name)});
      const pump = (depth) => {
        if (depth > 0) return pump(depth - 1);
        process._tickCallback();
        openSync('/dev/null');
        openSync('/dev/null');
        return 'hello';
      };
      setImmediate(() => {
        const env = { PATH: process.env.PATH };
        Object.defineProperty(env, 'A', { enumerable: true, get: () => pump(30) });
        const child = spawn('echo', [{ toString: () => pump(30) }], { env });
        let output = '';
        child.stdout.setEncoding('utf8').on('data', (data) => (output += data));
        child.on('close', (code) => {
          console.log(JSON.stringify({ code, output, isOurs: child.reapedBy !== 'libuv' }));
        });
      });`;

    expect(await app.tell('pump.cjs', source)).toEqual({
      ...{ code: 0, output: 'hello\n', isOurs: true },
    });
  });
});

// An asynchronous one leaves what Node's own does: streams that Node.js has made and nobody knows.
it('a spawnSync for which the stack is too small leaves no descriptor and no child', async () => {
  const source = `
      const { openDescriptors } = require(${descriptors});
      const { childrenOf } = require(${children});
      const { Pidfd } = require('autoreap');
      const childProcess = require('autoreap/child_process');
      const call = () => childProcess.spawnSync('true', { stdio: ['pipe', 'ignore', 'ignore'] });

      async function ended(pid) {
        try {
          const pidfd = Pidfd.open(pid);
          await pidfd.exited;
          pidfd.close();
        } catch {
          // Gone meanwhile.
        }
      }

      void (async () => {
        call();
        await new Promise((resolve) => childProcess.spawn('true').on('close', resolve));
        const before = openDescriptors();
        const said = new Set();
        for (let round = 0; round < 20; round++) {
          let left = 60;
          (function fill() {
            try {
              fill();
            } catch {}
            if (left-- <= 0) return;
            try {
              call();
              left = 0;
            } catch (error) {
              said.add(error.name);
            }
          })();
          await new Promise((next) => setImmediate(next));
        }
        for (const child of childrenOf()) await ended(parseInt(child));
        // Ends are seen in their order: after this one all others have been reaped.
        childProcess.spawn('true', { stdio: 'ignore' }).on('close', () => setImmediate(() => {
          const left = openDescriptors().filter((it) => !before.includes(it));
          console.log(JSON.stringify({ said: [...said], children: childrenOf(), left }));
        }));
      })();`;

  expect(await app.tell('full.cjs', source)).toEqual({
    ...{ said: ['RangeError'], children: [], left: [] },
  });
});
