// The channel of a child: option stdio 'ipc', subprocess.connected and subprocess.channel. Most children here are shells: a message is a line of JSON.
import type { StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { installedApp, wayOf } from '../support/apps';
import { messagesOf, settled, shellOn } from '../support/channels';
import { lifeOf, thrownBy } from '../support/lives';
import { describeThreeWays, expectAsNode } from '../support/three-ways';

const app = installedApp();

describeThreeWays("the channel of option stdio: 'ipc'", (subject) => {
  const { exec, execFile, execFileSync, execSync, spawn, spawnSync } = subject().cp;

  it.each<readonly [number, StdioOptions]>([
    [3, ['pipe', 'pipe', 'pipe', 'ipc']],
    [0, ['ipc', 'pipe', 'inherit']],
    [2, ['ignore', 'pipe', 'ipc']],
    [5, ['ignore', 'ignore', 'inherit', 'ignore', 'pipe', 'ipc']],
  ])('is where it was asked for, and the child is told: %i', async (place, stdio) => {
    const source =
      'read line <&$NODE_CHANNEL_FD; echo "[$line,$NODE_CHANNEL_FD]" >&$NODE_CHANNEL_FD';
    const life = await expectAsNode(subject(), (cp) => {
      const child = cp.spawn('sh', ['-c', source], { stdio });
      child.send({ sent: 'first' });
      return lifeOf(child).then(settled);
    });

    expect(life.events).toEqual([
      ['spawn'],
      ['message', [{ sent: 'first' }, place], undefined],
      ...[['exit', 0, null], ['disconnect'], ['close', 0, null]],
    ]);
    expect(life.born.stdio[place]).toBeNull();
    expect(life.born.connected).toBe(true);
    expect(life.closed.connected).toBe(false);
  });

  it('is only one', () => {
    const args = [
      'true',
      [],
      { stdio: ['ipc', 'ignore', 'ignore', 'ipc'] as StdioOptions },
    ] as const;

    expect(thrownBy(() => spawn(...args))).toEqual({
      thrown: {
        ...{ name: 'Error', code: 'ERR_IPC_ONE_PIPE' },
        message: 'Child process can have only one IPC pipe',
      },
    });
  });

  it('is not for the synchronous family', () => {
    const options = { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] as never[] };
    const calls = [
      () => spawnSync('true', options),
      () => execFileSync('true', options),
      () => execSync('true', options),
    ];

    for (const call of calls) {
      expect(thrownBy(call)).toEqual({
        thrown: {
          ...{ name: 'Error', code: 'ERR_IPC_SYNC_FORK' },
          message: 'IPC cannot be used with synchronous forks',
        },
      });
    }
  });

  it('is nothing where none was asked for', async () => {
    const children = [spawn('true'), exec('true'), execFile('true')];
    const closed = Promise.all(children.map((child) => lifeOf(child)));

    for (const { connected, channel, send, disconnect } of children) {
      expect({ connected, channel, send, disconnect }).toEqual({ connected: false });
    }
    await closed;
  });

  it('does not matter to a child that knows nothing of it', async () => {
    const life = await expectAsNode(subject(), (cp) => {
      const stdio: StdioOptions = ['pipe', 'pipe', 'inherit', 'ipc'];
      const child = cp.spawn('sh', ['-c', 'cat; echo "$NODE_CHANNEL_FD"; exit 3'], { stdio });
      child.send('unread');
      child.stdin!.end('in\n');
      return lifeOf(child).then(settled);
    });

    expect(life.output).toEqual({ 1: 'in\n3\n' });
    expect(life.events).toEqual([
      ...[['spawn'], ['exit', 3, null], ['disconnect'], ['close', 3, null]],
    ]);
  });

  it('brings all that a child said before it ended, however much, before close', async () => {
    const source = 'seq 5000 >&3; echo \'"last"\' >&3; exit 3';

    const { events } = settled(await lifeOf(shellOn(subject().cp, source)));

    const messages = events.filter(([event]) => event === 'message').map(([, message]) => message);
    expect(messages).toEqual([...Array.from({ length: 5000 }, (_, i) => i + 1), 'last']);
    expect(events.slice(-3)).toEqual([['exit', 3, null], ['disconnect'], ['close', 3, null]]);
  });

  it('stays as long as somebody has it: a child of the child', async () => {
    const child = shellOn(subject().cp, '{ read line; echo "$line" >&3; } <&3 & exit 4');
    const closed = once(child, 'close');

    expect(await once(child, 'exit')).toEqual([4, null]);
    expect(child.connected).toBe(true);
    child.send('to the grandchild');
    expect(await messagesOf(child, 1)).toEqual(['to the grandchild']);
    expect(await closed).toEqual([4, null]);
    expect(child.connected).toBe(false);
  });
});

describeThreeWays('subprocess.channel', (subject) => {
  // A program that ends by itself, when nothing keeps it: not the child, and not its channel, until that
  // is asked to.
  it('keeps our process unless unref() is called, and again after ref()', async () => {
    const { module, node, env } = wayOf(subject());
    const source = `
      const { spawn } = require('${module}');
      const child = spawn('sh', ['-c', 'read line <&3; echo "$line" >&3; read _ <&3'], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      const seen = [];
      child.on('message', (message) => {
        seen.push(message);
        child.channel.unref();
      });
      child.unref();
      child.channel.unref();
      process.once('beforeExit', () => {
        seen.push('idle');
        child.channel.ref();
        child.send('asked');
      });
      process.once('exit', () => console.log(JSON.stringify([...seen, child.connected])));`;

    expect(await app.tell('channel.cjs', source, { node, env })).toEqual(['idle', 'asked', true]);
  });
});
