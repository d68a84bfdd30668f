// child_process.fork(modulePath[, args][, options]): what runs, where, and as whom. Most of these run no
// Node.js, but what `execPath` says instead, and ask that.
import type { ForkOptions } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { lifeOf } from '../support/lives';
import { outputOf, publicCopy, scratch, script } from '../support/programs';
import { installedApp, wayOf } from '../support/apps';
import { describeThreeWays, expectAsNode, type ChildProcessApi } from '../support/three-ways';
import type { World } from '../support/world';

const folder = scratch();
const cwd = realpathSync(folder.path);
const app = installedApp();
const world = publicCopy('world', folder.file('world'));
const NOBODY = 65534;

type ForkArguments = readonly [string | URL, (readonly string[] | null)?, ForkOptions?];

/** The world of what is forked with these. */
async function worldOf(cp: ChildProcessApi, ...args: ForkArguments): Promise<World> {
  const [modulePath, words = [], options = {}] = args;
  const how = { execPath: world, silent: true, ...options };
  const { stdout, stderr } = await outputOf(cp.fork(modulePath, words as readonly string[], how));
  expect(stderr).toBe('');
  return JSON.parse(stdout) as World;
}

/** Without what is one process's own. */
const comparable = ({ argv, env, cwd, uids, gids, groups, blocked, ignored }: World): object => ({
  ...{ argv, env, cwd, uids, gids, groups, blocked, ignored },
});

describeThreeWays('child_process.fork(modulePath[, args][, options])', (subject) => {
  const worldIn = (options: ForkOptions): Promise<World> =>
    worldOf(subject().cp, 'module.js', ['a'], options);

  it('runs a module in a Node.js of its own, and has a whole life as Node.js tells it', async () => {
    const life = await expectAsNode(subject(), (cp) => {
      const child = cp.fork(pathToFileURL(script('forked')), ['a b', ''], {
        cwd,
        env: { VARIABLE: 'value' },
        execArgv: ['--no-warnings'],
        silent: true,
      });
      child.once('disconnect', () => child.stdin!.end());
      return lifeOf(child);
    });

    const told = {
      argv: [process.execPath, script('forked'), 'a b', ''],
      ...{ execArgv: ['--no-warnings'], cwd, variable: 'value', connected: true },
    };
    expect(life.events).toEqual([
      ['spawn'],
      ['message', told, undefined],
      ['disconnect'],
      ['exit', 5, null],
      ['close', 5, null],
    ]);
    expect(life.output).toEqual({ 1: 'connected: false, send: function\n', 2: '' });
    expect(life.born).toMatchObject({
      connected: true,
      spawnfile: process.execPath,
      spawnargs: [process.execPath, '--no-warnings', script('forked'), 'a b', ''],
      stdio: ['Socket', 'Socket', 'Socket', null],
    });
    expect(life.closed).toMatchObject({ connected: false, exitCode: 5 });
  });

  it('gives it our own execArgv unless told otherwise', async () => {
    const { module, node, env } = wayOf(subject());
    const source = `
      const { fork } = require('${module}');
      console.log(process.execArgv.join(' '));
      fork('module.js', ['a'], { execPath: 'echo' }).once('close', () => {
        fork('module.js', ['a'], { execPath: 'echo', execArgv: [] });
      });`;

    const flags = [...node, '--no-warnings', '--stack-trace-limit=5'];
    const { stdout } = await app.run('flags.cjs', source, { node: flags, env });

    const [own] = stdout.split('\n');
    expect(own).toMatch(/--no-warnings --stack-trace-limit=5$/);
    expect(stdout).toBe(`${own!}\n${own!} module.js a\nmodule.js a\n`);
  });

  it('runs `execPath` with `execArgv`, the module and its arguments', async () => {
    const { argv, exe } = await worldIn({ execArgv: ['--flag', '-r', 'x'] });

    expect(argv).toEqual([world, '--flag', '-r', 'x', 'module.js', 'a']);
    expect(exe).toBe(world);
  });

  it('takes a module by a path or a file URL, and does not look whether it is there', async () => {
    const { cp } = subject();

    expect((await worldOf(cp, 'no/such module.js')).argv).toEqual([world, 'no/such module.js']);
    expect((await worldOf(cp, pathToFileURL('/no such/ä.js'))).argv).toEqual([
      ...[world, '/no such/ä.js'],
    ]);
  });

  it('needs no arguments, and takes the options in their place', async () => {
    const { fork } = subject().cp;
    const options = Object.freeze({
      ...{ execPath: world, silent: true, execArgv: Object.freeze([]) as unknown as string[] },
    });

    const children = [fork('m', options), fork('m', null as never, options)];

    for (const { stdout } of await Promise.all(children.map(outputOf))) {
      expect((JSON.parse(stdout) as World).argv).toEqual([world, 'm']);
    }
  });

  it('finds `execPath` by the PATH, if it is no path', async () => {
    const { exe, argv } = await worldIn({ execPath: 'world', env: { PATH: folder.path } });

    expect([exe, argv[0]]).toEqual([world, 'world']);
  });

  it('says in NODE_CHANNEL_FD where the channel is', async () => {
    const { env, fds } = await worldIn({ env: { A: '1' } });

    expect(env).toEqual(expect.arrayContaining(['A=1', 'NODE_CHANNEL_FD=3']));
    expect(fds['3']).toMatchObject({ access: 'rw', nonblocking: false });
    expect(fds['3']!.target).toMatch(/^socket:/);
  });

  it('gives the child the world that Node.js gives it', async () => {
    const options = { cwd, env: { Z: '1', A: '2', NODE_CHANNEL_FD: '7' } };

    const seen = await expectAsNode(subject(), async (cp) =>
      comparable(await worldOf(cp, 'module.js', ['a'], options)),
    );

    expect(seen).toMatchObject({ cwd, argv: [world, 'module.js', 'a'], blocked: [], ignored: [] });
  });

  it('begins in `cwd`, as a path or as a URL', async () => {
    expect((await worldIn({ cwd })).cwd).toBe(cwd);
    expect((await worldIn({ cwd: pathToFileURL(cwd) })).cwd).toBe(cwd);
  });

  it('makes the leader of a session and of a group with `detached`', async () => {
    const { pid, pgid, sid } = await worldIn({ detached: true });

    expect([pgid, sid]).toEqual([pid, pid]);
  });

  it('becomes the user and the group of `uid` and `gid`', async () => {
    const { uids, gids, groups } = await worldIn({ uid: NOBODY, gid: 1, cwd });

    expect({ uids, gids, groups }).toEqual({
      uids: [NOBODY, NOBODY, NOBODY],
      gids: [1, 1, 1],
      groups: [],
    });
  });

  it('ignores the option shell', async () => {
    for (const shell of [true, '/no/such/shell']) {
      const { argv } = await worldOf(subject().cp, '$HOME', [';'], { shell } as ForkOptions);
      expect(argv).toEqual([world, '$HOME', ';']);
    }
  });
});
