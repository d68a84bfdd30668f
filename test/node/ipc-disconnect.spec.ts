// subprocess.disconnect(), the event, and what is left after it, on both sides.
import type { ChildProcess, SpawnOptions, StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { echoOn, goneFrom, hangUp, messagesOf, shellOn } from '../support/channels';
import { shown } from '../support/lives';
import { script } from '../support/programs';
import { describeThreeWays, expectAsNode } from '../support/three-ways';

/** The next event 'error'. */
const errorOf = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => child.once('error', (error) => resolve(shown(error))));

/** What `send` calls back with. */
const sentTo = (child: ChildProcess, message: string): Promise<unknown> =>
  new Promise((resolve) => child.send(message, (error) => resolve(shown(error))));

const CLOSED = { name: 'Error', message: 'Channel closed', code: 'ERR_IPC_CHANNEL_CLOSED' };

describeThreeWays('subprocess.disconnect()', (subject) => {
  it('closes the channel, for the child too', async () => {
    const seen = await expectAsNode(subject(), async (cp) => {
      const child = shellOn(cp, 'read line <&3; read _ <&3; exit 5');
      const before = [child.connected, typeof child.channel];
      const gone = goneFrom(child);
      child.disconnect();
      const after = [child.connected, child.channel];
      return { before, after, end: await gone };
    });

    expect(seen).toEqual({ before: [true, 'object'], after: [false, null], end: [5, null] });
  });

  it('emits the event once, and later than it returns', async () => {
    const child = echoOn(subject().cp);
    const events: string[] = [];
    child.on('disconnect', () => events.push('disconnect'));
    const gone = goneFrom(child);

    child.disconnect();
    events.push('returned');

    await gone;
    expect(events).toEqual(['returned', 'disconnect']);
  });

  it('emits an error the second time', async () => {
    const error = await expectAsNode(subject(), async (cp) => {
      const child = echoOn(cp);
      const gone = goneFrom(child);
      child.disconnect();
      const error = errorOf(child);
      child.disconnect();
      await gone;
      return await error;
    });

    expect(error).toEqual({
      ...{ name: 'Error', code: 'ERR_IPC_DISCONNECTED' },
      message: 'IPC channel is already disconnected',
    });
  });

  it('brings what was sent before to the child, and nothing of what it says later', async () => {
    const stdio: StdioOptions = ['ignore', 'pipe', 'inherit', 'ipc'];
    const child = shellOn(
      subject().cp,
      'while read -r line; do echo "$line"; done <&3; trap "" PIPE; echo 1 2>&- >&3 || echo refused',
      {
        stdio,
      },
    );
    const messages: unknown[] = [];
    child.on('message', (message) => messages.push(message));
    const said = text(child.stdout!);
    for (let i = 0; i < 3; i++) child.send(i);

    expect(await hangUp(child)).toEqual([0, null]);
    expect(await said).toBe('0\n1\n2\nrefused\n');
    expect(messages).toEqual([]);
  });

  it.each<readonly [string, (child: ChildProcess) => Promise<unknown>]>([
    ['we disconnected', (child) => hangUp(child)],
    ['the child is gone', (child) => (child.kill(), once(child, 'close'))],
  ])('leaves no way to send where %s', async (_title, end) => {
    const seen = await expectAsNode(subject(), async (cp) => {
      const child = echoOn(cp);
      await end(child);
      const error = errorOf(child);
      const returned = child.send('without a callback');
      return { returned, error: await error, calledBack: await sentTo(child, 'with one') };
    });

    expect(seen).toEqual({ returned: false, error: CLOSED, calledBack: CLOSED });
  });

  it('is heard by a node process, which then has no channel', async () => {
    const options: SpawnOptions = { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] };
    const child = subject().cp.fork(script('disconnected'), options);
    const said = text(child.stdout!);
    expect(await messagesOf(child, 1)).toEqual(['ready']);

    expect(await hangUp(child)).toEqual([6, null]);
    expect(JSON.parse(await said)).toEqual({
      ...{ connected: false, hasChannel: false, sent: false, calledBack: 'ERR_IPC_CHANNEL_CLOSED' },
      again: 'ERR_IPC_DISCONNECTED',
    });
  });
});
