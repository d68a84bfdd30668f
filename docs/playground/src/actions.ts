// What a process can be told to do in free play: each call, what it takes, and how it is made.
import type { AbiName } from '../../../lib/model/abi';
import {
  __WALL,
  CLONE4_AUTOREAP,
  CLONE4_FD,
  CLONE_AUTOREAP,
  CLONE_NNP,
  CLONE_PARENT,
  CLONE_PIDFD,
  CLONE_PIDFD_AUTOKILL,
  P_ALL,
  P_PIDFD,
  PIDFD_INFO_EXIT,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_PDEATHSIG,
  PTRACE_ATTACH,
  PTRACE_CONT,
  PTRACE_DETACH,
  signals,
  WEXITED,
  WNOHANG,
} from '../../../lib/model/constants';
import { CLONE4_ARGS_SIZE } from '../../../lib/model/past';
import type { Task } from '../../../lib/model/task';

/** One move: who calls what. All of free play is a list of these. */
export interface Action {
  readonly pid: number;
  readonly call: CallName;
  readonly args: readonly number[];
}

/** The flags that clone3 has a box for, in the order of their bits in a link. */
export const FLAGS = [
  { name: 'CLONE_AUTOREAP', bit: CLONE_AUTOREAP, text: 'the kernel reaps it' },
  { name: 'CLONE_PIDFD', bit: CLONE_PIDFD, text: 'a descriptor for it' },
  { name: 'CLONE_NNP', bit: CLONE_NNP, text: 'never more privileges' },
  { name: 'CLONE_PIDFD_AUTOKILL', bit: CLONE_PIDFD_AUTOKILL, text: 'dies with its pidfd' },
  { name: 'CLONE_PARENT', bit: CLONE_PARENT, text: 'a sibling, not a child' },
] as const;

export const PROGRAMS = ['worker', 'server', 'manager', 'shell'] as const;
const HANDLERS = ['default', 'ignore', 'catch'] as const;

const waits = (options: number): number =>
  ((options & 1) === 0 ? 0 : WNOHANG) + ((options & 2) === 0 ? 0 : __WALL);

/** The number of arguments of a call is that of the array: a link with another one is not ours. */
const CALLS = {
  fork: { takes: 0, make: (task) => task.fork() },
  clone3: {
    takes: 2,
    make: (task, [boxes = 0, exitSignal = 0]) => {
      const flags = FLAGS.reduce((sum, { bit }, i) => ((boxes >> i) & 1 ? sum + bit : sum), 0);
      return task.clone3({ flags, exitSignal, pidfd: {} });
    },
  },
  exec: { takes: 1, make: (task, [i = 0]) => task.execve(`/bin/${PROGRAMS[i] ?? 'worker'}`) },
  exit: { takes: 1, make: (task, [code]) => task.exitGroup(code) },
  kill: { takes: 2, make: (task, [pid = 0, signo = 0]) => task.kill(pid, signo) },
  wait4: { takes: 1, make: (task, [options = 0]) => task.wait4(-1, waits(options)) },
  waitid: {
    takes: 1,
    make: (task, [options = 0]) => task.waitid(P_ALL, 0, WEXITED + waits(options)),
  },
  waitfd: { takes: 1, make: (task, [fd = 0]) => task.waitid(P_PIDFD, fd, WEXITED + WNOHANG) },
  subreaper: { takes: 1, make: (task, [on]) => task.prctl(PR_SET_CHILD_SUBREAPER, on) },
  pdeathsig: { takes: 1, make: (task, [signo]) => task.prctl(PR_SET_PDEATHSIG, signo) },
  setsid: { takes: 0, make: (task) => task.setsid() },
  sigchld: {
    takes: 1,
    make: (task, [i = 0]) =>
      task.rtSigaction(signals.SIGCHLD, { handler: HANDLERS[i] ?? 'default' }),
  },
  pidfd: { takes: 1, make: (task, [pid = 0]) => task.pidfdOpen(pid) },
  close: { takes: 1, make: (task, [fd = 0]) => task.close(fd) },
  poll: { takes: 1, make: (task, [fd = 0]) => task.poll(fd) },
  info: { takes: 1, make: (task, [fd = 0]) => task.pidfdGetInfo(fd, PIDFD_INFO_EXIT) },
  send: { takes: 2, make: (task, [fd = 0, signo = 0]) => task.pidfdSendSignal(fd, signo) },
  attach: { takes: 1, make: (task, [pid]) => task.ptrace(PTRACE_ATTACH, pid) },
  detach: { takes: 1, make: (task, [pid]) => task.ptrace(PTRACE_DETACH, pid) },
  cont: { takes: 1, make: (task, [pid]) => task.ptrace(PTRACE_CONT, pid) },
  clone4: {
    takes: 1,
    make: (task, [boxes = 0]) => {
      const flags = (boxes & 1 ? CLONE4_AUTOREAP : 0) + (boxes & 2 ? CLONE4_FD : 0);
      return task.clone4(0, flags, CLONE4_ARGS_SIZE, { clonefd: {} });
    },
  },
  read: { takes: 1, make: (task, [fd = 0]) => task.read(fd) },
  kthread: { takes: 1, make: (task, [signo]) => task.kernelThread(signo) },
  daemonize: { takes: 0, make: (task) => task.daemonize() },
  toinit: { takes: 0, make: (task) => task.reparentToInit() },
} as const satisfies Record<string, CallForm>;

interface CallForm {
  readonly takes: number;
  readonly make: (task: Task, args: readonly number[]) => unknown;
}

export type CallName = keyof typeof CALLS;

export const isCallName = (name: string): name is CallName => Object.hasOwn(CALLS, name);

export const takes = (call: CallName): number => CALLS[call].takes;

export const make = (task: Task, { call, args }: Action): unknown => CALLS[call].make(task, args);

/** The kernels to choose from, newest first. */
export const KERNELS: readonly { readonly abi: AbiName; readonly text: string }[] = [
  { abi: 'linux-7.1', text: 'Linux 7.1 (2026): autoreap is there' },
  { abi: 'autoreap-v2', text: 'The patch of February 2026: autoreap, second version' },
  { abi: 'linux-6.18', text: 'Linux 6.18 (2025): pidfds, no autoreap' },
  { abi: 'clone4-2015', text: 'Linux 4.0 with the clone4() proposal of 2015' },
  { abi: 'linux-2.4', text: 'Linux 2.4 (2002): kernel threads by hand' },
];

export const isAbi = (name: string): name is AbiName => KERNELS.some(({ abi }) => abi === name);
