// Class: ChildProcess, made by `new` and spawned by its own method, as some libraries do. Node's
// documentation has only its existence; what it takes is seen.
import type { ChildProcess } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { lifeOf, thrownBy } from '../support/lives';
import { scratch } from '../support/programs';
import { describeThreeWays, expectAsNode, type ChildProcessApi } from '../support/three-ways';

const folder = scratch();
const cwd = realpathSync(folder.path);

type ByHand = ChildProcess & { spawn(options?: unknown): number };
const bare = (cp: ChildProcessApi): ByHand =>
  new (cp.ChildProcess as unknown as new () => ByHand)();

// It changes the options that it is given.
const copyOf = (it: unknown): unknown =>
  typeof it === 'object' && it !== null && !Array.isArray(it) ? { ...it } : it;
const reading = { stdio: ['ignore', 'pipe', 'inherit'] };
const PATH = `PATH=${String(process.env.PATH)}`;

describeThreeWays('a ChildProcess that is made by hand', (subject) => {
  /** What its spawn returns, and its life, which are what they are with Node.js. */
  const lived = (options: object) =>
    expectAsNode(subject(), async (cp) => {
      const child = bare(cp);
      const returned = child.spawn(copyOf(options));
      return { returned, ...(await lifeOf(child)) };
    });

  it('has nothing before it is spawned', async () => {
    const seen = await expectAsNode(subject(), (cp) => {
      const child = bare(cp);
      const { pid, exitCode, signalCode, killed, connected, spawnfile, spawnargs, stdio } = child;
      const known = { pid, exitCode, signalCode, killed, connected, spawnfile, spawnargs, stdio };
      return { known, keys: Object.keys(child), isOne: child instanceof cp.ChildProcess };
    });

    expect(seen).toMatchObject({
      known: { exitCode: null, signalCode: null, killed: false, connected: false, spawnfile: null },
      isOne: true,
    });
  });

  it('returns 0, has three pipes, and lives like any other', async () => {
    const { returned, events, born, output } = await lived({
      file: 'sh',
      args: ['/any/sh', '-c', 'echo $0; exit 3'], // A name by which busybox, too, is a shell.
    });

    expect(returned).toBe(0);
    expect(born).toMatchObject({
      spawnfile: 'sh',
      spawnargs: ['/any/sh', '-c', 'echo $0; exit 3'],
    });
    expect(born.stdio).toEqual(['Socket', 'Socket', 'Socket']);
    expect(output[1]).toBe('/any/sh\n');
    expect(events).toEqual([['spawn'], ['exit', 3, null], ['close', 3, null]]);
  });

  it('runs in our world where nothing is said, and else in the one of envPairs and cwd', async () => {
    const file = 'sh';
    const args = ['sh', '-c', 'echo "$A" "${PATH:+path}" "$(pwd)"'];

    const ours = await lived({ ...reading, file, args });
    expect(ours.output[1]).toBe(` path ${process.cwd()}\n`);
    const other = await lived({ ...reading, file, args, cwd, envPairs: [PATH, 'A=a b'] });
    expect(other.output[1]).toBe(`a b path ${cwd}\n`);
  });

  it('runs in an empty world where envPairs is empty', async () => {
    const args = ['sh', '-c', 'echo "$HOME$USER$PWD" | tr -d /'];

    const { closed } = await lived({ ...reading, file: '/bin/sh', args, envPairs: [] });

    expect(closed).toMatchObject({ exitCode: 0 });
  });

  it('becomes the user and the group, and the leader of a session, that it is told to', async () => {
    const args = ['sh', '-c', 'echo $(id -u) $(id -g) $(($(cut -d" " -f6 /proc/$$/stat) == $$))'];

    const { output } = await lived({
      ...reading,
      ...{ file: 'sh', args, uid: 65534, gid: 65534, detached: true },
    });

    expect(output[1]).toBe('65534 65534 1\n');
  });

  // Node.js 24 takes whatever is true, the older ones only the one.
  it.each([1, 'yes', null])('is detached by %j as by Node.js', async (detached) => {
    const args = ['sh', '-c', 'echo $(($(cut -d" " -f6 /proc/$$/stat) == $$))'];

    const { output } = await lived({ ...reading, file: 'sh', args, detached });

    expect(output[1]).toMatch(/^[01]\n$/);
  });

  it('returns what went wrong where that is emitted, too', async () => {
    const { returned, events } = await lived({ file: 'no-such-program', args: ['a', 'b'] });

    expect(returned).toBe(-2);
    expect(events).toEqual([
      [
        'error',
        expect.objectContaining({ code: 'ENOENT', path: 'no-such-program', spawnargs: ['b'] }),
      ],
      ['close', -2, null],
    ]);
  });

  it('throws what goes wrong otherwise', async () => {
    const seen = await expectAsNode(subject(), (cp) =>
      thrownBy(() => bare(cp).spawn({ file: 'true', args: ['x'.repeat(1 << 20)] })),
    );

    expect(seen).toMatchObject({ thrown: { code: 'E2BIG', syscall: 'spawn' } });
  });

  const file = 'true';
  it.each<readonly [string, string, readonly unknown[]]>([
    ['options', 'ERR_INVALID_ARG_TYPE', ['a', 1, true, [], () => undefined]],
    ['a file', 'ERR_INVALID_ARG_TYPE', [{}, { file: null }, { file: 1 }, { file: [file] }]],
    ['args', 'ERR_INVALID_ARG_TYPE', [null, 1, {}, '', file].map((args) => ({ file, args }))],
    [
      'stdio',
      'ERR_INVALID_ARG_VALUE',
      ['x', 1, {}, true, [{}], [true]].map((stdio) => ({ file, stdio })),
    ],
    [
      'stdio for it',
      'ERR_INVALID_SYNC_FORK_INPUT',
      [['x'], [Buffer.alloc(1)]].map((stdio) => ({ file, stdio })),
    ],
    ['the channels', 'ERR_IPC_ONE_PIPE', [{ file, stdio: ['ipc', 'ipc'] }]],
    [
      'a serialization',
      'ERR_INVALID_ARG_VALUE',
      ['', 'xml', null, 1].map((serialization) => ({ file, serialization })),
    ],
    [
      'envPairs beside a channel',
      'ERR_INVALID_ARG_TYPE',
      [null, 1, 'A=b', {}].map((envPairs) => ({ file, stdio: ['ipc'], envPairs })),
    ],
  ])('refuses what is no form of %s, with %s', async (_what, code, wrong) => {
    const seen = await expectAsNode(subject(), (cp) =>
      wrong.map((options) => thrownBy(() => bare(cp).spawn(copyOf(options)))),
    );

    expect(seen).toEqual(
      wrong.map(() => ({ thrown: expect.objectContaining({ code }) as unknown })),
    );
  });
});
