// The tables that test/native/ holds against Linux, held against the model; and the order in which clone3(2)
// looks at what is wrong.
import type { AbiName } from '../../lib/model/abi';
import * as c from '../../lib/model/constants';
import { ModelKernel } from '../../lib/model/kernel';
import type { Task } from '../../lib/model/task';
import * as tables from '../support/kernel-tables';
import { cloneFlags } from '../support/model-flags';
import { observeModel } from '../support/model-observations';

const errnoOf = (result: unknown): string | number =>
  typeof result === 'number' && result < 0 ? c.errnoName(result) : 0;

function itSees(facts: readonly tables.Fact[]): void {
  for (const { title, scenario, sees, atLeast, kernelOnly } of facts) {
    if (kernelOnly === true) continue;
    it(title, () => {
      const seen = observeModel(...scenario);
      if (atLeast === true) expect(seen).toMatchObject(sees);
      else expect(seen).toEqual(sees);
    });
  }
}

describe('on the model,', () => {
  describe('waitid(2)', () => itSees(tables.WAITS));
  describe('waitid(P_PIDFD) on a non-blocking pidfd', () => itSees(tables.NONBLOCKING));
  describe('a wait that is blocked', () => itSees(tables.BLOCKED));
  describe('a waitpid(-1) of somebody else', () => itSees(tables.THEFT));
  describe('a child that dies', () => itSees(tables.DISPOSITIONS));
  describe('a pidfd', () => itSees(tables.PIDFD_STATES));
  describe('a child created with CLONE_PIDFD_AUTOKILL', () => itSees(tables.AUTOKILL_CHILD));
  describe('the holder of an AUTOKILL descriptor', () => itSees(tables.AUTOKILL_HOLDER));
  describe('CLONE_PIDFD_AUTOKILL', () => itSees(tables.AUTOKILL));
  describe('the orphan that comes to a subreaper', () => itSees(tables.ORPHANS));
  describe('a subreaper', () => itSees(tables.SUBREAPERS));
  describe('PR_SET_PDEATHSIG', () => itSees(tables.DEATH_SIGNALS));
  describe('the init of a pid namespace', () => itSees(tables.INITS));
});

/** A process that is not init: one may do everything, the other nothing. */
function caller(abi: AbiName = 'linux-7.1', { capable = true } = {}): Task {
  const kernel = new ModelKernel({ abi });
  const task = kernel.task(kernel.init.fork())!;
  if (!capable) task.setuid(1000);
  return task;
}

describe('clone3(2) on the model', () => {
  for (const abi of ['linux-7.1', 'linux-6.18'] as const) {
    for (const { call, answer, flags, exitSignal, kernelOnly } of tables.CLONE_CALLS) {
      if (kernelOnly === true) continue;
      const isUnknown = abi === 'linux-6.18' && /AUTOREAP|NNP|AUTOKILL|EMPTY/.test(flags);
      const expected = isUnknown ? 'EINVAL' : answer;

      it(`answers ${expected} to ${call}, as ${abi}`, () => {
        const args = { flags: cloneFlags(flags), exitSignal, pidfd: {} };

        expect(errnoOf(caller(abi).clone3(args))).toBe(expected);
      });
    }
  }

  it.each([38, 63])('does not know bit %i', (bit) => {
    expect(caller().clone3({ flags: 1n << BigInt(bit), exitSignal: 17 })).toBe(-c.errno.EINVAL);
  });

  it('refuses a signal among the flags', () => {
    expect(caller().clone3({ flags: 17, exitSignal: 17 })).toBe(-c.errno.EINVAL);
  });
});

/** Two things that are wrong at once, and which of them the kernel speaks of. */
const ORDER: readonly (readonly [first: string, flags: string, exitSignal: number, log: RegExp])[] =
  [
    ['DETACHED before THREAD without SIGHAND', 'DETACHED|THREAD', 0, /DETACHED/],
    [
      'SIGHAND with CLEAR_SIGHAND before NEWNS with FS',
      'SIGHAND|CLEAR_SIGHAND|NEWNS|FS',
      0,
      /CLEAR/,
    ],
    ['the exit signal of a THREAD before NEWUSER with FS', 'THREAD|NEWUSER|FS', 17, /exit signal/],
    ['the exit signal of a PARENT before AUTOREAP', 'AUTOREAP|PARENT', 17, /take no exit signal/],
    ['NEWNS before NEWUSER, with FS', 'NEWNS|NEWUSER|FS', 0, /NEWNS with/],
    ['NEWNS, which EMPTY_MNTNS is, with FS', 'EMPTY_MNTNS|FS', 0, /NEWNS with/],
    ['FS before THREAD without SIGHAND', 'NEWNS|FS|THREAD', 0, /NEWNS with/],
    ['THREAD without SIGHAND before NNP', 'THREAD|NNP', 0, /without CLONE_SIGHAND/],
    ['SIGHAND without VM before AUTOREAP', 'THREAD|SIGHAND|AUTOREAP', 0, /without CLONE_VM/],
    ['THREAD in a namespace before AUTOREAP', 'THREAD|SIGHAND|VM|NEWPID|AUTOREAP', 0, /namespace/],
    ['AUTOREAP of a THREAD before PARENT', 'AUTOREAP|THREAD|SIGHAND|VM|PARENT', 0, /of a process/],
    ['AUTOREAP with PARENT before AUTOKILL', 'AUTOREAP|PARENT|AUTOKILL', 0, /with CLONE_PARENT/],
    ['the exit signal of AUTOREAP before AUTOKILL', 'AUTOREAP|AUTOKILL', 17, /with an exit signal/],
    ['NNP of a THREAD before AUTOKILL', 'NNP|THREAD|SIGHAND|VM|AUTOKILL', 0, /NNP of a thread/],
    ['AUTOKILL without PIDFD before AUTOREAP', 'AUTOKILL', 17, /without CLONE_PIDFD/],
    ['AUTOKILL without AUTOREAP before NNP', 'AUTOKILL|PIDFD', 17, /without CLONE_AUTOREAP/],
  ];

describe('clone3(2) speaks of the first that is wrong:', () => {
  it.each(ORDER)('%s', (_, flags, exitSignal, log) => {
    const kernel = new ModelKernel();
    const task = kernel.task(kernel.init.fork())!;
    task.setuid(1000); // So that AUTOKILL without NNP is the last that is wrong.

    const result = task.clone3({ flags: cloneFlags(flags), exitSignal, pidfd: c.BAD_ADDRESS });

    expect(result).toBe(-c.errno.EINVAL);
    expect(kernel.history.at(-1)?.text).toMatch(log);
  });

  const autokill = { flags: cloneFlags('AUTOKILL|AUTOREAP|PIDFD'), pidfd: c.BAD_ADDRESS } as const;

  it('a capability that is missing, before the place for the pidfd', () => {
    expect(caller('linux-7.1', { capable: false }).clone3(autokill)).toBe(-c.errno.EPERM);
    expect(caller().clone3(autokill)).toBe(-c.errno.EFAULT);
  });

  it('a flag, before RLIMIT_NPROC', () => {
    const task = caller('linux-7.1', { capable: false });
    task.setrlimit('NPROC', 1);

    expect(task.clone3({ flags: cloneFlags('AUTOREAP|PARENT') })).toBe(-c.errno.EINVAL);
    expect(task.clone3({ flags: cloneFlags('AUTOREAP') })).toBe(-c.errno.EAGAIN);
  });

  it('RLIMIT_NPROC, before the descriptor', () => {
    const task = caller('linux-7.1', { capable: false });
    task.setrlimit('NPROC', 1);
    task.setrlimit('NOFILE', 0);

    expect(task.clone3({ flags: cloneFlags('PIDFD'), pidfd: {} })).toBe(-c.errno.EAGAIN);
  });

  it('a descriptor, before the place for its number', () => {
    const task = caller();
    task.setrlimit('NOFILE', 3);

    expect(task.clone3({ flags: cloneFlags('PIDFD'), pidfd: c.BAD_ADDRESS })).toBe(-c.errno.EMFILE);
  });

  it('the place for the number of the pidfd, before pids.max', () => {
    const kernel = new ModelKernel({ pidsMax: 1 });

    const args = { flags: cloneFlags('PIDFD'), pidfd: c.BAD_ADDRESS } as const;
    expect(kernel.init.clone3(args)).toBe(-c.errno.EFAULT);
  });

  it('pids.max, when the number of the pidfd is written and nothing is open there', () => {
    const kernel = new ModelKernel({ pidsMax: 1 });
    const pidfd: { value?: number } = {};

    const result = kernel.init.clone3({ flags: cloneFlags('PIDFD'), exitSignal: 17, pidfd });

    expect(result).toBe(-c.errno.EAGAIN);
    expect(pidfd.value).toBe(3);
    expect(kernel.init.fcntlGetfl(3)).toBe(-c.errno.EBADF);
  });
});

describe('CLONE_PARENT on the model', () => {
  const parent = { flags: c.CLONE_PARENT } as const;
  const born = (abi: AbiName, flags: string): Task => {
    const kernel = new ModelKernel({ abi });
    const task = kernel.task(kernel.init.fork())!;
    return kernel.task(task.clone3({ flags: cloneFlags(flags) }) as number)!;
  };

  it('is refused to an AUTOREAP process, in clone(2) too', () => {
    const task = born('linux-7.1', 'AUTOREAP');

    expect(task.clone3(parent)).toBe(-c.errno.EINVAL);
    expect(task.clone(c.CLONE_PARENT)).toBe(-c.errno.EINVAL);
    expect(task.fork()).toBeGreaterThan(0);
  });

  it('is granted to it by the patch of February 2026', () => {
    expect(born('autoreap-v2', 'AUTOREAP').clone3(parent)).toBeGreaterThan(0);
  });

  it('is granted to an ordinary process, and to no init', () => {
    expect(born('linux-7.1', '').clone3(parent)).toBeGreaterThan(0);
    expect(new ModelKernel().init.clone3(parent)).toBe(-c.errno.EINVAL);
  });
});

describe('PIDFD_GET_INFO on the model', () => {
  const { PIDFD_INFO_COREDUMP: COREDUMP, PIDFD_INFO_EXIT: EXIT } = c;
  const SUPPORTED = c.PIDFD_INFO_SUPPORTED_MASK;
  type State = 'alive' | 'zombie' | 'released';

  const masks: readonly (readonly [
    AbiName,
    State,
    asked: string,
    mask: number,
    answer: unknown,
  ])[] = [
    ['linux-7.1', 'alive', 'nothing', 0, 0x7],
    ['linux-7.1', 'alive', 'EXIT', EXIT, 0x7],
    ['linux-7.1', 'alive', 'all', EXIT | COREDUMP | SUPPORTED, 0x37],
    ['linux-6.18', 'alive', 'all', EXIT | COREDUMP | SUPPORTED, 0x17],
    ['linux-7.1', 'zombie', 'nothing', 0, 0x7],
    ['linux-7.1', 'zombie', 'EXIT', EXIT, 0x7],
    ['linux-7.1', 'released', 'EXIT', EXIT, 0xc],
    ['linux-6.18', 'released', 'EXIT', EXIT, 0xc],
    ['linux-7.1', 'released', 'nothing', 0, 'ESRCH'],
    ['linux-7.1', 'released', 'COREDUMP', COREDUMP, 'ESRCH'],
    ['linux-7.1', 'released', 'SUPPORTED_MASK', SUPPORTED, 'ESRCH'],
  ];

  it.each(masks)(
    'as %s, of the %s, asked for %s (%i), answers %p',
    (abi, state, _, mask, answer) => {
      const { init, ...kernel } = stageFor(abi);
      const pidfd: { value?: number } = {};
      const args = { flags: c.CLONE_PIDFD, exitSignal: 17, pidfd };
      const pid = init.clone3(args) as number;
      if (state !== 'alive') kernel.task(pid).exitGroup(42);
      if (state === 'released') init.wait4(pid, 0);

      const info = init.pidfdGetInfo(pidfd.value!, mask);

      expect(typeof info === 'number' ? errnoOf(info) : info.mask).toBe(answer);
      const known = state === 'released' ? [0, 0, 42 << 8] : [pid, init.pid, 0];
      if (typeof info === 'object') expect([info.pid, info.ppid, info.exitCode]).toEqual(known);
    },
  );

  it('answers EREMOTE of somebody in another namespace, and ENOTTY of what is no pidfd', () => {
    const { init, task } = stageFor('linux-7.1');
    const pidfd = init.pidfdOpen(init.fork());
    const heir = task(init.clone3({ flags: c.CLONE_NEWPID, exitSignal: 17 }) as number);

    expect(init.pidfdGetInfo(0, EXIT)).toBe(-c.errno.ENOTTY);
    expect(init.pidfdGetInfo(99, EXIT)).toBe(-c.errno.EBADF);
    expect(heir.pidfdGetInfo(pidfd, EXIT)).toBe(-c.errno.EREMOTE);
  });
});

function stageFor(abi: AbiName): { init: Task; task: (pid: number) => Task } {
  const kernel = new ModelKernel({ abi });
  return { init: kernel.init, task: (pid) => kernel.task(pid)! };
}
