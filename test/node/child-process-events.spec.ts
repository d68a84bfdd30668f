// Class: ChildProcess, its events 'spawn', 'exit', 'close' and 'error'.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { fieldsOf, lifeOf } from '../support/lives';
import { describeThreeWays, expectAsNode } from '../support/three-ways';

const silent = { stdio: 'ignore' } as const;

/** What happens to it and what it says on stdout, in the order in which that is heard. */
function storyOf(child: ChildProcess): {
  readonly told: string[];
  readonly closed: Promise<unknown>;
} {
  const told: string[] = [];
  for (const event of ['spawn', 'error', 'exit', 'close']) child.on(event, () => told.push(event));
  child.stdout!.setEncoding('utf8').on('data', (text: string) => told.push(text));
  return { told, closed: once(child, 'close') };
}

describeThreeWays('the events of a ChildProcess', (subject) => {
  it.each<readonly [string, number | null, string | null]>([
    ['exit 0', 0, null],
    ['exit 1', 1, null],
    ['exit 255', 255, null],
    ['exit 256', 0, null],
    ['kill -TERM $$', null, 'SIGTERM'],
    ['kill -KILL $$', null, 'SIGKILL'],
    ['kill -USR2 $$', null, 'SIGUSR2'],
  ])(
    "are 'spawn', 'exit' and 'close' for %s, with its code and its signal",
    async (end, ...how) => {
      const life = await expectAsNode(subject(), (cp) =>
        lifeOf(cp.spawn('sh', ['-c', end], silent)),
      );

      expect(life.events).toEqual([['spawn'], ['exit', ...how], ['close', ...how]]);
      expect([life.closed.exitCode, life.closed.signalCode]).toEqual(how);
    },
  );

  it('come when the caller of spawn is done, and what that has queued', async () => {
    const seen = await expectAsNode(subject(), async (cp) => {
      const told: string[] = [];
      process.nextTick(() => told.push('tick before'));
      const child = cp.spawn('true', silent);
      for (const event of ['spawn', 'exit', 'close']) child.on(event, () => told.push(event));
      process.nextTick(() => told.push('tick after'));
      told.push('done');
      await once(child, 'close');
      return told;
    });

    expect(seen).toEqual(['done', 'tick before', 'spawn', 'tick after', 'exit', 'close']);
  });

  it('reach each listener, in turn, and as their this the child', async () => {
    const child = subject().cp.spawn('true', silent);
    const told: unknown[] = [];
    child.on('exit', function (this: unknown) {
      told.push(this === child);
    });
    child.prependListener('exit', () => told.push('first'));
    child.once('exit', () => told.push('last'));

    await once(child, 'close');

    expect(told).toEqual(['first', true, 'last']);
  });

  describe("'spawn'", () => {
    it('comes before any output', async () => {
      const { told, closed } = storyOf(subject().cp.spawn('echo', ['said']));

      await closed;

      expect(told[0]).toBe('spawn');
      expect(told).toContain('said\n');
    });

    it('comes of a shell, whether or not that finds the command', async () => {
      const life = await expectAsNode(subject(), (cp) =>
        lifeOf(cp.spawn('no-such-program', { shell: true, stdio: 'ignore' })),
      );

      expect(life.events).toEqual([['spawn'], ['exit', 127, null], ['close', 127, null]]);
    });

    it('does not come where there is no child', async () => {
      const life = await expectAsNode(subject(), (cp) => lifeOf(cp.spawn('no-such-program')));

      expect(life.events.map(([event]) => event)).toEqual(['error', 'close']);
      expect(life.born.hasPid).toBe(false);
    });
  });

  describe("'exit'", () => {
    it('comes when the fields of the child say so too, and its stdin is destroyed', async () => {
      const seen = await expectAsNode(subject(), async (cp) => {
        const child = cp.spawn('sh', ['-c', 'exit 3']);
        const closed = lifeOf(child);
        await once(child, 'exit');
        const fields = fieldsOf(child);
        const destroyed = child.stdin.destroyed;
        await closed;
        return { fields, destroyed };
      });

      expect(seen).toMatchObject({ fields: { exitCode: 3, signalCode: null }, destroyed: true });
    });

    it('comes while a grandchild holds the pipe of stdout, which says more before close', async () => {
      // The grandchild lives until it can read that from descriptor 3.
      const child = subject().cp.spawn(
        'sh',
        ['-c', '{ read -r line; echo "$line"; } <&3 & exit 3'],
        {
          stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
        },
      );
      const { told, closed } = storyOf(child);

      expect(await once(child, 'exit')).toEqual([3, null]);
      (child.stdio[3] as Duplex).end('late');
      (child.stdio[3] as Duplex).resume();

      expect(await closed).toEqual([3, null]);
      expect(told.slice(told.indexOf('exit'))).toEqual(['exit', 'late\n', 'close']);
    });

    it('comes once, with many children at once', async () => {
      const { spawn } = subject().cp;
      const lives = Array.from({ length: 20 }, (_, i) =>
        lifeOf(spawn('sh', ['-c', `exit ${i}`], silent)),
      );

      const exits = (await Promise.all(lives)).map(({ events }) =>
        events.filter(([event]) => event === 'exit'),
      );

      expect(exits).toEqual(Array.from({ length: 20 }, (_, i) => [['exit', i, null]]));
    });
  });

  describe("'close'", () => {
    it('comes of a child without streams as soon as it has ended', async () => {
      const order = await expectAsNode(subject(), async (cp) => {
        const child = cp.spawn('true', silent);
        const told: string[] = [];
        child.once('exit', () => process.nextTick(() => told.push('tick')));
        child.once('close', () => told.push('close'));
        await once(child, 'close');
        await new Promise((resolve) => process.nextTick(resolve));
        return told;
      });

      expect(order).toEqual(['close', 'tick']);
    });

    it('comes although nobody has read what came', async () => {
      const life = await expectAsNode(subject(), (cp) =>
        lifeOf(cp.spawn('sh', ['-c', 'echo out; echo err >&2; exit 3']), { streams: false }),
      );

      expect(life.events).toEqual([['spawn'], ['exit', 3, null], ['close', 3, null]]);
    });

    it('comes of a child whose streams we destroy', async () => {
      const life = await expectAsNode(subject(), (cp) => {
        const child = cp.spawn('sh', ['-c', 'read _ <&3'], {
          stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
        });
        for (const stream of child.stdio) stream?.destroy();
        return lifeOf(child, { streams: false });
      });

      expect(life.events).toEqual([['spawn'], ['exit', 1, null], ['close', 1, null]]);
    });
  });

  describe("'error'", () => {
    it('comes after the call, before close, and tells what there was to run', async () => {
      const life = await expectAsNode(subject(), (cp) => {
        return lifeOf(cp.spawn('no-such-program', ['a', 'b'], silent));
      });

      expect(life.events).toEqual([
        [
          'error',
          {
            name: 'Error',
            message: 'spawn no-such-program ENOENT',
            errno: -2,
            code: 'ENOENT',
            syscall: 'spawn no-such-program',
            path: 'no-such-program',
            spawnargs: ['a', 'b'],
          },
        ],
        ['close', -2, null],
      ]);
    });

    it('is told when the fields say so too, and is the one of that child', async () => {
      const seen = await expectAsNode(subject(), async (cp) => {
        const errors: Error[] = [];
        const fields: unknown[] = [];
        const children = ['no-such-program', 'no-such-program'].map((file) => {
          const child = cp.spawn(file, silent);
          child.once('error', (error) => {
            errors.push(error);
            fields.push(fieldsOf(child));
          });
          return new Promise((resolve) => child.once('close', resolve));
        });
        await Promise.all(children);
        return {
          fields,
          stacks: errors.map(({ stack }) => typeof stack),
          same: errors[0] === errors[1],
        };
      });

      expect(seen).toMatchObject({ stacks: ['string', 'string'], same: false });
      expect(seen.fields[0]).toMatchObject({ hasPid: false, exitCode: -2, signalCode: null });
    });
  });
});
