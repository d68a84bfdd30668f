// child_process.execFile(file[, args][, options][, callback])
import type { ExecFileOptions } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { answerOf, type Answer } from '../support/answers';
import { lifeOf, thrownBy } from '../support/lives';
import { scratch } from '../support/programs';
import { describeThreeWays, expectAsNode } from '../support/three-ways';

const folder = scratch();
const cwd = realpathSync(folder.path);

type Options = ExecFileOptions & { encoding?: string | null };

describeThreeWays('child_process.execFile(file[, args][, options][, callback])', (subject) => {
  /** What it answers, which is what Node.js answers. */
  const answer = (file: string, args: readonly string[], options: Options = {}): Promise<Answer> =>
    expectAsNode(subject(), (cp) =>
      answerOf((callback) => cp.execFile(file, args, options as { encoding: 'utf8' }, callback)),
    );

  it('calls back with what the file wrote', async () => {
    const { error, stdout, stderr, events } = await answer('sh', ['-c', 'echo a; echo b >&2']);

    expect({ error, stdout, stderr }).toEqual({ error: null, stdout: 'a\n', stderr: 'b\n' });
    expect(events).toEqual([['spawn'], ['exit', 0, null], ['close', 0, null]]);
  });

  it('can leave out the arguments, the options, and the callback', async () => {
    const { execFile } = subject().cp;

    expect(await answerOf((callback) => execFile('pwd', { cwd }, callback))).toMatchObject({
      stdout: `${cwd}\n`,
    });
    expect(await answerOf((callback) => execFile('echo', ['a'], callback))).toMatchObject({
      stdout: 'a\n',
    });
    expect(await answerOf((callback) => execFile('echo', callback))).toMatchObject({
      stdout: '\n',
    });
    expect((await lifeOf(execFile('echo', ['a']))).output).toEqual({ 1: 'a\n', 2: '' });
    expect((await lifeOf(execFile('pwd', { cwd }))).output).toEqual({ 1: `${cwd}\n`, 2: '' });
  });

  it('has no shell, and has one with option shell', async () => {
    expect((await answer('echo', ['$((1 + 1))'])).stdout).toBe('$((1 + 1))\n');
    expect((await answer('echo', ['$((1 + 1))'], { shell: true })).stdout).toBe('2\n');
  });

  it('tells of an exit code, with the command', async () => {
    const { error, stdout } = await answer('sh', ['-c', 'echo out; echo err >&2; exit 3', 'a b']);

    expect(error).toEqual({
      name: 'Error',
      message: 'Command failed: sh -c echo out; echo err >&2; exit 3 a b\nerr\n',
      code: 3,
      killed: false,
      signal: null,
      cmd: 'sh -c echo out; echo err >&2; exit 3 a b',
    });
    expect(stdout).toBe('out\n');
  });

  it('tells of a signal', async () => {
    const { error } = await answer('sh', ['-c', 'kill -USR1 $$']);

    expect(error).toMatchObject({ code: null, killed: false, signal: 'SIGUSR1' });
  });

  it('tells of a file that is not there', async () => {
    const { error, stdout, stderr, events, closed } = await answer('no-such-program', ['a']);

    expect(error).toEqual({
      name: 'Error',
      message: 'spawn no-such-program ENOENT',
      code: 'ENOENT',
      errno: -2,
      syscall: 'spawn no-such-program',
      path: 'no-such-program',
      spawnargs: ['a'],
      cmd: 'no-such-program a',
    });
    expect([stdout, stderr]).toEqual(['', '']);
    expect(events.map(([event]) => event)).toEqual(['error', 'close']);
    expect(closed.hasPid).toBe(false);
  });

  it.each<readonly [string, string, Options]>([
    ['is no program', folder.path, {}],
    ['has no working directory', 'true', { cwd: '/nowhere' }],
  ])('tells of a file that %s', async (_title, file, options) => {
    expect((await answer(file, [], options)).error).toMatchObject({ cmd: file });
  });

  it('kills after `timeout`, by SIGTERM or `killSignal`', async () => {
    // It waits for its input: Node.js closes the output first, and who looks at that ends by SIGPIPE.
    const endless = ['-c', 'read _'];
    const { error } = await answer('sh', endless, { timeout: 1 });
    expect(error).toMatchObject({ code: null, killed: true, signal: 'SIGTERM' });

    const killed = await answer('sh', endless, { timeout: 1, killSignal: 'SIGKILL' });
    expect(killed.error).toMatchObject({ killed: true, signal: 'SIGKILL' });
  });

  it('kills for its AbortSignal', async () => {
    const { error } = await answer('cat', [], { signal: AbortSignal.abort(new Error('why')) });

    expect(error).toMatchObject({ code: 'ABORT_ERR', cause: { message: 'why' }, cmd: 'cat' });
  });

  describe('option maxBuffer', () => {
    it('is how much each stream may write', async () => {
      const { error, stdout } = await answer('printf', ['12345'], { maxBuffer: 5 });

      expect({ error, stdout }).toEqual({ error: null, stdout: '12345' });
    });

    it.each([
      ['stdout', ''],
      ['stderr', ' >&2'],
    ])('kills a child that writes more on %s, and keeps what fits', async (stream, where) => {
      // Not `cat`: that of busybox may be dead of SIGPIPE before it is killed.
      const script = `printf 123456${where}; read _`;
      const { error, stdout, stderr } = await answer('sh', ['-c', script], { maxBuffer: 5 });

      expect(error).toMatchObject({
        name: 'RangeError',
        code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER',
        message: `${stream} maxBuffer length exceeded`,
      });
      expect({ stdout: '', stderr: '', [stream]: '12345' }).toEqual({ stdout, stderr });
    });

    it('counts bytes, whatever the encoding', async () => {
      const within = await answer('printf', ['äöü€'], { maxBuffer: 9 });
      expect([within.error, within.stdout]).toEqual([null, 'äöü€']);

      const { error } = await answer('sh', ['-c', 'printf äöü€; read _'], { maxBuffer: 8 });
      expect(error).toMatchObject({ code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' });
    });

    it('is 1 MiB where nothing is said, and may be Infinity', async () => {
      const over = 1024 * 1024 + 1;
      // The shell outlives `cat`, which may be dead of SIGPIPE before it is killed.
      const { error } = await answer('sh', ['-c', 'cat /dev/zero; read _']);
      expect(error).toMatchObject({ code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' });

      const all = await answer('head', ['-c', String(over), '/dev/zero'], { maxBuffer: Infinity });
      expect([all.error, all.stdout.length]).toEqual([null, over]);
    });
  });

  it.each(['buffer', null, 'no such encoding'])(
    'gives Buffers with encoding %s',
    async (encoding) => {
      const { stdout, stderr } = await answer('printf', ['\\377'], { encoding });

      expect([stdout, stderr]).toEqual([Buffer.from([255]), Buffer.alloc(0)]);
    },
  );

  it.each([
    ['hex', 'c3a4'],
    ['base64', 'w6Q='],
    ['latin1', 'Ã¤'],
    ['utf8', 'ä'],
  ])('gives strings with encoding %s', async (encoding, text) => {
    expect((await answer('printf', ['ä'], { encoding })).stdout).toBe(text);
  });

  it('joins letters that came in parts', async () => {
    const parts = "printf '\\342'; printf '\\202'; printf '\\254'";

    expect((await answer('sh', ['-c', parts])).stdout).toBe('€');
  });

  it.each<readonly [string, unknown[]]>([
    ['no file', [undefined]],
    ['an empty file', ['']],
    ['arguments that are no array', ['true', 'a b']],
    ['a callback that is none', ['true', [], {}, 'callback']],
    ['a maxBuffer that is negative', ['true', [], { maxBuffer: -1 }]],
    ['a maxBuffer that is NaN', ['true', [], { maxBuffer: NaN }]],
    ['a timeout that is no number', ['true', [], { timeout: '1' }]],
    ['a killSignal that is none', ['true', [], { killSignal: 'SIGNONE' }]],
    ['an AbortSignal that is none', ['true', [], { signal: {} }]],
  ])('throws as Node.js does for %s', async (_title, args) => {
    const seen = await expectAsNode(subject(), ({ execFile }) =>
      thrownBy(() => (execFile as (...args: unknown[]) => unknown)(...args)),
    );

    expect(seen).toMatchObject({ thrown: { code: expect.stringMatching(/^ERR_/) as unknown } });
  });
});
