// autoreap/register, in processes of their own: whoever imports child_process, and however.
import { installedApp, ours, STOCK, type Who } from '../support/apps';
import { script } from '../support/programs';

const app = installedApp();
const IMPORT = ['--import', 'autoreap/register'];
const REQUIRE = ['--require', 'autoreap/register'];

const NAMES = 'exec, execFile, execFileSync, execSync, spawn, spawnSync';
const ASK = 'who(childProcess).then((it) => console.log(JSON.stringify(it)));';

interface Importer {
  readonly title: string;
  readonly extension: 'cjs' | 'mjs';
  /** Declares `childProcess`. */
  readonly source: string;
}
const IMPORTERS: readonly Importer[] = [
  { title: 'require', extension: 'cjs', source: "const childProcess = require('child_process');" },
  {
    title: 'require, by its full name and destructured',
    extension: 'cjs',
    source: `const { ${NAMES} } = require('node:child_process');
      const childProcess = { ${NAMES} };`,
  },
  {
    title: 'process.getBuiltinModule, where there is one',
    extension: 'cjs',
    source: `const childProcess =
      (process.getBuiltinModule ?? process.mainModule.require)('child_process');`,
  },
  {
    title: 'a default import',
    extension: 'mjs',
    source: "import childProcess from 'node:child_process';",
  },
  {
    title: 'a namespace import',
    extension: 'mjs',
    source: "import * as childProcess from 'child_process';",
  },
  {
    title: 'named imports',
    extension: 'mjs',
    source: `import { ${NAMES} } from 'node:child_process';
      const childProcess = { ${NAMES} };`,
  },
  {
    title: 'a dynamic import',
    extension: 'mjs',
    source: "const childProcess = await import('child_process');",
  },
  {
    title: 'createRequire',
    extension: 'mjs',
    source: `import { createRequire } from 'node:module';
      const childProcess = createRequire(import.meta.url)('child_process');`,
  },
];

describe('autoreap/register', () => {
  const whoOf = {
    cjs: "const { who } = require('./who.cjs');",
    mjs: "import { who } from './who.cjs';",
  };
  const later = { cjs: "require('autoreap/register');", mjs: "await import('autoreap/register');" };

  it.each(IMPORTERS)('is under $title, imported after it', async ({ extension, source }) => {
    const program = `${whoOf[extension]}\n${source}\n${ASK}`;

    for (const node of [IMPORT, REQUIRE]) {
      expect(await app.tell<Who>(`after.${extension}`, program, { node })).toEqual(ours());
    }
  });

  it.each(IMPORTERS)('is under $title, imported before it', async ({ extension, source }) => {
    const program = `${whoOf[extension]}\n${source}\n${later[extension]}\n${ASK}`;

    expect(await app.tell<Who>(`before.${extension}`, program)).toEqual(ours());
  });

  it('is not there unless asked for', async () => {
    const program = `${whoOf.cjs}\nconst childProcess = require('child_process');\n${ASK}`;

    expect(await app.tell<Who>('stock.cjs', program)).toEqual(STOCK);
  });

  it('is under a promisified exec and execFile, and under fork', async () => {
    const said = await app.tell(
      'others.cjs',
      `const { exec, execFile, fork } = require('node:child_process');
      const { promisify } = require('node:util');
      if (process.send) process.disconnect();
      else {
        const promises = [promisify(exec)('echo 1'), promisify(execFile)('echo', ['2'])];
        const forked = fork(__filename);
        forked.once('close', async (code) => {
          const outputs = (await Promise.all(promises)).map(({ stdout }) => stdout);
          const children = [...promises.map(({ child }) => child), forked];
          const reapers = children.map(({ reapedBy }) => reapedBy);
          console.log(JSON.stringify({ outputs, reapers, code }));
        });
      }`,
      { node: IMPORT },
    );

    const { spawn } = ours();
    expect(said).toEqual({ outputs: ['1\n', '2\n'], reapers: [spawn, spawn, spawn], code: 0 });
  });

  it('lets a replacement of child_process.spawn by somebody else be seen, and taken back', async () => {
    const said = await app.tell(
      'replaced.cjs',
      `const childProcess = require('node:child_process');
      const drop = require('autoreap/child_process');
      const stock = childProcess.spawn;
      const seen = [];
      childProcess.spawn = (...args) => {
        seen.push(args[0]);
        return stock(...args);
      };
      const children = [childProcess.spawn('true'), drop.spawn('false')];
      childProcess.spawn = stock;
      children.push(childProcess.spawn('true'));
      console.log(JSON.stringify({ seen, reapers: children.map(({ reapedBy }) => reapedBy) }));`,
      { node: IMPORT },
    );

    const { spawn } = ours();
    expect(said).toEqual({ seen: ['true', 'false'], reapers: [spawn, spawn, spawn] });
  });

  it('leaves the module as it was, but for what is under it', async () => {
    const source = `const childProcess = require('node:child_process');
      const shape = (object) => Object.entries(Object.getOwnPropertyDescriptors(object)).map(
        ([name, { value, ...rest }]) => [name, typeof value, value?.length, rest],
      );
      const { prototype } = childProcess.ChildProcess;
      console.log(JSON.stringify([shape(childProcess), shape(prototype)]));`;

    expect(await app.tell('shape.cjs', source, { node: IMPORT })).toEqual(
      await app.tell('shape.cjs', source),
    );
  });

  it('is harmless twice, and beside another copy of itself', async () => {
    const said = await app.tell(
      'twice.cjs',
      `const file = require.resolve('autoreap/register');
      const first = require(file);
      for (const name of Object.keys(require.cache)) {
        if (/dist.lib/.test(name)) delete require.cache[name];
      }
      const isAnother = require(file) !== first;
      const { who } = require('./who.cjs');
      const childProcess = require('node:child_process');
      const child = childProcess.spawn('sh', ['-c', 'exit 3']);
      Promise.all([child.exited, who(childProcess)]).then(([{ exitCode }, it]) => {
        console.log(JSON.stringify({ exitCode, isAnother, it }));
      });`,
      { node: IMPORT },
    );

    expect(said).toEqual({ exitCode: 3, isAnother: true, it: ours() });
  });

  it('warns of nothing, deprecations that are pending included', async () => {
    const program = `${whoOf.cjs}\nconst childProcess = require('child_process');\n${ASK}`;

    for (const flag of ['--pending-deprecation', '--throw-deprecation', '--trace-warnings']) {
      const node = [flag, ...IMPORT];
      expect(await app.tell<Who>('quiet.cjs', program, { node })).toEqual(ours());
    }
  });
});

describe('a ChildProcess under autoreap/register', () => {
  it('has our extras, whoever made it, where nothing that lists it sees them', async () => {
    const said = await app.tell(
      'extras.cjs',
      `const { ChildProcess, spawn } = require('node:child_process');
      const EXTRAS = ['pidfd', 'reapedBy', 'exited'];
      const own = new ChildProcess();
      own.spawn({ file: 'sh', args: ['sh', '-c', 'exit 3'], stdio: 'ignore', envPairs: ['A=1'] });
      const seen = [spawn('sh', ['-c', 'exit 3'], { stdio: 'ignore' }), own].map(async (child) => {
        const { pidfd, reapedBy } = child;
        const listed = EXTRAS.filter((name) => name in { ...child });
        const isPlain = Object.getPrototypeOf(child) === ChildProcess.prototype;
        const isIts = pidfd.pid === child.pid;
        const { cgroupId, ...record } = await child.exited; // JSON has no bigint.
        return { record, listed, isPlain, isIts, reapedBy };
      });
      Promise.all(seen).then((all) => console.log(JSON.stringify(all)));`,
      { node: IMPORT },
    );

    const record = {
      exitCode: 3,
      signalCode: null,
      code: 'CLD_EXITED',
      coreDumped: false,
      statusLost: false,
    };
    const child = {
      record: expect.objectContaining(record) as object,
      listed: [],
      isPlain: true,
      isIts: true,
      reapedBy: ours().spawn,
    };
    expect(said).toEqual([child, child]);
  });

  it('that was never born keeps Node’s error, and says the step in `exited`', async () => {
    const said = await app.tell(
      'unborn.cjs',
      `const child = require('node:child_process').spawn('/no/such', { cwd: '/' });
      child.on('error', async ({ ...error }) => {
        const reason = await child.exited.catch(({ step, path, code }) => ({ step, path, code }));
        console.log(JSON.stringify({ error, reason, pidfd: child.pidfd, reapedBy: child.reapedBy }));
      });`,
      { node: IMPORT },
    );

    const failure = { code: 'ENOENT', path: '/no/such' };
    expect(said).toEqual({
      error: { ...failure, errno: -2, syscall: 'spawn /no/such', spawnargs: [] },
      reason: { ...failure, step: 'execve' },
    });
  });

  it('is published on the diagnostics channel', async () => {
    const source = `const diagnostics = require('node:diagnostics_channel');
      const published = [];
      const tracing = ['start', 'end', 'error'].map((it) => 'tracing:child_process.spawn:' + it);
      for (const name of ['child_process', ...tracing]) {
        diagnostics.subscribe(name, (message) => published.push([name, Object.keys(message)]));
      }
      const { exec, spawn } = require('node:child_process');
      spawn('true');
      exec('true');
      const failed = spawn('/no/such').on('error', () => {});
      failed.on('close', () => console.log(JSON.stringify(published)));`;

    const stock = await app.tell<unknown[]>('diagnostics.cjs', source);

    expect(await app.tell('diagnostics.cjs', source, { node: IMPORT })).toEqual(stock);
    expect(stock).toContainEqual(['child_process', ['process']]);
  });
});

describe('autoreap beside autoreap/register', () => {
  it('spawns Children of its own, with its own defaults', async () => {
    const said = await app.tell(
      'own.cjs',
      `const autoreap = require('autoreap');
      const node = require('node:child_process');
      require(${JSON.stringify(script('lab'))}).becomeOdd(); // Descriptor 77 is not O_CLOEXEC.
      const seenBy = async (api) => {
        const script = 'test -e /proc/self/fd/77 && echo inherited || echo closed';
        const child = api.spawn('sh', ['-c', script]);
        const [output] = await child.stdout.setEncoding('utf8').toArray();
        const isChild = child instanceof autoreap.Child;
        return [output, isChild, typeof child.stop, child.constructor.name, child.reapedBy];
      };
      Promise.all([autoreap, node].map(seenBy)).then((all) => console.log(JSON.stringify(all)));`,
      { node: IMPORT },
    );

    const { spawn } = ours();
    expect(said).toEqual([
      ['closed\n', true, 'function', 'Child', spawn],
      ['inherited\n', false, 'undefined', 'ChildProcess', spawn],
    ]);
  });
});
