// child_process.exec(command[, options][, callback])
import type { ExecOptions } from 'node:child_process';
import { realpathSync, writeFileSync } from 'node:fs';
import { answerOf, type Answer } from '../support/answers';
import { lifeOf, thrownBy } from '../support/lives';
import { scratch } from '../support/programs';
import { describeThreeWays, expectAsNode } from '../support/three-ways';

const folder = scratch();
const cwd = realpathSync(folder.path);

type Options = ExecOptions & { encoding?: string | null };

describeThreeWays('child_process.exec(command[, options][, callback])', (subject) => {
  /** What it answers, which is what Node.js answers. */
  const answer = (command: string, options: Options = {}): Promise<Answer> =>
    expectAsNode(subject(), (cp) =>
      answerOf((callback) => cp.exec(command, options as ExecOptions, callback)),
    );

  it('runs a command in /bin/sh, and calls back with what it wrote', async () => {
    const { error, stdout, stderr, closed } = await answer('echo "$((1 + 1))" | cat; echo b >&2');

    expect({ error, stdout, stderr }).toEqual({ error: null, stdout: '2\n', stderr: 'b\n' });
    expect(closed).toMatchObject({
      spawnfile: '/bin/sh',
      spawnargs: ['/bin/sh', '-c', 'echo "$((1 + 1))" | cat; echo b >&2'],
    });
  });

  it('can leave out the options and the callback', async () => {
    const { exec } = subject().cp;

    expect(await answerOf((callback) => exec('echo a', callback))).toMatchObject({ stdout: 'a\n' });
    expect((await lifeOf(exec('echo a'))).output).toEqual({ 1: 'a\n', 2: '' });
    expect((await lifeOf(exec('pwd', { cwd }))).output[1]).toBe(`${cwd}\n`);
  });

  it('runs where and in what world it is told', async () => {
    expect((await answer('pwd', { cwd })).stdout).toBe(`${cwd}\n`);
    expect((await answer('echo $A', { env: { A: 'b' } })).stdout).toBe('b\n');
    expect((await answer('id -u', { uid: 65534, cwd })).stdout).toBe('65534\n');
  });

  it('runs in another shell', async () => {
    const shell = folder.file('shell');
    writeFileSync(shell, '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
    const { stdout, closed } = await answer('a b', { shell });

    expect(stdout).toBe('-c a b\n');
    expect(closed.spawnfile).toBe(shell);
  });

  it('tells of a shell that is not there', async () => {
    const { error } = await answer('true', { shell: '/no/such/shell' });

    expect(error).toMatchObject({ code: 'ENOENT', path: '/no/such/shell', cmd: 'true' });
  });

  it('tells of an exit code with the command as it was written', async () => {
    const { error } = await answer('echo out; echo err >&2; exit 3');

    expect(error).toEqual({
      name: 'Error',
      message: 'Command failed: echo out; echo err >&2; exit 3\nerr\n',
      code: 3,
      killed: false,
      signal: null,
      cmd: 'echo out; echo err >&2; exit 3',
    });
  });

  it('tells of a signal that ended the shell', async () => {
    expect((await answer('kill -9 $$')).error).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  it('kills the shell after `timeout`', async () => {
    // It waits for its input. `tail -f` would also end when Node.js closes its output, which is before the signal.
    const { error } = await answer('read _', { timeout: 1 });

    expect(error).toMatchObject({ killed: true, signal: 'SIGTERM', cmd: 'read _' });
  });

  it('kills the shell for too much output', async () => {
    const { error, stdout } = await answer('cat /dev/zero; read _', { maxBuffer: 10 });

    expect(error).toMatchObject({ code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' });
    expect(stdout).toBe('\0'.repeat(10));
  });

  it('gives Buffers with encoding buffer', async () => {
    expect((await answer('echo a', { encoding: 'buffer' })).stdout).toEqual(Buffer.from('a\n'));
  });

  it('has a stdin, whose end the command waits for', async () => {
    const { stdout } = await answerOf((callback) => {
      const child = subject().cp.exec('cat', callback);
      child.stdin!.end('in');
      return child;
    });

    expect(stdout).toBe('in');
  });

  it.each<readonly [string, unknown[]]>([
    ['no command', []],
    ['a command that is no string', [1]],
    ['an empty command', ['']],
    ['a NUL in the command', ['a\0b']],
    ['a cwd that is no path', ['true', { cwd: 1 }]],
  ])('throws as Node.js does for %s', async (_title, args) => {
    const seen = await expectAsNode(subject(), ({ exec }) =>
      thrownBy(() => (exec as (...args: unknown[]) => unknown)(...args)),
    );

    expect(seen).toMatchObject({ thrown: { code: expect.stringMatching(/^ERR_/) as unknown } });
  });
});
