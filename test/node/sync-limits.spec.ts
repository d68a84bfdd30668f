// child_process.spawnSync and its kin: `timeout`, `killSignal` and `maxBuffer`.
import type { SpawnSyncOptions, SpawnSyncReturns } from 'node:child_process';
import { constants } from 'node:os';
import { scratch } from '../support/programs';
import { describeThreeWays } from '../support/three-ways';
import { propertiesOf, thrownBy } from '../support/thrown';

/** Lives until it is killed. */
const FOREVER = 'exec sleep 1000';
const MEGABYTE = 1024 * 1024;

const TIMED_OUT = { errno: -constants.errno.ETIMEDOUT, code: 'ETIMEDOUT' };
const TOO_MUCH = { errno: -constants.errno.ENOBUFS, code: 'ENOBUFS' };

const folder = scratch();

describeThreeWays('spawnSync', (subject) => {
  const text = (script: string, options: SpawnSyncOptions): SpawnSyncReturns<string> =>
    subject().cp.spawnSync('sh', ['-c', script], { ...options, encoding: 'utf8' });

  it('kills with SIGTERM after `timeout`, and returns what was written until then', () => {
    const script = `echo out; echo err >&2; ${FOREVER}`;

    const { pid, error, ...rest } = text(script, { timeout: 500 });

    const output = [null, 'out\n', 'err\n'];
    expect(rest).toEqual({
      ...{ status: null, signal: 'SIGTERM', output, stdout: 'out\n', stderr: 'err\n' },
    });
    expect(pid).toBeGreaterThan(0);
    expect(propertiesOf(error)).toEqual({
      ...TIMED_OUT,
      ...{ name: 'Error', message: 'spawnSync sh ETIMEDOUT' },
      ...{ syscall: 'spawnSync sh', path: 'sh', spawnargs: ['-c', script] },
    });
  });

  it.each([
    ['SIGKILL', 'SIGKILL'],
    ['SIGINT', 'SIGINT'],
    [10, 'SIGUSR1'],
  ] as const)('kills with killSignal %s', (killSignal, signal) => {
    expect(text(FOREVER, { timeout: 30, killSignal })).toMatchObject({
      ...{ error: TIMED_OUT, status: null, signal },
    });
    const script = `echo 123; ${FOREVER}`;
    expect(text(script, { maxBuffer: 3, killSignal })).toMatchObject({
      ...{ error: TOO_MUCH, status: null, signal, stdout: '123\n' },
    });
  });

  it('does not kill a child that ends before `timeout`', () => {
    const result = text('exit 3', { timeout: 2 ** 40, killSignal: 'SIGKILL' });

    expect([result.status, result.signal, 'error' in result]).toEqual([3, null, false]);
  });

  it('takes a timeout of 0 for none', () => {
    expect(text('exit 3', { timeout: 0 })).toMatchObject({ status: 3 });
  });

  it('waits for a child that ignores the signal, with its pipes closed', () => {
    const script = "trap '' TERM PIPE; while echo 2>/dev/null; do :; done; exit 7";

    // As long as a shell may take to begin on a busy machine: before its trap, it dies of the signal.
    const options = { timeout: 500, maxBuffer: Infinity };
    const { status, signal, error } = text(script, options);

    expect([status, signal]).toEqual([7, null]);
    expect(error).toMatchObject(TIMED_OUT);
  });

  it('kills a child that ignores SIGTERM with SIGKILL', () => {
    const options = { timeout: 500, killSignal: 'SIGKILL' } as const;

    expect(text(`trap '' TERM; ${FOREVER}`, options)).toMatchObject({
      ...{ error: TIMED_OUT, status: null, signal: 'SIGKILL' },
    });
  });

  it('returns what a grandchild writes after the death of the child', () => {
    // The child alone holds the other end of what the grandchild reads.
    const script =
      'mkfifo "$0"; { cat "$0"; echo late; } & exec 9>"$0"; rm "$0"; echo early; exit 3';
    const args = ['-c', script, folder.file('fifo')];

    const { stdout, status, signal } = subject().cp.spawnSync('sh', args, { encoding: 'utf8' });

    expect([stdout, status, signal]).toEqual(['early\nlate\n', 3, null]);
  });

  it('waits no longer than `timeout` for a grandchild that holds a pipe', () => {
    const { stdout, status, signal, error } = text('sleep 1000 & echo $!; exit 3', {
      timeout: 200,
    });

    expect([status, signal]).toEqual([3, null]);
    expect(error).toMatchObject(TIMED_OUT);
    expect(process.kill(Number(stdout), 'SIGKILL')).toBe(true);
  });

  it('waits for a child that closes its pipes and lives on', () => {
    const script = 'exec 0<&- 1>&- 2>&-; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit 4';

    expect(text(script, {})).toMatchObject({ status: 4, output: [null, '', ''] });
  });

  it('kills a child that closed its pipes and lives on after `timeout`', () => {
    expect(text(`exec 0<&- 1>&- 2>&-; ${FOREVER}`, { timeout: 50 })).toMatchObject({
      ...{ error: TIMED_OUT, status: null, signal: 'SIGTERM', output: [null, '', ''] },
    });
  });

  it('takes as many bytes as maxBuffer says, of all streams together', () => {
    expect(text('printf 12345', { maxBuffer: 5 })).toMatchObject({ status: 0, stdout: '12345' });
    expect(text('printf 123; printf 45 >&2', { maxBuffer: 5 })).toMatchObject({
      ...{ status: 0, stdout: '123', stderr: '45' },
    });
    expect('error' in text('printf 12345', { maxBuffer: 5 })).toBe(false);
  });

  it.each([
    ['standard output', 'printf 12345', { stdout: '12345', stderr: '' }],
    ['standard error', 'printf 12345 >&2', { stdout: '', stderr: '12345' }],
    ['both', 'printf 12; printf 345 >&2', {}],
  ])('kills at one byte more, on %s', (_, script, streams) => {
    const { pid, error, ...rest } = text(`${script}; ${FOREVER}`, { maxBuffer: 4 });

    expect(rest).toMatchObject({ status: null, signal: 'SIGTERM', ...streams });
    expect(rest.stdout.length + rest.stderr.length).toBe(5);
    expect(pid).toBeGreaterThan(0);
    expect(propertiesOf(error)).toMatchObject({
      ...TOO_MUCH,
      message: 'spawnSync sh ENOBUFS',
    });
  });

  it('counts extra pipes too', () => {
    const stdio: SpawnSyncOptions['stdio'] = ['ignore', 'pipe', 'pipe', 'pipe'];

    expect(text('printf 123; printf 45 >&3', { stdio, maxBuffer: 4 })).toMatchObject({
      error: TOO_MUCH,
    });
    expect(text('printf 123; printf 4 >&3', { stdio, maxBuffer: 4 })).toMatchObject({
      ...{ status: 0, output: [null, '123', '', '4'] },
    });
  });

  it('takes a mebibyte by default, and no more', () => {
    expect(text(`head -c ${MEGABYTE} /dev/zero`, {}).stdout).toHaveLength(MEGABYTE);
    expect(text(`head -c ${MEGABYTE + 1} /dev/zero`, {}).error).toMatchObject(TOO_MUCH);
  });

  it.each([100_000, MEGABYTE])(
    'returns at most 64 KiB more than a maxBuffer of %d',
    (maxBuffer) => {
      const { error, stdout } = text('cat /dev/zero', { maxBuffer });

      expect(error).toMatchObject(TOO_MUCH);
      expect(stdout.length).toBeGreaterThan(maxBuffer);
      expect(stdout.length).toBeLessThanOrEqual(maxBuffer + 65_536);
    },
  );

  it.each([Infinity, 0])('takes everything with maxBuffer %d', (maxBuffer) => {
    const { stdout, error } = text(`head -c ${3 * MEGABYTE} /dev/zero`, { maxBuffer });

    expect([stdout.length, error]).toEqual([3 * MEGABYTE, undefined]);
  });

  it('tells the first of two errors', () => {
    const script = `head -c 2000 /dev/zero; ${FOREVER}`;
    const options = { maxBuffer: 1000, timeout: 2 ** 31 };

    expect(text(script, { ...options, input: Buffer.alloc(MEGABYTE) })).toMatchObject({
      ...{ error: TOO_MUCH, signal: 'SIGTERM' },
    });
  });

  // Their messages are Node's own, and have changed since 20.
  it.each([
    ['timeout', -1, /^ERR_OUT_OF_RANGE$/],
    ['timeout', 'x', /^ERR_(OUT_OF_RANGE|INVALID_ARG_TYPE)$/],
    ['timeout', 1.5, /^ERR_OUT_OF_RANGE$/],
    ['maxBuffer', -1, /^ERR_OUT_OF_RANGE$/],
    ['maxBuffer', 'x', /^ERR_(OUT_OF_RANGE|INVALID_ARG_TYPE)$/],
    ['killSignal', 'SIGNONE', /^ERR_UNKNOWN_SIGNAL$/],
    ['killSignal', 0, /^ERR_UNKNOWN_SIGNAL$/],
    ['killSignal', 99, /^ERR_UNKNOWN_SIGNAL$/],
    ['killSignal', {}, /^ERR_INVALID_ARG_TYPE$/],
  ])('refuses %s: %p before there is a child', (name, value, code) => {
    const { cp } = subject();
    const options = { [name]: value };

    for (const refuse of [
      () => cp.spawnSync('true', options),
      () => cp.execSync('true', options),
      () => cp.execFileSync('true', options),
    ]) {
      expect(thrownBy(refuse)['code']).toMatch(code);
    }
  });
});
