// The scripts that a fresh clone meets first, run in a checkout made for the test.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(__dirname, '../../..');

let checkout: string;

beforeEach(() => {
  checkout = fs.mkdtempSync(path.join(os.tmpdir(), 'autoreap-tooling-'));
  fs.cpSync(path.join(root, 'scripts/setup'), path.join(checkout, 'scripts/setup'), {
    recursive: true,
  });
});

afterEach(() => {
  fs.rmSync(checkout, { recursive: true, force: true });
});

function write(file: string, text = '', mode = 0o644): string {
  const target = path.join(checkout, file);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(target, text, { mode });
  return target;
}

function age(file: string, seconds: number): void {
  const time = Date.now() / 1000 - seconds;
  fs.utimesSync(path.join(checkout, file), time, time);
}

function script(
  name: string,
  env: NodeJS.ProcessEnv = {},
): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(checkout, 'scripts/setup', name), ...(name === 'build.mjs' ? [] : ['--fixtures'])],
    { cwd: os.tmpdir(), encoding: 'utf8', env: { ...process.env, ...env } },
  );
  // On a slow machine they say what they are at.
  const text = (stdout + stderr).replace(/^(…| {2}done) .*\n/gm, '');
  return { status, text };
}

describe('scripts/setup/build.mjs', () => {
  it('names the packages to install where the compiler is missing', () => {
    write('binding.gyp', '{}');

    const { status, text } = script('build.mjs', { PATH: '/nowhere', CXX: '' });

    expect(text).toContain('lacks: g++, make, python3');
    expect(text).toContain('apt-get install gcc g++ make python3');
    expect(text).toContain('apk add');
    expect(status).toBe(1);
  });
});

describe('scripts/setup/ready.mjs', () => {
  const lock = JSON.stringify({ packages: { 'node_modules/a': { integrity: 'sha512-a' } } });

  beforeEach(() => {
    write('package-lock.json', lock);
    write('tsconfig.json', '{}');
    write('node_modules/.package-lock.json', lock);
    write('dist/.built');
  });

  it('says nothing when all is up to date', () => {
    expect(script('ready.mjs')).toEqual({ status: 0, text: '' });
  });

  it('does not install again what the lock file of a fresh checkout names already', () => {
    age('node_modules/.package-lock.json', 60);

    expect(script('ready.mjs', { PATH: '/nowhere', npm_execpath: '' })).toEqual({
      status: 0,
      text: '',
    });
  });

  it('installs what the lock file has changed', () => {
    write('package-lock.json', lock.replace('sha512-a', 'sha512-b'));
    age('node_modules/.package-lock.json', 60);

    const { status, text } = script('ready.mjs', { PATH: '/nowhere', npm_execpath: '' });

    expect(text).toContain('installing dependencies (npm ci): spawn npm ENOENT');
    expect(status).toBe(1);
  });
});

describe('scripts/setup/fixtures.mjs', () => {
  // A compiler that notes how it was called, and makes what it was asked to make.
  const COMPILER = `#!/bin/sh
echo "$@" >>"$LOG"
while [ "$1" != -o ]; do shift; done
echo >"$2"
`;

  function compile(): string[] {
    const LOG = path.join(checkout, 'log');
    fs.rmSync(LOG, { force: true });
    const CC = `${write('cc', COMPILER, 0o755)} -m64`;
    const OUT = path.join(checkout, 'out');

    expect(script('fixtures.mjs', { CC, OUT, LOG })).toEqual({ status: 0, text: '' });

    const calls = fs.existsSync(LOG) ? fs.readFileSync(LOG, 'utf8').trim().split('\n') : [];
    return calls.map((line) => line.replaceAll(`${checkout}/`, ''));
  }

  it('compiles programs, and libraries from NAME.so.c', () => {
    write('test/fixtures/program.c');
    write('test/fixtures/library.so.c');

    expect(compile()).toEqual([
      '-m64 -O1 -g -Wall -Wextra -pthread -shared -fPIC -o out/library.so test/fixtures/library.so.c',
      '-m64 -O1 -g -Wall -Wextra -pthread -o out/program test/fixtures/program.c',
    ]);
  });

  it('compiles again only what is older than its source or a header', () => {
    for (const name of ['a.c', 'b.c', 'shared.h']) write(`test/fixtures/${name}`);
    for (const name of ['a.c', 'b.c', 'shared.h']) age(`test/fixtures/${name}`, 60);

    expect(compile()).toHaveLength(2);
    expect(compile()).toHaveLength(0);

    write('test/fixtures/b.c');
    age('out/b', 30);
    expect(compile()).toEqual([expect.stringContaining('-o out/b ')]);

    write('test/fixtures/shared.h');
    age('out/a', 30);
    age('out/b', 30);
    expect(compile()).toHaveLength(2);
  });
});

describe('package-lock.json', () => {
  it('names no registry', () => {
    const text = fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8');

    expect(text).not.toMatch(/"resolved"/);
  });
});

describe.each([
  ...['start.mjs', 'docs/histories.mjs', 'bench/main.mjs', 'vm/main.mjs'],
  ...['build', 'tidy', 'asan', 'format', 'pack-check', 'prebuilds', 'nodes', 'ci'].map(
    (name) => `setup/${name}.mjs`,
  ),
])('scripts/%s', (name) => {
  const run = (option: string): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [path.resolve(__dirname, '../../../scripts', name), option], {
      encoding: 'utf8',
    });

  it('teaches by --help, and does nothing else', () => {
    expect(run('--help')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\S.*\n\n {2}\S/s) as string,
      stderr: '',
    });
  });

  it('does nothing for an option that it does not know, and names the help', () => {
    const { status, stdout, stderr } = run('--chek');

    expect(status).toBe(name === 'vm/main.mjs' ? 125 : 2);
    expect(stdout + stderr).toMatch(/^.*--chek.* See .*--help\.\n$/);
  });
});
