// child_process.spawnSync and its kin: how the child is to be started.
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { program, scratch } from '../support/programs';
import { describeThreeWays } from '../support/three-ways';
import { thrownBy } from '../support/thrown';
import type { World } from '../support/world';

const folder = scratch();
const isRoot = process.getuid!() === 0;

describeThreeWays('the options of spawnSync', (subject) => {
  const utf8 = { encoding: 'utf8' } as const;
  const said = (file: string, args: readonly string[], options: object = {}): string =>
    subject().cp.spawnSync(file, args, { ...options, ...utf8 }).stdout;

  it('take cwd as a string, as a URL or as a Buffer', () => {
    const cwd = realpathSync(folder.path);

    expect(said('pwd', [], { cwd })).toBe(`${cwd}\n`);
    expect(said('pwd', [], { cwd: pathToFileURL(cwd) })).toBe(`${cwd}\n`);
    expect(said('pwd', [], { cwd: Buffer.from(cwd) })).toBe(`${cwd}\n`);
    expect(said('pwd', [])).toBe(`${process.cwd()}\n`);
  });

  it('take env for all there is, without what is undefined', () => {
    const env = { A: '1', B: undefined, C: '', D: 2 as unknown as string };

    expect(said('/usr/bin/env', [], { env })).toBe('A=1\nC=\nD=2\n');
    expect(said('/usr/bin/env', [], { env: {} })).toBe('');
    expect(said('/usr/bin/env', [], { env: Object.create({ A: 'inherited' }) as object })).toBe(
      'A=inherited\n',
    );
  });

  it('look for the file in the PATH of env', () => {
    const env = { PATH: folder.path };

    expect(subject().cp.spawnSync('sh', ['-c', 'true'], { env }).error).toMatchObject({
      code: 'ENOENT',
    });
    expect(said('sh', ['-c', 'echo $PATH'], { env: { PATH: '/no/such:/bin' } })).toBe(
      '/no/such:/bin\n',
    );
  });

  it('take argv0', () => {
    const { argv } = JSON.parse(said(program('world'), ['a'], { argv0: 'other' })) as World;

    expect(argv).toEqual(['other', 'a']);
  });

  it('take shell, which sees the file and the arguments as one command', () => {
    const { cp } = subject();

    expect(said('echo "$0"; echo a | cat', [], { shell: true })).toBe('/bin/sh\na\n');
    expect(said('echo $0', [], { shell: 'sh' })).toBe('sh\n');
    expect(cp.execSync('echo $0', { shell: 'sh', ...utf8 })).toBe('sh\n');
    expect(cp.execFileSync('echo $0', { shell: true, ...utf8 })).toBe('/bin/sh\n');
    expect(cp.execFileSync('echo', ['$0'], utf8)).toBe('$0\n');
    expect(cp.spawnSync('exit 3', { shell: true }).status).toBe(3);
    expect(cp.spawnSync('no-such-command', { shell: true }).status).toBe(127);
    expect(cp.spawnSync('true', { shell: '/no/such/shell' }).error).toMatchObject({
      ...{ code: 'ENOENT', path: '/no/such/shell', spawnargs: ['-c', 'true'] },
    });
  });

  it('take detached for a session of its own', () => {
    const session = 'read pid name state ppid pgrp session rest < /proc/$$/stat; echo $session $$';
    const isLeader = (detached: boolean): boolean => {
      const [sid, pid] = said('sh', ['-c', session], { detached }).trim().split(' ');
      return sid === pid;
    };

    expect([isLeader(true), isLeader(false)]).toEqual([true, false]);
  });

  it(`take uid and gid${isRoot ? '' : ' that are our own'}`, () => {
    const [uid, gid] = isRoot ? [65534, 65533] : [process.getuid!(), process.getgid!()];
    const script = 'grep -E "^(Uid|Gid):" /proc/$$/status';

    const lines = said('sh', ['-c', script], { uid, gid, cwd: '/' }).trim().split('\n');

    expect(lines).toEqual([
      ['Uid:', uid, uid, uid, uid].join('\t'),
      ['Gid:', gid, gid, gid, gid].join('\t'),
    ]);
  });

  it('take windowsHide and windowsVerbatimArguments, and make nothing of them', () => {
    const options = { windowsHide: true, windowsVerbatimArguments: true };

    expect(said('echo', ['a b'], options)).toBe('a b\n');
  });

  const INVALID = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
  it.each([
    ['cwd', 5, 'of type string or an instance of Buffer or URL. Received type number (5)'],
    ['detached', 5, 'of type boolean. Received type number (5)'],
    ['shell', 5, 'one of type boolean or string. Received type number (5)'],
    ['argv0', 5, 'of type string. Received type number (5)'],
    ['windowsHide', 5, 'of type boolean. Received type number (5)'],
    ['windowsVerbatimArguments', 5, 'of type boolean. Received type number (5)'],
    // Node's words for these have changed since 20.
    ['uid', 'x', 'Received type string'],
    ['gid', 'x', 'Received type string'],
  ])('may have no %s: %p', (name, value, says) => {
    const { cp } = subject();

    for (const refuse of [
      () => cp.spawnSync('true', { [name]: value }),
      () => cp.execFileSync('true', { [name]: value }),
    ]) {
      const error = thrownBy(refuse);
      expect(error).toMatchObject(INVALID);
      expect(error['message']).toContain(`The "options.${name}" property must be `);
      expect(error['message']).toContain(says);
    }
  });

  it.each([
    ['file', 'a\0', [], {}, "The argument 'file' must be a string without null bytes"],
    ['args[0]', 'a', ['\0'], {}, "The argument 'args[0]' must be a string without null bytes"],
    ['env', 'a', [], { env: { A: '\0' } }, "The property 'options.env['A']' must be a string"],
    ['cwd', 'a', [], { cwd: '\0' }, "The property 'options.cwd' must be a string, Uint8Array"],
    ['argv0', 'a', [], { argv0: '\0' }, "The property 'options.argv0' must be a string without"],
    ['shell', 'a', [], { shell: '\0' }, "The property 'options.shell' must be a string without"],
  ])('may have no NUL in %s', (_, file, args, options: object, says) => {
    const { cp } = subject();

    for (const refuse of [
      () => cp.spawnSync(file, args, options),
      () => cp.execFileSync(file, args, options),
    ]) {
      const error = thrownBy(refuse);
      expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' });
      expect(error['message']).toContain(says);
    }
  });

  it.each([
    ['', undefined, undefined, "The argument 'file' cannot be empty. Received ''"],
    [5, undefined, undefined, 'The "file" argument must be of type string. Received type number'],
    ['true', 5, undefined, 'The "args" argument must be of type object. Received type number (5)'],
    ['true', [], 5, 'The "options" argument must be of type object. Received type number (5)'],
    ['true', [], null, 'The "options" argument must be of type object. Received null'],
  ])('and arguments may not be %p, %p, %p', (file, args, options, says) => {
    const call = subject().cp.spawnSync as (...args: unknown[]) => unknown;

    const error = thrownBy(() => call(file, args, options));

    expect(error['message']).toContain(says);
    expect(error['code']).toMatch(/^ERR_INVALID_ARG_(TYPE|VALUE)$/);
  });

  it('and the command of execSync must be a string without NUL', () => {
    const call = subject().cp.execSync as (command: unknown) => unknown;

    expect(thrownBy(() => call(5))).toMatchObject({
      ...INVALID,
      message: 'The "command" argument must be of type string. Received type number (5)',
    });
    expect(thrownBy(() => call('a\0'))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });
});
