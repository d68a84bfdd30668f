// Class: ChildProcess, its properties and methods.
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { installedApp, wayOf } from '../support/apps';
import { fieldsOf, lifeOf, thrownBy } from '../support/lives';
import { describeThreeWays, expectAsNode } from '../support/three-ways';

const app = installedApp();
const silent = { stdio: 'ignore' } as const;

describeThreeWays('a ChildProcess', (subject) => {
  it('has its fields from the first moment, and keeps them', async () => {
    const seen = await expectAsNode(subject(), async (cp) => {
      const child = cp.spawn('sh', ['-c', 'cat; exit 4', 'a'], { argv0: '/another/sh' });
      const life = lifeOf(child);
      const born = fieldsOf(child);
      child.stdin.end();
      return { born, life: await life, pid: typeof child.pid };
    });

    expect(seen.born).toMatchObject({
      ...{ hasPid: true, connected: false, exitCode: null, signalCode: null, killed: false },
      ...{ spawnfile: 'sh', spawnargs: ['/another/sh', '-c', 'cat; exit 4', 'a'] },
      stdio: ['Socket', 'Socket', 'Socket'],
    });
    expect(seen.life.closed).toMatchObject({ hasPid: true, exitCode: 4, signalCode: null });
    expect(seen.pid).toBe('number');
  });

  it('has the pid that the process has', async () => {
    const child = subject().cp.spawn('sh', ['-c', 'echo $$']);

    expect((await lifeOf(child)).output[1]).toBe(`${String(child.pid)}\n`);
  });

  it('has its streams twice: by their names and in stdio', async () => {
    const child = subject().cp.spawn('true', { stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'ignore'] });
    const { stdin, stdout, stderr, stdio } = child;
    const closed = lifeOf(child);

    expect(stdio.slice(0, 3)).toEqual([stdin, stdout, stderr]);
    expect([stdio[0] === stdin, stdio[1] === stdout, stdio[2] === stderr]).toEqual([
      true,
      true,
      true,
    ]);
    expect([stdio[3] != null, stdio[4], stdio.length]).toEqual([true, null, 5]);
    await closed;
    expect([child.stdin, child.stdout, child.stderr]).toEqual([stdin, stdout, stderr]);
  });

  it.each<readonly [string, ('ignore' | 'inherit' | 'pipe')[], boolean[]]>([
    ['stdin', ['ignore', 'pipe', 'pipe'], [false, true, true]],
    ['stdout', ['pipe', 'inherit', 'pipe'], [true, false, true]],
    ['stderr', ['pipe', 'pipe', 'ignore'], [true, true, false]],
  ])('has null for a %s that is no pipe', async (_name, stdio, there) => {
    const child = subject().cp.spawn('true', { stdio });
    const { stdin, stdout, stderr } = child;

    expect([stdin, stdout, stderr].map((stream) => stream !== null)).toEqual(there);
    await lifeOf(child);
  });

  it('leaves its grandchildren alive when it is killed', async () => {
    const child = subject().cp.spawn(
      'sh',
      ['-c', '{ read -r line; echo "$line"; } <&3 & echo ready; wait'],
      {
        stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
      },
    );
    const life = lifeOf(child);
    await once(child.stdout!, 'data');
    child.kill();
    await once(child, 'exit');

    (child.stdio[3] as Duplex).end('alive');

    expect((await life).output[1]).toBe('ready\nalive\n');
  });

  it('is killed and left by [Symbol.dispose], which can be called again', async () => {
    const life = await expectAsNode(subject(), (cp) => {
      const child = cp.spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
      const life = lifeOf(child);
      child[Symbol.dispose]();
      child[Symbol.dispose]();
      return life;
    });

    expect(life.closed).toMatchObject({ killed: true, signalCode: 'SIGTERM' });
  });

  it('bears [Symbol.dispose] when it has ended, or never was', async () => {
    const seen = await expectAsNode(subject(), async (cp) => {
      const dead = cp.spawn('true', silent);
      const unborn = cp.spawn('no-such-program', silent);
      const lives = [dead, unborn].map((child) => lifeOf(child));
      await Promise.all(lives);
      return [dead, unborn].map((child) => [thrownBy(() => child[Symbol.dispose]()), child.killed]);
    });

    expect(seen).toEqual([
      [{ returned: undefined }, false],
      [{ returned: undefined }, false],
    ]);
  });

  it('holds the event loop as ref and unref say', async () => {
    // The last one reads from us: once we are gone it says so on the stdout that it has from us.
    const source = `
      const told = [];
      const child = spawn('sh', ['-c', 'exit 3'], { stdio: 'ignore' });
      told.push(child.unref(), child.ref(), child.unref(), child.ref());
      child.on('exit', (code) => {
        told.push(code);
        const heir = spawn('sh', ['-c', 'cat; echo outlived'], {
          detached: true,
          stdio: ['pipe', 'inherit', 'inherit'],
        });
        heir.unref();
        heir.stdin.unref();
        heir.on('exit', () => told.push('never'));
        process.on('exit', () => {
          told.push(heir.exitCode, heir.signalCode);
          require('node:fs').writeSync(1, JSON.stringify(told) + '\\n');
        });
      });`;
    const { module, ...way } = wayOf(subject());

    const { stdout, exitCode } = await app.run(
      'ref.cjs',
      `const { spawn } = require('${module}');\n${source}`,
      way,
    );

    const nothing = [null, null, null, null]; // JSON has no undefined.
    expect(stdout).toBe(`${JSON.stringify([...nothing, 3, null, null])}\noutlived\n`);
    expect(exitCode).toBe(0);
  });
});
