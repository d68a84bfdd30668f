// child_process.spawnSync: every kind of `stdio`.
import type { SpawnSyncReturns, StdioOptions } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { scratch } from '../support/programs';
import { describeThreeWays } from '../support/three-ways';
import { thrownBy } from '../support/thrown';

const folder = scratch();

describeThreeWays('the stdio of spawnSync', (subject) => {
  const text = (script: string, stdio: unknown): SpawnSyncReturns<string> =>
    subject().cp.spawnSync('sh', ['-c', script], {
      encoding: 'utf8',
      stdio: stdio as StdioOptions,
    });

  it.each<[string, unknown]>([
    ["'pipe'", 'pipe'],
    ['undefined', undefined],
    ['null', null],
    ["'pipe' for each", ['pipe', 'pipe', 'pipe']],
    ['undefined and null for each', [undefined, null, undefined]],
    ['fewer than three', ['pipe']],
    ['none', []],
  ])('is three pipes by %s', (_, stdio) => {
    const { status, output } = text('cat; echo out; echo err >&2', stdio);

    expect([status, ...output]).toEqual([0, null, 'out\n', 'err\n']);
  });

  it("is nothing by 'ignore'", () => {
    const { status, output, stdout, stderr } = text('cat; echo out; echo err >&2', 'ignore');

    expect({ status, output, stdout, stderr }).toEqual({
      ...{ status: 0, output: [null, null, null], stdout: null, stderr: null },
    });
  });

  it.each([0, 1, 2])("is /dev/null for descriptor %d by 'ignore'", (fd) => {
    const stdio = ['pipe', 'pipe', 'pipe', 'pipe'].map((kind, i) => (i === fd ? 'ignore' : kind));

    const { output } = text(`target=$(readlink /proc/$$/fd/${fd}); echo $target >&3`, stdio);

    expect(output[3]).toBe('/dev/null\n');
  });

  it('is what a descriptor of ours is', () => {
    const file = folder.file('descriptor');
    writeFileSync(file, 'input\n');
    const input = openSync(file, 'r');
    const output = openSync(folder.file('output'), 'w');

    const result = text('cat; echo err >&2', [input, output, output]);
    closeSync(input);
    closeSync(output);

    expect(result).toMatchObject({ status: 0, output: [null, null, null] });
    expect(readFileSync(folder.file('output'), 'utf8')).toBe('input\nerr\n');
  });

  it('is what a stream with a descriptor is', async () => {
    const stream = createWriteStream(folder.file('stream'));
    await once(stream, 'open');

    const result = text('echo out; echo err >&2', ['ignore', stream, 'pipe']);
    stream.end();
    await once(stream, 'close');

    expect(result).toMatchObject({ status: 0, output: [null, null, 'err\n'] });
    expect(readFileSync(folder.file('stream'), 'utf8')).toBe('out\n');
  });

  it('may send standard error where standard output goes, in their order', () => {
    const file = openSync(folder.file('both'), 'w');

    text('echo 1; echo 2 >&2; echo 3', ['ignore', file, file]);
    closeSync(file);

    expect(readFileSync(folder.file('both'), 'utf8')).toBe('1\n2\n3\n');
  });

  it('has several extra pipes, each with what was written to it', () => {
    const script = 'for i in 1 2 3 4 5; do echo $i$i >&$i; done; echo last >&4';

    const { status, output } = text(script, Array(6).fill('pipe'));

    expect([status, output]).toEqual([0, [null, '11\n', '22\n', '33\n', '44\nlast\n', '55\n']]);
  });

  it('leaves closed what is ignored beyond the first three', () => {
    const script = 'for i in 3 4 5; do readlink /proc/self/fd/$i || echo closed; done';

    const stdio = ['pipe', 'pipe', 'pipe', 'ignore', undefined, 'pipe'];
    const { output } = text(`${script} | sed s/:.*//`, stdio);

    expect(output).toEqual([null, expect.any(String), '', null, null, '']);
    expect(output[1]).toBe('closed\nclosed\nsocket\n');
  });

  // What Node.js does not know in here it drops without a word, and what follows moves up.
  it.each<[string, unknown[], string]>([
    ['at the end', ['pipe', 'pipe', 'bogus'], 'pipe pipe /dev/null'],
    ['at the beginning', ['bogus', 'pipe', 'pipe'], 'pipe pipe /dev/null'],
    ['in the middle', ['ignore', Buffer.from('x'), 'inherit'], '/dev/null ours /dev/null'],
    ['but for one', ['bogus', Buffer.from('x'), 'pipe'], 'pipe /dev/null /dev/null'],
  ])('is the rest, where there is something unknown %s', (_, stdio, kinds) => {
    const file = folder.file('kinds');
    writeFileSync(file, '');
    const script = `for i in 0 1 2; do
      kind=$(readlink /proc/$$/fd/$i)
      test "$kind" = "$(readlink /proc/$PPID/fd/2)" && kind=ours
      echo "$kind" | sed 's/:.*//; s/socket/pipe/' >> ${file}
    done`;

    expect(text(script, stdio).status).toBe(0);
    expect(readFileSync(file, 'utf8').trim().split('\n').join(' ')).toBe(kinds);
  });

  it('takes for descriptor 0 what is no number', () => {
    expect(text('readlink /proc/$$/fd/0', [NaN, 'pipe']).stdout).toBe(
      text('readlink /proc/$$/fd/0', [0, 'pipe']).stdout,
    );
  });

  it('gives the child no other descriptor', () => {
    const script = 'for i in 3 4 5 6 7 8 9; do test -e /proc/$$/fd/$i && echo $i; done';

    expect(text(script, 'pipe').stdout).toBe('');
    expect(text(script, ['pipe', 'pipe', 'pipe', 'ignore', 'pipe']).stdout).toBe('4\n');
  });

  it('gives the child blocking pipes', () => {
    const script = 'for i in 0 1 2; do grep flags /proc/self/fdinfo/$i; done';

    const { stdout } = text(script, 'pipe');

    const flags = [...stdout.matchAll(/flags:\s+(\d+)/g)].map(([, octal]) => Number(`0o${octal!}`));
    expect(flags.map((it) => it & 0o4000)).toEqual([0, 0, 0]);
  });

  it.each([
    ["'foo'", 'foo', 'ERR_INVALID_ARG_VALUE', "The argument 'stdio' is invalid. Received 'foo'"],
    ['5', 5, 'ERR_INVALID_ARG_VALUE', "The argument 'stdio' is invalid. Received 5"],
    ['[{}]', [{}], 'ERR_INVALID_ARG_VALUE', "The argument 'stdio' is invalid. Received {}"],
    [
      "'ipc'",
      ['pipe', 'pipe', 'pipe', 'ipc'],
      'ERR_IPC_SYNC_FORK',
      'IPC cannot be used with synchronous forks',
    ],
  ])('may not be %s', (_, stdio, code, message) => {
    expect(thrownBy(() => text('true', stdio))).toMatchObject({ code, message });
    const { cp } = subject();
    const options = { stdio: stdio as StdioOptions };
    expect(thrownBy(() => cp.execSync('true', options))).toMatchObject({ code, message });
    expect(thrownBy(() => cp.execFileSync('true', options))).toMatchObject({ code, message });
  });
});
