// Random programs. A step is drawn as a kind and a few numbers, and becomes a command by looking at who is
// there on the model at that moment: so nearly every command is made by somebody about somebody, and a
// program that loses steps when fast-check shrinks it stays one.
import fc from 'fast-check';
import * as k from '../../lib/model/constants';
import type { AbiName } from '../../lib/model/index';
import type { Call, Command } from './commands';
import { ModelFamily } from './model';

/** What is drawn. */
interface Draft {
  readonly kind: keyof typeof KINDS;
  readonly numbers: readonly number[];
}

/** What a draft may refer to. */
interface Scene {
  readonly by: number;
  pick<T>(from: readonly T[]): T;
  /** A tid of somebody there has been, mostly; sometimes nobody's. */
  someone(): number;
  fd(): number;
  chance(oneIn: number): boolean;
}

const { SIGCHLD, SIGCONT, SIGHUP, SIGKILL, SIGSTOP, SIGTERM, SIGTSTP, SIGUSR1 } = k.signals;
const SENT = [SIGTERM, SIGKILL, SIGUSR1, SIGCHLD, SIGSTOP, SIGTSTP, SIGCONT, SIGSTOP, SIGCONT, 0];
const HANDLED = [SIGCHLD, SIGCHLD, SIGUSR1, SIGTERM, SIGCONT, SIGTSTP, SIGHUP, SIGKILL];
const EXIT_SIGNALS = [SIGCHLD, SIGCHLD, SIGCHLD, 0, SIGUSR1, SIGTERM, 65];
const CLONE_EXTRAS = [
  ...[k.CLONE_PARENT, k.CLONE_FILES, k.CLONE_CLEAR_SIGHAND, k.CLONE_VFORK, k.CLONE_NNP],
  ...[k.CLONE_PIDFD, k.CLONE_PIDFD, k.CLONE_AUTOREAP, k.CLONE_PIDFD_AUTOKILL, k.CLONE_PTRACE],
];
const AUTOREAP_SETS = [
  [k.CLONE_AUTOREAP],
  [k.CLONE_AUTOREAP, k.CLONE_PIDFD],
  [k.CLONE_AUTOREAP, k.CLONE_PIDFD, k.CLONE_NNP],
  [k.CLONE_AUTOREAP, k.CLONE_PIDFD, k.CLONE_PIDFD_AUTOKILL],
  [k.CLONE_AUTOREAP, k.CLONE_PIDFD, k.CLONE_PIDFD_AUTOKILL, k.CLONE_NNP],
];
const WAITS = [
  ...[k.WNOHANG, k.WNOHANG, 0, k.WNOHANG + k.WUNTRACED, k.WNOHANG + k.WCONTINUED],
  ...[k.WNOHANG + k.__WALL, k.__WALL, k.WNOHANG + k.__WCLONE, k.WNOHANG + k.__WNOTHREAD],
  ...[k.WUNTRACED, k.WNOHANG + k.WUNTRACED + k.WCONTINUED + k.__WALL, k.WEXITED],
];
const WAITIDS = [
  ...[k.WEXITED + k.WNOHANG, k.WEXITED, k.WEXITED + k.WNOHANG + k.WNOWAIT],
  ...[k.WSTOPPED + k.WNOHANG, k.WCONTINUED + k.WNOHANG, k.WNOHANG],
  ...[k.WEXITED + k.WSTOPPED + k.WCONTINUED + k.WNOHANG + k.__WALL],
  ...[k.WEXITED + k.WNOHANG + k.__WALL, k.WEXITED + k.__WALL, k.WEXITED + k.WNOHANG + k.__WCLONE],
  ...[k.WSTOPPED + k.WNOHANG + k.WNOWAIT, k.WCONTINUED + k.WNOHANG + k.WNOWAIT],
];
const MASKS = [0, k.PIDFD_INFO_EXIT, k.PIDFD_INFO_EXIT + k.PIDFD_INFO_PID, k.PIDFD_INFO_PID];

const sum = (flags: readonly number[]): number =>
  [...new Set(flags)].reduce((all, flag) => all + flag, 0);

const KINDS = {
  fork: (s: Scene): Call => ({
    call: 'clone3',
    flags: s.chance(2) ? k.CLONE_PIDFD : 0,
    exitSignal: s.chance(3) ? s.pick(EXIT_SIGNALS) : SIGCHLD,
  }),
  autoreap: (s: Scene): Call => ({
    call: 'clone3',
    flags: sum(s.pick(AUTOREAP_SETS)),
    exitSignal: s.chance(8) ? SIGCHLD : 0,
  }),
  clone3: (s: Scene): Call => ({
    call: 'clone3',
    flags: sum([
      ...s.pick(AUTOREAP_SETS.concat([[], []])),
      s.pick(CLONE_EXTRAS),
      s.pick([0, 0, 2 ** 38, k.CLONE_THREAD, k.CLONE_SIGHAND]),
    ]),
    exitSignal: s.pick(EXIT_SIGNALS),
    ...(s.chance(6) ? { badPidfd: true } : {}),
    ...(s.chance(6) ? { size: s.pick([0, 56, 64, 80, 96, 5000]) } : {}),
  }),
  sibling: (): Call => ({ call: 'clone3', flags: k.CLONE_PARENT, exitSignal: 0 }),
  clone: (s: Scene): Call => ({
    call: 'clone',
    flags: sum([
      s.pick([SIGCHLD, 0, SIGUSR1]),
      s.pick([0, k.CLONE_PARENT, k.CLONE_PIDFD, k.CLONE_VFORK, k.CLONE_AUTOREAP]),
    ]),
  }),
  thread: (s: Scene): Call => ({
    call: 'clone3',
    flags: sum([
      k.CLONE_THREAD,
      k.CLONE_SIGHAND,
      k.CLONE_VM,
      s.pick([0, k.CLONE_FILES, k.CLONE_PIDFD, k.CLONE_AUTOREAP, k.CLONE_NNP]),
    ]),
    exitSignal: s.chance(9) ? SIGCHLD : 0,
  }),
  vfork: (): Call => ({ call: 'clone3', flags: k.CLONE_VFORK, exitSignal: SIGCHLD }),
  execve: (): Call => ({ call: 'execve' }),
  exit: (s: Scene): Call => ({ call: 'exit', code: s.pick([0, 3, 7]) }),
  exitGroup: (s: Scene): Call => ({ call: 'exitGroup', code: s.pick([0, 5, 9]) }),
  kill: (s: Scene): Call => ({
    call: 'kill',
    pid: s.chance(6) ? s.pick([0, -s.someone(), -1]) : s.someone(),
    signo: s.chance(12) ? 65 : s.pick(SENT),
  }),
  tgkill: (s: Scene): Call => ({
    call: 'tgkill',
    ...(s.chance(4) ? { tgid: s.someone(), tid: s.someone() } : { tgid: s.by, tid: s.by }),
    signo: s.pick(SENT),
  }),
  rtSigaction: (s: Scene): Call => ({
    call: 'rtSigaction',
    signo: s.pick(HANDLED),
    handler: s.pick(['default', 'ignore', 'catch', 'catch'] as const),
    flags: sum([s.pick([0, k.SA_NOCLDSTOP, k.SA_NOCLDWAIT]), s.pick([0, k.SA_RESTART])]),
  }),
  rtSigprocmask: (s: Scene): Call => ({
    call: 'rtSigprocmask',
    how: s.pick(['block', 'unblock', 'set'] as const),
    signals: [s.pick(HANDLED), s.pick(HANDLED)],
  }),
  rtSigpending: (): Call => ({ call: 'rtSigpending' }),
  wait4: (s: Scene): Call => ({
    call: 'wait4',
    pid: s.chance(2) ? -1 : s.pick([s.someone(), 0, -s.someone()]),
    options: s.pick(WAITS),
  }),
  waitid: (s: Scene): Call => {
    const options = s.pick(WAITIDS);
    const idtype = s.pick([k.P_ALL, k.P_PID, k.P_PGID, k.P_PIDFD, k.P_PIDFD]);
    const id = idtype === k.P_PIDFD ? s.fd() : s.chance(8) ? 0 : s.someone();
    return { call: 'waitid', idtype, id: idtype === k.P_ALL ? 0 : id, options };
  },
  setpgid: (s: Scene): Call => ({
    call: 'setpgid',
    pid: s.pick([0, s.someone()]),
    pgid: s.pick([0, s.someone()]),
  }),
  ask: (s: Scene): Call =>
    s.pick<Call>([
      { call: 'getpid' },
      { call: 'getppid' },
      { call: 'gettid' },
      { call: 'getpgid', pid: s.someone() },
      { call: 'getsid', pid: s.someone() },
    ]),
  setsid: (): Call => ({ call: 'setsid' }),
  setuid: (s: Scene): Call => ({ call: 'setuid', uid: s.pick([65534, 65534, 0]) }),
  // To have all back is refused wherever root has not all of them: in a container.
  capset: (): Call => ({ call: 'capset', on: false }),
  subreaper: (s: Scene): Call => ({
    call: 'prctl',
    option: k.PR_SET_CHILD_SUBREAPER,
    arg: s.chance(4) ? 0 : 1,
  }),
  pdeathsig: (s: Scene): Call => ({
    call: 'prctl',
    option: k.PR_SET_PDEATHSIG,
    arg: s.pick([SIGTERM, SIGKILL, SIGUSR1, SIGSTOP, 0, 65]),
  }),
  prctl: (s: Scene): Call => ({
    call: 'prctl',
    option: s.pick([
      k.PR_GET_CHILD_SUBREAPER,
      k.PR_GET_PDEATHSIG,
      k.PR_SET_NO_NEW_PRIVS,
      k.PR_GET_NO_NEW_PRIVS,
    ]),
    arg: 0,
  }),
  setrlimit: (s: Scene): Call => ({
    call: 'setrlimit',
    ...s.pick([
      { resource: 'NOFILE', limit: 4 },
      { resource: 'NOFILE', limit: 1024 },
    ] as const),
  }),
  attach: (s: Scene): Call => ({
    call: 'ptrace',
    ...s.pick([
      { request: 'ATTACH', data: 0 },
      { request: 'SEIZE', data: 0 },
      { request: 'SEIZE', data: k.PTRACE_O_EXITKILL },
      { request: 'TRACEME', data: 0 },
    ] as const),
    pid: s.someone(),
  }),
  trace: (s: Scene): Call => ({
    call: 'ptrace',
    request: s.pick(['CONT', 'CONT', 'DETACH', 'INTERRUPT'] as const),
    pid: s.someone(),
    data: s.pick([0, 0, SIGUSR1, SIGKILL, SIGSTOP, 65]),
  }),
  pidfdOpen: (s: Scene): Call => ({
    call: 'pidfdOpen',
    pid: s.chance(10) ? 0 : s.someone(),
    flags: s.pick([0, 0, 0, k.PIDFD_NONBLOCK, k.PIDFD_THREAD, 1]),
  }),
  pidfdSendSignal: (s: Scene): Call => ({
    call: 'pidfdSendSignal',
    fd: s.chance(8) ? s.pick([k.PIDFD_SELF_THREAD, k.PIDFD_SELF_THREAD_GROUP]) : s.fd(),
    signo: s.pick(SENT),
    flags: s.pick([0, 0, 0, 1, 2, 4, 3, 8]),
  }),
  pidfdGetInfo: (s: Scene): Call => ({ call: 'pidfdGetInfo', fd: s.fd(), mask: s.pick(MASKS) }),
  pidfdGetfd: (s: Scene): Call => ({
    call: 'pidfdGetfd',
    pidfd: s.fd(),
    fd: s.pick([0, 3, 4, 5]),
    flags: s.chance(9) ? 1 : 0,
  }),
  poll: (s: Scene): Call => ({ call: 'poll', fd: s.fd() }),
  dup: (s: Scene): Call => ({ call: 'dup', fd: s.fd() }),
  dup2: (s: Scene): Call => ({ call: 'dup2', fd: s.fd(), to: s.pick([3, 4, 5, 6]) }),
  close: (s: Scene): Call => ({ call: 'close', fd: s.fd() }),
  flags: (s: Scene): Call =>
    s.chance(2)
      ? { call: 'fcntlGetfl', fd: s.fd() }
      : { call: 'fcntlSetfl', fd: s.fd(), flags: s.pick([0, k.O_NONBLOCK]) },
};

/** How often a kind is drawn, where that is not once. */
const WEIGHTS: { readonly [K in keyof typeof KINDS]?: number } = {
  ...{ fork: 8, autoreap: 4, kill: 7, wait4: 6, waitid: 6, exitGroup: 4, thread: 3, execve: 3 },
  ...{ exit: 2, rtSigaction: 3, subreaper: 2, attach: 3, trace: 4, pidfdOpen: 3 },
  ...{ pidfdSendSignal: 2, pidfdGetInfo: 3, poll: 3, close: 2, setpgid: 2 },
};

const draft: fc.Arbitrary<Draft> = fc.record({
  kind: fc.oneof(
    ...Object.keys(KINDS).map((kind) => ({
      arbitrary: fc.constant(kind as keyof typeof KINDS),
      weight: WEIGHTS[kind as keyof typeof KINDS] ?? 1,
    })),
  ),
  numbers: fc.array(fc.nat(999), { minLength: 12, maxLength: 12 }),
});

/** Programs of 1 to 40 steps. */
export const drafts = fc.array(draft, { minLength: 1, maxLength: 40, size: 'max' });

/** The commands that the drafts mean on the model. */
export function compose(abi: AbiName, drawn: readonly Draft[]): Command[] {
  const family = new ModelFamily(abi);
  const program: Command[] = [];
  for (const { kind, numbers } of drawn) {
    const able = family.able();
    let at = 0;
    const next = (): number => numbers[at++ % numbers.length] ?? 0;
    const pick = <T>(from: readonly T[]): T => from[next() % from.length] as T;
    // Its init is the busiest and the last one: a family whose init is dead does nothing any more.
    const by = pick(able.length > 1 && next() % 3 !== 0 ? able.slice(1) : able);
    if ((by as number | undefined) === undefined) break;
    // The puppet is linked dynamically: with four descriptors its execve ends before it begins.
    if (kind === 'execve' && program.some((command) => command.call === 'setrlimit')) continue;
    const deadly = kind === 'exit' || kind === 'exitGroup';
    if (by === 1 && deadly && next() % 20 !== 0) continue;
    const known = family.known();
    const chance = (oneIn: number): boolean => next() % oneIn === 0;
    const scene: Scene = {
      by,
      pick,
      chance,
      someone: () => (chance(15) ? 40 : pick(known)),
      fd: () => {
        const fds = family.pidfds(by);
        return fds.length === 0 || chance(10) ? pick([0, 3, 4, 50]) : pick(fds);
      },
    };
    const command = { by, ...KINDS[kind](scene) };
    family.step(command);
    program.push(command);
  }
  return program;
}
