// What other code sees and does while a child is being born.
import * as childProcess from 'node:child_process';
// eslint-disable-next-line @typescript-eslint/no-require-imports -- itself, as those who patch it have it.
import theModule = require('node:child_process');
import * as diagnostics from 'node:diagnostics_channel';
import { Child, spawn, type SpawnOptions } from '../../lib/index';
import { outputOf, tell } from '../support/programs';
import { describeEachReaper } from '../support/reapers';

const isOurs = (child: childProcess.ChildProcess): boolean => child instanceof Child;

describeEachReaper('the options of a child', ({ options: own }) => {
  it('are read once each, and never again', async () => {
    const values = {
      argv0: 'a',
      autokill: false,
      ...own,
      cwd: '/',
      detached: false,
      env: { A: '1' },
      groups: undefined,
      inheritFds: false,
      killSignal: 'SIGTERM',
      nice: undefined,
      noNewPrivileges: false,
      processGroup: undefined,
      resourceUsage: false,
      rlimits: {},
      serialization: 'json',
      shell: false,
      signal: undefined,
      stdio: 'pipe',
      timeout: undefined,
      umask: 0o22,
      windowsHide: false,
    };
    const reads: string[] = [];
    const options: SpawnOptions = {};
    for (const [name, value] of Object.entries(values)) {
      Object.defineProperty(options, name, {
        enumerable: true,
        get: () => {
          reads.push(name);
          return value;
        },
      });
    }
    const child = spawn('true', [], options);
    const during = [...reads].sort();
    await outputOf(child);

    expect(during).toEqual(Object.keys(values).sort());
    expect(reads).toHaveLength(during.length);
  });

  it('are not changed, nor are the arguments', async () => {
    const options = Object.freeze({ ...own, env: Object.freeze({ A: '1' }) });
    const args = Object.freeze(['a', 'b']);

    const child = spawn('true', args, options);
    args.slice();

    expect((await outputOf(child)).exitCode).toBe(0);
  });
});

/** Runs `act` while child_process.spawn is wrapped by somebody who makes new options of those he is given. */
function whileWrapped<T>(act: () => T): { readonly result: T | Error; ended: Promise<unknown> } {
  let ended: Promise<unknown> = Promise.resolve();
  const stock = childProcess.spawn;
  const replace = (by: unknown): void => {
    Object.assign(theModule, { spawn: by });
  };
  replace((file: string, args: readonly string[], options: object) => {
    const child = stock(file, args, JSON.parse(JSON.stringify(options)) as object);
    ended = new Promise((resolve) => child.once('close', resolve));
    return child;
  });
  try {
    return { result: act(), ended };
  } catch (error) {
    return { result: error as Error, ended };
  } finally {
    replace(stock);
  }
}

describeEachReaper('a spawn that another library has wrapped', ({ name, options: own }) => {
  it("is Node's own where it can be, and says so", async () => {
    const { result: child } = whileWrapped(() => spawn('true', [], { stdio: 'ignore' }));

    expect((child as Child).reapedBy).toBe('libuv');
    expect((await (child as Child).exited).exitCode).toBe(0);
  });

  it.each([
    ['umask', { umask: 0o77 }],
    ['noNewPrivileges', { noNewPrivileges: true }],
    ['autokill', { autokill: true }],
    ['rlimits', { rlimits: { core: 0 } }],
    ['resourceUsage', { resourceUsage: true, autoreap: 'avoid' as const }],
    ["autoreap: 'require'", name === 'kernel' ? own : { ...own, nice: 1 }],
  ])('is refused where Node.js would ignore %s', async (option, options) => {
    const wanted = name === 'waitid' && option.startsWith('autoreap') ? 'nice' : option;

    const { result, ended } = whileWrapped(() =>
      spawn('true', [], { ...options, stdio: 'ignore' }),
    );
    await ended;

    expect(result).toMatchObject({
      code: 'ERR_AUTOREAP_UNSUPPORTED',
      message: expect.stringContaining(wanted) as string,
    });
  });
});

describeEachReaper('a spawn by somebody else', ({ options: own }) => {
  const spawned: childProcess.ChildProcess[] = [];
  beforeEach(() => {
    spawned.length = 0;
  });
  const spawnByNode = (): void => {
    spawned.push(childProcess.spawn('sh', ['-c', 'exit 5'], { stdio: 'ignore' }));
  };

  /** The child of `ours`, and the one that Node.js was asked for meanwhile; each as it should be. */
  const expectBoth = async (ours: Child): Promise<void> => {
    const ends = await Promise.all([outputOf(ours), ...spawned.map((child) => outputOf(child))]);

    expect([isOurs(ours), ours.reapedBy]).toEqual([
      true,
      own.autoreap === 'require' ? 'kernel' : 'waitid',
    ]);
    expect(spawned.map(isOurs)).toEqual([false]);
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 5]);
  };

  it("is Node's own after ours", async () => {
    const ours = spawn('true', own);
    spawnByNode();

    await expectBoth(ours);
  });

  it("is Node's own in a getter of the options", async () => {
    const options = { ...own };
    Object.defineProperty(options, 'cwd', {
      enumerable: true,
      get: () => {
        spawnByNode();
        return '/';
      },
    });

    await expectBoth(spawn('true', [], options));
  });

  it("is Node's own in a getter of the environment", async () => {
    let times = 0;
    const env = { PATH: process.env.PATH };
    Object.defineProperty(env, 'A', {
      enumerable: true,
      get: () => {
        if (times++ === 0) spawnByNode();
        return '1';
      },
    });

    await expectBoth(spawn('true', [], { ...own, env }));
  });

  it("is Node's own in a subscriber of the diagnostics channel", async () => {
    let times = 0;
    const subscriber = (): void => {
      if (times++ === 0) spawnByNode();
    };
    diagnostics.subscribe('child_process', subscriber);
    try {
      await expectBoth(spawn('true', [], own));
    } finally {
      diagnostics.unsubscribe('child_process', subscriber);
    }
  });

  it("is Node's own after a spawn of ours that threw", async () => {
    expect(() => spawn('true', [], { ...own, cwd: 1 as unknown as string })).toThrow('cwd');
    expect(() => spawn('true', ['\0'], own)).toThrow('null bytes');
    expect(() => spawn('true', ['x'.repeat(1 << 20)], own)).toThrow('E2BIG');
    spawnByNode();

    await expectBoth(spawn('true', own));
  });
});

describeEachReaper('a diagnostics channel', ({ options: own }) => {
  const NAMES = [
    'child_process',
    'tracing:child_process.spawn:start',
    'tracing:child_process.spawn:end',
    'tracing:child_process.spawn:error',
  ];

  /** What is published while `by` spawns: the name, and whether it is about that child. */
  const publishedBy = async (by: typeof childProcess.spawn, file: string): Promise<unknown[]> => {
    const published: [string, unknown][] = [];
    const subscribers = NAMES.map((name) => {
      const subscriber = (message: unknown): void => {
        published.push([name, (message as { process?: unknown }).process]);
      };
      diagnostics.subscribe(name, subscriber);
      return [name, subscriber] as const;
    });
    try {
      const child = by(file, [], by === childProcess.spawn ? {} : (own as SpawnOptions));
      await outputOf(child).catch(() => undefined);
      return published.map(([name, process]) => [name, process === child]);
    } finally {
      for (const [name, subscriber] of subscribers) diagnostics.unsubscribe(name, subscriber);
    }
  };

  it.each(['true', 'no-such-program'])('hears of %s what Node.js tells it', async (file) => {
    const node = await publishedBy(childProcess.spawn, file);
    const ours = await publishedBy(spawn as typeof childProcess.spawn, file);

    expect(ours).toEqual(node);
    expect(ours).toContainEqual(['child_process', true]);
  });
});

describeEachReaper('the permission model', ({ options: { autoreap } }) => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  const node = [flag, '--allow-fs-read=*', '--allow-addons', '--no-warnings'];

  interface Told {
    readonly ours: unknown;
    readonly node: unknown;
    readonly hasChild: boolean;
  }

  it('keeps ours from starting processes as it does Node.js', async () => {
    const told = await tell<Told>('permission', [autoreap], { node });

    expect(told.ours).toEqual(told.node);
    expect(told.ours).toMatchObject({ code: 'ERR_ACCESS_DENIED', permission: 'ChildProcess' });
    expect(told.hasChild).toBe(false);
  });

  it('lets ours start them where it lets Node.js', async () => {
    const told = await tell<Told>('permission', [autoreap], {
      node: [...node, '--allow-child-process'],
    });

    expect(told).toEqual({ ours: 'closed with 0', node: 'closed with 0', hasChild: false });
  });
});
