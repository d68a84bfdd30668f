// child_process.spawnSync and its kin: `input`, and what becomes of it.
import type { SpawnSyncOptions } from 'node:child_process';
import { constants } from 'node:os';
import { describeThreeWays } from '../support/three-ways';
import { propertiesOf, thrownBy } from '../support/thrown';

const MEGABYTE = 1024 * 1024;

describeThreeWays('the input of spawnSync', (subject) => {
  const bytes = Buffer.from('aöz');
  const { buffer } = Uint8Array.from([...bytes, 0, 0, 0, 0]);

  it.each<[title: string, input: SpawnSyncOptions['input'], hex: string]>([
    ['a string', 'aöz', '61c3b67a'],
    ['an empty string', '', ''],
    ['a Buffer', bytes, '61c3b67a'],
    ['an empty Buffer', Buffer.alloc(0), ''],
    ['a Uint8Array of a part of its memory', new Uint8Array(buffer, 1, 2), 'c3b6'],
    ['a Uint16Array', new Uint16Array(buffer.slice(0, 4)), '61c3b67a'],
    ['a DataView', new DataView(buffer, 1, 3), 'c3b67a'],
  ])('is what the child reads, then the end: %s', (_, input, hex) => {
    const { stdout, status, error } = subject().cp.spawnSync('cat', { input });

    expect([stdout.toString('hex'), status, error]).toEqual([hex, 0, undefined]);
  });

  it.each([undefined, null])('may be %s: then the child reads the end', (input) => {
    const options = { input } as SpawnSyncOptions;

    expect(subject().cp.spawnSync('cat', options)).toMatchObject({ status: 0, signal: null });
  });

  it.each([
    ['number', 5, 'type number (5)'],
    ['boolean', true, 'type boolean (true)'],
    ['object', {}, 'an instance of Object'],
    ['array', ['a'], 'an instance of Array'],
  ])('may be no %s', (_, input, received) => {
    const { cp } = subject();
    const options: object = { input };
    const refused = {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      message:
        'The "options.stdio[0]" property must be of type string or an instance of Buffer, ' +
        `TypedArray, or DataView. Received ${received}`,
    };

    expect(thrownBy(() => cp.spawnSync('cat', options))).toEqual(refused);
    expect(thrownBy(() => cp.execSync('cat', options))).toEqual(refused);
    expect(thrownBy(() => cp.execFileSync('cat', options))).toEqual(refused);
  });

  it('is read by what execSync and execFileSync start too', () => {
    const { cp } = subject();

    expect(cp.execSync('cat; echo', { input: 'a' }).toString()).toBe('a\n');
    expect(cp.execFileSync('cat', { input: 'b' }).toString()).toBe('b');
  });

  it('is there though standard input is not said to be a pipe', () => {
    const stdio: SpawnSyncOptions['stdio'] = [null, 'pipe', 'pipe'];

    const { stdout } = subject().cp.spawnSync('cat', { stdio, input: 'a' });

    expect(stdout.toString()).toBe('a');
  });

  it('is not there where standard input is ignored', () => {
    const stdio: SpawnSyncOptions['stdio'] = ['ignore', 'pipe', 'pipe'];

    const { stdout, error } = subject().cp.spawnSync('cat', { stdio, input: 'a' });

    expect([stdout.toString(), error]).toEqual(['', undefined]);
  });

  const epipe = (file: string, spawnargs: readonly string[]) => ({
    name: 'Error',
    message: `spawnSync ${file} EPIPE`,
    errno: -constants.errno.EPIPE,
    code: 'EPIPE',
    syscall: `spawnSync ${file}`,
    path: file,
    spawnargs,
  });

  it('is an error where the child does not read it, beside all that came of the child', () => {
    const script = 'echo out; exit 5';
    const options = { input: Buffer.alloc(4 * MEGABYTE), encoding: 'utf8' } as const;

    const result = subject().cp.spawnSync('sh', ['-c', script], options);

    expect(propertiesOf(result.error)).toEqual(epipe('sh', ['-c', script]));
    expect(result).toMatchObject({ status: 5, signal: null, output: [null, 'out\n', ''] });
  });

  it('is an error where the child closes its standard input and lives on', () => {
    const script = 'exec 0<&-; echo a; echo b >&2; exit 6';
    const options = { input: Buffer.alloc(4 * MEGABYTE), encoding: 'utf8' } as const;

    const result = subject().cp.spawnSync('sh', ['-c', script], options);

    expect(result.error).toMatchObject({ code: 'EPIPE' });
    expect(result).toMatchObject({ status: 6, output: [null, 'a\n', 'b\n'] });
  });

  it('is thrown as an error by execFileSync, though the child exits well', () => {
    const input = Buffer.alloc(4 * MEGABYTE);

    const error = thrownBy(() => subject().cp.execFileSync('true', { input }));

    expect(error).toMatchObject({ ...epipe('true', []), error: 'itself', status: 0 });
  });

  it('may be megabytes that come back while the child writes as much on all other pipes', () => {
    const input = Buffer.alloc(6 * MEGABYTE, 'autoreap\n');
    const zeros = `head -c ${input.length} /dev/zero`;
    const script = `exec 7<&0; cat <&7 & ${zeros} >&2 & ${zeros} >&3 & ${zeros} >&4 & wait`;
    const stdio: SpawnSyncOptions['stdio'] = ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'];

    const options = { input, stdio, maxBuffer: 4 * input.length };
    const { status, error, output } = subject().cp.spawnSync('sh', ['-c', script], options);

    const [stdin, stdout, ...others] = output as unknown as [null, ...Buffer[]];
    expect([status, error, stdin]).toEqual([0, undefined, null]);
    expect(stdout?.equals(input)).toBe(true);
    expect(others.map((it) => it.equals(Buffer.alloc(input.length)))).toEqual([true, true, true]);
  });
});
