// What is executed, with which arguments and environment: execvp(3)'s rules, as Node.js has them.
import { mkdirSync, writeFileSync } from 'node:fs';
import type { SpawnOptions } from '../../lib/index';
import { expectFailureAsNode, nodeFailureOf, ourFailureOf } from '../support/failures';
import { publicCopy, scratch } from '../support/programs';
import { describeEachReaper } from '../support/reapers';
import { expectWorldAsNode, worldOf } from '../support/world';

const folder = scratch();
const good = folder.file('good');
const denied = folder.file('denied');
const isFolder = folder.file('folder');
const isFile = folder.file('file');
const bare = folder.file('bare');

beforeAll(() => {
  for (const each of [good, denied, isFolder, bare]) mkdirSync(each);
  publicCopy('world', `${good}/tool`);
  writeFileSync(`${denied}/tool`, 'not executable');
  mkdirSync(`${isFolder}/tool`);
  writeFileSync(isFile, '');
  writeFileSync(`${bare}/tool`, `exec ${good}/tool "$0" "$@"\n`, { mode: 0o755 });
});

describeEachReaper('the program', ({ options: own }) => {
  const path = (...entries: string[]): SpawnOptions => ({ env: { PATH: entries.join(':') } });

  it.each<[string, () => SpawnOptions, string?]>([
    ['is searched in the PATH of its own environment', () => path(good)],
    ['is the first that is found', () => path('/no/such/folder', good, bare)],
    ['is one behind a file that may not be executed', () => path(denied, good)],
    ['is one behind a folder of that name', () => path(isFolder, good)],
    ['is one behind an entry that is a file', () => path(isFile, good)],
    ['is searched in entries relative to its cwd', () => ({ ...path('good'), cwd: folder.path })],
    ['is searched in its cwd for an empty PATH', () => ({ ...path(''), cwd: good })],
    ['is searched in its cwd for a leading colon', () => ({ ...path('', '/'), cwd: good })],
    ['is searched in its cwd for a trailing colon', () => ({ ...path('/', ''), cwd: good })],
    ['may be a script without "#!", by its full path', () => path(bare)],
    ['is not searched when it has a slash', () => ({ ...path(denied), cwd: good }), './tool'],
    ['is found below its cwd', () => ({ ...path(denied), cwd: folder.path }), 'good/tool'],
    ['is found by its full path', () => path(denied), `${good}/tool`],
  ])('%s', async (_title, options, file = 'tool') => {
    const world = await expectWorldAsNode(options(), own, { file, args: ['a'] });

    expect(world.exe).toBe(`${good}/tool`);
  });

  it('is not searched in our own PATH when its environment has another', async () => {
    const options = path('/no/such/folder');

    await expectFailureAsNode('true', [], options, { step: 'execve', says: /PATH of `env`/ }, own);
  });

  it('is searched in the default PATH when its environment has none', async () => {
    const world = await expectWorldAsNode({ env: { A: '1' }, shell: `${good}/tool` }, own);
    expect(world.env).toEqual(['A=1']);

    const { events } = await ourFailureOf('true', [], { ...own, env: {} });
    expect(events).toContain('close 0 null');
  });

  it('was denied if that is the best there was', async () => {
    const options = path(denied, '/no/such/folder', isFolder);
    const says = /may not be executed/;

    await expectFailureAsNode('tool', ['a'], options, { step: 'execve', says }, own);
  });

  it('was not found if every entry was missing or a file', async () => {
    const options = path('/no/such/folder', isFile);

    await expectFailureAsNode('tool', [], options, { step: 'execve', says: /./ }, own);
  });
});

describeEachReaper('arguments and environment', ({ options: own }) => {
  it.each<readonly [string, NodeJS.ProcessEnv]>([
    ['empty', {}],
    ['with empty values', { A: '', B: '1' }],
    ['in Unicode', { Ä: 'ö€😀', B: '\u0001\t\n"\\' }],
    ['with what has no string', { A: undefined, B: '1', C: 2 as unknown as string }],
    ['with = in a value', { A: 'b=c' }],
    ['inherited', Object.create({ INHERITED: '1' }) as NodeJS.ProcessEnv],
    ['in the order of its properties', { C: '3', A: '1', B: '2' }],
    ['of broken surrogates', { A: '\ud800' }],
  ])('reach a child as under Node.js: environment %s', async (_title, env) => {
    await expectWorldAsNode({ env }, own);
  });

  it.each<readonly [string, readonly string[]]>([
    ['none', []],
    ['empty', ['', '']],
    ['in Unicode', ['ö€😀', '\ud800', '\u0001\t\n"\\ $(x)']],
    ['many', Array.from({ length: 2000 }, (_, i) => `argument ${String(i)}`)],
    ['large', ['x'.repeat(100_000)]],
  ])('reach a child as under Node.js: arguments %s', async (_title, args) => {
    await expectWorldAsNode({}, own, { args });
  });

  it('are ours where none is given', async () => {
    const { env } = await worldOf(own);

    expect([...env].sort()).toEqual(
      Object.entries(process.env)
        .map(([name, value]) => `${name}=${String(value)}`)
        .sort(),
    );
  });

  it.each<readonly [string, string, readonly string[], SpawnOptions]>([
    ['the file', 'a\0b', [], {}],
    ['an empty file', '', [], {}],
    ['an argument', 'true', ['a', 'b\0'], {}],
    ['a value', 'true', [], { env: { A: 'a\0B=b' } }],
    ['a name', 'true', [], { env: { 'A\0B': 'a' } }],
    ['the cwd', 'true', [], { cwd: '/\0' }],
    ['argv0', 'true', [], { argv0: 'a\0' }],
    ['the shell', 'true', [], { shell: '/bin/sh\0' }],
  ])('are refused as by Node.js when they hold NUL: %s', async (_title, file, args, options) => {
    const node = await nodeFailureOf(file, args, options);
    const ours = await ourFailureOf(file, args, { ...options, ...own });

    const { how, error, message } = node;
    expect(ours).toMatchObject({ how, error, message });
    expect(node.error.code).toBe('ERR_INVALID_ARG_VALUE');
  });
});
