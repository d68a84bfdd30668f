// The channel to a child that is a node process. After our own disconnect, Node.js 20 emits no 'close';
// so these wait for 'exit'.
import { once } from 'node:events';
import { createServer, connect, type AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { spawn, type Child, type SpawnOptions } from '../../lib/index';
import { script } from '../support/programs';
import { describeEachReaper } from '../support/reapers';

describeEachReaper('the channel to a child', ({ options: own }) => {
  const start = async (options: SpawnOptions = {}): Promise<Child> => {
    const child = spawn(process.execPath, [script('ipc-child')], {
      ...own,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      ...options,
    });
    expect(await once(child, 'message')).toEqual(['ready', undefined]);
    return child;
  };

  const answerTo = async (child: Child, message: unknown): Promise<unknown> => {
    const answered = once(child, 'message');
    child.send(message as never);
    return ((await answered) as unknown[])[0];
  };

  it('carries JSON both ways by default', async () => {
    const child = await start();
    const ended = once(child, 'exit');

    expect(child.connected).toBe(true);
    expect(await answerTo(child, { a: [1, 'ö', null], b: new Date(0) })).toEqual({
      echo: { a: [1, 'ö', null], b: '1970-01-01T00:00:00.000Z' },
      type: '[object Object]',
    });
    child.disconnect();
    expect(await ended).toEqual([4, null]);
  });

  it('carries what structuredClone can when serialization is advanced', async () => {
    const child = await start({ serialization: 'advanced' });
    const ended = once(child, 'exit');
    const message = new Map<unknown, unknown>([
      [1n, new Date(0)],
      ['bytes', new Uint8Array(70_000).fill(7)],
    ]);

    const { echo, type } = (await answerTo(child, message)) as Record<string, unknown>;

    expect(type).toBe('[object Map]');
    expect(echo).toEqual(message);
    child.disconnect();
    expect(await ended).toEqual([4, null]);
  });

  it('carries many messages in their order', async () => {
    const child = await start();
    const ended = once(child, 'exit');
    const numbers = Array.from({ length: 500 }, (_, i) => i);
    const answers: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      child.on('message', (message: { echo: unknown }) => {
        answers.push(message.echo);
        if (answers.length === numbers.length) resolve();
      });
    });
    for (const number of numbers) child.send(number);

    await all;

    expect(answers).toEqual(numbers);
    child.disconnect();
    await ended;
  });

  it('is closed by our disconnect', async () => {
    const child = await start();
    const ended = once(child, 'exit');
    const disconnected = once(child, 'disconnect');

    child.disconnect();
    await disconnected;

    expect(child.connected).toBe(false);
    const refused = new Promise<unknown>((resolve) => child.send('late', resolve));
    expect(await refused).toMatchObject({ code: 'ERR_IPC_CHANNEL_CLOSED' });
    await ended;
  });

  it('is closed by the disconnect of the child', async () => {
    const child = await start();
    const ended = once(child, 'exit');
    const disconnected = once(child, 'disconnect');

    child.send('leave');
    await disconnected;

    expect(child.connected).toBe(false);
    expect(await ended).toEqual([4, null]);
  });

  it('is closed by the death of the child', async () => {
    const child = await start();
    const ended = once(child, 'exit');
    const disconnected = once(child, 'disconnect');

    child.kill('SIGKILL');
    await disconnected;

    expect(child.connected).toBe(false);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it('hands over a server, whose connections the child takes', async () => {
    const child = await start();
    const ended = once(child, 'exit');
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const listening = once(child, 'message');
    child.send('server', server);
    expect(await listening).toEqual(['listening', undefined]);
    await once(server.close(), 'close');

    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    const [greeting] = (await once(socket, 'data')) as [string];
    await once(socket, 'close');

    expect(greeting).toBe(`from ${String(child.pid)}`);
    child.disconnect();
    await ended;
  });

  it('may be any descriptor, beside pipes', async () => {
    const child = await start({ stdio: ['ipc', 'pipe', 'inherit', 'pipe'] });
    const ended = once(child, 'exit');
    const pipes = [child.stdout!, child.stdio[3] as Readable];
    const closed = Promise.all(pipes.map((pipe) => once(pipe.resume(), 'close')));

    expect(await answerTo(child, 1)).toEqual({ echo: 1, type: '[object Number]' });
    child.disconnect();
    await closed;
    expect(await ended).toEqual([4, null]);
  });
});
