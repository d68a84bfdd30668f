// child_process.fork: its standard streams, what ends it from outside, and its errors.
import type { ChildProcess, ForkOptions } from 'node:child_process';
import { readlinkSync, writeFileSync } from 'node:fs';
import { goneFrom, messagesOf, settled } from '../support/channels';
import { lifeOf, shown, thrownBy, type Life } from '../support/lives';
import { scratch } from '../support/programs';
import { describeThreeWays, expectAsNode, type ChildProcessApi } from '../support/three-ways';

const folder = scratch();

/** A program in place of Node.js, by its shell script. */
const inPlaceOfNode = (name: string, source: string): string => {
  writeFileSync(folder.file(name), `#!/bin/sh\n${source}\n`, { mode: 0o755 });
  return folder.file(name);
};

/** Says by a message where its standard streams lead. */
const streams = inPlaceOfNode(
  'streams',
  `where() { readlink /proc/$$/fd/$1; }
   printf '["%s","%s","%s"]\\n' "$(where 0)" "$(where 1)" "$(where 2)" >&$NODE_CHANNEL_FD`,
);
/** Would live as long as we do. */
const idle = inPlaceOfNode('idle', 'exec cat');
const channel = inPlaceOfNode('channel', 'echo $NODE_CHANNEL_FD >&$NODE_CHANNEL_FD');
const copy = inPlaceOfNode('copy', 'cat; echo err >&2');

const streamsOf = async (cp: ChildProcessApi, options: ForkOptions): Promise<unknown> => {
  const child = cp.fork('module.js', { execPath: streams, ...options });
  const [[told]] = await Promise.all([messagesOf(child, 1), goneFrom(child)]);
  return told;
};

const OURS = ['0', '1', '2'].map((fd) => readlinkSync(`/proc/self/fd/${fd}`));

describeThreeWays('the standard streams of child_process.fork', (subject) => {
  const { fork } = subject().cp;

  it.each<readonly [string, ForkOptions]>([
    ['nothing', {}],
    ['silent: false', { silent: false }],
    ["stdio: 'inherit'", { stdio: 'inherit', silent: true }],
  ])('are ours with %s', async (_title, options) => {
    expect(await streamsOf(subject().cp, options)).toEqual(OURS);
  });

  it.each<readonly [string, ForkOptions]>([
    ['silent: true', { silent: true }],
    ["stdio: 'pipe'", { stdio: 'pipe' }],
    ["stdio: 'overlapped'", { stdio: 'overlapped', silent: false }],
    ["stdio: ['pipe', 'pipe', 'pipe', 'ipc']", { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] }],
  ])('are pipes with %s', async (_title, options) => {
    const life = await expectAsNode(subject(), (cp) => {
      const child = cp.fork('module.js', { execPath: copy, ...options });
      child.stdin!.end('in');
      return lifeOf(child).then(settled);
    });

    expect(life.born.stdio).toEqual(['Socket', 'Socket', 'Socket', null]);
    expect(life.output).toEqual({ 1: 'in', 2: 'err\n' });
  });

  it.each<readonly [string, ForkOptions]>([
    ["stdio: 'ignore'", { stdio: 'ignore' }],
    ['an array, whatever `silent` says', { stdio: ['ignore', 'ignore', 2, 'ipc'], silent: true }],
  ])('are what is told by %s', async (_title, options) => {
    const stderr = options.stdio === 'ignore' ? '/dev/null' : OURS[2];

    expect(await streamsOf(subject().cp, options)).toEqual(['/dev/null', '/dev/null', stderr]);
  });

  it.each([0, 1, 2, 4, 6])('can leave any place to the channel: %i', async (place) => {
    const stdio = Array<'ignore' | 'ipc'>(place).fill('ignore').concat('ipc');
    const life = await expectAsNode(subject(), (cp) =>
      lifeOf(cp.fork('module.js', { execPath: channel, stdio })).then(settled),
    );

    expect(life.events).toContainEqual(['message', place, undefined]);
    expect(life.born.stdio[place]).toBeNull();
  });

  it('need a channel beside them', () => {
    for (const stdio of [[], ['pipe', 'pipe', 'pipe'], [0, 1, 2], ['ignore', 'IPC']]) {
      expect(thrownBy(() => fork('module.js', { stdio: stdio as 'pipe'[] }))).toEqual({
        thrown: {
          ...{ name: 'Error', code: 'ERR_CHILD_PROCESS_IPC_REQUIRED' },
          message:
            "Forked processes must have an IPC channel, missing value 'ipc' in options.stdio",
        },
      });
    }
  });

  it('need not more than one', () => {
    const stdio = ['ipc', 'ignore', 'ignore', 'ipc'] as const;

    expect(thrownBy(() => fork('module.js', { stdio: [...stdio] }))).toMatchObject({
      thrown: { code: 'ERR_IPC_ONE_PIPE' },
    });
  });
});

describeThreeWays('child_process.fork of what shall end', (subject) => {
  const endOf = (
    cp: ChildProcessApi,
    options: ForkOptions,
    end: (child: ChildProcess) => void = () => undefined,
  ): Promise<Life> => {
    const child = cp.fork('module.js', { execPath: idle, silent: true, ...options });
    const life = lifeOf(child).then(settled);
    end(child);
    return life;
  };

  it('kills by SIGTERM after `timeout`, or by `killSignal`', async () => {
    for (const killSignal of [undefined, 'SIGKILL', 2] as const) {
      const life = await expectAsNode(subject(), (cp) =>
        endOf(cp, {
          timeout: 1,
          ...(killSignal === undefined ? {} : { killSignal: killSignal }),
        }),
      );

      const name = { 2: 'SIGINT', undefined: 'SIGTERM', SIGKILL: 'SIGKILL' }[String(killSignal)];
      expect(life.events).toEqual([
        ...[['spawn'], ['exit', null, name], ['disconnect'], ['close', null, name]],
      ]);
      expect(life.closed.killed).toBe(true);
    }
  });

  it('lets it live with a timeout that is not reached', async () => {
    const life = await expectAsNode(subject(), (cp) =>
      endOf(cp, { timeout: 1e6 }, (child) => child.stdin!.end()),
    );

    expect(life.closed).toMatchObject({ exitCode: 0, killed: false });
  });

  it('emits AbortError when its AbortSignal is aborted, and kills it by `killSignal`', async () => {
    const life = await expectAsNode(subject(), (cp) => {
      const controller = new AbortController();
      return endOf(cp, { signal: controller.signal, killSignal: 'SIGKILL' }, (child) => {
        child.once('spawn', () => controller.abort('reason'));
      });
    });

    expect(life.events).toEqual([
      ['spawn'],
      ['error', expect.objectContaining({ code: 'ABORT_ERR', cause: 'reason' })],
      ...[['exit', null, 'SIGKILL'], ['disconnect'], ['close', null, 'SIGKILL']],
    ]);
  });

  it('creates the child even if its AbortSignal was aborted before, and kills it', async () => {
    const life = await expectAsNode(subject(), (cp) => endOf(cp, { signal: AbortSignal.abort() }));

    expect(life.born).toMatchObject({ hasPid: true, connected: true });
    expect(life.closed).toMatchObject({ killed: true, connected: false, signalCode: 'SIGTERM' });
  });
});

describeThreeWays('child_process.fork that fails', (subject) => {
  it.each<readonly [string, ForkOptions]>([
    ['an `execPath` that is not there', { execPath: '/no/such/node' }],
    ['an `execPath` that is on no PATH', { execPath: 'no-such-node', silent: true }],
    ['an `execPath` that is no program', { execPath: '/dev/null', silent: true }],
    ['a `cwd` that is not there', { execPath: 'true', cwd: '/no/such/folder' }],
  ])('emits an error for %s, and closes its channel', async (_title, options) => {
    const life = await expectAsNode(subject(), async (cp) => {
      const child = cp.fork('module.js', options);
      const disconnected = new Promise<boolean>((resolve) => {
        child.once('disconnect', () => resolve(child.connected));
      });
      const sent = new Promise<unknown>((resolve) => child.send('lost', resolve));
      const { events, born } = await lifeOf(child);
      // Whether 'disconnect' is before 'close' depends on how many pipes there are to close.
      const others = events.filter(([event]) => event !== 'disconnect');
      return { events: others, born, connected: await disconnected, sent: shown(await sent) };
    });

    const syscall = `spawn ${options.execPath!}`;
    expect(life.events).toMatchObject([
      ['error', { syscall }],
      ['close', expect.any(Number), null],
    ]);
    expect(life.born).toMatchObject({ hasPid: false, connected: true });
    expect(life).toMatchObject({ connected: false, sent: { code: 'EPIPE', syscall: 'write' } });
  });

  it.each<readonly [string, unknown[]]>([
    ['no module', []],
    ['a module that is no path', [1]],
    ['a module at another kind of URL', [new URL('http://localhost/module.js')]],
    ['a NUL in the module', ['a\0b']],
    ['arguments that are no array', ['module.js', 'a']],
    ['a NUL in an argument', ['module.js', ['a\0']]],
    ['options that are none', ['module.js', [], 1]],
    ['an execPath that is no string', ['module.js', [], { execPath: 1 }]],
    ['a NUL in the execPath', ['module.js', [], { execPath: 'a\0' }]],
    ['a NUL in execArgv', ['module.js', [], { execArgv: ['a\0'] }]],
    ['a stdio that means nothing', ['module.js', [], { stdio: 'ipc' }]],
    ['a cwd that is no path', ['module.js', [], { cwd: 1 }]],
    ['a NUL in the environment', ['module.js', [], { env: { A: '\0' } }]],
    ['a detached that is no boolean', ['module.js', [], { detached: 1 }]],
    ['a uid that is no number', ['module.js', [], { uid: 'root' }]],
    ['a gid that is no number', ['module.js', [], { gid: 1.5 }]],
    ['a negative timeout', ['module.js', [], { timeout: -1 }]],
    ['a signal that is none', ['module.js', [], { signal: {} }]],
    ['a killSignal that there is not', ['module.js', [], { killSignal: 'SIGNO' }]],
    ['another serialization', ['module.js', [], { serialization: 'xml' }]],
  ])('throws as Node.js does for %s', async (_title, args) => {
    const seen = await expectAsNode(subject(), ({ fork }) =>
      thrownBy(() => (fork as (...args: unknown[]) => unknown)(...args)),
    );

    expect(seen).toMatchObject({ thrown: { code: expect.stringMatching(/^ERR_/) as unknown } });
  });

  it('throws where `execArgv` cannot be read', async () => {
    const seen = await expectAsNode(subject(), ({ fork }) =>
      thrownBy(() => fork('module.js', { execArgv: 1 as never })),
    );

    expect(seen).toMatchObject({ thrown: { name: 'TypeError' } });
  });
});
