// Our errors are made like Node's own: compared with what Node.js throws.
import * as fs from 'node:fs';
import { constants, getPriority } from 'node:os';
import { getSystemErrorName, inspect } from 'node:util';
import * as errors from '../../lib/errors';

type Coded = Error & { code?: string };

function thrownBy(act: () => unknown): Coded {
  try {
    act();
  } catch (error) {
    return error as Coded;
  }
  throw new Error('nothing was thrown');
}

/** All that can be seen of an error, but its stack, which jest formats. */
const shapeOf = (error: Coded): unknown => ({
  name: error.name,
  code: error.code,
  message: error.message,
  keys: Object.keys(error),
  text: String(error),
  kind: error.constructor.name,
});

class Thing {
  readonly of = 'a kind';
}
const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  5,
  -1.5,
  10n,
  'text',
  "with 'quotes'",
  Symbol('s'),
  [],
  {},
  new Thing(),
  Object.create(null),
  function named() {},
  () => {},
  new Map(),
];

describe('invalidArgType', () => {
  it.each(VALUES.filter((value) => typeof value !== 'number').map((value) => [value]))(
    'is as when Node.js refuses %p for a number',
    (value) => {
      const node = thrownBy(() => Buffer.alloc(value as number));

      const ours = errors.invalidArgType('size', 'of type number', value);

      expect(shapeOf(ours)).toEqual(shapeOf(node));
    },
  );

  it('calls what has a dot a property', () => {
    expect(errors.invalidArgType('options.a', 'of type string', 5).message).toBe(
      'The "options.a" property must be of type string. Received type number (5)',
    );
  });
});

describe('outOfRange', () => {
  it.each([[-(2 ** 31) - 1], [1.5], [2 ** 31], [NaN], [Infinity]])(
    'is as when Node.js refuses %p for a pid',
    (value) => {
      const node = thrownBy(() => getPriority(value));
      const range = Number.isInteger(value) ? '>= -2147483648 && <= 2147483647' : 'an integer';

      const ours = errors.outOfRange('pid', range, value);

      expect(shapeOf(ours)).toEqual(shapeOf(node));
    },
  );
});

describe('invalidArgValue', () => {
  it('is as when Node.js refuses a path with NUL', () => {
    const node = thrownBy(() => fs.readFileSync('a\0b'));

    const ours = errors.invalidArgValue(
      'path',
      'a\0b',
      'must be a string, Uint8Array, or URL without null bytes',
    );

    expect(shapeOf(ours)).toEqual(shapeOf(node));
  });
});

describe('unknownSignal', () => {
  it('is as when Node.js refuses a signal', () => {
    const node = thrownBy(() => process.kill(process.pid, 'SIGNONE'));

    expect(shapeOf(errors.unknownSignal('SIGNONE'))).toEqual(shapeOf(node));
  });
});

describe('incompatibleOptions', () => {
  it('has the code and the words that Node.js has', () => {
    const error = errors.incompatibleOptions('a', 'b', 'why.');

    expect(error).toMatchObject({ code: 'ERR_INCOMPATIBLE_OPTION_PAIR', name: 'TypeError' });
    expect(error.message).toBe('Option "a" cannot be used in combination with option "b": why.');
  });
});

describe('errnoName', () => {
  it('is what Node.js calls each errno, whatever its sign', () => {
    for (const errno of Object.values(constants.errno)) {
      const node = getSystemErrorName(-errno);
      const ours = errors.errnoName(errno);

      // libuv has its own name for what has two, and none for some.
      if (!/^Unknown/.test(node) && node !== 'ENOTSUP') expect(ours).toBe(node);
      expect(errors.errnoName(-errno)).toBe(ours);
    }
  });

  it('has a name for what a pidfd can answer, and a number for the rest', () => {
    expect(errors.errnoName(66)).toBe('EREMOTE');
    expect(errors.errnoName(11)).toBe('EAGAIN');
    expect(errors.errnoName(95)).toBe('EOPNOTSUPP');
    expect(errors.errnoName(4000)).toBe('E4000');
  });
});

describe('errnoError', () => {
  it('has the fields of a system error', () => {
    const node = thrownBy(() => fs.readFileSync('/no/such/file')) as NodeJS.ErrnoException;

    const ours = errors.errnoError(-2, 'open', { path: '/no/such/file' });

    const { errno, code, syscall, path } = node;
    expect({ ...ours }).toEqual({ errno, code, syscall, path });
  });

  it('says the call, the errno, the process and what to do', () => {
    const error = errors.errnoError(-3, 'pidfd_open', { pid: 4711, step: 'x', hint: 'look there' });

    expect(error.message).toBe('pidfd_open ESRCH, pid 4711: look there');
    expect({ ...error }).toEqual({
      errno: -3,
      code: 'ESRCH',
      syscall: 'pidfd_open',
      pid: 4711,
      step: 'x',
    });
  });

  it('begins its stack with the caller', () => {
    function caller(): Error {
      return errors.errnoError(-1, 'open');
    }

    expect(caller().stack!.split('\n')[1]).toContain('caller');
    expect(inspect(caller())).toContain("code: 'EPERM'");
  });
});

describe('unsupportedError', () => {
  it('names what is missing, who said no, and what else there is', () => {
    const error = errors.unsupportedError("autoreap: 'require'", 'CLONE_AUTOREAP', -22, 'Look.');

    expect(error).toMatchObject({
      code: 'ERR_AUTOREAP_UNSUPPORTED',
      capability: 'CLONE_AUTOREAP',
      errno: -22,
    });
    expect(error.message).toBe(
      "autoreap: 'require' needs CLONE_AUTOREAP, which is refused here (EINVAL). Look.",
    );
    expect('errno' in errors.unsupportedError('a', 'b', undefined, '')).toBe(false);
  });
});
