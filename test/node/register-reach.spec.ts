// How far autoreap/register reaches: Workers and descendants of the process that it was given to.
import path from 'node:path';
import { App, installedApp, ours, STOCK, type Who } from '../support/apps';

const app = installedApp();
const appWithSpace = new App(path.join(app.path, 'another app'));
const IMPORT = ['--import', 'autoreap/register'];
const REQUIRE = ['--require', 'autoreap/register'];

const WHO = `const who = () => require(${JSON.stringify(app.file('who.cjs'))}).who(require('node:child_process'));`;
/** Says who is under its child_process, as JSON. */
const teller = app.write(
  'teller.cjs',
  `${WHO}\nwho().then((it) => console.log(JSON.stringify(it)));`,
);
const TELLER = JSON.stringify(teller);

describe('a Worker of a process with autoreap/register', () => {
  const code = `${WHO}\nwho().then((it) => require('node:worker_threads').parentPort.postMessage(it));`;
  const file = app.write('worker.cjs', code);
  const listen = "worker.on('message', (it) => console.log(JSON.stringify(it)));";
  const ofFile = `const { Worker } = require('node:worker_threads');
    const worker = new Worker(${JSON.stringify(file)});\n${listen}`;
  const ofCode = `const { Worker } = require('node:worker_threads');
    const worker = new Worker(${JSON.stringify(code)}, { eval: true });\n${listen}`;

  it.each([
    ['--import', IMPORT],
    ['--require', REQUIRE],
  ])('has it by %s', async (_, node) => {
    expect(await app.tell<Who>('file-worker.cjs', ofFile, { node })).toEqual(ours());
  });

  it('has it by NODE_OPTIONS', async () => {
    const env = { NODE_OPTIONS: '--import=autoreap/register' };

    expect(await app.tell<Who>('file-worker.cjs', ofFile, { env })).toEqual(ours());
  });

  it('that is code and no file has it by --require', async () => {
    expect(await app.tell<Who>('code-worker.cjs', ofCode, { node: REQUIRE })).toEqual(ours());
  });

  // Node.js imports nothing for a Worker that is no file.
  it('that is code and no file does not have it by --import', async () => {
    expect(await app.tell<Who>('code-worker.cjs', ofCode, { node: IMPORT })).toEqual(STOCK);
  });
});

describe('a descendant of a process with autoreap/register', () => {
  const elsewhere = path.parse(app.path).root;
  const node = JSON.stringify(process.execPath);
  /** A program that starts this one as its child in another folder, and passes on what it says. */
  const starting = (call: string, by = 'node:child_process'): string =>
    `const { fork, spawnSync, spawn } = require('${by}');
    const stdio = ['ignore', 'inherit', 'inherit'];
    const cwd = ${JSON.stringify(elsewhere)};
    ${call}`;
  const spawned = starting(`spawn(${node}, [${TELLER}], { cwd, stdio });`);
  const grandchild = starting(
    `spawn(${node}, [${JSON.stringify(app.write('between.cjs', spawned))}], { cwd, stdio });`,
  );

  it.each(['--import=autoreap/register', '--require autoreap/register', '-r autoreap/register'])(
    'has it by NODE_OPTIONS="%s", in another folder too',
    async (option) => {
      const env = { NODE_OPTIONS: option };

      expect(await app.tell<Who>('child.cjs', spawned, { env })).toEqual(ours());
      expect(await app.tell<Who>('grandchild.cjs', grandchild, { env })).toEqual(ours());
    },
  );

  it('has it by NODE_OPTIONS among other options, which stay', async () => {
    const env = {
      NODE_OPTIONS: '--no-warnings --import "autoreap/register" --max-old-space-size=100',
    };
    const telling = starting(
      `process.on('exit', () => console.log(JSON.stringify(process.env.NODE_OPTIONS)));`,
    );

    const options = await app.tell<string>('options.cjs', telling, { env });

    expect(options).toMatch(
      /^--no-warnings --import "?file:\/\/\S+\/register\.js"? --max-old-space-size=100$/,
    );
    expect(await app.tell<Who>('child.cjs', spawned, { env })).toEqual(ours());
  });

  it.each(['--import', '--require'])(
    'has it by NODE_OPTIONS="%s …" where its folder has a space in its name',
    async (option) => {
      const env = { NODE_OPTIONS: `--preserve-symlinks ${option} autoreap/register` };

      expect(await appWithSpace.tell<Who>('child.cjs', spawned, { env })).toEqual(ours());
    },
  );

  it('has it if it was forked, by --import or by NODE_OPTIONS', async () => {
    const forked = starting(`fork(${TELLER}, { cwd });`);

    expect(await app.tell<Who>('fork.cjs', forked, { node: IMPORT })).toEqual(ours());
    expect(await app.tell<Who>('fork.cjs', forked, { node: REQUIRE })).toEqual(ours());
    const joined = ['--import=autoreap/register'];
    expect(await app.tell<Who>('fork.cjs', forked, { node: joined })).toEqual(ours());
    const env = { NODE_OPTIONS: '--import=autoreap/register' };
    expect(await app.tell<Who>('fork.cjs', forked, { env })).toEqual(ours());
  });

  it('does not have it if it was spawned beside --import, which is for one process', async () => {
    expect(await app.tell<Who>('child.cjs', spawned, { node: IMPORT })).toEqual(STOCK);
  });

  it('has it as a worker of a cluster, and is itself one of our children', async () => {
    const clustered = `const cluster = require('node:cluster');
      ${WHO}
      if (cluster.isPrimary) {
        cluster.setupPrimary({ cwd: ${JSON.stringify(elsewhere)} });
        const worker = cluster.fork();
        worker.on('message', (it) => {
          console.log(JSON.stringify({ it, reapedBy: worker.process.reapedBy }));
          worker.disconnect();
        });
      } else who().then((it) => process.send(it));`;

    const due = { it: ours(), reapedBy: ours().spawn };
    expect(await app.tell('cluster.cjs', clustered, { node: IMPORT })).toEqual(due);
    const env = { NODE_OPTIONS: '--import=autoreap/register' };
    expect(await app.tell('cluster.cjs', clustered, { env })).toEqual(due);
  });
});
