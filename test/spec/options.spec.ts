// Options that are wrong: Node's errors, with the option's name, and no process.
import * as childProcess from 'node:child_process';
import type { SpawnOptions } from '../../lib/index';
import { describeEachBackend, type OnBackend } from '../support/backends';
import { failureOf, nodeFailureOf } from '../support/failures';

/** Whatever it is, spawn must refuse it before there is a process. ('true' is a program of the model, too.) */
function refusalOf({ spawn }: OnBackend, options: unknown): Error & { code?: string } {
  try {
    spawn('true', [], options as SpawnOptions);
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was not refused');
}

describeEachBackend('an option of ours', (on) => {
  const { spawn, itNeeds } = on;
  const refusal = (options: unknown): ReturnType<typeof refusalOf> => refusalOf(on, options);

  it.each([
    ['autoreap', 'always', 'ERR_INVALID_ARG_VALUE'],
    ['autoreap', true, 'ERR_INVALID_ARG_VALUE'],
    ['autokill', 'yes', 'ERR_INVALID_ARG_TYPE'],
    ['autokill', 1, 'ERR_INVALID_ARG_TYPE'],
    ['noNewPrivileges', 'true', 'ERR_INVALID_ARG_TYPE'],
    ['resourceUsage', 0, 'ERR_INVALID_ARG_TYPE'],
    ['inheritFds', {}, 'ERR_INVALID_ARG_TYPE'],
    ['cgroup', true, 'ERR_INVALID_ARG_TYPE'],
    ['cgroup', '', 'ERR_INVALID_ARG_VALUE'],
    ['cgroup', 'a\0b', 'ERR_INVALID_ARG_VALUE'],
    ['cgroup', -1, 'ERR_OUT_OF_RANGE'],
    ['cgroup', 1.5, 'ERR_OUT_OF_RANGE'],
    ['groups', 5, 'ERR_INVALID_ARG_TYPE'],
    ['groups', 'wheel', 'ERR_INVALID_ARG_TYPE'],
    ['groups', { length: 1 }, 'ERR_INVALID_ARG_TYPE'],
    ['umask', '022', 'ERR_INVALID_ARG_TYPE'],
    ['umask', -1, 'ERR_OUT_OF_RANGE'],
    ['umask', 0o1000, 'ERR_OUT_OF_RANGE'],
    ['umask', NaN, 'ERR_OUT_OF_RANGE'],
    ['nice', '5', 'ERR_INVALID_ARG_TYPE'],
    ['nice', 20, 'ERR_OUT_OF_RANGE'],
    ['nice', -21, 'ERR_OUT_OF_RANGE'],
    ['nice', 0.5, 'ERR_OUT_OF_RANGE'],
    ['processGroup', 'new', 'ERR_INVALID_ARG_TYPE'],
    ['processGroup', -1, 'ERR_OUT_OF_RANGE'],
    ['processGroup', 2 ** 31, 'ERR_OUT_OF_RANGE'],
    ['rlimits', 5, 'ERR_INVALID_ARG_TYPE'],
    ['rlimits', 'core', 'ERR_INVALID_ARG_TYPE'],
  ])('%s refuses %p', (name, value, code) => {
    const error = refusal({ [name]: value });

    expect(error).toMatchObject({ code });
    expect(error.message).toContain(`options.${name}`);
    expect(error.stack).toContain(`[${code}]`);
  });

  it.each([
    [{ groups: [1, 'a'] }, 'ERR_INVALID_ARG_TYPE', 'options.groups[1]'],
    [{ groups: [-1] }, 'ERR_OUT_OF_RANGE', 'options.groups[0]'],
    [{ groups: [2 ** 32 - 1] }, 'ERR_OUT_OF_RANGE', 'options.groups[0]'],
    [{ groups: [undefined] }, 'ERR_INVALID_ARG_TYPE', 'options.groups[0]'],
    [{ rlimits: { files: 1 } }, 'ERR_INVALID_ARG_VALUE', 'options.rlimits.files'],
    [{ rlimits: { toString: 1 } }, 'ERR_INVALID_ARG_VALUE', 'options.rlimits.toString'],
    [{ rlimits: { core: [1, 2] } }, 'ERR_INVALID_ARG_TYPE', 'a number or { soft, hard }'],
    [{ rlimits: { core: '1' } }, 'ERR_INVALID_ARG_TYPE', 'options.rlimits.core'],
    [{ rlimits: { core: -1 } }, 'ERR_OUT_OF_RANGE', 'options.rlimits.core'],
    [{ rlimits: { core: 2 ** 53 } }, 'ERR_OUT_OF_RANGE', 'options.rlimits.core'],
    [{ rlimits: { core: -Infinity } }, 'ERR_OUT_OF_RANGE', 'options.rlimits.core'],
    [{ rlimits: { core: { soft: 1 } } }, 'ERR_INVALID_ARG_TYPE', 'options.rlimits.core.hard'],
    [{ rlimits: { core: null } }, 'ERR_INVALID_ARG_TYPE', 'options.rlimits.core'],
  ])('%j is refused', (options, code, name) => {
    const error = refusal(options);

    expect(error).toMatchObject({ code });
    expect(error.message).toContain(name);
  });

  it('processGroup does not go with detached', () => {
    const error = refusal({ processGroup: 0, detached: true });

    expect(error).toMatchObject({ code: 'ERR_INCOMPATIBLE_OPTION_PAIR' });
    expect(error.message).toMatch(/processGroup.*detached/);
  });

  it("resourceUsage does not go with autoreap: 'require', but with a cgroup", () => {
    const error = refusal({ resourceUsage: true, autoreap: 'require' });

    expect(error).toMatchObject({ code: 'ERR_INCOMPATIBLE_OPTION_PAIR' });
    expect(error.message).toMatch(/resourceUsage.*autoreap.*cgroup/);
  });

  it('is left out by undefined and by null', async () => {
    const names = ['autokill', 'noNewPrivileges', 'resourceUsage', 'inheritFds', 'cgroup'].concat([
      'groups',
      'umask',
      'nice',
      'processGroup',
      'rlimits',
      'autoreap',
    ]);
    for (const nothing of [undefined, null]) {
      const options = Object.fromEntries(names.map((name) => [name, nothing]));

      const { events } = await failureOf(spawn, 'true', [], options);

      expect(events).toContain('close 0 null');
    }
  });

  itNeeds('root', 'is taken at the ends of its range', async () => {
    const { events } = await failureOf(spawn, 'true', [], {
      umask: 0o777,
      nice: 19,
      groups: [0, 2 ** 32 - 2],
      rlimits: { core: { soft: 0, hard: Infinity }, cpu: Number.MAX_SAFE_INTEGER },
    });

    expect(events).toContain('close 0 null');
  });
});

describeEachBackend("an option of Node's", ({ spawn }) => {
  it.each<readonly [string, unknown]>([
    ['cwd', 5],
    ['cwd', {}],
    ['detached', 'yes'],
    ['uid', 'root'],
    ['uid', 1.5],
    ['uid', 2 ** 31],
    ['gid', -(2 ** 31) - 1],
    ['shell', 5],
    ['argv0', 5],
    ['stdio', 5],
    ['stdio', ['pipe', 'pipe', 'pipe', {}]],
    ['stdio', 'other'],
    ['serialization', 'xml'],
    ['timeout', -1],
    ['killSignal', 'SIGNONE'],
    ['signal', {}],
    ['windowsHide', 'yes'],
    ['env', 5],
  ])('%s refuses what Node.js refuses: %p', async (name, value) => {
    const options = { [name]: value } as SpawnOptions;
    const node = await nodeFailureOf('true', [], options);

    const ours = await failureOf(spawn, 'true', [], options);

    const { how, error, message, events } = node;
    expect(ours).toMatchObject({ how, error, message, events });
  });

  it.each<readonly [string, readonly unknown[]]>([
    ['no file', []],
    ['a file that is no string', [5]],
    ['arguments that are no array', ['true', 'a', {}]],
    ['options that are no object', ['true', [], 5]],
    ['options that are a string', ['true', [], 'pipe']],
    ['options that are an array', ['true', [], []]],
    ['null for arguments', ['true', null, { stdio: 'ignore' }]],
    ['undefined for arguments', ['true', undefined, { stdio: 'ignore' }]],
    ['null for arguments alone', ['true', null]],
    ['null for options', ['true', [], null]],
    ['undefined for all', ['true', undefined, undefined]],
    ['a function for options', ['true', [], () => {}]],
  ])('is taken or refused as by Node.js with %s', async (_title, [file, args, options]) => {
    const given = [file, args, options] as unknown as [string, string[], SpawnOptions];
    const node = await failureOf(childProcess.spawn, ...given);
    const ours = await failureOf(spawn, ...given);

    const { how, error, message, events } = node;
    expect(ours).toMatchObject({ how, error, message, events });
  });
});

describeEachBackend('a refusal', (on) => {
  const { spawn, Pidfd, backend } = on;
  const refusal = (options: unknown): ReturnType<typeof refusalOf> => refusalOf(on, options);

  it('is an error that begins where spawn was called', () => {
    function caller(): Error {
      return refusal({ nice: 20 });
    }

    expect(caller().stack!.split('\n').slice(1, 8).join('\n')).toContain('caller');
    expect(caller()).toBeInstanceOf(RangeError);
    expect(caller().name).toBe('RangeError');
    expect(Object.keys(caller())).toEqual(['code']);
  });

  it('leaves nothing open, and no hook behind', async () => {
    for (let i = 0; i < 100; i++) refusal({ cgroup: '/', nice: 20 });
    using pidfd = Pidfd.open(backend.getpid());

    expect(pidfd.fd).toBeLessThan(200);
    expect((await failureOf(spawn, 'true', [], {})).events).toContain('close 0 null');
  });
});
