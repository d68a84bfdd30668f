// What watches children from outside: node:diagnostics_channel and AsyncLocalStorage.
import { AsyncLocalStorage, AsyncResource, executionAsyncId } from 'node:async_hooks';
import type { ChildProcess } from 'node:child_process';
import diagnostics, { type ChannelListener } from 'node:diagnostics_channel';
import { lifeOf, shown } from '../support/lives';
import { describeThreeWays, expectAsNode, type ChildProcessApi } from '../support/three-ways';

const silent = { stdio: 'ignore' } as const;
const SPAWN = 'tracing:child_process.spawn';

// Up to Node.js 22 the latter are not published; then nobody hears of them, ours included.
const CHANNELS = [
  'child_process',
  ...['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((event) => `${SPAWN}:${event}`),
];

interface Message {
  readonly process: ChildProcess;
  readonly options?: unknown;
  readonly error?: Error;
  readonly result?: unknown;
}

/** What is published while `program` runs, once its child has closed. */
async function published(
  program: () => ChildProcess | undefined,
  more: (message: Message) => unknown = () => undefined,
): Promise<unknown[]> {
  const seen: unknown[] = [];
  const heard = new Map<string, ChannelListener>();
  for (const name of CHANNELS) {
    const listener = (message: unknown): void => {
      const { process: child, error, ...rest } = message as Message;
      const { pid, spawnfile } = child;
      const known = { hasPid: pid !== undefined, spawnfile, class: child.constructor.name };
      const told = more(message as Message);
      seen.push([name, known, Object.keys(rest), error && shown(error), told]);
    };
    heard.set(name, listener);
    diagnostics.subscribe(name, listener);
  }
  try {
    const child = program();
    if (child !== undefined) await lifeOf(child);
  } finally {
    for (const [name, listener] of heard) diagnostics.unsubscribe(name, listener);
  }
  return seen;
}

const named = (seen: readonly unknown[]): unknown[] => seen.map((it) => (it as unknown[])[0]);

describeThreeWays('the diagnostics channels', (subject) => {
  it.each<readonly [string, (cp: ChildProcessApi) => ChildProcess]>([
    ['spawn', (cp) => cp.spawn('true', silent)],
    ['exec', (cp) => cp.exec('true')],
    ['execFile', (cp) => cp.execFile('true', () => undefined)],
    ['fork', (cp) => cp.fork('-', { execPath: 'true', silent: true })],
  ])('tell of a child of %s, as it is then', async (_name, create) => {
    const seen = await expectAsNode(subject(), (cp) => published(() => create(cp)));

    expect(seen[0]).toEqual([
      'child_process',
      { hasPid: false, spawnfile: null, class: 'ChildProcess' },
      ...[[], undefined, undefined],
    ]);
    if (seen.length > 1) {
      expect(named(seen)).toEqual(['child_process', `${SPAWN}:start`, `${SPAWN}:end`]);
    }
  });

  it('tell of one that is not there', async () => {
    const seen = await expectAsNode(subject(), (cp) =>
      published(() => cp.spawn('no-such-program', silent)),
    );

    if (seen.length > 1) {
      expect(named(seen)).toEqual(['child_process', `${SPAWN}:start`, `${SPAWN}:error`]);
      expect(seen[2]).toContainEqual(expect.objectContaining({ code: 'ENOENT' }));
    }
  });

  it('tell of one that is thrown', async () => {
    const seen = await expectAsNode(subject(), (cp) =>
      published(() => {
        expect(() => cp.spawn('true', ['x'.repeat(1 << 20)], silent)).toThrow('E2BIG');
        return undefined;
      }),
    );

    if (seen.length > 1) expect(named(seen)).toContain(`${SPAWN}:error`);
  });

  it('tell nothing of what is refused, and nothing of the synchronous family', async () => {
    const seen = await expectAsNode(subject(), (cp) =>
      published(() => {
        expect(() => cp.spawn('')).toThrow();
        cp.spawnSync('true');
        cp.execSync('true');
        return undefined;
      }),
    );

    expect(seen).toEqual([]);
  });

  it('hand over the very child, and its options', async () => {
    const messages: Message[] = [];
    let child: ChildProcess | undefined;
    await published(
      () => (child = subject().cp.spawn('true', ['a'], { ...silent, env: { A: 'b' } })),
      (message) => messages.push(message),
    );

    expect(messages.length).toBeGreaterThan(0);
    for (const message of messages) expect(message.process).toBe(child);
  });

  it('let a subscriber change the options of the child, as far as Node.js does', async () => {
    const script = 'echo $(($(cut -d" " -f6 /proc/$$/stat) == $$)) $(pwd)';
    const change = (message: unknown): void => {
      Object.assign((message as { options: object }).options, { detached: true, cwd: '/' });
    };
    const said = async (cp: ChildProcessApi): Promise<unknown> => {
      diagnostics.subscribe(`${SPAWN}:start`, change);
      const child = cp.spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
      diagnostics.unsubscribe(`${SPAWN}:start`, change);
      return (await lifeOf(child)).output;
    };

    await expectAsNode(subject(), said);
  });

  it('let a subscriber listen to the child', async () => {
    const seen = await expectAsNode(subject(), async (cp) => {
      const told: unknown[] = [];
      await published(
        () => cp.spawn('sh', ['-c', 'exit 3'], silent),
        ({ process: child }) => {
          if (child.pid !== undefined || child.listenerCount('exit') > 0) return;
          child.on('exit', (...args) => told.push(args));
        },
      );
      return told;
    });

    expect(seen).toEqual([[3, null]]);
  });

  it('let a subscriber spawn a child, which is of the kind that it asks for', async () => {
    const { cp, reapedBy } = subject();
    let inner: ChildProcess | undefined;
    let ended: Promise<unknown> | undefined;
    await published(
      () => cp.spawn('true', silent),
      () => {
        if (inner !== undefined) return;
        inner = { reapedBy: 'being made' } as unknown as ChildProcess;
        inner = cp.spawn('true', silent);
        ended = lifeOf(inner);
      },
    );

    await ended;
    expect((inner as { reapedBy?: string }).reapedBy).toBe(reapedBy);
  });
});

describeThreeWays('the async context', (subject) => {
  /** In which store each thing that happens to a child is heard, if it is spawned in `spawner`. */
  const contexts = (create: (cp: ChildProcessApi) => ChildProcess): Promise<[string, unknown][]> =>
    expectAsNode(subject(), async (cp) => {
      const storage = new AsyncLocalStorage<string>();
      const seen: [string, unknown][] = [];
      const child = storage.run('spawner', () => create(cp));
      const note = (what: string) => () => seen.push([what, storage.getStore()]);
      storage.run('listener', () => {
        for (const event of ['spawn', 'error', 'exit', 'close']) child.on(event, note(event));
        child.stdout?.on('data', note('data')).on('end', note('end'));
      });
      const bound = storage.run('bound', () => AsyncResource.bind(note('bound')));
      child.once('close', bound);
      await new Promise((resolve) => child.once('close', resolve));
      return seen.sort(([a], [b]) => a.localeCompare(b));
    });

  it('of every event is that of the call that made the child, not of who listens', async () => {
    const seen = await contexts((cp) =>
      cp.spawn('echo', ['a'], { stdio: ['ignore', 'pipe', 'ignore'] }),
    );

    expect(seen).toEqual([
      ['bound', 'bound'],
      ...['close', 'data', 'end', 'exit', 'spawn'].map((event) => [event, 'spawner']),
    ]);
  });

  it('is the same for a child that could not be created', async () => {
    const seen = await contexts((cp) => cp.spawn('no-such-program', silent));

    expect(seen).toEqual([
      ['bound', 'bound'],
      ['close', 'spawner'],
      ['error', 'spawner'],
    ]);
  });

  it.each<readonly [string, (cp: ChildProcessApi, callback: () => void) => ChildProcess]>([
    ['exec', (cp, callback) => cp.exec('true', callback)],
    ['execFile', (cp, callback) => cp.execFile('true', callback)],
    ['execFile that fails', (cp, callback) => cp.execFile('no-such-program', callback)],
  ])('of the callback of %s is that of its caller', async (_name, create) => {
    const store = await expectAsNode(subject(), async (cp) => {
      const storage = new AsyncLocalStorage<string>();
      let store: string | undefined;
      const child = storage.run('caller', () => create(cp, () => (store = storage.getStore())));
      await new Promise((resolve) => child.once('close', resolve));
      return store;
    });

    expect(store).toBe('caller');
  });

  it('is the own one of each child, whoever ends first', async () => {
    const seen = await expectAsNode(subject(), async (cp) => {
      const storage = new AsyncLocalStorage<number>();
      const lives = [0, 1, 2, 3].map((i) =>
        storage.run(i, async () => {
          const child = cp.spawn('sh', ['-c', `exit ${i}`], silent);
          const at = new Promise((resolve) =>
            child.once('exit', (code) => resolve([code, storage.getStore()])),
          );
          await new Promise((resolve) => child.once('close', resolve));
          return [await at, storage.getStore()];
        }),
      );
      return await Promise.all(lives);
    });

    expect(seen).toEqual([0, 1, 2, 3].map((i) => [[i, i], i]));
  });

  it('of a listener has an id of its own, the same for exit of one child', async () => {
    const child = subject().cp.spawn('true', silent);
    const ids: number[] = [];
    child.on('exit', () => ids.push(executionAsyncId()));
    child.on('exit', () => ids.push(executionAsyncId()));

    await new Promise((resolve) => child.once('close', resolve));

    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).toBeGreaterThan(0);
  });
});
