import { constants } from 'node:os';
import { inspect } from 'node:util';

/** An error of a system call, in Node's shape. */
export interface ErrnoError extends Error {
  /** The name of the errno: `'ENOENT'`. */
  code: string;
  /** The errno, negative, as Node.js and libuv have it. */
  errno: number;
  /** The call, with what it was about as Node.js has it: `'spawn ls'`, `'pidfd_open'`. */
  syscall: string;
  /** Which step of a birth failed, under the name of its system call: `'chdir'`, `'execve'`. */
  step?: string;
  path?: string;
  spawnargs?: string[];
  pid?: number;
}

const NAMES = new Map<number, string>([
  // Linux errnos that os.constants leaves out and a pidfd can answer.
  [66, 'EREMOTE'],
  [26, 'ETXTBSY'],
  [15, 'ENOTBLK'],
]);
for (const [name, errno] of Object.entries(constants.errno)) {
  // EWOULDBLOCK is EAGAIN and ENOTSUP is EOPNOTSUPP: the kernel's name is the one that man pages use.
  if (name !== 'EWOULDBLOCK' && name !== 'ENOTSUP') NAMES.set(errno, name);
}

/** `-2` and `2` are both `'ENOENT'`. */
export function errnoName(errno: number): string {
  return NAMES.get(Math.abs(errno)) ?? `E${Math.abs(errno)}`;
}

/** The one place where `-errno` becomes an Error: "pidfd_send_signal ESRCH, pid 4711". */
export function errnoError(
  result: number,
  syscall: string,
  about: { pid?: number; step?: string; path?: string; hint?: string } = {},
): ErrnoError {
  const code = errnoName(result);
  const { hint, ...fields } = about;
  const subject = about.pid === undefined ? '' : `, pid ${String(about.pid)}`;
  const error = new Error(`${syscall} ${code}${subject}${hint === undefined ? '' : `: ${hint}`}`);
  Error.captureStackTrace(error, errnoError); // The stack starts where the caller asked.
  return Object.assign(error, { errno: -Math.abs(result), code, syscall, ...fields });
}

/** What was asked for needs something that this kernel, or a filter in front of it, refuses. */
export interface UnsupportedError extends Error {
  code: 'ERR_AUTOREAP_UNSUPPORTED';
  /** The name of the missing capability, as in `support().capabilities`. */
  capability: string;
  /** The errno that said no, negative. */
  errno?: number;
}

export function unsupportedError(
  what: string,
  capability: string,
  errno: number | undefined,
  instead: string,
): UnsupportedError {
  const why = errno === undefined ? 'is not here' : `is refused here (${errnoName(errno)})`;
  const error = new Error(`${what} needs ${capability}, which ${why}. ${instead}`);
  Error.captureStackTrace(error, unsupportedError);
  return Object.assign(error, {
    code: 'ERR_AUTOREAP_UNSUPPORTED' as const,
    capability,
    ...(errno === undefined ? {} : { errno: -Math.abs(errno) }),
  });
}

function coded<T extends Error>(error: T, code: string, from: (...args: never[]) => unknown): T {
  // Node's own form: the code in the stack and not in the name.
  error.name = `${error.name} [${code}]`;
  Error.captureStackTrace(error, from);
  void error.stack;
  Reflect.deleteProperty(error, 'name');
  const toString = (): string => `${error.name} [${code}]: ${error.message}`;
  Object.defineProperty(error, 'toString', { value: toString, configurable: true, writable: true });
  return Object.assign(error, { code });
}

function received(value: unknown): string {
  if (value == null) return ` Received ${String(value)}`;
  if (typeof value === 'function') return ` Received function ${value.name}`;
  if (typeof value === 'object') {
    const name = (value as { constructor?: { name?: string } }).constructor?.name;
    return name ? ` Received an instance of ${name}` : ` Received ${inspect(value, { depth: -1 })}`;
  }
  const shown = inspect(value, { colors: false });
  return ` Received type ${typeof value} (${shown.length > 28 ? `${shown.slice(0, 25)}...` : shown})`;
}

/** Node's ERR_INVALID_ARG_TYPE. `expected`: "of type number", "an instance of Array". */
export function invalidArgType(name: string, expected: string, actual: unknown): TypeError {
  const kind = name.includes('.') ? 'property' : 'argument';
  return coded(
    new TypeError(`The "${name}" ${kind} must be ${expected}.${received(actual)}`),
    'ERR_INVALID_ARG_TYPE',
    invalidArgType,
  );
}

/** Node's ERR_INVALID_ARG_VALUE. */
export function invalidArgValue(name: string, actual: unknown, reason = 'is invalid'): TypeError {
  const kind = name.includes('.') ? 'property' : 'argument';
  return coded(
    new TypeError(`The ${kind} '${name}' ${reason}. Received ${inspect(actual)}`),
    'ERR_INVALID_ARG_VALUE',
    invalidArgValue,
  );
}

/** Node's ERR_OUT_OF_RANGE. */
export function outOfRange(name: string, range: string, actual: unknown): RangeError {
  return coded(
    new RangeError(
      `The value of "${name}" is out of range. It must be ${range}. Received ${inspect(actual)}`,
    ),
    'ERR_OUT_OF_RANGE',
    outOfRange,
  );
}

/** Node's ERR_INCOMPATIBLE_OPTION_PAIR. */
export function incompatibleOptions(one: string, other: string, why: string): TypeError {
  return coded(
    new TypeError(`Option "${one}" cannot be used in combination with option "${other}": ${why}`),
    'ERR_INCOMPATIBLE_OPTION_PAIR',
    incompatibleOptions,
  );
}

/** Node's ERR_UNKNOWN_SIGNAL. */
export function illegalConstructor(name: string, instead: string): TypeError {
  return coded(
    new TypeError(`Illegal constructor ${name}: ${instead}`),
    'ERR_ILLEGAL_CONSTRUCTOR',
    illegalConstructor,
  );
}

export function unknownSignal(signal: unknown): TypeError {
  return coded(
    new TypeError(`Unknown signal: ${String(signal)}`),
    'ERR_UNKNOWN_SIGNAL',
    unknownSignal,
  );
}
