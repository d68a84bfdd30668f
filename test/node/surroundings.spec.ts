// What else is in the process: threads that call back, fake timers, domains, other copies of this library In programs of their own.
import { installedApp, wayOf } from '../support/apps';
import { where } from '../support/needs';
import { script } from '../support/programs';
import { describeThreeWays } from '../support/three-ways';

const app = installedApp();

describeThreeWays('a program', (subject) => {
  /** The JSON that it prints by say(); it has `childProcess`. */
  const tell = async (name: string, source: string): Promise<unknown> => {
    const { node, env, module } = wayOf(subject());
    const head = `const childProcess = require('${module}');
      const say = (it) => require('fs').writeSync(1, JSON.stringify(it));\n`;
    return await app.tell(name, head + source, { node, env });
  };

  // The end of such a child and the callback come in one go, before anybody has looked at its output.
  it('hears what a child wrote before its end, where both are over in the callback of a thread', async () => {
    const order = await tell(
      'thread.cjs',
      `const { poll, pidfdOpen, close, POLLIN } = require('autoreap/syscalls');
      const seen = [];
      const again = (left) => require('fs').readFile(__filename, () => {
        const child = childProcess.spawn('sh', ['-c', 'echo out; echo 1 >&3'], {
          stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        });
        child.stdout.on('data', () => seen.push('heard'));
        child.on('message', () => seen.push('heard'));
        child.on('exit', () => seen.push('exit'));
        child.on('close', () => (left > 1 ? again(left - 1) : say(seen)));
        try {
          const pidfd = pidfdOpen(child.pid);
          poll([{ fd: pidfd, events: POLLIN }], -1);
          close(pidfd);
        } catch {} // It is gone already.
      });
      again(3);`,
    );

    expect(order).toEqual(Array(3).fill(['heard', 'heard', 'exit']).flat());
  });

  it('hears of ends, and has timeouts in the synchronous family, under fake timers', async () => {
    const seen = await tell(
      'fake-timers.cjs',
      `const timers = require('node:timers');
      const never = () => ({ ref() {}, unref() {} });
      timers.setImmediate = globalThis.setImmediate = never;
      performance.now = () => 0;
      process.hrtime.bigint = () => 0n;
      const { error } = childProcess.spawnSync('tail', ['-f', '/dev/null'], { timeout: 1, stdio: 'ignore' });
      childProcess.spawn('sh', ['-c', 'exit 3']).on('close', (code) => say([error.code, code]));`,
    );

    expect(seen).toEqual(['ETIMEDOUT', 3]);
  });

  it('catches in no domain what is thrown of a child that has none', async () => {
    const caught = await tell(
      'domain.cjs',
      `const domain = require('node:domain').create();
      domain.on('error', () => say('domain'));
      process.on('uncaughtException', ({ message }) => say(message));
      domain.run(() => childProcess.spawn('true'));
      childProcess.spawn('true').on('exit', () => { throw new Error('nobody'); });`,
    );

    expect(caught).toBe('nobody');
  });

  it('may have put into Object.prototype what looks like a descriptor', async () => {
    const seen = await tell(
      'polluted.cjs',
      `Object.prototype.get = function () {};
      Object.prototype.value = 5;
      childProcess.spawn('sh', ['-c', 'exit 3']).on('close', (code) => {
        say([code, childProcess.spawnSync('sh', ['-c', 'exit 4']).status]);
      });`,
    );

    expect(seen).toEqual([3, 4]);
  });

  it('finds process.noDeprecation as it was', async () => {
    const seen = await tell(
      'deprecation.cjs',
      `childProcess.spawnSync('true');
      say(Object.hasOwn(process, 'noDeprecation'));`,
    );

    expect(seen).toBe(false);
  });

  it.each(['--no-deprecation', '--no-warnings', '--throw-deprecation'])(
    'may be run by Node.js with %s',
    async (flag) => {
      const { node, env, module } = wayOf(subject());
      const source = `const { spawnSync } = require('${module}');
        const { stdout } = spawnSync('readlink', ['/proc/self/fd/1'], { encoding: 'utf8' });
        console.log(JSON.stringify(stdout.split(':')[0]));`;

      const kind = await app.tell('flag.cjs', source, { node: [flag, ...node], env });

      expect(kind).toBe(subject().reapedBy === undefined ? 'socket' : 'pipe');
    },
  );

  it('throws out of a listener at the line that throws', async () => {
    const { node, env, module } = wayOf(subject());
    const source = `require('${module}').spawn('true').on('exit', () => {\n  throw new Error('mine');\n});`;

    const { stderr, exitCode } = await app.run('throws.cjs', source, { node, env });

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/throws\.cjs:2\n {2}throw new Error\('mine'\);\n/);
  });
});

describe('two copies of autoreap', () => {
  const copies = `const file = require.resolve('autoreap');
    const first = require('autoreap');
    for (const name of Object.keys(require.cache)) if (/dist.lib/.test(name)) delete require.cache[name];
    const second = require('autoreap');
    const say = (it) => require('fs').writeSync(1, JSON.stringify(it));\n`;

  it('keep their options, whichever of them is registered', async () => {
    const seen = await app.tell(
      'copies.cjs',
      `${copies}
      require(${JSON.stringify(script('lab'))}).becomeOdd(); // 77 is not O_CLOEXEC.
      const seenBy = async ({ spawn }) => {
        const child = spawn('sh', ['-c', 'test -e /proc/self/fd/77 && echo open || echo closed'], {
          umask: 0o22, autoreap: 'avoid',
        });
        const [output] = await child.stdout.setEncoding('utf8').toArray();
        const { exitCode } = await child.exited;
        return [first !== second, output.trim(), exitCode, child.reapedBy];
      };
      Promise.all([first, second].map(seenBy)).then(say);`,
      { node: ['--import', 'autoreap/register'] },
    );

    expect(seen).toEqual(Array(2).fill([true, 'closed', 0, 'waitid']));
  });

  it('have one wrapper between them', async () => {
    const seen = await app.tell(
      'wrappers.cjs',
      `const { ChildProcess, spawn } = require('node:child_process');
      const stock = ChildProcess.prototype.spawn;
      const wrappers = new Set();
      for (let i = 0; i < 10; i++) {
        require('autoreap/register');
        wrappers.add(ChildProcess.prototype.spawn);
        for (const name of Object.keys(require.cache)) if (/dist.lib/.test(name)) delete require.cache[name];
      }
      const child = spawn('sh', ['-c', 'exit 3']);
      child.exited.then(({ exitCode }) => {
        require('fs').writeSync(1, JSON.stringify([wrappers.size, wrappers.has(stock), exitCode, child.reapedBy]));
      });`,
    );

    expect(seen).toEqual([1, false, 3, where('CLONE_AUTOREAP', 'kernel', 'waitid')]);
  });
});
