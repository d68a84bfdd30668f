// child_process.spawn, exec, execFile and fork: what they refuse before anything is created.
import type { ChildProcess } from 'node:child_process';
import { lifeOf, thrownBy } from '../support/lives';
import { describeThreeWays, expectAsNode, type ChildProcessApi } from '../support/three-ways';

/** What is thrown; or where it is not, how the child ends. */
const refusalOf = async (call: () => unknown): Promise<unknown> => {
  const result = thrownBy(call) as { readonly returned?: ChildProcess };
  return result.returned === undefined ? result : (await lifeOf(result.returned)).events;
};

type Call = (...args: readonly unknown[]) => unknown;

const INVALID =
  /^ERR_(INVALID_ARG_(TYPE|VALUE)|OUT_OF_RANGE|UNKNOWN_SIGNAL|INVALID_URL_SCHEME|INVALID_FILE_URL_PATH)$/;
const nothing = (): void => undefined;

const NO_STRINGS = [1, true, {}, [], nothing, Symbol('a')];
const NO_BOOLEANS = ['true', 0.5, {}, [], nothing];
const NO_IDS = ['0', 1.5, NaN, true, {}, [], 2 ** 31, -(2 ** 31) - 1];
const NO_AMOUNTS = ['1', -1, NaN, true, {}, []];

/** What is no value of an option that all of them have. */
const OPTIONS: Readonly<Record<string, readonly unknown[]>> = {
  cwd: [1, true, {}, [], nothing, new URL('http://localhost/a'), new URL('file:///a%2Fb')],
  uid: NO_IDS,
  gid: NO_IDS,
};
/** And of one that is not there for all of them. */
const OF_SPAWN = {
  ...{ detached: NO_BOOLEANS, windowsHide: NO_BOOLEANS, windowsVerbatimArguments: NO_BOOLEANS },
  shell: [1, {}, [], nothing],
  argv0: NO_STRINGS,
  timeout: ['1', -1, NaN, 1.5, true, {}],
  killSignal: ['SIGNONE', 1000, {}, true],
  signal: ['SIGTERM', 1, {}, nothing],
  stdio: ['none', 1, {}, nothing, [{}], [true], ['pipe', nothing]],
  serialization: ['xml', 1, {}, nothing],
};
const OF_EXEC_FILE = {
  ...{ timeout: OF_SPAWN.timeout, killSignal: OF_SPAWN.killSignal, signal: OF_SPAWN.signal },
  ...{ shell: OF_SPAWN.shell, maxBuffer: NO_AMOUNTS },
};
const OF_FORK = {
  ...{ detached: NO_BOOLEANS, timeout: OF_SPAWN.timeout, killSignal: OF_SPAWN.killSignal },
  ...{ serialization: OF_SPAWN.serialization, stdio: ['none', ['pipe', 'pipe', 'pipe']] },
};

const rows = (options: object): [string, readonly unknown[]][] =>
  Object.entries({ ...OPTIONS, ...options });

describeThreeWays('what cannot be a child', (subject) => {
  /** Each of them is refused, in the words of Node.js. */
  const refused = async (
    name: 'exec' | 'execFile' | 'fork' | 'spawn',
    wrong: readonly (readonly unknown[])[],
    code: RegExp | string = INVALID,
  ): Promise<void> => {
    const seen = await expectAsNode(subject(), (cp: ChildProcessApi) =>
      Promise.all(wrong.map((args) => refusalOf(() => (cp[name] as Call)(...args)))),
    );

    const matching = expect.stringMatching(code) as unknown;
    const error = expect.objectContaining({ code: matching }) as unknown;
    expect(seen).toEqual(wrong.map(() => ({ thrown: error })));
  };

  const noFiles = [undefined, null, ...NO_STRINGS, ''].map((file) => [file]);

  it.each(['exec', 'execFile', 'spawn'] as const)('%s refuses what is no command', async (name) => {
    await refused(name, noFiles);
  });

  it('fork refuses what is no module', async () => {
    await refused(
      'fork',
      [undefined, null, 1, true, {}, [], new URL('http://localhost/a')].map((it) => [it]),
    );
  });

  it.each(['execFile', 'fork', 'spawn'] as const)(
    '%s refuses what are no arguments',
    async (name) => {
      await refused(
        name,
        ['a', 1, true].map((args) => ['true', args, {}]),
      );
    },
  );

  it.each(['execFile', 'fork', 'spawn'] as const)(
    '%s refuses what are no options',
    async (name) => {
      await refused(
        name,
        ['a', 1, true].map((options) => ['true', [], options]),
      );
    },
  );

  it('exec and execFile refuse what is no callback', async () => {
    await refused(
      'exec',
      ['a', 1, {}, []].map((callback) => ['true', {}, callback]),
    );
    await refused(
      'execFile',
      ['a', 1, {}, []].map((callback) => ['true', [], {}, callback]),
    );
  });

  it.each(rows(OF_SPAWN))('spawn refuses what is no %s', async (option, wrong) => {
    await refused(
      'spawn',
      wrong.map((value) => ['true', [], { [option]: value }]),
    );
  });

  it.each(rows(OF_EXEC_FILE))('execFile refuses what is no %s', async (option, wrong) => {
    await refused(
      'execFile',
      wrong.map((value) => ['true', [], { [option]: value }]),
    );
  });

  it.each(rows({ maxBuffer: NO_AMOUNTS }))('exec refuses what is no %s', async (option, wrong) => {
    await refused(
      'exec',
      wrong.map((value) => ['true', { [option]: value }]),
    );
  });

  it.each(rows(OF_FORK))('fork refuses what is no %s', async (option, wrong) => {
    await refused(
      'fork',
      wrong.map((value) => ['no-such-module', [], { [option]: value }]),
      /^ERR_(INVALID|OUT_OF|UNKNOWN|CHILD_PROCESS_IPC_REQUIRED)/,
    );
  });

  it('spawn refuses a second channel, and input, which only spawnSync takes', async () => {
    await refused('spawn', [['true', [], { stdio: ['ipc', 'ipc'] }]], 'ERR_IPC_ONE_PIPE');
    await refused(
      'spawn',
      [['true', [], { stdio: [Buffer.from('a')] }]],
      'ERR_INVALID_SYNC_FORK_INPUT',
    );
  });

  it('refuses a NUL wherever it could be', async () => {
    const nul = 'a\0b';
    const options = [
      { cwd: nul },
      { argv0: nul },
      { shell: nul },
      { env: { [nul]: 'a' } },
      { env: { A: nul } },
    ];
    options.push({ cwd: new URL('file:///a%00b') as unknown as string });
    const calls = [[nul], ['true', ['a', nul]], ...options.map((it) => ['true', [], it])];

    await refused('spawn', calls);
    await refused(
      'execFile',
      calls.filter((_, i) => i !== 3),
    ); // argv0 is not an option of it.
    await refused('exec', [
      [nul],
      ['true', { cwd: nul }],
      ['true', { env: { A: nul } }],
      ['true', { shell: nul }],
    ]);
    await refused('fork', [
      [nul],
      ['a', [nul]],
      ...[{ cwd: nul }, { execPath: nul }, { execArgv: [nul] }, { env: { A: nul } }].map((it) => [
        'a',
        [],
        it,
      ]),
    ]);
  });

  it('throws what a getter of its options throws, and then works as before', async () => {
    const { cp } = subject();
    const options = {
      get cwd(): string {
        throw new Error('of a getter');
      },
    };

    for (const name of ['spawn', 'execFile', 'fork'] as const) {
      expect(() => (cp[name] as Call)('true', [], options)).toThrow('of a getter');
    }
    expect(() => (cp.exec as Call)('true', options)).toThrow('of a getter');
    const child = cp.spawn('true', { stdio: 'ignore' });
    await new Promise((resolve) => child.once('close', resolve));
    expect((child as { reapedBy?: string }).reapedBy).toBe(subject().reapedBy);
  });
});
