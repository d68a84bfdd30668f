// run() from its options to its result: half of the file says what those mean.
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { isNativeError } from 'node:util/types';
import { incompatibleOptions, invalidArgType, invalidArgValue } from '../errors';
import type { ReapedBy } from '../policy/guarantee';
import { nowMs, setImmediate } from '../time';
import { checkStop, unbornChild, type Child, type StopOptions } from './child';
import type { ExitRecord, ResourceUsage } from './exit-record';
import { integer, type SpawnOptions } from './options';
import { readArguments, spawnOn } from './spawn';
import { defaultSystem, type System } from './system';

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
  /** How long the process lived, in milliseconds; its output may have taken longer. */
  readonly durationMs: number;
  /** Undefined if it was never born. */
  readonly reapedBy: ReapedBy | undefined;
  /**
   * Why it failed: the code of the error that prevented it (`'ENOENT'`), `'ABORT_ERR'`, or
   * `'ERR_AUTOREAP_RUN_FAILED'` for all that its exit says. Undefined in a success.
   */
  readonly code: string | undefined;
  /** The error of `spawn` that prevented it, or the reason of the AbortSignal. */
  readonly cause: unknown;
}

/** A run that failed: an Error with the fields of a Result. */
export class RunError<Output extends string | Buffer = string>
  extends Error
  implements Result<Output>
{
  override readonly name = 'RunError';
  declare readonly code: string;
  declare readonly cause: unknown;
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
  declare readonly reapedBy: ReapedBy | undefined;

  constructor(result: Result<Output>) {
    super(describe(result));
    const { cause, ...fields } = result;
    Object.assign(this, fields);
    // Not enumerable and only if there is one, as the language has it.
    if (cause !== undefined) Object.defineProperty(this, 'cause', { value: cause, writable: true });
  }
}

/** A promise of the result, and the child while it runs. */
export type Running<Output extends string | Buffer = string> = Promise<Result<Output>> & {
  readonly child: Child;
};

type RunTextOptions = RunOptions & { readonly encoding?: BufferEncoding };
type RunArgs<Options> =
  [options: Options] | [args: readonly string[] | undefined, options: Options];

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
  return runOn(defaultSystem(), file, argsOrOptions, maybeOptions);
}

/** The same on another system. */
export function runOn(
  system: System | Error,
  file: string,
  argsOrOptions?: readonly string[] | RunOptions,
  maybeOptions?: RunOptions,
): Running<string | Buffer> {
  const read = readArguments(argsOrOptions, maybeOptions);
  if (read.args != null && !Array.isArray(read.args)) {
    throw invalidArgType('args', 'an instance of Array', read.args);
  }
  if (read.options !== undefined && !isOptions(read.options)) {
    throw invalidArgType('options', 'of type object', read.options);
  }
  const args = (read.args ?? []) as readonly string[];
  const options = (read.options ?? {}) as RunOptions;
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
  if (typeof reject !== 'boolean') {
    throw invalidArgType('options.reject', 'of type boolean', reject);
  }
  const timeoutMs = integer('options.timeout', timeout, 0, 2 ** 31 - 1) ?? 0;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidArgType('options.signal', 'an instance of AbortSignal', signal);
  }

  const stop = checkStop({
    ...(killSignal === undefined ? {} : { killSignal }),
    ...(graceMs === undefined ? {} : { graceMs }),
  });
  const reasons = { timedOut: false, isCanceled: false, isMaxBuffer: false };
  const { stdio } = rest;
  const stdin = Array.isArray(stdio) ? (stdio[0] as unknown) : stdio;
  if (input !== undefined && stdin != null && stdin !== 'pipe' && stdin !== 'overlapped') {
    throw incompatibleOptions('input', 'stdio', 'standard input must be a pipe to be written to.');
  }
  const child = spawnOrUnborn(system, file, args, rest);
  const stopFor = (reason: keyof typeof reasons): void => {
    if (reasons[reason]) return;
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
    const startMs = nowMs();
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
    return finish(end, error, stdout, stderr, nowMs() - startMs);
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
    const cause: unknown = error ?? (reasons.isCanceled ? signal?.reason : undefined);
    const result: Result<string | Buffer> = {
      file,
      args,
      pid: child.pid,
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
      reapedBy: child.reapedBy,
      code: failed ? codeOf(error, reasons.isCanceled) : undefined,
      cause,
    };
    if (failed && reject) throw new RunError(result);
    return result;
  };

  return Object.assign(collect(), { child });
}

const isOptions = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Not the abort reason's own code: it may be anything, a number or an 'ENOENT' of another program. */
function codeOf(error: Error | undefined, isCanceled: boolean): string {
  if (isCanceled) return 'ABORT_ERR';
  return (error as NodeJS.ErrnoException | undefined)?.code ?? 'ERR_AUTOREAP_RUN_FAILED';
}

const MAX_BYTES = 100 * 1024 * 1024;

/** Errors of the birth reject, as those that Node.js emits do; wrong options throw at once. */
function spawnOrUnborn(
  system: System | Error,
  file: string,
  args: readonly string[],
  options: SpawnOptions,
): Child {
  try {
    const child = spawnOn(system, file, args, { ...options });
    child.on('error', () => undefined); // `exited` rejects with it.
    return child;
  } catch (error) {
    if (isNativeError(error) && 'syscall' in error) return unbornChild(error);
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

const SAID_AT_MOST = 4096;

function describe(result: Result<string | Buffer>): string {
  const { cause } = result;
  const command = [result.file, ...result.args].join(' ');
  const why = result.timedOut
    ? result.exitCode === null
      ? 'was stopped: it took longer than `timeout`'
      : `exited with code ${String(result.exitCode)}, but its output was still open after \`timeout\``
    : result.isCanceled
      ? 'was stopped: its AbortSignal was aborted'
      : result.isMaxBuffer
        ? 'was stopped: it wrote more than `maxBuffer`'
        : result.pid === undefined && isNativeError(cause)
          ? `did not start: ${cause.message}`
          : result.statusLost
            ? 'ended, and nobody knows how: its status was stolen'
            : result.signalCode === null
              ? `exited with code ${String(result.exitCode)}`
              : `was killed by ${result.signalCode}`;
  const all = result.stderr.toString().trim();
  // The whole of it is in `stderr`; what a program says last says why.
  const said = all.length > SAID_AT_MOST ? `… ${all.slice(-SAID_AT_MOST)}` : all;
  return `${command} ${why}${said === '' ? '' : `\n${said}`}`;
}
