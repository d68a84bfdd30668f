// run(): a program to its end, and what it wrote. Long: all of its options, and every way to end.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Child, RunError, run, type Result, type Running } from '../../lib/index';
import { describeEachBackend } from '../support/backends';
import { describeEachReaper } from '../support/reapers';

/** The error that a run ends with. */
async function failureOf(running: Promise<unknown>): Promise<RunError> {
  const error: unknown = await running.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RunError);
  return error as RunError;
}

// What lives until it is killed, or until we let go of its descriptor 3.
const STDIO = ['ignore', 'pipe', 'inherit', 'pipe'] as const;
const forever = { stdio: [...STDIO] };
const gateOf = (running: Running): Socket => running.child.stdio[3] as Socket;
const gateClosed = (running: Running): Promise<unknown> => once(gateOf(running).resume(), 'close');

/** What is said of a run that never began. */
function expectUnborn(
  file: string,
  args: readonly string[],
  error: RunError,
  result: Result,
  code: string,
): void {
  const shape = { file, args, pid: undefined, exitCode: null, signalCode: null, stdout: '' };
  expect(error).toMatchObject({ ...shape, code, failed: true });
  expect(error.cause).toMatchObject({ code });
  expect(error.message).toContain('did not start');
  expect(result).toMatchObject({ ...shape, failed: true, code, cause: { code } });
  expect(result.reapedBy).toBeUndefined();
}

describeEachBackend('a run', ({ run, programs, options: own }) => {
  it('resolves with all that is known of it', async () => {
    const [file, args] = programs.says('out\n', 'err\n');
    const running = run(file, args, own);
    const { pid } = running.child;

    const result = await running;

    expect(result).toEqual({
      file,
      args,
      pid,
      exitCode: 0,
      signalCode: null,
      stdout: 'out\n',
      stderr: 'err\n',
      failed: false,
      timedOut: false,
      isCanceled: false,
      isMaxBuffer: false,
      coreDumped: false,
      statusLost: false,
      durationMs: expect.any(Number) as number,
      reapedBy: running.child.reapedBy,
    });
  });

  it('has its child while it runs', async () => {
    const running = run(...programs.cat(), own);

    expect(running.child).toBeInstanceOf(Child);
    expect(running.child.pidfd!.signal(0)).toBe(true);
    expect(await running).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('rejects with an error of the same shape', async () => {
    const [file, args] = programs.says('out\n', 'why\n', 3);

    const error = await failureOf(run(file, args, own));
    const result = await run(file, args, { ...own, reject: false });

    expect(error).toMatchObject({
      name: 'RunError',
      code: 'ERR_AUTOREAP_RUN_FAILED',
      exitCode: 3,
      signalCode: null,
      stdout: 'out\n',
      stderr: 'why\n',
      failed: true,
    });
    expect(error.message).toBe(`${[file, ...args].join(' ')} exited with code 3\nwhy`);
    for (const field of Object.keys(result) as (keyof Result)[]) {
      if (field === 'pid' || field === 'durationMs') continue;
      expect([field, error[field]]).toEqual([field, result[field]]);
    }
    const shared = Object.keys(result).filter((name) => name !== 'cause');
    expect(Object.keys(error)).toEqual(expect.arrayContaining(shared));
  });

  it('says which signal killed it', async () => {
    const error = await failureOf(run(...programs.signalsItself('KILL'), own));

    expect(error).toMatchObject({ exitCode: null, signalCode: 'SIGKILL', failed: true });
    expect(error.message).toContain('was killed by SIGKILL');
  });

  it.each<readonly [string, string | Uint8Array | undefined, string]>([
    ['a string', 'text ö', 'text ö'],
    ['bytes', new TextEncoder().encode('bytes ö'), 'bytes ö'],
    ['nothing', undefined, ''],
    ['an empty string', '', ''],
  ])('gets %s as input', async (_title, input, output) => {
    const { stdout } = await run(...programs.cat(), {
      ...own,
      ...(input === undefined ? {} : { input }),
    });

    expect(stdout).toBe(output);
  });

  it('does not mind a program that leaves its input unread', async () => {
    const { exitCode } = await run(...programs.exits(0), { ...own, input: 'x'.repeat(1 << 20) });

    expect(exitCode).toBe(0);
  });

  it('carries input and output that are larger than a pipe', async () => {
    const input = 'line\n'.repeat(300_000);

    expect((await run(...programs.cat(), { ...own, input })).stdout).toBe(input);
  });

  it.each([
    ['hex', 'c3b6'],
    ['latin1', 'Ã¶'],
    ['utf8', 'ö'],
  ] as const)('decodes as %s', async (encoding, stdout) => {
    expect((await run(...programs.cat(), { ...own, input: 'ö', encoding })).stdout).toBe(stdout);
  });

  it('decodes characters that came in pieces', async () => {
    expect((await run(...programs.pieces(), own)).stdout).toBe('ö');
  });

  it('leaves bytes alone as buffers', async () => {
    const input = Buffer.from([0, 255, 10, 128]);

    const { stdout, stderr } = await run(...programs.cat(), { ...own, input, encoding: 'buffer' });

    expect(stdout).toEqual(input);
    expect(stderr).toEqual(Buffer.alloc(0));
  });

  it('is stopped when it writes more than maxBuffer, and has what fits', async () => {
    const error = await failureOf(run(...programs.yes(), { ...own, maxBuffer: 10 }));

    expect(error).toMatchObject({ isMaxBuffer: true, failed: true, stdout: 'y\ny\ny\ny\ny\n' });
    expect(error.message).toContain('`maxBuffer`');
  });

  it('is not stopped when it writes exactly maxBuffer', async () => {
    const options = { ...own, input: '12345', maxBuffer: 5 };

    expect(await run(...programs.cat(), options)).toMatchObject({
      stdout: '12345',
      isMaxBuffer: false,
    });
  });

  it('is stopped by its timeout, and resolves with reject: false', async () => {
    const options = { ...own, ...forever, timeout: 1, reject: false };
    const running = run(...programs.lingers(), options);
    const closed = gateClosed(running);

    const result = await running;

    expect(result).toMatchObject({ timedOut: true, failed: true, signalCode: 'SIGTERM' });
    await closed;
  });

  it('is stopped by SIGKILL where it ignores the killSignal', async () => {
    const controller = new AbortController();
    const options = { ...own, ...forever, killSignal: 'SIGINT', graceMs: 1 } as const;
    const running = run(...programs.ignoresInterrupts(), {
      ...options,
      signal: controller.signal,
      reject: false,
    });
    const closed = gateClosed(running);
    // Its grandchild has the same disposition, and ends with descriptor 3.
    running.child.stdout!.once('data', () => {
      controller.abort();
      running.child.once('exit', () => gateOf(running).end());
    });

    expect(await running).toMatchObject({ isCanceled: true, signalCode: 'SIGKILL' });
    await closed;
  });

  it('is stopped by its AbortSignal', async () => {
    const controller = new AbortController();
    const running = run(...programs.lingers(), {
      ...own,
      ...forever,
      signal: controller.signal,
    });
    const closed = gateClosed(running);
    const reason = new Error('enough');
    running.child.stdout!.once('data', () => controller.abort(reason));

    const error = await failureOf(running);

    expect(error).toMatchObject({ isCanceled: true, timedOut: false, stdout: 'ready\n' });
    expect(error.cause).toBe(reason);
    expect(error.message).toContain('AbortSignal');
    await closed;
  });

  it('is stopped by an AbortSignal that was aborted before', async () => {
    const options = { ...own, ...forever, signal: AbortSignal.abort() };
    const running = run(...programs.lingers(), options);
    const closed = gateClosed(running);

    const error = await failureOf(running);

    expect(error).toMatchObject({ isCanceled: true, signalCode: 'SIGTERM' });
    await closed;
  });

  // As child_process.exec: who was stopped is not waited for by way of what it left behind.
  it('is over when it was stopped, though a grandchild keeps its output', async () => {
    const controller = new AbortController();
    const running = run(...programs.hasChild(), {
      ...own,
      ...forever,
      signal: controller.signal,
    });
    const closed = gateClosed(running);
    running.child.stdout!.once('data', () => controller.abort());

    const error = await failureOf(running);

    expect(error).toMatchObject({ isCanceled: true, signalCode: 'SIGTERM', stdout: 'started\n' });
    gateOf(running).end(); // Now the grandchild ends too.
    await closed;
  });

  it.each<readonly [string, string | undefined, object]>([
    ['a missing file', 'no-such-program', {}],
    ['a missing cwd', undefined, { cwd: '/no/such/folder' }],
  ])('rejects when it cannot start: %s', async (_title, missing, options) => {
    const [file, args] = missing === undefined ? programs.exits(0) : [missing, []];
    const error = await failureOf(run(file, args, { ...own, ...options }));
    const result = await run(file, args, { ...own, ...options, reject: false });

    expectUnborn(file, args, error, result, 'ENOENT');
  });

  it('has ABORT_ERR for a code, whatever the reason of the abort calls itself', async () => {
    const reason = Object.assign(new Error('enough'), { code: 'ENOENT' });
    const options = { ...own, ...forever, signal: AbortSignal.abort(reason), reject: false };
    const running = run(...programs.lingers(), options);
    const closed = gateClosed(running);

    expect(await running).toMatchObject({ code: 'ABORT_ERR', cause: reason, isCanceled: true });
    await closed;
  });

  it('says the end of what it said, and has all of it', async () => {
    const error = await failureOf(run(...programs.complains(), own));

    expect(error.message).toMatch(/line 2999$/);
    expect(error.message.length).toBeLessThan(5000);
    expect(error.stderr.length).toBeGreaterThan(20_000);
  });

  it('has empty output of streams that are not pipes', async () => {
    expect(await run(...programs.exits(0), { ...own, stdio: 'ignore' })).toMatchObject({
      stdout: '',
      stderr: '',
    });
  });

  it('reports what was used where it is asked to', async () => {
    const { resourceUsage } = await run(...programs.exits(0), {
      autoreap: 'avoid',
      resourceUsage: true,
    });

    expect(resourceUsage).toMatchObject({ source: 'waitid' });
  });
});

describeEachReaper('a run of arguments that are too large', ({ options: own }) => {
  const [file, args] = ['true', ['x'.repeat(1 << 20)]] as const;

  it('rejects', async () => {
    const error = await failureOf(run(file, args, own));
    const result = await run(file, args, { ...own, reject: false });

    expectUnborn(file, args, error, result, 'E2BIG');
  });

  it('has a child though it was never born, that can be asked to end', async () => {
    const running = run(file, args, { ...own, reject: false });

    expect([running.child.pid, running.child.kill(), running.child.stdout]).toEqual([
      undefined,
      false,
      null,
    ]);
    await expect(running.child.exited).rejects.toMatchObject({ code: 'E2BIG' });
    await running;
  });
});

describe('the arguments of run', () => {
  it.each<readonly [string, object, string]>([
    ['input', { input: 5 }, 'ERR_INVALID_ARG_TYPE'],
    ['maxBuffer', { maxBuffer: -1 }, 'ERR_OUT_OF_RANGE'],
    ['maxBuffer', { maxBuffer: '1' }, 'ERR_INVALID_ARG_TYPE'],
    ['timeout', { timeout: -1 }, 'ERR_OUT_OF_RANGE'],
    ['timeout', { timeout: 2 ** 31 }, 'ERR_OUT_OF_RANGE'],
    ['signal', { signal: 'SIGTERM' }, 'ERR_INVALID_ARG_TYPE'],
    ['encoding', { encoding: 'utf-9' }, 'ERR_INVALID_ARG_VALUE'],
    ['encoding', { encoding: 5 }, 'ERR_INVALID_ARG_VALUE'],
    ['killSignal', { killSignal: 'SIGNONE' }, 'ERR_UNKNOWN_SIGNAL'],
    ['graceMs', { graceMs: -1 }, 'ERR_OUT_OF_RANGE'],
    ['nice', { nice: 20 }, 'ERR_OUT_OF_RANGE'],
    ['reject', { reject: 'no' }, 'ERR_INVALID_ARG_TYPE'],
    ['input', { input: 'x', stdio: 'ignore' }, 'ERR_INCOMPATIBLE_OPTION_PAIR'],
  ])('throw at once for a wrong %s: %j', async (_name, options, code) => {
    let thrown: unknown;
    try {
      await run('true', options).catch(() => undefined);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code });
  });

  it.each([
    ['a string for arguments', ['x', {}]],
    ['a number for arguments', [5, {}]],
    ['a string for options', [['x'], 'utf8']],
    ['an array for options', [['x'], []]],
    ['a string alone', ['-c']],
  ])('are refused where they are %s', (_title, rest) => {
    expect(() => run('true', ...(rest as []))).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }) as Error,
    );
  });

  it('may leave out the arguments, the options, or both', async () => {
    expect((await run('true')).args).toEqual([]);
    expect((await run('cat', { input: 'a' })).stdout).toBe('a');
    expect((await run('echo', ['a'])).stdout).toBe('a\n');
    expect((await run('cat', undefined, { input: 'b' })).stdout).toBe('b');
  });

  it('are those of spawn', async () => {
    const { stdout } = await run('pwd', { cwd: '/', env: { PATH: process.env.PATH } });

    expect(stdout).toBe('/\n');
  });
});
