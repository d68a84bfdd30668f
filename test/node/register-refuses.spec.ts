// Where autoreap/register and autoreap/child_process are told to hold back, or have to: Node's own
// behaviour, and a word of warning where there is something to say.
import { installedApp, ours, STOCK, STOCK_WITH_EXTRAS, type AppOptions } from '../support/apps';
import { where } from '../support/needs';

const app = installedApp();

const WHO = "const { who } = require('./who.cjs');\n";
const SAY = '.then((it) => console.log(JSON.stringify(it)));';
/** The ways to us: what is put before a program, and the name of its child_process. */
const WAYS = [
  { way: 'autoreap/register', node: ['--import', 'autoreap/register'], name: 'node:child_process' },
  { way: 'autoreap/child_process', node: [], name: 'autoreap/child_process' },
] as const;

/** What a program prints, and the warnings of ours on the way; Node's own have no code of this form. */
async function tellWithWarnings(
  source: string,
  options: AppOptions,
): Promise<{ said: unknown; warnings: readonly string[] }> {
  const { stdout, stderr, exitCode } = await app.run('warns.cjs', source, options);
  if (exitCode !== 0) throw new Error(stderr);
  const warnings = stderr.matchAll(/^\(node:\d+\) \[(AUTOREAP_\w+)\] Warning: (.*)$/gm);
  return {
    said: JSON.parse(stdout) as unknown,
    warnings: [...warnings].map(([, code = '', message = '']) => {
      return message.includes(process.version) ? `${code} ${process.version}` : code;
    }),
  };
}

const whoTwice = (name: string): string => `${WHO}
  const twice = async () => [await who(require('${name}')), await who(require('${name}'))];
  twice()${SAY}`;

describe.each(WAYS)('AUTOREAP, for $way,', ({ node, name }) => {
  it('off leaves everything to Node.js', async () => {
    const said = await tellWithWarnings(whoTwice(name), { node, env: { AUTOREAP: 'off' } });

    expect(said).toEqual({ said: [STOCK, STOCK], warnings: [] });
  });

  it.each([
    ['avoid', ours('waitid')],
    ['prefer', ours()],
    ['', ours()],
  ])('"%s" says who reaps', async (AUTOREAP, who) => {
    const said = await tellWithWarnings(whoTwice(name), { node, env: { AUTOREAP } });

    expect(said).toEqual({ said: [who, who], warnings: [] });
  });

  const required = where('CLONE_AUTOREAP', 'has the kernel reap', 'is an error of the spawn');
  it(`require ${required}, and never one of the import`, async () => {
    const source = `${WHO}
      const childProcess = require('${name}');
      const failed = ({ code, message }) => ({ code, message });
      who(childProcess).catch(failed)${SAY}`;

    const said = await app.tell('require.cjs', source, { node, env: { AUTOREAP: 'require' } });

    const refused = {
      code: 'ERR_AUTOREAP_UNSUPPORTED',
      message: expect.stringMatching(/^AUTOREAP=require needs CLONE_AUTOREAP/) as string,
    };
    expect(said).toEqual(where<object>('CLONE_AUTOREAP', ours('kernel'), refused));
  });

  it('that means nothing is told so once, and taken as prefer', async () => {
    const said = await tellWithWarnings(whoTwice(name), { node, env: { AUTOREAP: 'x' } });

    expect(said).toEqual({ said: [ours(), ours()], warnings: ['AUTOREAP_MODE'] });
  });
});

describe.each(WAYS)('without the addon, $way', ({ node, name }) => {
  const AUTOREAP_ADDON = '/no/such/addon.node';

  it('is as Node.js, says so, and is silent', async () => {
    const said = await app.tell('libuv.cjs', whoTwice(name), { node, env: { AUTOREAP_ADDON } });

    expect(said).toEqual([STOCK_WITH_EXTRAS, STOCK_WITH_EXTRAS]);
  });

  it('knows how its children end', async () => {
    const source = `const childProcess = require('${name}');
      const ends = ['exit 3', 'kill -9 $$'].map((it) => childProcess.exec(it).exited);
      const failed = childProcess.spawn('/no/such').on('error', () => {});
      ends.push(failed.exited.catch(({ code }) => ({ code })));
      Promise.all(ends).then((all) => {
        console.log(JSON.stringify(all.map((it) => it.exitCode ?? it.signalCode ?? it.code)));
      });`;

    const said = await app.tell('ends.cjs', source, { node, env: { AUTOREAP_ADDON } });

    expect(said).toEqual([3, 'SIGKILL', 'ENOENT']);
  });
});

describe.each(WAYS)('with a Node.js that it does not know, $way', ({ node, name }) => {
  /** Who is there and how a child ends, where `future` has been run before. */
  const tellAfter = async (future: string): Promise<unknown> => {
    app.write('future.cjs', future);
    const source = `${WHO}
      const childProcess = require('${name}');
      const { exited } = childProcess.spawn('sh', ['-c', 'exit 3']);
      const unborn = childProcess.spawn('/no/such').on('error', () => {});
      const failed = unborn.exited.catch(({ code, syscall }) => ({ code, syscall }));
      const all = Promise.all([who(childProcess), exited, failed]);
      all.then(([it, { exitCode }, failure]) => [it, exitCode, failure])${SAY}`;
    return await tellWithWarnings(source, { node: ['--require', './future.cjs', ...node] });
  };
  const failure = { code: 'ENOENT', syscall: 'spawn /no/such' };
  const warnings = [`AUTOREAP_UNKNOWN_NODE ${process.version}`];
  const { spawn, spawnSync, execSync, execFileSync } = ours();
  const asyncLeft = { ...STOCK_WITH_EXTRAS, spawnSync, execSync, execFileSync };
  const syncLeft = { ...STOCK, spawn, exec: spawn, execFile: spawn };

  // A handle that is told of a spawn in a third way.
  const NEW_CONTRACT = `
    const { ChildProcess } = require('node:child_process');
    const handles = Object.getPrototypeOf(new ChildProcess()._handle);
    const stock = { ofHandle: handles.spawn, spawn: ChildProcess.prototype.spawn };
    handles.spawn = function ({ future }) {
      return stock.ofHandle.apply(this, future);
    };
    ChildProcess.prototype.spawn = function (options) {
      const handle = this._handle;
      const { spawn } = handle;
      handle.spawn = (...contract) => spawn.call(handle, { future: contract });
      return stock.spawn.call(this, options);
    };`;

  it('leaves children to it whose handle is told of a spawn in another way', async () => {
    expect(await tellAfter(NEW_CONTRACT)).toEqual({ said: [asyncLeft, 3, failure], warnings });
  });

  it('leaves children to it whose handle tells of an exit in another way', async () => {
    const said = await tellAfter(`
      const { ChildProcess } = require('node:child_process');
      const { spawn } = ChildProcess.prototype;
      const listeners = new WeakMap();
      const spawned = new WeakSet();
      Object.defineProperty(Object.getPrototypeOf(new ChildProcess()._handle), 'onexit', {
        get() { return spawned.has(this) ? listeners.get(this) : undefined; },
        set(onexit) { listeners.set(this, onexit); },
      });
      ChildProcess.prototype.spawn = function (options) {
        spawned.add(this._handle);
        return spawn.call(this, options);
      };`);

    expect(said).toEqual({ said: [asyncLeft, 3, failure], warnings });
  });

  it('leaves the synchronous family to it that is called in another way', async () => {
    const said = await tellAfter(`
      const { binding } = process;
      process.noDeprecation = true;
      const stock = process.binding('spawn_sync');
      process.noDeprecation = false;
      const { spawn } = stock;
      const fake = { spawn: ({ future }) => spawn.call(stock, future) };
      stock.spawn = (options) => fake.spawn({ future: options });
      process.binding = (name) => (name === 'spawn_sync' ? fake : binding(name));`);

    expect(said).toEqual({ said: [syncLeft, 3, failure], warnings });
  });

  it.each([
    ['has nothing to spawn with', 'process.binding = () => ({});'],
    ['is gone', "process.binding = () => { throw new Error('No such binding'); };"],
    ['cannot be asked for', 'delete process.binding;'],
  ])('leaves the synchronous family to it whose binding %s', async (_, future) => {
    expect(await tellAfter(future)).toEqual({ said: [syncLeft, 3, failure], warnings });
  });

  it('warns once of all that it does not know', async () => {
    const said = await tellAfter(`${NEW_CONTRACT}\nprocess.binding = () => ({});`);

    expect(said).toEqual({ said: [STOCK_WITH_EXTRAS, 3, failure], warnings });
  });
});

describe.each(WAYS)('under the permission model, $way', ({ node, name }) => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  const outcomes = (of: string): string => `
    const childProcess = require('${of}');
    const { once } = require('node:events');
    const outcome = async (call) => {
      try {
        const result = call();
        if (typeof result.once === 'function') return (await once(result, 'close'))[0];
        return String(result.status ?? result);
      } catch ({ name, message, code, permission }) {
        return { name, message, code, permission };
      }
    };
    const { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } = childProcess;
    const calls = {
      exec: () => exec('exit 3').on('error', () => {}),
      execFile: () => execFile('false').on('error', () => {}),
      fork: () => fork('/no/such', { silent: true, execArgv: [] }),
      spawn: () => spawn('false'),
      execFileSync: () => execFileSync('echo', ['1']),
      execSync: () => execSync('echo 2'),
      spawnSync: () => spawnSync('false'),
    };
    const all = async () => {
      const seen = {};
      for (const [name, call] of Object.entries(calls)) seen[name] = await outcome(call);
      return seen;
    };
    all()${SAY}`;
  const allowed = [flag, '--allow-fs-read=*', '--no-warnings'];

  it.each([
    { title: 'nothing else', flags: [], denied: true },
    { title: 'addons', flags: ['--allow-addons'], denied: true },
    { title: 'children', flags: ['--allow-child-process'], denied: false },
    {
      title: 'children and addons',
      flags: ['--allow-child-process', '--allow-addons'],
      denied: false,
    },
  ])('does what Node.js does where that allows $title', async ({ flags, denied }) => {
    const options = [...allowed, ...flags];
    const stock = await app.tell('outcomes.cjs', outcomes('node:child_process'), { node: options });

    const said = await app.tell('outcomes.cjs', outcomes(name), { node: [...options, ...node] });

    expect(said).toEqual(stock);
    const refused = { code: 'ERR_ACCESS_DENIED', permission: 'ChildProcess' };
    expect(stock).toMatchObject(
      denied
        ? { exec: refused, spawn: refused, spawnSync: refused, execSync: refused, fork: refused }
        : { exec: 3, spawn: 1, spawnSync: '1', execSync: '2\n', fork: 1 },
    );
  });

  // Where there is a permission for the network, a stream needs it to take a descriptor.
  const network = process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : [];

  // process.binding, the one way to what is under the synchronous family, is refused there.
  it('is under the asynchronous family alone, where addons are allowed', async () => {
    const flags = [...allowed, '--allow-child-process', '--allow-addons', ...network];

    const said = await tellWithWarnings(whoTwice(name), { node: [...flags, ...node] });

    const who = { ...STOCK, spawn: ours().spawn, exec: ours().spawn, execFile: ours().spawn };
    expect(said).toEqual({ said: [who, who], warnings: [] });
  });

  const hasNetwork = network.length > 0;
  const lacking = hasNetwork ? '' : ` (no --allow-net in Node.js ${process.version})`;
  (hasNetwork ? it : it.skip)(
    `leaves children with pipes to Node.js where the network is not allowed${lacking}`,
    async () => {
      const flags = [...allowed, '--allow-child-process', '--allow-addons'];
      const source = `const { spawn } = require('${name}');
        const children = ['pipe', 'ignore'].map((stdio) => spawn('true', { stdio }));
        Promise.all(children.map(({ exited }) => exited)).then(() => {
          console.log(JSON.stringify(children.map(({ reapedBy }) => reapedBy)));
        });`;

      const said = await app.tell('pipes.cjs', source, { node: [...flags, ...node] });

      expect(said).toEqual(['libuv', ours().spawn]);
    },
  );

  it("is Node's own, and silent, where addons are not", async () => {
    const flags = [...allowed, '--allow-child-process'];

    const said = await tellWithWarnings(whoTwice(name), { node: [...flags, ...node] });

    expect(said).toEqual({ said: [STOCK_WITH_EXTRAS, STOCK_WITH_EXTRAS], warnings: [] });
  });
});
