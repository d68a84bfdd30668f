// How a child is born, by what is asked for and what the kernel has.
import {
  CLONE_AUTOREAP,
  CLONE_CLEAR_SIGHAND,
  CLONE_INTO_CGROUP,
  CLONE_NNP,
  CLONE_PIDFD,
  CLONE_PIDFD_AUTOKILL,
  CLONE_VFORK,
  CLONE_VM,
  Watch,
} from '../../lib/backend/interface';
import { CAPABILITIES, type CapabilityName } from '../../lib/backend/support';
import { chooseGuarantee, type Guarantee, type Wish } from '../../lib/policy/guarantee';

const BIRTH = CLONE_VM + CLONE_VFORK + CLONE_PIDFD + CLONE_CLEAR_SIGHAND;

const PLAIN: Wish = {
  autoreap: 'prefer',
  autokill: false,
  resourceUsage: false,
  noNewPrivileges: false,
  cgroup: false,
  beyondNode: undefined,
};

// What each has, from the newest on.
const KERNELS = {
  '7.1': [...CAPABILITIES],
  // The filter of a container on it: Docker's default refuses clone3.
  '7.1 without clone3': CAPABILITIES.filter((name) => !/^(clone3|CLONE_.*)$/.test(name)),
  '7.1 without ioctl': CAPABILITIES.filter((name) => !/^PIDFD_(GET_INFO|INFO_EXIT)$/.test(name)),
  '6.18': CAPABILITIES.filter((name) => !name.startsWith('CLONE_')),
  '5.4': ['P_PIDFD', 'pidfd_open', 'pidfd_send_signal', 'PR_SET_CHILD_SUBREAPER'],
  none: [],
} as const satisfies Record<string, readonly CapabilityName[]>;
type Kernel = keyof typeof KERNELS;

const choose = (name: Kernel, wish: Partial<Wish> = {}): Guarantee =>
  chooseGuarantee({ ...PLAIN, ...wish }, (capability) =>
    (KERNELS[name] as readonly CapabilityName[]).includes(capability),
  );

type Row = readonly [kernel: Kernel, wish: Partial<Wish>, guarantee: Partial<Guarantee>];

const kernel = { reapedBy: 'kernel', legacy: false, watch: Watch.Hup } as const;
const waitid = { reapedBy: 'waitid', legacy: false, watch: Watch.Waitid } as const;
const legacy = { ...waitid, legacy: true } as const;

describe('chooseGuarantee', () => {
  it.each<Row>([
    // Who reaps.
    ['7.1', {}, { ...kernel, flags: BIRTH + CLONE_AUTOREAP }],
    ['7.1', { autoreap: 'require' }, { ...kernel, flags: BIRTH + CLONE_AUTOREAP }],
    ['7.1', { autoreap: 'avoid' }, { ...waitid, flags: BIRTH }],
    ['7.1 without clone3', {}, { ...legacy, flags: BIRTH }],
    ['7.1 without clone3', { autoreap: 'avoid' }, { ...legacy, flags: BIRTH }],
    ['7.1 without ioctl', {}, { ...waitid, flags: BIRTH }],
    ['6.18', {}, { ...waitid, flags: BIRTH }],
    ['6.18', { autoreap: 'avoid' }, { ...waitid, flags: BIRTH }],
    ['5.4', {}, { ...legacy, flags: BIRTH }],
    ['none', {}, { reapedBy: 'libuv' }],
    ['none', { autoreap: 'avoid' }, { reapedBy: 'libuv' }],

    // Who counts: somebody must wait, unless a cgroup of its own does.
    ['7.1', { resourceUsage: true }, { ...waitid, resourceUsage: 'waitid', flags: BIRTH }],
    ['7.1', { resourceUsage: true, autoreap: 'avoid' }, { ...waitid, resourceUsage: 'waitid' }],
    [
      '7.1',
      { resourceUsage: true, cgroup: true },
      { ...waitid, resourceUsage: 'waitid', flags: BIRTH + CLONE_INTO_CGROUP },
    ],
    [
      '7.1',
      { resourceUsage: true, cgroup: true, autoreap: 'require' },
      { ...kernel, resourceUsage: 'cgroup', flags: BIRTH + CLONE_AUTOREAP + CLONE_INTO_CGROUP },
    ],
    ['6.18', { resourceUsage: true }, { ...waitid, resourceUsage: 'waitid' }],
    ['7.1', {}, { resourceUsage: undefined }],

    // What makes it die with us; it can gain no privileges then, on any kernel.
    [
      '7.1',
      { autokill: true },
      {
        ...kernel,
        autokill: 'kernel',
        flags: BIRTH + CLONE_AUTOREAP + CLONE_PIDFD_AUTOKILL + CLONE_NNP,
        noNewPrivs: false,
        deathSignal: false,
      },
    ],
    [
      '7.1',
      { autokill: true, autoreap: 'avoid' },
      {
        ...waitid,
        autokill: 'pdeathsig',
        flags: BIRTH + CLONE_NNP,
        noNewPrivs: false,
        deathSignal: true,
      },
    ],
    [
      '6.18',
      { autokill: true },
      { ...waitid, autokill: 'pdeathsig', flags: BIRTH, noNewPrivs: true, deathSignal: true },
    ],
    ['5.4', { autokill: true }, { ...legacy, autokill: 'pdeathsig', deathSignal: true }],
    ['7.1', {}, { autokill: undefined, deathSignal: false }],

    // What it may gain.
    ['7.1', { noNewPrivileges: true }, { flags: BIRTH + CLONE_AUTOREAP + CLONE_NNP }],
    ['7.1', { noNewPrivileges: true }, { noNewPrivs: false }],
    ['6.18', { noNewPrivileges: true }, { flags: BIRTH, noNewPrivs: true }],
    ['7.1', {}, { noNewPrivs: false }],

    // Where it is born: without clone3 it enters by cgroup.procs.
    ['7.1', { cgroup: true }, { flags: BIRTH + CLONE_AUTOREAP + CLONE_INTO_CGROUP }],
    ['6.18', { cgroup: true }, { flags: BIRTH + CLONE_INTO_CGROUP }],
    ['5.4', { cgroup: true }, { ...legacy, flags: BIRTH }],

    // What cannot be had is named.
    ['6.18', { autoreap: 'require' }, { missing: 'CLONE_AUTOREAP', wanted: "autoreap: 'require'" }],
    ['7.1 without clone3', { autoreap: 'require' }, { missing: 'clone3' }],
    ['7.1 without ioctl', { autoreap: 'require' }, { missing: 'PIDFD_GET_INFO' }],
    ['none', { autoreap: 'require' }, { missing: 'clone3' }],
    ['none', { autokill: true }, { missing: 'P_PIDFD', wanted: 'autokill' }],
    ['none', { cgroup: true }, { missing: 'P_PIDFD', wanted: 'cgroup' }],
    ['none', { noNewPrivileges: true }, { missing: 'P_PIDFD', wanted: 'noNewPrivileges' }],
    ['none', { resourceUsage: true }, { missing: 'P_PIDFD', wanted: 'resourceUsage' }],
    ['none', { beyondNode: 'umask' }, { missing: 'P_PIDFD', wanted: 'umask' }],
  ])('on %s, for %j: %j', (name, wish, guarantee) => {
    expect(choose(name, wish)).toMatchObject(guarantee);
  });

  const booleans = [false, true];
  const wishes = (['prefer', 'require', 'avoid'] as const).flatMap((autoreap) =>
    booleans.flatMap((autokill) =>
      booleans.flatMap((resourceUsage) =>
        booleans.flatMap((noNewPrivileges) =>
          booleans.flatMap((cgroup) =>
            [undefined, 'umask'].map((beyondNode) => ({
              autoreap,
              autokill,
              resourceUsage,
              noNewPrivileges,
              cgroup,
              beyondNode,
            })),
          ),
        ),
      ),
    ),
  );
  const everything = (Object.keys(KERNELS) as Kernel[]).flatMap((name) =>
    wishes.map((wish) => ({ name, wish, guarantee: choose(name, wish) })),
  );

  const broken = (rule: (each: (typeof everything)[number]) => boolean): unknown[] =>
    everything.filter((each) => !rule(each));

  it('keeps every wish or names what is missing', () => {
    const isKept = ({ wish, guarantee }: (typeof everything)[number]): boolean => {
      // Nobody could tell what it used: the facade has refused that pair of options.
      const refused = wish.autoreap === 'require' && wish.resourceUsage && !wish.cgroup;
      if ('missing' in guarantee || refused) return true;
      if (guarantee.reapedBy === 'libuv') {
        return !Object.entries(wish).some(([name, value]) => name !== 'autoreap' && value === true);
      }
      return (
        (guarantee.autokill !== undefined) === wish.autokill &&
        (guarantee.resourceUsage !== undefined) === wish.resourceUsage &&
        (wish.autoreap !== 'require' || guarantee.reapedBy === 'kernel') &&
        (wish.autoreap !== 'avoid' || guarantee.reapedBy === 'waitid')
      );
    };

    expect(broken(isKept)).toEqual([]);
  });

  const has = (flags: number, bit: number): boolean => (BigInt(flags) & BigInt(bit)) !== 0n;

  it('passes no flag that a kernel or clone(2) would not know', () => {
    const bits = { CLONE_AUTOREAP, CLONE_NNP, CLONE_PIDFD_AUTOKILL } as const;
    const isKnown = ({ name, guarantee }: (typeof everything)[number]): boolean => {
      if (!('flags' in guarantee)) return true;
      const { flags, legacy: byClone } = guarantee;
      const tooHigh = (BigInt(flags) & ~BigInt(CLONE_CLEAR_SIGHAND)) >> 32n !== 0n;
      return (
        !(byClone && tooHigh) &&
        Object.entries(bits).every(
          ([bit, value]) =>
            !has(flags, value) || (KERNELS[name] as readonly string[]).includes(bit),
        )
      );
    };

    expect(broken(isKnown)).toEqual([]);
  });

  it('never asks for AUTOKILL without giving up privileges', () => {
    expect(
      broken(
        ({ guarantee }) =>
          !('flags' in guarantee) ||
          !has(guarantee.flags, CLONE_PIDFD_AUTOKILL) ||
          has(guarantee.flags, CLONE_NNP),
      ),
    ).toEqual([]);
  });

  it('waits for HUP alone exactly where the kernel reaps', () => {
    expect(
      broken(({ guarantee }) => {
        if (!('flags' in guarantee)) return true;
        const autoreap = has(guarantee.flags, CLONE_AUTOREAP);
        return (
          guarantee.watch === (autoreap ? Watch.Hup : Watch.Waitid) &&
          guarantee.reapedBy === (autoreap ? 'kernel' : 'waitid')
        );
      }),
    ).toEqual([]);
  });

  it('asks for nothing that the wish does not need', () => {
    const asked: string[] = [];
    chooseGuarantee({ ...PLAIN, autoreap: 'avoid' }, (name) => {
      asked.push(name);
      return true;
    });

    expect([...new Set(asked)].sort()).toEqual(['P_PIDFD', 'clone3']);
  });
});
