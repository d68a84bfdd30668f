// child_process.spawn, exec and execFile: what fails when the child is to be created.
import type { SpawnOptions } from 'node:child_process';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { promisify } from 'node:util';
import { answerOf } from '../support/answers';
import { lifeOf, shown, thrownBy, type Life } from '../support/lives';
import { nextDescriptor } from '../support/next-descriptor';
import { scratch } from '../support/programs';
import { describeThreeWays, expectAsNode, type ChildProcessApi } from '../support/three-ways';

const folder = scratch();
const plain = folder.file('plain');
const orphan = folder.file('orphan');
const bare = folder.file('bare');
const loop = folder.file('loop');

beforeAll(() => {
  writeFileSync(plain, '#!/bin/sh\n', { mode: 0o644 });
  writeFileSync(orphan, '#!/no/such/interpreter\n');
  writeFileSync(bare, 'echo "run by $0"; exit 4\n');
  symlinkSync('loop', loop);
  for (const file of [orphan, bare]) chmodSync(file, 0o755);
});

/** What is thrown, or the life of the child that is not one. */
async function failureOf(
  cp: ChildProcessApi,
  file: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<{ readonly thrown: unknown } | Life> {
  let child;
  try {
    child = cp.spawn(file, args, options);
  } catch (error) {
    return { thrown: shown(error) };
  }
  return await lifeOf(child);
}

interface Failure {
  readonly title: string;
  readonly code: keyof typeof constants.errno;
  readonly file: string;
  readonly args?: readonly string[];
  readonly options?: SpawnOptions;
}

const env = { PATH: process.env.PATH, A: 'x'.repeat(1 << 20) };
const noFd = ['pipe', 'pipe', 999] as const;

/** Node.js tells of these three by an event, and throws the others. */
const told: readonly Failure[] = [
  { title: 'no such file', code: 'ENOENT', file: '/no/such' },
  { title: 'a name that is nowhere in PATH', code: 'ENOENT', file: 'no-such-program' },
  { title: 'a name where there is no PATH', code: 'ENOENT', file: 'no-such', options: { env: {} } },
  { title: 'no such interpreter', code: 'ENOENT', file: orphan },
  { title: 'no such cwd', code: 'ENOENT', file: 'true', options: { cwd: '/no/such' } },
  { title: 'no such shell', code: 'ENOENT', file: 'true', options: { shell: '/no/such' } },
  { title: 'a file that may not be executed', code: 'EACCES', file: plain },
  { title: 'a folder', code: 'EACCES', file: folder.path },
  { title: 'a folder of a name', code: 'EACCES', file: './', options: { cwd: folder.path } },
];
const thrown: readonly Failure[] = [
  { title: 'a file in a file', code: 'ENOTDIR', file: `${plain}/a` },
  { title: 'a cwd that is a file', code: 'ENOTDIR', file: 'true', options: { cwd: plain } },
  { title: 'a link to itself', code: 'ELOOP', file: loop },
  { title: 'a name that is too long', code: 'ENAMETOOLONG', file: `/${'x'.repeat(300)}` },
  { title: 'an argument too long', code: 'E2BIG', file: 'true', args: ['x'.repeat(1 << 20)] },
  { title: 'an environment too large', code: 'E2BIG', file: 'true', options: { env } },
  { title: 'no such descriptor', code: 'EBADF', file: 'true', options: { stdio: [...noFd] } },
  { title: 'a user that none is', code: 'EINVAL', file: 'true', options: { uid: -1 } },
];

describeThreeWays('a child that cannot be created', (subject) => {
  it.each(told)("is told by 'error', and then 'close': $code of $title", async (failure) => {
    const { code, file, args = ['a'], options = {} } = failure;

    const seen = await expectAsNode(subject(), (cp) => failureOf(cp, file, args, options));

    const path = typeof options.shell === 'string' ? options.shell : file;
    const errno = -constants.errno[code];
    const spawnargs = path === file ? args : ['-c', `${file} a`];
    const about = { code, errno, syscall: `spawn ${path}`, path, spawnargs };
    expect(seen).toMatchObject({
      born: { hasPid: false, exitCode: null, spawnfile: path },
      closed: { hasPid: false, exitCode: errno, signalCode: null, killed: false },
      events: [
        ['error', { name: 'Error', message: `spawn ${path} ${code}`, ...about }],
        ['close', errno, null],
      ],
      output: { 1: '', 2: '' },
    });
  });

  it.each(thrown)('is thrown, and nothing of it is left: $code of $title', async (failure) => {
    const { code, file, args = ['a'], options = {} } = failure;

    const seen = await expectAsNode(subject(), (cp) => failureOf(cp, file, args, options));

    const errno = -constants.errno[code];
    const error = { name: 'Error', message: `spawn ${code}`, errno, code, syscall: 'spawn' };
    expect(seen).toEqual({ thrown: error });
  });

  it('is told the same without pipes, and with more of them', async () => {
    const stdios: SpawnOptions['stdio'][] = [
      'ignore',
      'inherit',
      ['ignore', 'pipe', 'inherit'],
      ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    ];
    for (const stdio of stdios) {
      const seen = await expectAsNode(subject(), (cp) => {
        return failureOf(cp, 'no-such-program', [], { stdio: stdio! });
      });

      expect('events' in seen && seen.events.map(([event]) => event)).toContain('error');
    }
  });

  it('is none where a shell can read the file', async () => {
    const seen = await expectAsNode(subject(), (cp) => failureOf(cp, bare, [], {}));

    expect(seen).toMatchObject({ output: { 1: `run by ${bare}\n` }, closed: { exitCode: 4 } });
  });

  it('has a stdin that fails when it is written to, and outputs that end', async () => {
    const seen = await expectAsNode(subject(), async (cp) => {
      const child = cp.spawn('no-such-program');
      const life = lifeOf(child);
      const ended: string[] = [];
      child.stdout.once('end', () => ended.push('stdout'));
      child.stderr.once('end', () => ended.push('stderr'));
      const errors: unknown[] = [];
      child.stdin.on('error', ({ code, syscall }: NodeJS.ErrnoException) => {
        errors.push([code, syscall]);
      });
      const closed = new Promise((resolve) => child.stdin.once('close', resolve));
      const written = new Promise((resolve) => child.stdin.write('a', (it) => resolve(shown(it))));
      const { events } = await life;
      await closed;
      const { destroyed, writable } = child.stdin;
      return { events, ended, errors, written: await written, destroyed, writable };
    });

    expect(seen).toMatchObject({ destroyed: true, writable: false, ended: ['stdout', 'stderr'] });
  });

  it('leaves descriptors as they were', async () => {
    const { cp } = subject();
    const before = nextDescriptor();

    for (const { file, args = [], options = {} } of [...told, ...thrown]) {
      await failureOf(cp, file, args, options);
    }

    expect(nextDescriptor()).toBe(before);
  });
});

describeThreeWays('a child that exec and execFile cannot create', (subject) => {
  it.each(told)('is told to the callback of execFile: $code of $title', async (failure) => {
    const { code, file, args = ['a'], options = {} } = failure;

    const { error, stdout, stderr } = await expectAsNode(subject(), (cp) =>
      answerOf((callback) => {
        return cp.execFile(file, args, { ...(options as object), encoding: 'utf8' }, callback);
      }),
    );

    expect(error).toMatchObject({ code, errno: -constants.errno[code] });
    expect(error).toHaveProperty('cmd');
    expect([stdout, stderr]).toEqual(['', '']);
  });

  // It does not take stdio.
  it.each(thrown.filter(({ options }) => options?.stdio === undefined))(
    'is thrown by execFile too: $code of $title',
    async ({ code, file, args = [], options = {} }) => {
      const seen = await expectAsNode(subject(), (cp) =>
        thrownBy(() => cp.execFile(file, args, options as object, () => undefined)),
      );

      expect(seen).toMatchObject({ thrown: { code, syscall: 'spawn' } });
    },
  );

  it('rejects what is promised of it, with what was run, and empty outputs', async () => {
    const seen = await expectAsNode(subject(), async (cp) => {
      const calls = [
        () => promisify(cp.execFile)('no-such-program', ['a']),
        () => promisify(cp.exec)('true', { cwd: '/no/such' }),
      ];
      const settled = [];
      for (const call of calls) {
        const promise = call();
        const closed = new Promise((resolve) => promise.child.once('close', resolve));
        settled.push(await promise.catch(shown));
        await closed;
      }
      return settled;
    });

    const outputs = { stdout: '', stderr: '' };
    expect(seen).toMatchObject([
      { code: 'ENOENT', path: 'no-such-program', cmd: 'no-such-program a', ...outputs },
      { code: 'ENOENT', path: '/bin/sh', cmd: 'true', ...outputs },
    ]);
  });
});
