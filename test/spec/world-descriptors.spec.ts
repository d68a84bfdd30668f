// A child has the descriptors of its `stdio` and no other.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { spawn, type SpawnOptions } from '../../lib/index';
import { nodeFailureOf, ourFailureOf } from '../support/failures';
import { outputOf, program, scratch, script, tell } from '../support/programs';
import { describeEachReaper } from '../support/reapers';
import { worldOf, type World } from '../support/world';

const folder = scratch();
type Fds = World['fds'];

const namesOf = ({ fds }: World): string[] => Object.keys(fds);

/** What a compiler would have refused. */
const TYPO: 'pipe' = JSON.parse('"pip"') as 'pipe';

describeEachReaper('the descriptors of a child', ({ options: own }) => {
  it('are three pipes by default, each open in one direction', async () => {
    const { fds } = await worldOf(own);

    expect(fds).toEqual({
      0: { target: expect.stringMatching(/^pipe:/) as string, access: 'r', nonblocking: false },
      1: { target: expect.stringMatching(/^pipe:/) as string, access: 'w', nonblocking: false },
      2: { target: expect.stringMatching(/^pipe:/) as string, access: 'w', nonblocking: false },
    });
  });

  it('are sockets from 3 on, which Node.js documents as duplex', async () => {
    const { fds } = await worldOf({ ...own, stdio: ['ignore', 'pipe', 'ignore', 'pipe', 'pipe'] });

    for (const fd of ['3', '4']) {
      expect(fds[fd]).toMatchObject({
        target: expect.stringMatching(/^socket:/) as string,
        access: 'rw',
      });
    }
  });

  it('are /dev/null where 0 to 2 are ignored, and nothing where others are', async () => {
    const stdio = ['ignore', 'pipe', 'ignore', 'ignore', 'pipe', 'ignore'] as const;

    const { fds } = await worldOf({ ...own, stdio: [...stdio] });

    expect(Object.keys(fds)).toEqual(['0', '1', '2', '4']);
    expect(fds[0]).toMatchObject({ target: '/dev/null', access: 'r' });
    expect(fds[2]).toMatchObject({ target: '/dev/null', access: 'rw' });
  });

  it('are a file that is ours, and the same file twice', async () => {
    const file = openSync(folder.file('output'), 'w');
    const child = spawn(program('world'), { ...own, stdio: ['ignore', file, file] });

    await outputOf(child);

    closeSync(file);
    const { fds } = JSON.parse(readFileSync(folder.file('output'), 'utf8')) as World;
    expect([fds[1]?.target, fds[2]?.target]).toEqual([
      folder.file('output'),
      folder.file('output'),
    ]);
  });

  it('are those of a stream, which blocks for a child though it does not for us', async () => {
    const sink = spawn('cat', { ...own, stdio: ['pipe', 'pipe', 'inherit'] });
    const written = outputOf(sink);
    const source = spawn(program('world'), { ...own, stdio: ['ignore', sink.stdin, 'inherit'] });
    const ended = outputOf(source);
    sink.stdin.end();

    await ended;

    const { fds } = JSON.parse((await written).stdout) as World;
    expect(fds[1]).toMatchObject({ access: 'w', nonblocking: false });
  });

  it.each<readonly [string, SpawnOptions['stdio']]>([
    ['a descriptor that is not open', ['ignore', 'ignore', 0x7ffffff0]],
    ['a descriptor that is not open, from 3 on', ['ignore', 'ignore', 'ignore', 0x7ffffff0]],
    ['a negative descriptor', ['ignore', -1, 'ignore']],
    ['a stream without a descriptor', ['ignore', new PassThrough(), 'ignore']],
    ['an unknown word', ['ignore', TYPO, 'ignore']],
    ['two channels', ['ignore', 'ipc', 'ipc']],
    ['an unknown word for all', TYPO],
  ])('fail as under Node.js: %s', async (_title, stdio) => {
    const node = await nodeFailureOf('true', [], { stdio });
    const ours = await ourFailureOf('true', [], { ...own, stdio });

    const { how, error } = node;
    expect(ours).toMatchObject({ how, error });
    expect(ours.message.startsWith(node.message)).toBe(true);
  });
});

describeEachReaper('the descriptors of a child, of a parent', ({ options: { autoreap } }) => {
  it('that holds one without O_CLOEXEC, reach it only if inheritFds says so', async () => {
    const { parent, ours, inherited, node } = await tell<Record<string, World>>('odd-descriptor', [
      autoreap,
    ]);

    expect(parent!.fds['77']).toMatchObject({ target: '/dev/zero' });
    expect(namesOf(ours!)).toEqual(['0', '1', '2']);
    expect(inherited!.fds['77']).toMatchObject({ target: '/dev/zero' });
    expect(namesOf(inherited!)).toEqual(namesOf(node!));
  });

  // Its own descriptors: 0 is /dev/null, 1 to 5 are files.
  const [A, B, C, D, E] = [1, 2, 3, 4, 5] as const;
  const permutations = [
    ['swapped', ['ignore', B, A]],
    ['rotated', ['ignore', B, C, A]],
    ['reversed', ['ignore', E, D, C, B, A]],
    ['crossed over the count', ['ignore', D, E, A, B]],
    ['all the same low one', ['ignore', A, A, A, A, A]],
    ['all the same high one', ['ignore', E, E, E, E]],
    ['moved up by one', ['ignore', 'ignore', A, B, C, D]],
    ['moved down by one', [A, B, C, D, E]],
    ['with holes', ['ignore', 'ignore', 'ignore', A, 'ignore', B]],
    ['with a hole where its own source is', ['ignore', C, 'ignore', 'ignore', A]],
    ['all inherited', ['inherit', 'inherit', 'inherit', 'inherit', 'inherit', 'inherit']],
    ['inherited by one word', 'inherit'],
    ['mixed with pipes', ['pipe', B, 'pipe', A, 'pipe', C]],
  ] as const;
  let seen: readonly { readonly ours: Fds; readonly node: Fds }[];

  beforeAll(async () => {
    const files = ['a', 'b', 'c', 'd', 'e'].map((name) => openSync(folder.file(name), 'a'));
    const result = folder.file('worlds');
    const all = JSON.stringify(permutations.map(([, stdio]) => stdio));
    const child = spawn(process.execPath, [script('numbers'), autoreap, result, all], {
      stdio: ['ignore', ...files],
    });

    const { exitCode } = await outputOf(child);

    for (const file of files) closeSync(file);
    expect(exitCode).toBe(0);
    seen = JSON.parse(readFileSync(result, 'utf8')) as typeof seen;
  });

  it.each(permutations.map(([title], index) => [title, index] as const))(
    'are in their places, whatever the numbers: %s',
    (_title, index) => {
      const { ours, node } = seen[index]!;

      expect(comparable(ours)).toEqual(comparable(node));
    },
  );

  it('are not mixed up', () => {
    const swapped = seen[0]!.ours;

    expect(swapped[1]?.target).toBe(folder.file('b'));
    expect(swapped[2]?.target).toBe(folder.file('a'));
  });
});

/** What is where, with a pipe(2) as good as a socket. */
function comparable(fds: Fds): [string, string][] {
  return Object.entries(fds).map(([fd, { target }]) => [
    fd,
    /^(pipe|socket):/.test(target) ? 'stream' : target,
  ]);
}
