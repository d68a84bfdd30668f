// child_process.spawn(command[, args][, options]): what runs, where, and as whom.
import type { SpawnOptions } from 'node:child_process';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { lifeOf } from '../support/lives';
import { outputOf, publicCopy, scratch } from '../support/programs';
import { describeThreeWays, expectAsNode } from '../support/three-ways';
import { worldOf, type World } from '../support/world';

const folder = scratch();
const cwd = realpathSync(folder.path);
const world = publicCopy('world', folder.file('world'));
const NOBODY = 65534;

describeThreeWays('child_process.spawn(command[, args][, options])', (subject) => {
  const { spawn } = subject().cp;
  const worldIn = (options: SpawnOptions): Promise<World> =>
    worldOf(options, { file: world }, spawn);

  it('runs a command with its arguments, without a shell', async () => {
    const child = spawn('echo', ['a b', '$HOME', '*', '', '"']);

    expect(await outputOf(child)).toEqual({
      stdout: 'a b $HOME *  "\n',
      stderr: '',
      exitCode: 0,
      signalCode: null,
    });
  });

  it('needs no arguments, and takes the options in their place', async () => {
    expect((await outputOf(spawn('pwd', { cwd }))).stdout).toBe(`${cwd}\n`);
    expect((await outputOf(spawn('pwd', undefined, { cwd }))).stdout).toBe(`${cwd}\n`);
    expect((await outputOf(spawn('echo'))).stdout).toBe('\n');
  });

  it('takes numbers for arguments as Node.js does', async () => {
    const args = [1, true] as unknown as string[];

    expect((await outputOf(spawn('echo', args))).stdout).toBe('1 true\n');
  });

  it('changes neither the arguments nor the options that it is given', async () => {
    const args = Object.freeze(['a']);
    const stdio = Object.freeze(['ignore', 'pipe', 'pipe']) as ['ignore', 'pipe', 'pipe'];
    const options = Object.freeze({ env: Object.freeze({ PATH: process.env.PATH }), stdio });

    const { stdout } = await outputOf(spawn('echo', args, options));

    expect(stdout).toBe('a\n');
  });

  it('has a whole life as Node.js tells it', async () => {
    const life = await expectAsNode(subject(), (cp) =>
      lifeOf(cp.spawn('sh', ['-c', 'cat; echo err >&2; exit 3'], { stdio: ['ignore'] })),
    );

    expect(life.events).toEqual([['spawn'], ['exit', 3, null], ['close', 3, null]]);
    expect(life.output).toEqual({ 1: '', 2: 'err\n' });
  });

  describe('option cwd', () => {
    it('is where the child begins, as a path or as a URL', async () => {
      expect((await worldIn({ cwd })).cwd).toBe(cwd);
      expect((await worldIn({ cwd: pathToFileURL(cwd) })).cwd).toBe(cwd);
    });

    it('is where a relative command is looked for', async () => {
      mkdirSync(folder.file('sub'), { recursive: true });
      writeFileSync(folder.file('sub/here'), '#!/bin/sh\necho "$0 in $(pwd)"\n', { mode: 0o755 });

      const { stdout } = await outputOf(spawn('./here', { cwd: folder.file('sub') }));

      expect(stdout).toBe(`./here in ${cwd}/sub\n`);
    });
  });

  it('runs a file that the kernel does not know by /bin/sh', async () => {
    writeFileSync(folder.file('no-shebang'), 'echo "$0 $1"\n', { mode: 0o755 });

    const { stdout } = await outputOf(spawn(folder.file('no-shebang'), ['a']));

    expect(stdout).toBe(`${folder.file('no-shebang')} a\n`);
  });

  it('calls the child by option argv0', async () => {
    const { argv } = await worldOf({ argv0: 'another' }, { file: world, args: ['a'] }, spawn);

    expect(argv).toEqual(['another', 'a']);
  });

  describe('option shell', () => {
    it('gives the command and its arguments to /bin/sh, unquoted', async () => {
      const child = spawn('echo "$0"; echo', ['$((1 + 1))', '"c  d"'], { shell: true });

      expect(child.spawnfile).toBe('/bin/sh');
      expect(child.spawnargs).toEqual(['/bin/sh', '-c', 'echo "$0"; echo $((1 + 1)) "c  d"']);
      expect((await outputOf(child)).stdout).toBe('/bin/sh\n2 c  d\n');
    });

    it('can be another shell', async () => {
      const shell = folder.file('shell');
      writeFileSync(shell, '#!/bin/sh\necho "$@"; exit 4\n', { mode: 0o755 });

      const life = await expectAsNode(subject(), (cp) =>
        lifeOf(cp.spawn('a b', ['$c'], { shell })),
      );

      expect(life.output[1]).toBe('-c a b $c\n');
      expect(life.closed).toMatchObject({ exitCode: 4, spawnfile: shell });
    });

    it('says by exit code 127 that there is no such command', async () => {
      const { exitCode, stderr } = await outputOf(spawn('no-such-program', { shell: true }));

      expect(exitCode).toBe(127);
      expect(stderr).toMatch(/no-such-program.*not found/);
    });
  });

  describe('option detached', () => {
    it('makes the child the leader of a session and of a group', async () => {
      const { pid, pgid, sid } = await worldIn({ detached: true });

      expect([pgid, sid]).toEqual([pid, pid]);
    });

    it('leaves it in ours without', async () => {
      const { pid, pgid, sid } = await worldIn({});

      expect(pgid).not.toBe(pid);
      expect(sid).not.toBe(pid);
    });

    it('lets a signal reach the whole group by its negative pid', async () => {
      const child = spawn('sh', ['-c', 'exec 3<&0; cat <&3 & echo ready; wait'], {
        detached: true,
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const ended = lifeOf(child);
      await new Promise((resolve) => child.stdout.once('data', resolve));

      process.kill(-child.pid!, 'SIGKILL');

      // Closed: the grandchild, which has its stdout too, is gone as well.
      expect((await ended).events.slice(-2)).toEqual([
        ['exit', null, 'SIGKILL'],
        ['close', null, 'SIGKILL'],
      ]);
    });
  });

  it('becomes the user and the group of options uid and gid, and leaves other groups', async () => {
    const { uids, gids, groups } = await worldIn({ uid: NOBODY, gid: 1, cwd });

    expect({ uids, gids, groups }).toEqual({
      uids: [NOBODY, NOBODY, NOBODY],
      gids: [1, 1, 1],
      groups: [],
    });
  });

  it('accepts what means something elsewhere: windowsHide, windowsVerbatimArguments', async () => {
    const options = { windowsHide: true, windowsVerbatimArguments: true };

    expect((await outputOf(spawn('echo', ['a b'], options))).stdout).toBe('a b\n');
  });

  it('gives the child no blocked and no ignored signal', async () => {
    const { blocked, ignored } = await expectAsNode(subject(), async (cp) => {
      const { blocked, ignored } = await worldOf({}, { file: world }, cp.spawn);
      return { blocked, ignored };
    });

    expect({ blocked, ignored }).toEqual({ blocked: [], ignored: [] });
  });

  it('starts many at once, each with its own output', async () => {
    const children = Array.from({ length: 50 }, (_, i) =>
      outputOf(spawn('sh', ['-c', `echo ${String(i)}; exit ${String(i)}`])),
    );

    const ends = await Promise.all(children);

    expect(ends.map(({ stdout, exitCode }) => [stdout, exitCode])).toEqual(
      Array.from({ length: 50 }, (_, i) => [`${String(i)}\n`, i]),
    );
  });
});
