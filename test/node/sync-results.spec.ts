// child_process.spawnSync, execSync and execFileSync: what they return, and what they throw.
import type { SpawnSyncReturns } from 'node:child_process';
import { describeThreeWays, type ChildProcessApi } from '../support/three-ways';
import { thrownBy } from '../support/thrown';

/** All of a result but the pid. */
function withoutPid<T>({ pid, ...rest }: SpawnSyncReturns<T>): Omit<SpawnSyncReturns<T>, 'pid'> {
  expect(pid).toBeGreaterThanOrEqual(0);
  return rest;
}

describeThreeWays('spawnSync', (subject) => {
  const text = (script: string): SpawnSyncReturns<string> =>
    subject().cp.spawnSync('sh', ['-c', script], { encoding: 'utf8' });

  it('returns what the child wrote and how it exited', () => {
    expect(withoutPid(text('echo out; echo err >&2; exit 3'))).toEqual({
      status: 3,
      signal: null,
      output: [null, 'out\n', 'err\n'],
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it.each(['SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGUSR1'] as const)(
    'returns %s where that killed it',
    (signal) => {
      const { status, signal: seen } = text(`kill -${signal.slice(3)} $$`);

      expect([status, seen]).toEqual([null, signal]);
    },
  );

  it.each([0, 1, 127, 128, 143, 255])('returns the exit code %d', (code) => {
    const { status, signal } = text(`exit ${code}`);

    expect([status, signal]).toEqual([code, null]);
  });

  it('returns its pid', () => {
    const { pid, stdout } = text('echo $$');

    expect(`${pid}\n`).toBe(stdout);
  });

  it('has no error where there was none', () => {
    expect(Object.keys(text('exit 1')).sort()).toEqual(
      ['output', 'pid', 'signal', 'status', 'stderr', 'stdout'].sort(),
    );
  });

  it.each([undefined, 'buffer' as const])('returns Buffers for encoding: %s', (encoding) => {
    const { stdout, stderr, output } = subject().cp.spawnSync('echo', ['ö'], { encoding });

    expect([Buffer.isBuffer(stdout), Buffer.isBuffer(stderr)]).toEqual([true, true]);
    expect([stdout.toString('hex'), stderr.length]).toEqual(['c3b60a', 0]);
    expect(output[0]).toBeNull();
    expect(output[1]).toBe(stdout);
  });

  it.each([
    ['utf8', 'ö\n'],
    ['latin1', 'Ã¶\n'],
    ['hex', 'c3b60a'],
    ['base64', 'w7YK'],
  ] as const)('returns strings for encoding: %s', (encoding, stdout) => {
    const result = subject().cp.spawnSync('echo', ['ö'], { encoding });

    expect(result.output).toEqual([null, stdout, '']);
  });

  it('refuses an encoding that is none', () => {
    const encoding = 'nope' as 'utf8';

    expect(thrownBy(() => subject().cp.spawnSync('echo', { encoding }))).toEqual({
      ...{ name: 'TypeError', code: 'ERR_UNKNOWN_ENCODING', message: 'Unknown encoding: nope' },
    });
  });

  it('keeps the order of what was written to each stream', () => {
    const script = 'i=0; while [ $i -lt 2000 ]; do echo $i; echo -$i >&2; i=$((i+1)); done';
    const numbers = Array.from({ length: 2000 }, (_, i) => i);

    const { stdout, stderr } = text(script);

    expect(stdout).toBe(numbers.map((i) => `${i}\n`).join(''));
    expect(stderr).toBe(numbers.map((i) => `-${i}\n`).join(''));
  });

  it('returns bytes as they are, in memory that is theirs alone', () => {
    const script = 'printf "\\0\\377\\200"';

    const { stdout } = subject().cp.spawnSync('sh', ['-c', script]);

    expect([...stdout]).toEqual([0, 255, 128]);
    expect(stdout.buffer.byteLength).toBe(3);
  });

  it('takes the arguments with or without options, and the options without arguments', () => {
    const { spawnSync } = subject().cp;

    expect(spawnSync('echo').stdout.toString()).toBe('\n');
    expect(spawnSync('echo', ['a', 'b']).stdout.toString()).toBe('a b\n');
    expect(spawnSync('echo', { encoding: 'utf8' }).stdout).toBe('\n');
    expect(spawnSync('echo', undefined, { encoding: 'utf8' }).stdout).toBe('\n');
    expect(spawnSync('echo', [], undefined).stdout.toString()).toBe('\n');
  });

  it('changes neither the arguments nor the options', () => {
    const args = Object.freeze(['a']);
    const env = Object.freeze({ A: '1' });
    const stdio = Object.freeze(['pipe', 'pipe', 'pipe']) as unknown as 'pipe'[];
    const options = Object.freeze({ env, stdio });

    expect(subject().cp.spawnSync('/bin/echo', args, options).stdout.toString()).toBe('a\n');
  });
});

const FAILED = ['status', 'signal', 'output', 'pid', 'stdout', 'stderr'];
const NO_CHILD = { status: null, signal: null, output: null, pid: 0 };

/** A way to run a shell's script: what it is in the words of an error. */
interface Runner {
  readonly name: 'execSync' | 'execFileSync';
  readonly command: (script: string) => string;
  readonly file: string;
  readonly run: (cp: ChildProcessApi, script: string, options?: object) => string | Buffer;
}
const RUNNERS: readonly Runner[] = [
  {
    name: 'execSync',
    command: (script) => script,
    file: '/bin/sh',
    run: (cp, script, options) => cp.execSync(script, options),
  },
  {
    name: 'execFileSync',
    command: (script) => `sh -c ${script}`,
    file: 'sh',
    run: (cp, script, options) => cp.execFileSync('sh', ['-c', script], options),
  },
];

for (const { name, command, file, run } of RUNNERS) {
  describeThreeWays(name, (subject) => {
    const quiet = { stdio: 'pipe', encoding: 'utf8' };
    const failureOf = (script: string, options?: object) =>
      thrownBy(() => run(subject().cp, script, { ...quiet, ...options }));

    it('returns what was written to standard output', () => {
      expect(run(subject().cp, 'echo out; echo err >&2', quiet)).toBe('out\n');
      expect(run(subject().cp, 'echo out').toString('hex')).toBe('6f75740a');
    });

    it('returns null where there is no pipe to read', () => {
      expect(run(subject().cp, 'echo out', { stdio: 'ignore' })).toBeNull();
    });

    it('throws the whole result of a child that exits with an error', () => {
      const script = 'echo out; echo err >&2; exit 3';

      const error = failureOf(script);

      expect(error).toEqual({
        name: 'Error',
        message: `Command failed: ${command(script)}\nerr\n`,
        status: 3,
        signal: null,
        output: [null, 'out\n', 'err\n'],
        pid: expect.any(Number) as number,
        stdout: 'out\n',
        stderr: 'err\n',
      });
      expect(Object.keys(error).slice(2)).toEqual(FAILED);
    });

    it('throws the whole result of a child that was killed', () => {
      expect(failureOf('kill -9 $$')).toEqual({
        name: 'Error',
        message: `Command failed: ${command('kill -9 $$')}`,
        status: null,
        signal: 'SIGKILL',
        output: [null, '', ''],
        pid: expect.any(Number) as number,
        stdout: '',
        stderr: '',
      });
    });

    it('throws Buffers where it would return them', () => {
      const { stdout, stderr, message } = failureOf('echo out; echo err >&2; exit 1', {
        encoding: 'buffer',
      });

      expect(String(message)).toBe(
        `Command failed: ${command('echo out; echo err >&2; exit 1')}\nerr\n`,
      );
      expect([Buffer.isBuffer(stdout), Buffer.isBuffer(stderr)]).toEqual([true, true]);
      expect([String(stdout), String(stderr)]).toEqual(['out\n', 'err\n']);
    });

    it.each([
      ['timeout', { timeout: 30 }, 'exec sleep 1000', 'ETIMEDOUT', -110, ''],
      ['maxBuffer', { maxBuffer: 2 }, 'echo 123; exec sleep 1000', 'ENOBUFS', -105, '123\n'],
    ])(
      'throws the error of %s with the result in it',
      (_, options, script, code, errno, stdout) => {
        expect(failureOf(script, options)).toEqual({
          name: 'Error',
          message: `spawnSync ${file} ${code}`,
          ...{ errno, code, syscall: `spawnSync ${file}`, path: file, spawnargs: ['-c', script] },
          error: 'itself',
          ...{ status: null, signal: 'SIGTERM', output: [null, stdout, ''] },
          pid: expect.any(Number) as number,
          ...{ stdout, stderr: '' },
        });
      },
    );

    it('throws the error of a child that was never born, with the result in it', () => {
      const error = failureOf('true', { cwd: '/no/such' });

      expect(error).toMatchObject({
        name: 'Error',
        message: `spawnSync ${file} ENOENT`,
        ...{ errno: -2, code: 'ENOENT', syscall: `spawnSync ${file}`, path: file },
        error: 'itself',
        ...NO_CHILD,
      });
    });
  });
}
