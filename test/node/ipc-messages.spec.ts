// subprocess.send(message[, sendHandle[, options]][, callback]), and what it carries.
import { once } from 'node:events';
import { echoesOf, echoOn, hangUp, messagesOf, sendsOf, shellOn } from '../support/channels';
import { describeThreeWays, expectAsNode } from '../support/three-ways';

const big = 'ä€😀\n'.repeat(300_000); // Some 3 MB.

describeThreeWays('subprocess.send(message[, callback])', (subject) => {
  const { cp } = subject();

  it('calls back once it is sent, with null, and returns true', async () => {
    const child = echoOn(cp);
    const echoes = messagesOf(child, 2);

    const sent = new Promise((resolve) => {
      const returned = child.send('a', (...args: unknown[]) => resolve({ returned, args }));
    });
    const sentToo = new Promise((resolve) => {
      const returned = child.send('b', undefined, {}, (...args: unknown[]) => {
        resolve({ returned, args });
      });
    });

    expect([await sent, await sentToo]).toEqual(Array(2).fill({ returned: true, args: [null] }));
    expect(await echoes).toEqual(['a', 'b']);
    await hangUp(child);
  });

  it('returns false where too much is waiting for a child that does not read', async () => {
    const child = shellOn(cp, 'read go && cat <&3 >/dev/null', {
      stdio: ['pipe', 'ignore', 'inherit', 'ipc'],
    });
    const order: unknown[] = [];

    const returned = ['x'.repeat(1 << 21), 'after'].map((message) =>
      child.send(message, (error) => {
        order.push([message.length, error]);
        if (message === 'after') child.disconnect();
      }),
    );
    const closed = once(child, 'exit');
    const gone = once(child, 'disconnect');
    expect(order).toEqual([]);
    child.stdin!.end('\n');

    expect(await closed).toEqual([0, null]);
    await gone;
    expect(returned).toEqual([false, false]);
    expect(order).toEqual([
      [1 << 21, null],
      [5, null],
    ]);
  });

  it('keeps the order of many', async () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => i);

    expect(await echoesOf(cp, numbers)).toEqual(numbers);
  });

  it.each(['json', 'advanced'] as const)('carries megabytes: %s', async (serialization) => {
    const [echo, last] = await echoesOf(cp, [{ big }, 'last'], { serialization });

    expect((echo as { big: string }).big === big).toBe(true); // Not to be printed if it is not.
    expect(last).toBe('last');
  });

  it('gives what is for Node.js itself to nobody else', async () => {
    const internal: unknown[] = [];
    const seen = await expectAsNode(subject(), async (cp) => {
      internal.length = 0;
      const child = echoOn(cp);
      child.on('internalMessage', (message) => internal.push(message));
      const echoes = messagesOf(child, 3);
      for (const cmd of ['NODE_foo', 'node_foo', 'NODE', 1]) child.send({ cmd });
      const seen = await echoes;
      await hangUp(child);
      return { seen, internal: [...internal] };
    });

    expect(seen).toEqual({
      seen: [{ cmd: 'node_foo' }, { cmd: 'NODE' }, { cmd: 1 }],
      internal: [{ cmd: 'NODE_foo' }],
    });
  });

  it('throws for what is no message', async () => {
    const calls = [[], [undefined], [() => {}], [Symbol('a')], [1n]];

    const seen = await expectAsNode(subject(), (cp) => sendsOf(cp, calls));

    const codes = seen.map((it) => (it as { thrown: { code: string } }).thrown.code);
    expect(codes).toEqual([
      ...Array<string>(2).fill('ERR_MISSING_ARGS'),
      ...Array<string>(3).fill('ERR_INVALID_ARG_TYPE'),
    ]);
  });

  it('throws for options that are none, and for a handle that cannot be sent', async () => {
    const calls = [
      ['a', undefined, 1],
      ['a', undefined, null],
      ...[{}, 1, 'a'].map((it) => ['a', it]),
    ];

    const seen = await expectAsNode(subject(), (cp) => sendsOf(cp, calls));

    const codes = seen.map((it) => (it as { thrown: { code: string } }).thrown.code);
    expect(codes).toEqual([
      ...Array<string>(2).fill('ERR_INVALID_ARG_TYPE'),
      ...Array<string>(3).fill('ERR_INVALID_HANDLE_TYPE'),
    ]);
  });
});
