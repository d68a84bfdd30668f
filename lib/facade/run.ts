import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { isNativeError } from 'node:util/types';
import { invalidArgType, invalidArgValue } from '../errors';
import type { ReapedBy } from '../policy/guarantee';
import { checkStop, type Child, type StopOptions } from './child';
import type { ExitRecord, ResourceUsage } from './exit-record';
import { integer, type SpawnOptions } from './options';
import { spawn } from './spawn';

/** The options of `spawn`, and how its output is collected. */
export interface RunOptions extends Omit<SpawnOptions, 'timeout' | 'killSignal'>, StopOptions {
  /** Written to the child's stdin, which is then closed. Without it stdin is empty. */
  readonly input?: string | Uint8Array;
  /**
   * How output is decoded; `'buffer'` leaves it alone. @defaultValue `'utf8'`
   */
  readonly encoding?: BufferEncoding | 'buffer';
  /**
   * The most that is collected of each stream, in bytes; beyond, the child is stopped and the run
   * fails with `isMaxBuffer`. @defaultValue `104857600` (100 MiB)
   */
  readonly maxBuffer?: number;
  /**
   * Stop the child after so many milliseconds, as `child.stop({ killSignal, graceMs })` does; 0 never.
   * @defaultValue `0`
   */
  readonly timeout?: number;
  /** Whether a run that failed rejects; else it resolves, with `failed: true`. @defaultValue `true` */
  readonly reject?: boolean;
}

/** What came of a run. A success and a failure have the same shape. */
export interface Result<Output extends string | Buffer = string> {
  readonly file: string;
  readonly args: readonly string[];
  readonly pid: number | undefined;
  readonly exitCode: number | null;
  readonly signalCode: NodeJS.Signals | null;
  /** Empty where the stream was not a pipe. */
  readonly stdout: Output;
  readonly stderr: Output;
  /** Anything but exit code 0, and each of the reasons below. */
  readonly failed: boolean;
  readonly timedOut: boolean;
  /** The AbortSignal `signal` was aborted. */
  readonly isCanceled: boolean;
  readonly isMaxBuffer: boolean;
  readonly coreDumped: boolean;
  readonly statusLost: boolean;
  readonly resourceUsage?: ResourceUsage;
  readonly durationMs: number;
  readonly reapedBy: ReapedBy;
}

/** A run that failed: an Error with the fields of a Result. */
export class RunError<Output extends string | Buffer = string>
  extends Error
  implements Result<Output>
{
  override readonly name = 'RunError';
  /** The code of the error that prevented the run (`'ENOENT'`), or `'ERR_AUTOREAP_RUN_FAILED'`. */
  readonly code: string;
  declare readonly file: string;
  declare readonly args: readonly string[];
  declare readonly pid: number | undefined;
  declare readonly exitCode: number | null;
  declare readonly signalCode: NodeJS.Signals | null;
  declare readonly stdout: Output;
  declare readonly stderr: Output;
  declare readonly failed: boolean;
  declare readonly timedOut: boolean;
  declare readonly isCanceled: boolean;
  declare readonly isMaxBuffer: boolean;
  declare readonly coreDumped: boolean;
  declare readonly statusLost: boolean;
  declare readonly resourceUsage?: ResourceUsage;
  declare readonly durationMs: number;
  declare readonly reapedBy: ReapedBy;

  constructor(result: Result<Output>, cause: unknown) {
    super(describe(result, cause), cause === undefined ? undefined : { cause });
    Object.assign(this, result);
    this.code = (cause as { code?: string } | undefined)?.code ?? 'ERR_AUTOREAP_RUN_FAILED';
  }
}

/** A promise of the result, and the child while it runs. */
export type Running<Output extends string | Buffer = string> = Promise<Result<Output>> & {
  readonly child: Child;
};

type RunTextOptions = RunOptions & { readonly encoding?: BufferEncoding };
type RunArgs<Options> = [options: Options] | [args: readonly string[], options: Options];

/**
 * Runs a program to its end and collects what it wrote. Resolves when it has exited and its output is
 * complete; rejects with a `RunError` of the same shape if it failed, unless `reject: false`.
 * @throws what `spawn` throws for wrong options. Errors of the birth reject.
 */
export function run(
  file: string,
  ...rest: RunArgs<RunOptions & { readonly encoding: 'buffer' }>
): Running<Buffer>;
export function run(file: string, args?: readonly string[], options?: RunTextOptions): Running;
export function run(file: string, options: RunTextOptions): Running;
export function run(file: string, ...rest: RunArgs<RunOptions>): Running<string | Buffer>;
export function run(
  file: string,
  argsOrOptions?: readonly string[] | RunOptions,
  maybeOptions?: RunOptions,
): Running<string | Buffer> {
  const args = Array.isArray(argsOrOptions) ? (argsOrOptions as readonly string[]) : [];
  const options =
    (Array.isArray(argsOrOptions) ? maybeOptions : (argsOrOptions as RunOptions | undefined)) ??
    maybeOptions ??
    {};
  const {
    input,
    encoding = 'utf8',
    reject = true,
    signal,
    timeout,
    killSignal,
    graceMs,
    ...rest
  } = options;
  if (input !== undefined && typeof input !== 'string' && !(input instanceof Uint8Array)) {
    throw invalidArgType('options.input', 'of type string or an instance of Uint8Array', input);
  }
  if (encoding !== 'buffer' && (typeof encoding !== 'string' || !Buffer.isEncoding(encoding))) {
    throw invalidArgValue(
      'options.encoding',
      encoding,
      "must be an encoding of Buffer, or 'buffer'",
    );
  }
  const maxBytes =
    options.maxBuffer === Infinity
      ? Infinity
      : (integer('options.maxBuffer', options.maxBuffer, 0, Number.MAX_SAFE_INTEGER) ?? MAX_BYTES);
  const timeoutMs = integer('options.timeout', timeout, 0, 2 ** 31 - 1) ?? 0;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidArgType('options.signal', 'an instance of AbortSignal', signal);
  }

  const stop = checkStop({
    ...(killSignal === undefined ? {} : { killSignal }),
    ...(graceMs === undefined ? {} : { graceMs }),
  });
  const reasons = { timedOut: false, isCanceled: false, isMaxBuffer: false };
  const child = spawnOrFail(file, args, rest);
  const stopFor = (reason: keyof typeof reasons): void => {
    if (isNativeError(child) || reasons[reason]) return;
    reasons[reason] = true;
    // What holds its output longer than it lives (a grandchild) is not waited for; what it wrote itself
    // is in the pipes, and read in the turn of the event loop that comes first.
    const cutOff = (): void => {
      setImmediate(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      });
    };
    child.stop(stop).then(cutOff, (error: unknown) => {
      // It may not be signalled: then it goes on, and we do not wait for it.
      if (child.pid !== undefined) unstoppable(error as Error);
      cutOff();
    });
  };
  let unstoppable!: (error: Error) => void;
  const notStopped = new Promise<Error>((resolve) => (unstoppable = resolve));

  const collect = async (): Promise<Result<string | Buffer>> => {
    const startMs = performance.now();
    if (isNativeError(child)) {
      return finish(undefined, child, [], [], performance.now() - startMs);
    }
    const timer = timeoutMs > 0 ? setTimeout(stopFor, timeoutMs, 'timedOut') : undefined;
    const onAbort = (): void => {
      stopFor('isCanceled');
    };
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    feed(child, input);
    const onOverflow = (): void => {
      stopFor('isMaxBuffer');
    };
    const [record, stdout, stderr] = await Promise.all([
      Promise.race([child.exited, notStopped]).catch((error: unknown) => error as Error),
      drain(child.stdout, maxBytes, onOverflow),
      drain(child.stderr, maxBytes, onOverflow),
    ]);
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    const error = isNativeError(record) ? record : undefined;
    const end = isNativeError(record) ? undefined : record;
    return finish(end, error, stdout, stderr, performance.now() - startMs);
  };

  const finish = (
    record: ExitRecord | undefined,
    error: Error | undefined,
    stdout: Buffer[],
    stderr: Buffer[],
    tookMs: number,
  ): Result<string | Buffer> => {
    const decode = (chunks: Buffer[]): string | Buffer => {
      const whole = Buffer.concat(chunks);
      return encoding === 'buffer' ? whole : whole.toString(encoding);
    };
    const failed = record?.exitCode !== 0 || Object.values(reasons).includes(true);
    const result: Result<string | Buffer> = {
      file,
      args,
      pid: isNativeError(child) ? undefined : child.pid,
      exitCode: record?.exitCode ?? null,
      signalCode: record?.signalCode ?? null,
      stdout: decode(stdout),
      stderr: decode(stderr),
      failed,
      ...reasons,
      coreDumped: record?.coreDumped ?? false,
      statusLost: record?.statusLost ?? false,
      ...(record?.resourceUsage === undefined ? {} : { resourceUsage: record.resourceUsage }),
      durationMs: record?.durationMs ?? tookMs,
      reapedBy: isNativeError(child) ? 'libuv' : child.reapedBy,
    };
    const cause: unknown = error ?? (reasons.isCanceled ? signal?.reason : undefined);
    if (failed && reject) throw new RunError(result, cause);
    return result;
  };

  return Object.assign(collect(), { child: child as Child });
}

const MAX_BYTES = 100 * 1024 * 1024;

/** Errors of the birth reject, as those that Node.js emits do; wrong options throw at once. */
function spawnOrFail(file: string, args: readonly string[], options: SpawnOptions): Child | Error {
  try {
    const child = spawn(file, args, { ...options });
    child.on('error', () => undefined); // `exited` rejects with it.
    return child;
  } catch (error) {
    if (isNativeError(error) && 'syscall' in error) return error;
    throw error;
  }
}

function feed(child: Child, input: string | Uint8Array | undefined): void {
  if (child.stdin === null) return;
  // A program that does not read its input (head, true) is no failure: EPIPE.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
}

/** Everything a stream has, up to a limit; beyond it, what there is and a call. */
async function drain(
  stream: Readable | null,
  maxBytes: number,
  onOverflow: () => void,
): Promise<Buffer[]> {
  if (stream === null) return [];
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    const room = maxBytes - bytes;
    bytes += chunk.length;
    if (room > 0) chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    if (bytes > maxBytes) onOverflow();
  });
  // A stream that breaks is one that ended early; how the child ended says the rest.
  await finished(stream, { writable: false }).catch(() => undefined);
  return chunks;
}

function describe(result: Result<string | Buffer>, cause: unknown): string {
  const command = [result.file, ...result.args].join(' ');
  const why = result.timedOut
    ? 'was stopped: it took longer than `timeout`'
    : result.isCanceled
      ? 'was stopped: its AbortSignal was aborted'
      : result.isMaxBuffer
        ? 'was stopped: it wrote more than `maxBuffer`'
        : isNativeError(cause)
          ? `did not start: ${cause.message}`
          : result.statusLost
            ? 'ended, and nobody knows how: its status was stolen'
            : result.signalCode === null
              ? `exited with code ${String(result.exitCode)}`
              : `was killed by ${result.signalCode}`;
  const said = result.stderr.toString().trim();
  return `${command} ${why}${said === '' ? '' : `\n${said}`}`;
}
