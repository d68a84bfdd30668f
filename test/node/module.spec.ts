// autoreap/child_process in place of node:child_process, for every way to import it.
import { installedApp, ours, type Who } from '../support/apps';

const app = installedApp();

const NAMES = [
  ...['ChildProcess', 'exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'],
];
const ASK = 'who(childProcess).then((it) => console.log(JSON.stringify(it)));';

describe('autoreap/child_process', () => {
  it.each([
    [
      'named imports',
      `import { ${NAMES.join(', ')} } from 'autoreap/child_process';
      const childProcess = { ${NAMES.join(', ')} };`,
    ],
    ['a default import', "import childProcess from 'autoreap/child_process';"],
    ['a namespace import', "import * as childProcess from 'autoreap/child_process';"],
    [
      'a dynamic import',
      "const { default: childProcess } = await import('autoreap/child_process');",
    ],
  ])('is had by %s', async (_, statement) => {
    const source = `import { who } from './who.cjs';\n${statement}\n${ASK}`;

    expect(await app.tell<Who>('esm.mjs', source)).toEqual(ours());
  });

  it('is had by require', async () => {
    const source = `const { who } = require('./who.cjs');
      const childProcess = require('autoreap/child_process');
      ${ASK}`;

    expect(await app.tell<Who>('cjs.cjs', source)).toEqual(ours());
  });

  it('changes nothing for those who import node:child_process beside it', async () => {
    const said = await app.tell(
      'beside.cjs',
      `const ours = require('autoreap/child_process');
      const node = require('node:child_process');
      const { once } = require('node:events');
      const kind = (api) => String(api.spawnSync('readlink', ['/proc/self/fd/1']).stdout);
      const children = [ours.spawn('true'), node.spawn('true'), ours.exec('true')];
      const kinds = [ours, node, ours].map((api) => kind(api).replace(/:.*\\s/, ''));
      console.log(JSON.stringify({ kinds, reapers: children.map(({ reapedBy }) => reapedBy ?? '' ) }));`,
    );

    const { spawn } = ours();
    expect(said).toEqual({ kinds: ['pipe', 'socket', 'pipe'], reapers: [spawn, '', spawn] });
  });

  it('has the names, the lengths and the classes of node:child_process', async () => {
    const said = await app.tell<Record<string, unknown>>(
      'names.cjs',
      `const ours = require('autoreap/child_process');
      const node = require('node:child_process');
      const { promisify } = require('node:util');
      const shape = (api) => ${JSON.stringify(NAMES)}.map((it) => [
        it, typeof api[it], api[it].name, api[it].length, typeof api[it][promisify.custom],
      ]);
      console.log(JSON.stringify({
        ours: shape(ours), node: shape(node), same: ours.ChildProcess === node.ChildProcess,
        names: Object.keys(node).filter((it) => !it.startsWith('_')).sort(),
      }));`,
    );

    expect(said['ours']).toEqual(said['node']);
    expect(said).toMatchObject({ same: true, names: NAMES });
  });

  // TypeScript with esModuleInterop, Babel and esbuild make this of `import childProcess from`.
  it('is had by a default import that was compiled to CommonJS', async () => {
    const source = `const interop = (module) => module?.__esModule ? module : { default: module };
      const childProcess = interop(require('autoreap/child_process')).default;
      const { who } = require('./who.cjs');
      ${ASK}`;

    expect(await app.tell<Who>('interop.cjs', source)).toEqual(ours());
  });

  it('can be mocked by assignment, each of its names', async () => {
    const source = `const childProcess = require('autoreap/child_process');
      for (const name of ${JSON.stringify(NAMES)}) childProcess[name] = name;
      console.log(JSON.stringify(${JSON.stringify(NAMES)}.map((name) => childProcess[name])));`;

    expect(await app.tell('mock.cjs', source)).toEqual(NAMES);
  });

  it('is promisified under the names of node:child_process', async () => {
    const source = `const { promisify } = require('node:util');
      const names = (api) => [api.exec, api.execFile].map((it) => promisify(it).name);
      console.log(JSON.stringify({
        ours: names(require('autoreap/child_process')), node: names(require('node:child_process')),
      }));`;

    const { ours: names, node } = await app.tell<Record<string, unknown>>('named.cjs', source);
    expect(names).toEqual(node);
  });

  it('leaves a program the names that it has for something of its own', async () => {
    const source = `'use strict';
      const { ChildProcess } = require('node:child_process');
      const { spawn } = require('autoreap/child_process');
      const child = spawn('true');
      child.exited = false;
      ChildProcess.prototype.reapedBy = 'mine';
      const other = spawn('true');
      console.log(JSON.stringify({
        exited: child.exited, keys: Object.keys(child).includes('exited'), reapedBy: other.reapedBy,
      }));`;

    expect(await app.tell('own.cjs', source)).toEqual({
      ...{ exited: false, keys: true, reapedBy: 'mine' },
    });
  });

  it('is a child of Node’s own where that is called inside of a call of ours', async () => {
    const said = await app.tell(
      'inside.cjs',
      `const ours = require('autoreap/child_process');
      const node = require('node:child_process');
      const seen = [];
      const env = { PATH: process.env.PATH };
      Object.defineProperty(env, 'A', {
        enumerable: true,
        get() {
          seen.push(String(ours.spawnSync('readlink', ['/proc/self/fd/1']).stdout).slice(0, 5));
          return '1';
        },
      });
      const child = ours.spawn('true', { env });
      seen.push(child.reapedBy, node.spawn('true').reapedBy ?? 'stock');
      console.log(JSON.stringify(seen.slice(-3)));`,
    );

    expect(said).toEqual(['pipe:', ours().spawn, 'stock']);
  });
});
