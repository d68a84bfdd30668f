// What can happen to a machine of the model, as data: scripts that fast-check writes, and shrinks.
//
// A script is valid by construction. Whom a line means is said by an index into those who are there, so
// that a script without one of its lines is a script, too; and where nobody can make the call, nothing
// happens. Long, and flat: one verb after the other.
import fc from 'fast-check';
import type { AbiName } from '../../lib/model/abi';
import * as c from '../../lib/model/constants';
import type { Core } from '../../lib/model/core';
import type { ModelKernel } from '../../lib/model/kernel';
import { nrIn, nsOf, type TaskStruct } from '../../lib/model/struct';
import type { Task } from '../../lib/model/task';
import { CLONE_FLAGS, cloneFlags } from './model-flags';

const { signals } = c;

/** Who makes a call, and the others as it may name them. */
export interface At {
  readonly kernel: ModelKernel;
  readonly core: Core;
  readonly struct: TaskStruct;
  readonly task: Task;
  /** The number, in the caller's namespace, of one of all threads. */
  readonly number: (index: number) => number;
  /** The same, but not of an init: what only a tracer can do to it would be the end of the machine. */
  readonly mortal: (index: number) => number;
  /** One of the caller's descriptors. */
  readonly fd: (index: number) => number;
}

interface Verb {
  readonly weight: number;
  readonly args: fc.Arbitrary<unknown>;
  /** Makes the call, and returns what that returns. */
  readonly perform: (at: At, args: never) => unknown;
}

function verb<A>(
  weight: number,
  shape: { [K in keyof A]: fc.Arbitrary<A[K]> },
  perform: (at: At, args: A) => unknown,
): Verb {
  return { weight, args: fc.record(shape), perform };
}

const index = fc.nat(7);
const signo = fc.constantFrom(
  ...[signals.SIGKILL, signals.SIGTERM, signals.SIGSTOP, signals.SIGCONT, signals.SIGTSTP],
  ...[signals.SIGUSR1, signals.SIGCHLD, signals.SIGHUP, signals.SIGSEGV, 0, 40],
);

/** Births that a kernel with all of these flags would not refuse. */
const BIRTHS = [
  ...['', '', 'PIDFD', 'PIDFD', 'AUTOREAP', 'AUTOREAP|PIDFD', 'AUTOREAP|PIDFD'],
  ...['AUTOREAP|PIDFD|AUTOKILL|NNP', 'AUTOREAP|PIDFD|AUTOKILL|NNP', 'AUTOREAP|PIDFD|AUTOKILL'],
  ...['VM|VFORK', 'AUTOREAP|VM|VFORK', 'THREAD|SIGHAND|VM', 'THREAD|SIGHAND|VM'],
  ...['THREAD|SIGHAND|VM|FILES', 'PARENT', 'PARENT', 'AUTOREAP|PARENT', 'FILES', 'FILES|PIDFD'],
  ...['NNP', 'CLEAR_SIGHAND', 'PTRACE', 'NEWPID', 'NEWPID|AUTOREAP|PIDFD'],
] as const;

const WAITS: Readonly<Record<string, number>> = {
  NOHANG: c.WNOHANG,
  UNTRACED: c.WUNTRACED,
  CONTINUED: c.WCONTINUED,
  ALL: c.__WALL,
  CLONE: c.__WCLONE,
  NOTHREAD: c.__WNOTHREAD,
};
const waitNames = fc.subarray(Object.keys(WAITS));
const waitOptions = (names: readonly string[]): number =>
  names.reduce((sum, name) => sum + WAITS[name]!, 0);

/** clone(2), or clone3(2) where that is known; with the flags that the machine knows. */
function birth({ core, task }: At, names: string, exitSignal: number): unknown {
  const known = 0xffffffffn | BigInt(core.abi.clone3Flags);
  const flags = cloneFlags(names) & known;
  const silent = [c.CLONE_AUTOREAP, c.CLONE_THREAD, c.CLONE_PARENT].some((flag) =>
    c.has(flags, flag),
  );
  const signal = silent ? 0 : exitSignal;
  if (core.abi.pidfd) return task.clone3({ flags, exitSignal: signal, pidfd: {} });
  return task.clone((flags & ~BigInt(c.CLONE_PIDFD)) | BigInt(signal));
}

const fd = ({ fd: of }: At, at: number): number => of(at);

/** Everything that a line can say. */
export const VERBS: Readonly<Record<string, Verb>> = {
  // --- Births, programs, ends
  clone: verb(
    24,
    {
      flags: fc.constantFrom(...BIRTHS),
      exitSignal: fc.constantFrom(signals.SIGCHLD, signals.SIGCHLD, 0, signals.SIGUSR1),
    },
    (at, { flags, exitSignal }) => birth(at, flags, exitSignal),
  ),
  cloneOfAnyKind: verb(
    2,
    {
      flags: fc.subarray(Object.keys(CLONE_FLAGS)),
      exitSignal: fc.constantFrom(0, signals.SIGCHLD, 65),
      nowhere: fc.boolean(),
    },
    ({ task }, { flags, exitSignal, nowhere }) =>
      task.clone3({
        flags: cloneFlags(flags.join('|')),
        exitSignal,
        pidfd: nowhere ? c.BAD_ADDRESS : {},
      }),
  ),
  execve: verb(
    4,
    { path: fc.constantFrom('/bin/tool', '/bin/tool', '/bin/su', '/nowhere') },
    ({ task }, { path }) => task.execve(path),
  ),
  exit: verb(4, { code: fc.nat(3) }, ({ core, struct, task }, { code }) => {
    const { childReaper } = core.rootNs;
    // The machine ends with its init: no part of a script.
    if (childReaper?.process === struct.process && childReaper === struct) return undefined;
    if (childReaper?.process === struct.process && struct.process.live === 1) return undefined;
    task.exit(code);
  }),
  exitGroup: verb(10, { code: fc.nat(3) }, ({ core, struct, task }, { code }) =>
    core.rootNs.childReaper?.process === struct.process ? undefined : task.exitGroup(code),
  ),

  // --- Signals
  kill: verb(9, { whom: index, signo }, ({ task, number }, { whom, signo: sent }) =>
    task.kill(number(whom), sent),
  ),
  killGroup: verb(1, { whom: index, signo }, ({ task, number }, { whom, signo: sent }) =>
    task.kill(-number(whom), sent),
  ),
  killAll: verb(1, { signo }, ({ task }, { signo: sent }) => task.kill(-1, sent)),
  tgkill: verb(
    2,
    { whom: index, signo },
    ({ task, core, struct, number }, { whom, signo: sent }) => {
      const tid = number(whom);
      const target = core.find(tid, nsOf(struct));
      const tgid = target === undefined ? tid : nrIn(target.process.leader.pid, nsOf(struct));
      return task.tgkill(tgid, tid, sent);
    },
  ),
  rtSigaction: verb(
    4,
    {
      signo: fc.constantFrom(signals.SIGCHLD, signals.SIGCHLD, signals.SIGUSR1, signals.SIGTERM),
      handler: fc.constantFrom('default' as const, 'ignore' as const, 'catch' as const),
      flags: fc.constantFrom(0, 0, c.SA_NOCLDWAIT, c.SA_NOCLDSTOP, c.SA_RESTART),
    },
    ({ task }, { signo: of, ...action }) => task.rtSigaction(of, action),
  ),
  rtSigprocmask: verb(
    3,
    {
      how: fc.constantFrom('block' as const, 'unblock' as const, 'set' as const),
      signos: fc.constantFrom(
        ...[[signals.SIGTSTP, signals.SIGCONT], [signals.SIGTERM], [signals.SIGUSR1]],
        ...[[signals.SIGCHLD], [signals.SIGKILL, signals.SIGSTOP, 40]],
      ),
    },
    ({ task }, { how, signos }) => task.rtSigprocmask(how, signos),
  ),

  // --- Waits
  wait4: verb(
    6,
    { whom: fc.constantFrom('any', 'pid', 'group'), index, options: waitNames },
    ({ task, number }, { whom, index: at, options }) => {
      const pid = whom === 'any' ? -1 : whom === 'pid' ? number(at) : -number(at);
      return task.wait4(pid, waitOptions(options));
    },
  ),
  waitid: verb(
    6,
    {
      idtype: fc.constantFrom(c.P_ALL, c.P_PID, c.P_PGID, c.P_PIDFD),
      index,
      options: waitNames,
      nowait: fc.boolean(),
      exited: fc.boolean(),
    },
    (at, { idtype, index: of, options, nowait, exited }) => {
      const id = idtype === c.P_PIDFD ? fd(at, of) : at.number(of);
      const more = (nowait ? c.WNOWAIT : 0) + (exited ? c.WEXITED : 0);
      return at.task.waitid(idtype, id, waitOptions(options) + more);
    },
  ),

  // --- Who it is
  subreaper: verb(5, { on: fc.boolean() }, ({ task }, { on }) =>
    task.prctl(c.PR_SET_CHILD_SUBREAPER, Number(on)),
  ),
  pdeathSignal: verb(
    4,
    { signo: fc.constantFrom(signals.SIGKILL, signals.SIGKILL, signals.SIGTERM, 0) },
    ({ task }, { signo: sent }) => task.prctl(c.PR_SET_PDEATHSIG, sent),
  ),
  noNewPrivs: verb(1, {}, ({ task }) => task.prctl(c.PR_SET_NO_NEW_PRIVS, 1)),
  setsid: verb(2, {}, ({ task }) => task.setsid()),
  setpgid: verb(2, { whom: index, group: index, own: fc.boolean() }, (at, { whom, group, own }) =>
    at.task.setpgid(at.number(whom), own ? 0 : at.number(group)),
  ),
  setuid: verb(2, { uid: fc.constantFrom(1000, 1001, 0) }, ({ task }, { uid }) => task.setuid(uid)),
  dropCapabilities: verb(1, {}, ({ task }) => task.dropCapabilities()),
  setrlimit: verb(
    1,
    { resource: fc.constantFrom('NOFILE' as const, 'NPROC' as const), limit: fc.nat(6) },
    ({ task }, { resource, limit }) => task.setrlimit(resource, limit),
  ),

  // --- ptrace(2)
  traceme: verb(1, {}, ({ core, struct, task }) =>
    struct.process === core.rootNs.childReaper?.process ? undefined : task.ptrace(c.PTRACE_TRACEME),
  ),
  attach: verb(
    3,
    {
      request: fc.constantFrom(c.PTRACE_ATTACH, c.PTRACE_SEIZE, c.PTRACE_SEIZE),
      whom: index,
      exitKill: fc.boolean(),
    },
    ({ task, mortal }, { request, whom, exitKill }) =>
      task.ptrace(request, mortal(whom), exitKill ? c.PTRACE_O_EXITKILL : 0),
  ),
  trace: verb(
    4,
    {
      request: fc.constantFrom(c.PTRACE_CONT, c.PTRACE_DETACH, c.PTRACE_INTERRUPT),
      whom: index,
      signo: fc.constantFrom(0, 0, signals.SIGTERM, signals.SIGSTOP, signals.SIGKILL),
    },
    ({ task, mortal }, { request, whom, signo: given }) =>
      task.ptrace(request, mortal(whom), given),
  ),

  // --- Descriptors
  pidfdOpen: verb(
    5,
    { whom: index, flags: fc.constantFrom(0, 0, c.PIDFD_THREAD, c.PIDFD_NONBLOCK) },
    ({ task, number }, { whom, flags }) => task.pidfdOpen(number(whom), flags),
  ),
  pidfdSendSignal: verb(
    5,
    { index, signo, flags: fc.constantFrom(0, 0, 0, 1, 2, 4) },
    (at, { index: of, signo: sent, flags }) => at.task.pidfdSendSignal(fd(at, of), sent, flags),
  ),
  pidfdGetInfo: verb(1, { index, mask: fc.constantFrom(0, 8) }, (at, { index: of, mask }) =>
    at.task.pidfdGetInfo(fd(at, of), mask),
  ),
  pidfdGetfd: verb(1, { index, of: index }, (at, { index: through, of }) =>
    at.task.pidfdGetfd(fd(at, through), of),
  ),
  poll: verb(1, { index }, (at, { index: of }) => at.task.poll(fd(at, of))),
  dup: verb(2, { index }, (at, { index: of }) => at.task.dup(fd(at, of))),
  dup2: verb(1, { index, to: index }, (at, { index: of, to }) => at.task.dup2(fd(at, of), to)),
  close: verb(4, { index }, (at, { index: of }) => at.task.close(fd(at, of))),
  fcntlSetfl: verb(1, { index, nonblock: fc.boolean() }, (at, { index: of, nonblock }) =>
    at.task.fcntlSetfl(fd(at, of), nonblock ? c.O_NONBLOCK : 0),
  ),

  // --- Other histories
  clone4: verb(
    1,
    { autoreap: fc.boolean(), exitSignal: fc.constantFrom(0, signals.SIGCHLD) },
    ({ task }, { autoreap, exitSignal }) =>
      task.clone4(0, c.CLONE4_FD + (autoreap ? c.CLONE4_AUTOREAP : 0) + exitSignal, 56, {
        clonefd: {},
      }),
  ),
  kernelThread: verb(1, { exitSignal: fc.constantFrom(0, signals.SIGCHLD) }, ({ task }, of) =>
    task.kernelThread(of.exitSignal),
  ),
  reparentToInit: verb(1, {}, ({ core, struct, task }) => {
    const { process } = struct;
    // A kernel thread of 2.4 is a process of its own.
    if (process === core.rootNs.childReaper?.process || process.threads.length > 1)
      return undefined;
    return task.reparentToInit();
  }),
  daemonize: verb(1, {}, ({ task }) => task.daemonize()),
};

/** A line of a script: a call, or one of the steps that are pending in a machine that is `stepwise`. */
export type Line =
  | { readonly who: number; readonly does: string; readonly args: unknown }
  | { readonly step: number };

/** A machine, and what happens to it. */
export interface Script {
  readonly abi: AbiName;
  readonly pidMax: number;
  readonly pidsMax: number;
  readonly stepwise: boolean;
  readonly lines: readonly Line[];
}

const call: fc.Arbitrary<Line> = fc.oneof(
  ...Object.entries(VERBS).map(([does, { weight, args }]) => ({
    weight,
    arbitrary: fc.record({ who: index, does: fc.constant(does), args }),
  })),
);
const step: fc.Arbitrary<Line> = fc.record({ step: index });
const many = { minLength: 1, maxLength: 40, size: 'max' } as const;

/** Scripts of 1 to 40 lines for one of these machines. */
export function scripts(abis: readonly AbiName[]): fc.Arbitrary<Script> {
  const machine = {
    abi: fc.constantFrom(...abis),
    pidMax: fc.constantFrom(32768, 12, 6),
    pidsMax: fc.constantFrom(Infinity, Infinity, 8),
  };
  return fc.oneof(
    fc.record({ ...machine, stepwise: fc.constant(false), lines: fc.array(call, many) }),
    fc.record({
      ...machine,
      stepwise: fc.constant(true),
      lines: fc.array(
        fc.oneof({ weight: 3, arbitrary: call }, { weight: 2, arbitrary: step }),
        many,
      ),
    }),
  );
}
