// Option serialization of the channel: what becomes of a message on its way.
import type { ChildProcess, Serializable } from 'node:child_process';
import { echoesOf, hangUp, messagesOf, sendsOf } from '../support/channels';
import { shown } from '../support/lives';
import { script } from '../support/programs';
import { describeThreeWays, expectAsNode } from '../support/three-ways';

const advanced = { serialization: 'advanced' } as const;
const big = 'ä€😀\n'.repeat(200_000); // Some 2 MB.

describeThreeWays("option serialization: 'json'", (subject) => {
  const echoes = (messages: readonly unknown[]): Promise<unknown[]> =>
    expectAsNode(subject(), (cp) => echoesOf(cp, messages));

  it('carries every kind of message', async () => {
    const messages = [
      '',
      'ä€😀\n\0\u2028',
      '{"a":1}',
      0,
      -1.5,
      true,
      false,
      null,
      [],
      {},
      [[{ a: [] }]],
    ];

    expect(await echoes(messages)).toEqual(messages);
  });

  it('carries what JSON makes of a value', async () => {
    const messages = [
      new Date(0),
      { a: undefined, b: () => {}, c: NaN, d: new Map([[1, 2]]), e: -0 },
      [undefined, Symbol('a')],
      new Uint8Array([1, 2]),
      { toJSON: () => 'itself' },
      new Error('lost'),
    ];

    expect(await echoes(messages)).toEqual([
      '1970-01-01T00:00:00.000Z',
      { c: null, d: {}, e: 0 },
      [null, null],
      { 0: 1, 1: 2 },
      'itself',
      {},
    ]);
  });

  it('throws for what JSON cannot say', async () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;

    const seen = await expectAsNode(subject(), (cp) => sendsOf(cp, [[circular], [{ a: 1n }]]));

    expect(seen).toMatchObject(Array(2).fill({ thrown: { name: 'TypeError' } }));
  });
});

describeThreeWays("option serialization: 'advanced'", (subject) => {
  const echoes = (messages: readonly unknown[]): Promise<unknown[]> =>
    expectAsNode(subject(), (cp) => echoesOf(cp, messages, advanced));

  it('carries what the structured clone algorithm does', async () => {
    const circular: Record<string, unknown> = { name: 'circular' };
    circular.self = circular;
    const messages = [
      ...['', 'ä€😀', 0, NaN, true, null, [undefined, , 1]], // eslint-disable-line no-sparse-arrays
      { a: undefined, b: -0, c: 2n ** 70n, d: new Date(0), e: /x/giu },
      new Map<unknown, unknown>([[{ key: 1 }, new Set([1n, 'a'])]]),
      { circular },
      {
        bytes: Buffer.from('bytes'),
        floats: new Float64Array([1.5, NaN]),
        view: new DataView(new ArrayBuffer(2)),
      },
      new Uint16Array([1, 65535]),
    ];

    const seen = await echoes(messages);

    expect(seen).toEqual(messages);
    const { circular: echo } = seen[9] as { circular: { self: unknown } };
    expect(echo.self).toBe(echo);
    expect(Buffer.isBuffer((seen[10] as { bytes: unknown }).bytes)).toBe(true);
  });

  it('carries an error with its stack, and not with its other properties', async () => {
    const error = Object.assign(new RangeError('far'), { code: 'ERR_FAR' });

    const [echo] = await echoesOf(subject().cp, [error], advanced);

    expect(shown(echo)).toEqual({ name: 'RangeError', message: 'far' });
    expect((echo as Error).stack).toBe(error.stack);
  });

  it('throws for what cannot be cloned', async () => {
    const seen = await expectAsNode(subject(), (cp) =>
      sendsOf(cp, [[{ a: () => {} }], [[Symbol('a')]]], advanced),
    );

    expect(seen).toMatchObject(
      [/could not be cloned/, /could not be cloned/].map((message) => ({
        thrown: { message: expect.stringMatching(message) as unknown },
      })),
    );
  });
});

describeThreeWays('a channel to a node process', (subject) => {
  /** Its answers to what it is sent, and its end. */
  const answersTo = async (messages: readonly unknown[], options: object): Promise<unknown[]> => {
    const child: ChildProcess = subject().cp.fork(script('ipc-child'), options);
    const told = messagesOf(child, messages.length + 1); // And that it is ready.
    for (const message of messages) child.send(message as Serializable); // Before it is.
    const [ready, ...answers] = await told;
    expect(ready).toBe('ready');
    expect(await hangUp(child)).toEqual([4, null]);
    return answers;
  };

  it('carries messages both ways, of any size: json', async () => {
    const date = new Date(0);

    expect(await answersTo([{ date }, big, null], {})).toEqual([
      { echo: { date: date.toJSON() }, type: '[object Object]' },
      { echo: big, type: '[object String]' },
      { echo: null, type: '[object Null]' },
    ]);
  });

  it('carries messages both ways, of any size: advanced', async () => {
    const map = new Map<unknown, unknown>([[1n, new Set([new Date(0)])]]);
    const bytes = Buffer.alloc(3e6, 7);

    const [first, second] = (await answersTo([map, bytes], advanced)) as { echo: Buffer }[];

    expect(first).toEqual({ echo: map, type: '[object Map]' });
    expect(second!.echo.equals(bytes)).toBe(true); // Not to be printed if it is not.
  });
});
