// What cannot be started fails as it fails with node:child_process, and says more about it.
import { chmodSync, closeSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawn, type SpawnOptions } from '../../lib/index';
import { describeEachBackend } from '../support/backends';
import { expectFailureAsNode, failureOf, ourFailureOf } from '../support/failures';
import { outputOf, publicCopy, scratch } from '../support/programs';
import { describeEachReaper } from '../support/reapers';

const folder = scratch();
const NOBODY = 65534;

beforeAll(() => {
  writeFileSync(folder.file('plain'), 'not a program');
  writeFileSync(folder.file('orphan'), '#!/no/such/interpreter\n', { mode: 0o755 });
  writeFileSync(folder.file('bare'), 'echo bare "$0" "$@"\n', { mode: 0o755 });
  symlinkSync('loop', folder.file('loop'));
  mkdirSync(folder.file('private'), { mode: 0o700 });
  writeFileSync(folder.file('private/file'), '#!/bin/sh\n', { mode: 0o755 });
  chmodSync(folder.file('private'), 0o700);
});

describeEachReaper('a program that cannot be started', ({ options: own }) => {
  interface Row {
    readonly what: string;
    readonly file: () => string;
    readonly step?: string;
    readonly says: RegExp;
    readonly options?: () => SpawnOptions;
  }
  const file = folder.file;
  const rows: readonly Row[] = [
    { what: 'a name no PATH has', file: () => 'no-such-program', says: /no such program/ },
    { what: 'a path to nothing', file: () => file('nothing'), says: /no such program/ },
    { what: 'a folder', file: () => folder.path, says: /may not be executed/ },
    { what: 'a file without x', file: () => file('plain'), says: /may not be executed/ },
    { what: 'a path through a file', file: () => file('plain/a'), says: /not a folder/ },
    { what: 'a link to itself', file: () => file('loop'), says: /symbolic link/ },
    { what: 'a script without its interpreter', file: () => file('orphan'), says: /interpreter/ },
    {
      what: 'a missing cwd',
      file: () => 'true',
      step: 'chdir',
      says: /`cwd`/,
      options: () => ({ cwd: file('nothing') }),
    },
    {
      what: 'a cwd that is a file',
      file: () => 'true',
      step: 'chdir',
      says: /`cwd`/,
      options: () => ({ cwd: file('plain') }),
    },
    {
      what: "another user's file",
      file: () => file('private/file'),
      says: /may not be executed/,
      options: () => ({ uid: NOBODY, gid: NOBODY }),
    },
    {
      what: 'uid -1',
      file: () => 'true',
      step: 'setuid',
      says: /uid/,
      options: () => ({ uid: -1 }),
    },
    {
      what: 'gid -1',
      file: () => 'true',
      step: 'setgid',
      says: /gid/,
      options: () => ({ gid: -1 }),
    },
  ];

  it.each(rows)('fails as in Node.js: $what', async (row) => {
    const { step = 'execve', says } = row;

    await expectFailureAsNode(row.file(), ['a', 'b'], row.options?.() ?? {}, { step, says }, own);
  });

  it('fails as in Node.js without pipes too', async () => {
    const says = /no such program/;
    const stdio = ['ignore', 'inherit', 'ignore'] as const;

    await expectFailureAsNode(
      'no-such-program',
      [],
      { stdio: [...stdio] },
      { step: 'execve', says },
      own,
    );
  });

  it('fails as in Node.js with a channel and an extra pipe', async () => {
    const options = { stdio: ['pipe', 'ipc', 'pipe', 'pipe'] } as const;

    await expectFailureAsNode(
      'no-such-program',
      [],
      { stdio: [...options.stdio] },
      { step: 'execve', says: /no such program/ },
      own,
    );
  });

  it('fails as in Node.js: arguments that are too large', async () => {
    const large = 'x'.repeat(1 << 20);

    await expectFailureAsNode('true', [large], {}, { step: 'execve', says: /too large/ }, own);
  });

  it('fails as in Node.js: an environment that is too large', async () => {
    const env = { LARGE: 'x'.repeat(1 << 20) };

    await expectFailureAsNode('true', [], { env }, { step: 'execve', says: /too large/ }, own);
  });

  it('fails as in Node.js: a program that somebody is writing', async () => {
    const busy = publicCopy('world', folder.file('busy'));
    const writer = openSync(busy, 'r+');
    try {
      await expectFailureAsNode(busy, [], {}, { step: 'execve', says: /open for writing/ }, own);
    } finally {
      closeSync(writer);
    }
  });

  it('becomes a script for /bin/sh where it has no "#!", as execvp(3) does', async () => {
    const bare = folder.file('bare');

    const { stdout } = await outputOf(spawn(bare, ['a b', ''], own));

    expect(stdout).toBe(`bare ${bare} a b \n`);
  });

  it('leaves an error whose stack begins where spawn was called, or in Node.js', async () => {
    const { thrown } = await ourFailureOf('true', ['x'.repeat(1 << 20)], own);

    expect(thrown.stack).toContain(failureOf.name);
  });
});

describeEachBackend('a child that was never born', ({ spawn, options: own }) => {
  it('rejects `exited` with the error that was emitted', async () => {
    const child = spawn('no-such-program', own);
    const emitted = new Promise((resolve) => child.once('error', resolve));
    const closed = new Promise((resolve) => child.once('close', resolve));

    const rejected: unknown = await child.exited.catch((error: unknown) => error);

    expect(rejected).toBe(await emitted);
    await closed;
  });

  it('has no pidfd, is not signalled and stops at once', async () => {
    const child = spawn('no-such-program', own);
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.once('error', () => {});

    expect([child.pid, child.pidfd, child.kill()]).toEqual([undefined, undefined, false]);
    await expect(child.stop()).rejects.toMatchObject({ code: 'ENOENT' });
    await child[Symbol.asyncDispose]();
    await closed;
  });
});
