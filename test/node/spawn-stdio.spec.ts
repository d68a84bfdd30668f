// child_process.spawn, option stdio: every form that Node's documentation has.
import type { StdioOptions } from 'node:child_process';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { lifeOf } from '../support/lives';
import { outputOf, publicCopy, scratch } from '../support/programs';
import { describeThreeWays, expectAsNode, type ChildProcessApi } from '../support/three-ways';
import { worldOf, type World } from '../support/world';

const folder = scratch();
const world = publicCopy('world', folder.file('world'));

/** Where a child's descriptors lead, by kind. Ours are pipes where Node's are sockets. */
const kindsOf = ({ fds }: World): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fds).map(([fd, { target, nonblocking }]) => [
      fd,
      `${/^(pipe|socket):/.test(target) ? 'stream' : target}${nonblocking ? ' O_NONBLOCK' : ''}`,
    ]),
  );

const worldIn = (cp: ChildProcessApi, stdio: StdioOptions): Promise<World> =>
  worldOf({ stdio }, { file: world }, cp.spawn);

describeThreeWays('option stdio of child_process.spawn', (subject) => {
  const { spawn } = subject().cp;

  it.each<readonly [string, StdioOptions | undefined]>([
    ["'pipe'", 'pipe'],
    ["'overlapped'", 'overlapped'],
    ['nothing', undefined],
    ['null and undefined in its places', [null, undefined, null]],
    ['an array that is too short', ['pipe']],
    ['an empty array', []],
  ])('is three pipes with %s', async (_title, stdio) => {
    const life = await expectAsNode(subject(), (cp) => {
      const child = cp.spawn(
        'sh',
        ['-c', 'cat; echo err >&2'],
        stdio === undefined ? {} : { stdio },
      );
      child.stdin!.end('in\n');
      return lifeOf(child);
    });

    expect(life.output).toEqual({ 1: 'in\n', 2: 'err\n' });
    expect(life.born.stdio).toEqual(['Socket', 'Socket', 'Socket']);
  });

  it("is /dev/null with 'ignore', and has no streams", async () => {
    const life = await expectAsNode(subject(), (cp) =>
      lifeOf(cp.spawn('sh', ['-c', 'cat && echo lost'], { stdio: 'ignore' })),
    );

    expect(life.born.stdio).toEqual([null, null, null]);
    expect(life.output).toEqual({});
    expect(life.closed.exitCode).toBe(0);
  });

  it.each<readonly [string, StdioOptions, Record<string, string>]>([
    [
      'from 3 on pipes, and nothing where it is ignored',
      ['ignore', 'pipe', 'ignore', 'pipe', 'ignore', 'overlapped'],
      { 0: '/dev/null', 1: 'stream', 2: '/dev/null', 3: 'stream', 5: 'stream' },
    ],
    [
      'no descriptor from 3 on for null and undefined',
      ['ignore', 'pipe', 'ignore', null, undefined],
      { 0: '/dev/null', 1: 'stream', 2: '/dev/null' },
    ],
    [
      'the same descriptor in several places',
      ['ignore', 'pipe', 2, 2, 'ignore', 2],
      { 0: '/dev/null', 1: 'stream', 2: '2', 3: '2', 5: '2' },
    ],
  ])('is %s', async (_title, stdio, kinds) => {
    const inherited = openSync('/dev/zero', 'r');
    const at2 = (entry: unknown): unknown => (entry === 2 ? inherited : entry);
    const seen = await expectAsNode(subject(), async (cp) =>
      kindsOf(await worldIn(cp, (stdio as unknown[]).map(at2) as StdioOptions)),
    );
    closeSync(inherited);

    // What is open beyond `stdio` and not O_CLOEXEC is there for Node's child as for ours.
    const expected = Object.entries(kinds).map(([fd, kind]) => [
      fd,
      kind === '2' ? '/dev/zero' : kind,
    ]);
    expect(seen).toMatchObject(Object.fromEntries(expected));
    for (const fd of ['3', '4', '5']) expect(fd in seen).toBe(fd in kinds);
  });

  it('is extra pipes that carry both ways', async () => {
    const child = spawn(
      'sh',
      ['-c', 'read a <&3; echo "3: $a" >&3; read b <&4; echo "4: $b" >&4'],
      {
        stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'],
      },
    );
    const [, , , three, four] = child.stdio as unknown as Duplex[];
    four!.write('b\n');
    three!.write('a\n');

    const { output } = await lifeOf(child);

    expect(output).toEqual({ 3: '3: a\n', 4: '4: b\n' });
  });

  it('is extra pipes that end for the child when we end them, and still carry its answer', async () => {
    const life = await expectAsNode(subject(), (cp) => {
      const child = cp.spawn('sh', ['-c', 'cat <&3 >&3'], {
        stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
      });
      (child.stdio[3] as Duplex).end('both ways');
      return lifeOf(child);
    });

    expect(life.output).toEqual({ 3: 'both ways' });
  });

  it('is a descriptor of ours, in any place', async () => {
    const file = folder.file('output');
    const fd = openSync(file, 'w');
    const child = spawn('sh', ['-c', 'echo 1; echo 2 >&2; echo 7 >&7'], {
      stdio: ['ignore', fd, fd, 'ignore', 'ignore', 'ignore', 'ignore', fd],
    });

    const life = await lifeOf(child);

    closeSync(fd);
    expect(life.closed.exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('1\n2\n7\n');
  });

  it('is descriptors that change places', async () => {
    const [three, four] = ['three', 'four'].map((name) => {
      writeFileSync(folder.file(name), name);
      return openSync(folder.file(name), 'r');
    }) as [number, number];
    // Wherever they are with us: in the child, each takes the place of the other.
    const stdio: (number | 'ignore' | 'pipe')[] = Array<'ignore'>(Math.max(three, four) + 1).fill(
      'ignore',
    );
    stdio[1] = 'pipe';
    stdio[three] = four;
    stdio[four] = three;
    const where = `cat /proc/self/fd/${String(three)} /proc/self/fd/${String(four)}`;

    const { stdout } = await outputOf(spawn('sh', ['-c', where], { stdio }));

    closeSync(three);
    closeSync(four);
    expect(stdout).toBe('fourthree');
  });

  it('is a file stream that is open', async () => {
    writeFileSync(folder.file('input'), 'from a file\n');
    const input = createReadStream(folder.file('input'));
    const output = createWriteStream(folder.file('copy'));
    await Promise.all([once(input, 'open'), once(output, 'open')]);

    const life = await lifeOf(spawn('cat', { stdio: [input, output, 'inherit'] }));

    input.destroy();
    output.destroy();
    await Promise.all([once(input, 'close'), once(output, 'close')]);
    expect(life.closed).toMatchObject({ exitCode: 0, stdio: [null, null, null] });
    expect(readFileSync(folder.file('copy'), 'utf8')).toBe('from a file\n');
  });

  it('is a socket, which the child may use when we have let it go', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.setEncoding('utf8');
    const closed = Promise.all([once(server, 'close'), once(client, 'close')]);
    const [socket] = (await once(server, 'connection')) as [Socket];

    const child = spawn('sh', ['-c', 'read a; echo "read $a"'], {
      stdio: [socket, socket, 'inherit'],
    });
    const ended = lifeOf(child);
    socket.destroy();
    client.write('this\n');
    const [answer] = (await once(client, 'data')) as [string];

    await ended;
    client.destroy();
    server.close();
    await closed;
    expect(answer).toBe('read this\n');
  });

  it('is a socket that blocks in the child where it is one of 0 to 2, as in Node.js', async () => {
    const kinds = await expectAsNode(subject(), async (cp) => {
      const sink = cp.spawn('cat', { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
      const sunk = lifeOf(sink);
      const extra = sink.stdio[3] as Duplex;
      const source = cp.spawn(world, { stdio: ['ignore', sink.stdin, 'inherit', extra] });
      await lifeOf(source);
      sink.stdin!.destroy();
      extra.destroy();
      const { 1: out, 3: three } = kindsOf(JSON.parse((await sunk).output[1]!) as World);
      return { out, three };
    });

    expect(kinds).toEqual({ out: 'stream', three: 'stream O_NONBLOCK' });
  });

  it('is the stdout of another child: a pipeline', async () => {
    const first = spawn('sh', ['-c', 'seq 100000'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const firstEnded = once(first, 'exit');
    const second = spawn('wc', ['-l'], { stdio: [first.stdout, 'pipe', 'inherit'] });
    const firstClosed = once(first, 'close');
    first.stdout.destroy();

    const { stdout } = await outputOf(second);

    expect(stdout.trim()).toBe('100000');
    expect(await firstEnded).toEqual([0, null]);
    await firstClosed;
  });
});
