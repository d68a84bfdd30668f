// subprocess.send(message, sendHandle[, options][, callback]), and the handle of 'message'.
import type { ChildProcess, ForkOptions, MessageOptions, SendHandle } from 'node:child_process';
import * as dgram from 'node:dgram';
import { once } from 'node:events';
import * as net from 'node:net';
import { text } from 'node:stream/consumers';
import { hangUp } from '../support/channels';
import { script } from '../support/programs';
import { describeThreeWays } from '../support/three-ways';

const LOCAL = '127.0.0.1';

async function listening(options: net.ServerOpts = {}): Promise<[net.Server, number]> {
  const server = net.createServer(options).listen(0, LOCAL);
  await once(server, 'listening');
  return [server, (server.address() as net.AddressInfo).port];
}

/** The two ends of a connection: a client's, and what `server` has of it. */
async function connected(server: net.Server, port: number): Promise<[net.Socket, net.Socket]> {
  const client = net.connect(port, LOCAL);
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const [[socket]] = await Promise.all([accepted, once(client, 'connect')]);
  return [client, socket];
}

/** All that a socket hears, once it is closed, which is later than its end. */
async function textOf(socket: net.Socket): Promise<string> {
  const [heard] = await Promise.all([text(socket), once(socket, 'close')]);
  return heard;
}

const connectionsOf = (server: net.Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });

const closed = async (...handles: { close(): unknown }[]): Promise<void> => {
  await Promise.all(
    handles.map((handle) => {
      const done = once(handle as net.Server, 'close');
      handle.close();
      return done;
    }),
  );
};

/** What the other side answers to a datagram. */
async function asked(port: number, question: string): Promise<string> {
  const socket = dgram.createSocket('udp4');
  socket.send(question, port, LOCAL);
  const [answer] = (await once(socket, 'message')) as [Buffer];
  await closed(socket);
  return answer.toString();
}

const sendTo = (
  child: ChildProcess,
  todo: string,
  handle?: SendHandle,
  options?: MessageOptions,
): Promise<unknown> => new Promise((resolve) => child.send({ todo }, handle, options, resolve));

/** Sends, and waits for what the child says to that. */
async function answerTo(...[child, ...args]: Parameters<typeof sendTo>): Promise<unknown> {
  const answered = once(child, 'message');
  expect(await sendTo(child, ...args)).toBeNull();
  return ((await answered) as unknown[])[0];
}

describeThreeWays('a channel that handles go through', (subject) => {
  const start = async (options: ForkOptions = {}): Promise<ChildProcess> => {
    const child = subject().cp.fork(script('handles'), options);
    expect(await once(child, 'message')).toEqual(['ready', undefined]);
    return child;
  };

  const end = async (child: ChildProcess): Promise<void> => {
    expect(await hangUp(child)).toEqual([0, null]);
  };

  it('shares a server: when we have closed it, the child takes the connections', async () => {
    const child = await start();
    const [server, port] = await listening();

    expect(await answerTo(child, 'has no handle')).toBe(true);
    expect(await answerTo(child, 'server', server)).toBe('listening');
    expect(server.listening).toBe(true);
    await closed(server);

    expect(await textOf(net.connect(port, LOCAL))).toBe('child');
    await end(child);
  });

  it('hands over a socket, which the server still counts and waits for', async () => {
    const child = await start();
    const [server, port] = await listening({ pauseOnConnect: true });
    const [client, socket] = await connected(server, port);
    const received = textOf(client);

    const answered = once(child, 'message');
    expect(await sendTo(child, 'socket', socket)).toBeNull();
    expect(await connectionsOf(server)).toBe(1);

    const done = closed(server);
    client.write('end it');
    expect(await received).toBe('child');
    expect(await answered).toEqual(['closed', undefined]);
    await done;
    await end(child);
  });

  it('shares a socket with `keepOpen`', async () => {
    const child = await start();
    const [server, port] = await listening();
    const [client, socket] = await connected(server, port);
    const received = textOf(client);

    expect(await answerTo(child, 'shared', socket, { keepOpen: true })).toBe('left');
    socket.end('and we');

    expect(await received).toBe('child and we');
    await closed(server);
    await end(child);
  });

  it('shares a socket for datagrams', async () => {
    const child = await start();
    const socket = dgram.createSocket('udp4').bind(0, LOCAL);
    await once(socket, 'listening');
    const { port } = socket.address();

    expect(await answerTo(child, 'datagrams', socket)).toBe('bound');
    await closed(socket);

    expect(await asked(port, 'one')).toBe('child has one');
    await end(child);
  });

  it('brings a server of the child, also with advanced serialization', async () => {
    const child = await start({ serialization: 'advanced' });
    const received = once(child, 'message');
    await sendTo(child, 'send a server');
    const [port, server] = (await received) as [number, net.Server];
    expect(server).toBeInstanceOf(net.Server);

    server.once('connection', (socket: net.Socket) => socket.end('parent'));

    expect(await textOf(net.connect(port, LOCAL))).toBe('parent');
    await closed(server);
    await end(child);
  });

  it('brings a socket of the child', async () => {
    const child = await start();
    const [server, port] = await listening();
    const accepted = once(server, 'connection');
    const received = once(child, 'message');
    child.send({ todo: 'send a socket', port });
    const [message, socket] = (await received) as [string, net.Socket];
    const [other] = (await accepted) as [net.Socket];
    expect(message).toBe('socket');
    expect(socket).toBeInstanceOf(net.Socket);

    // Written by us and not read: the child, which connected it, may read from it until it is ours alone.
    const closing = once(socket, 'close');
    socket.resume().end('parent');

    expect(await textOf(other)).toBe('parent');
    await closing;
    await closed(server);
    await end(child);
  });

  it('brings a socket for datagrams of the child', async () => {
    const child = await start();
    const received = once(child, 'message');
    await sendTo(child, 'send datagrams');
    const [port, socket] = (await received) as [number, dgram.Socket];
    expect(socket).toBeInstanceOf(dgram.Socket);

    socket.once('message', (question, { port, address }) => {
      socket.send(`parent has ${question.toString()}`, port, address);
    });

    expect(await asked(port, 'two')).toBe('parent has two');
    await closed(socket);
    await end(child);
  });
});
