// child_process.spawnSync: the error of a child that was never born, field by field.
import { chmodSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { nextDescriptor } from '../support/next-descriptor';
import { scratch } from '../support/programs';
import { describeThreeWays, expectAsNode } from '../support/three-ways';
import { propertiesOf, thrownBy } from '../support/thrown';

const folder = scratch();
const notExecutable = folder.file('not-executable');
const noInterpreter = folder.file('no-interpreter');
const noMagic = folder.file('no-magic');

beforeAll(() => {
  writeFileSync(notExecutable, '#!/bin/sh\n', { mode: 0o644 });
  writeFileSync(noInterpreter, '#!/no/such/interpreter\n', { mode: 0o755 });
  writeFileSync(noMagic, 'echo run by $0; exit 4\n', { mode: 0o755 });
  for (const file of [noInterpreter, noMagic]) chmodSync(file, 0o755);
});

type Code = 'E2BIG' | 'EACCES' | 'EBADF' | 'ENAMETOOLONG' | 'ENOENT' | 'ENOTDIR' | 'ELOOP';
interface Failure {
  readonly title: string;
  readonly code: Code;
  readonly file: string;
  readonly args?: readonly string[];
  readonly options?: object;
}

describeThreeWays('the error of spawnSync', (subject) => {
  const failures: readonly Failure[] = [
    { title: 'no such file', code: 'ENOENT', file: '/no/such' },
    { title: 'a name that is nowhere in PATH', code: 'ENOENT', file: 'no-such-program' },
    { title: 'no such interpreter', code: 'ENOENT', file: noInterpreter },
    { title: 'a file that may not be executed', code: 'EACCES', file: notExecutable },
    { title: 'a folder', code: 'EACCES', file: folder.path },
    { title: 'a file in a file', code: 'ENOTDIR', file: `${notExecutable}/a` },
    { title: 'a name that is too long', code: 'ENAMETOOLONG', file: `/${'x'.repeat(300)}` },
    { title: 'no such cwd', code: 'ENOENT', file: 'true', options: { cwd: '/no/such' } },
    {
      title: 'a cwd that is no folder',
      code: 'ENOTDIR',
      file: 'true',
      options: { cwd: notExecutable },
    },
    { title: 'an argument too long', code: 'E2BIG', file: 'true', args: ['x'.repeat(1 << 20)] },
    {
      title: 'an environment too large',
      code: 'E2BIG',
      file: 'true',
      options: { env: { PATH: process.env.PATH, A: 'x'.repeat(1 << 20) } },
    },
    {
      title: 'a descriptor that is not open',
      code: 'EBADF',
      file: 'true',
      options: { stdio: ['pipe', 'pipe', 999] },
    },
  ];

  it.each(failures)('says $code of $title', async ({ code, file, args = ['a'], options = {} }) => {
    const seen = await expectAsNode(subject(), (cp) => {
      const { error, ...rest } = cp.spawnSync(file, args, options);
      return { error: propertiesOf(error), rest, keys: Object.keys(rest) };
    });

    expect(seen.error).toEqual({
      name: 'Error',
      message: `spawnSync ${file} ${code}`,
      errno: -constants.errno[code],
      code,
      syscall: `spawnSync ${file}`,
      path: file,
      spawnargs: args,
    });
    expect(seen.rest).toMatchObject({ pid: 0, status: null, signal: null, output: null });
    expect(seen.keys).toEqual(['status', 'signal', 'output', 'pid', 'stdout', 'stderr']);
  });

  it.each(failures)('is thrown by execFileSync: $code of $title', async (failure) => {
    const { file, args = ['a'], options = {}, code } = failure;

    const seen = await expectAsNode(subject(), (cp) =>
      thrownBy(() => cp.execFileSync(file, args, options)),
    );

    expect(seen).toMatchObject({ code, error: 'itself', pid: 0, status: null });
  });

  it('is not said of a file without magic number, which a shell runs', () => {
    const { stdout, status } = subject().cp.spawnSync(noMagic, { encoding: 'utf8' });

    expect([stdout, status]).toEqual([`run by ${noMagic}\n`, 4]);
  });

  it('is made anew each time, with the stack of its caller', () => {
    const call = (): Error | undefined => subject().cp.spawnSync('/no/such').error;
    const [first, second] = [call(), call()];

    expect(first).not.toBe(second);
    expect(first?.stack).toContain('sync-errors.spec');
  });

  it('leaves descriptors as they were', () => {
    const { cp } = subject();
    const before = nextDescriptor();

    for (const { file, args = [], options = {} } of failures) cp.spawnSync(file, args, options);

    expect(nextDescriptor()).toBe(before);
  });
});
