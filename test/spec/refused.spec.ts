// Where system calls are refused, as a container's seccomp profile does: the same behaviour by another
// way, or an error that names what is missing. Never less than was asked for, in silence.
import { errnoName } from '../../lib/errors';
import type { Support } from '../../lib/index';
import { capability } from '../support/needs';
import { program } from '../support/programs';
import { describeEachReaper } from '../support/reapers';
import { play, Scene } from '../support/scene';

/** What test/fixtures/refused.cjs says: what came of each use. */
interface Told {
  readonly echo: { readonly reapedBy: string };
  readonly missing: object;
  readonly cwd: object;
  readonly require: { readonly error?: { readonly errno: number; readonly capability: string } };
  readonly support: Support;
}

/** A command under a filter. */
const refusing = (...rules: string[]): string[] => [program('seccomp'), ...rules, '--'];

const told = (autoreap: string, ...rules: string[]): Promise<Told> =>
  play('refused', [autoreap], rules.length === 0 ? {} : { through: refusing(...rules) });

/** Everything but what was asked of the kernel. */
function behaviour({ support: _, require: __, ...uses }: Told): object {
  return uses;
}

const refusalOfRequire = ({ require: { error } }: Told): unknown =>
  error && [error.capability, errnoName(error.errno)];

const kernelReaps = capability('CLONE_AUTOREAP').supported;
let waitid: Told;
beforeAll(async () => {
  waitid = await told('avoid');
});

describe('clone3(2) refused', () => {
  it.each(['ENOSYS', 'EPERM'])('with %s, is done without, and named', async (errno) => {
    const legacy = await told('prefer', `clone3:${errno}`);

    expect(legacy.echo.reapedBy).toBe('waitid');
    expect(behaviour(legacy)).toEqual(behaviour(waitid));
    expect(refusalOfRequire(legacy)).toEqual(['clone3', errno]);
    expect(legacy.support.capabilities.clone3).toMatchObject({ supported: false, code: errno });
    expect(legacy.support.reapedBy).toBe('waitid');
  });
});

describe('PIDFD_GET_INFO refused', () => {
  const RULE = 'ioctl=PIDFD_GET_INFO:ENOTTY';

  it('leaves the reaping to waitid', async () => {
    const blind = await told('prefer', RULE);

    expect(behaviour(blind)).toEqual(behaviour(waitid));
    expect(refusalOfRequire(blind)).toEqual(
      kernelReaps ? ['PIDFD_GET_INFO', 'ENOTTY'] : ['CLONE_AUTOREAP', expect.any(String)],
    );
    expect(blind.support.guarantees).toMatchObject({
      zombieFree: 'while alive',
      statusSafe: false,
      autokill: 'pdeathsig',
    });
  });

  it('costs the statuses that a thief took, and no other', async () => {
    interface Ends {
      readonly children: readonly { pid: number; statusLost: boolean; event: unknown }[];
    }
    const options = { through: refusing(RULE), env: { THIEF_FD: '3' } };
    await using scene = new Scene('status', ['prefer', '100'], options);
    await scene.hear();
    scene.process.stdin!.end();

    const { children } = await scene.hear<Ends>();

    const stolen = (await scene.line.over).split('\n').map((line) => parseInt(line));
    expect(children.filter(({ statusLost }) => statusLost).map(({ pid }) => pid)).toEqual(
      children.filter(({ pid }) => stolen.includes(pid)).map(({ pid }) => pid),
    );
  });
});

describe('pidfd_open(2) refused', () => {
  it('costs what support() says, and no spawn', async () => {
    const closed = await told('prefer', 'pidfd_open:EPERM');

    const error = { code: 'EPERM', errno: -1, syscall: 'pidfd_open' };
    expect(behaviour(closed)).toEqual({ ...behaviour(waitid), open: { error } });
    expect(closed.support.capabilities.pidfd_open).toMatchObject({
      supported: false,
      code: 'EPERM',
    });
  });
});

describeEachReaper('close_range(2) refused', ({ name, options: { autoreap } }) => {
  it.each(['ENOSYS', 'EPERM'])('with %s, changes nothing', async (errno) => {
    const usual = await told(autoreap);

    const slow = await told(autoreap, `close_range:${errno}`);

    expect(behaviour(slow)).toEqual(behaviour(usual));
    expect(slow).toMatchObject({ stray: false, inheritedStray: true, echo: { reapedBy: name } });
  });
});

describeEachReaper('pidfd_send_signal(2) refused', ({ options: { autoreap } }) => {
  // Node's kill() throws ENOSYS and emits the rest; a `using` block that is left does neither.
  const kinds = {
    ENOSYS: (error: unknown) => [{ error }, []],
    EPERM: (error: unknown) => [false, [error]],
  };

  it.each(['ENOSYS', 'EPERM'] as const)('with %s, nothing is signalled by pid', async (code) => {
    const usual = await told(autoreap);
    const mute = await told(autoreap, `pidfd_send_signal:${code}`);

    const errno = capabilityErrno(mute, 'pidfd_send_signal');
    const ofKill = { code, errno, syscall: 'kill' };
    const ofSignal = { error: { code, errno, syscall: 'pidfd_send_signal' } };
    const [result, errors] = kinds[code](ofKill);
    expect(behaviour(mute)).toEqual({
      ...behaviour(usual),
      kill: { result, errors, end: 0 },
      stop: { result: ofSignal, errors: [], end: 0 },
      dispose: { errors, end: 0 },
      open: ofSignal,
    });
  });
});

describe('waitid(2) refused', () => {
  it.each([
    ['alone', 'avoid', ['waitid:ENOSYS']],
    ['with clone3(2)', 'prefer', ['clone3:ENOSYS', 'waitid:ENOSYS']],
    ['for P_PIDFD, with clone3(2)', 'prefer', ['clone3:EPERM', 'waitid=P_PIDFD:EINVAL']],
  ])(
    '%s, leaves children to Node.js, and refuses what it cannot do',
    async (_, autoreap, rules) => {
      const plain = await told(autoreap, ...rules);

      const errno = capabilityErrno(plain, 'P_PIDFD');
      const error = { code: 'ERR_AUTOREAP_UNSUPPORTED', capability: 'P_PIDFD', errno };
      expect(behaviour(plain)).toEqual({
        ...behaviour(waitid),
        echo: { ...waitid.echo, reapedBy: 'libuv' },
        stray: true,
        // Node.js does not say which step failed.
        missing: { ...waitid.missing, step: undefined },
        cwd: { ...waitid.cwd, step: undefined },
        autokill: { error },
        usage: { error },
      });
    },
  );
});

describeEachReaper('waitid(2) refused', ({ name, options: { autoreap } }) => {
  if (name !== 'kernel') return;

  it('is not missed', async () => {
    const usual = await told(autoreap);

    const refused = await told(autoreap, 'waitid:ENOSYS');

    expect(behaviour(refused)).toEqual(behaviour(usual));
  });
});

function capabilityErrno({ support }: Told, name: keyof Support['capabilities']): number {
  return support.capabilities[name].errno!;
}
