// Commands for people: what a failing program's message is made of.

import { constants } from 'node:os';
import { type Command, argumentsOf } from './commands';

const CLONE_FLAGS = {
  VM: 8,
  FS: 9,
  FILES: 10,
  SIGHAND: 11,
  PIDFD: 12,
  PTRACE: 13,
  VFORK: 14,
  PARENT: 15,
  THREAD: 16,
  CLEAR_SIGHAND: 32,
  AUTOREAP: 34,
  NNP: 35,
  PIDFD_AUTOKILL: 36,
};
const WAIT_OPTIONS = {
  WNOHANG: 0,
  'WUNTRACED/WSTOPPED': 1,
  WEXITED: 2,
  WCONTINUED: 3,
  WNOWAIT: 24,
  __WNOTHREAD: 29,
  __WALL: 30,
  __WCLONE: 31,
};
const SA_FLAGS = { SA_NOCLDSTOP: 0, SA_NOCLDWAIT: 1, SA_RESTART: 28, SA_RESETHAND: 31 };
const PIDFD_FLAGS = { THREAD: 7, NONBLOCK: 11 };
const INFO_MASK = { PID: 0, CREDS: 1, CGROUPID: 2, EXIT: 3 };
const ID_TYPES = ['P_ALL', 'P_PID', 'P_PGID', 'P_PIDFD'];
const PRCTL_OPTIONS: Readonly<Record<number, string>> = {
  1: 'SET_PDEATHSIG',
  2: 'GET_PDEATHSIG',
  36: 'SET_CHILD_SUBREAPER',
  37: 'GET_CHILD_SUBREAPER',
  38: 'SET_NO_NEW_PRIVS',
  39: 'GET_NO_NEW_PRIVS',
};

/** "2: clone3(PIDFD|AUTOREAP, 0)": the task, and its call. */
export function describeCommand(c: Command): string {
  return `${c.by}: ${c.call}(${wordsOf(c).join(', ')})`;
}

function wordsOf(c: Command): readonly (string | number)[] {
  switch (c.call) {
    case 'clone3':
      return [
        bits(c.flags, CLONE_FLAGS),
        signal(c.exitSignal),
        ...(c.size === undefined ? [] : [`size ${c.size}`]),
        ...(c.badPidfd ? ['bad pidfd'] : []),
      ];
    case 'clone':
      return [bits(c.flags - (c.flags % 256), CLONE_FLAGS), signal(c.flags % 256)];
    case 'kill':
      return [c.pid, signal(c.signo)];
    case 'tgkill':
      return [c.tgid, c.tid, signal(c.signo)];
    case 'rtSigaction':
      return [signal(c.signo), c.handler, bits(c.flags, SA_FLAGS)];
    case 'rtSigprocmask':
      return [c.how, c.signals.map(signal).join('|')];
    case 'wait4':
      return [c.pid, bits(c.options, WAIT_OPTIONS)];
    case 'waitid':
      return [ID_TYPES[c.idtype] ?? c.idtype, c.id, bits(c.options, WAIT_OPTIONS)];
    case 'prctl':
      return [PRCTL_OPTIONS[c.option] ?? c.option, c.arg];
    case 'capset':
      return [c.on ? 'all' : 'none'];
    case 'setrlimit':
      return [c.resource, c.limit];
    case 'ptrace':
      return [c.request, c.pid, c.request === 'SEIZE' ? c.data : signal(c.data)];
    case 'pidfdOpen':
      return [c.pid, bits(c.flags, PIDFD_FLAGS)];
    case 'pidfdSendSignal':
      return [c.fd, signal(c.signo), c.flags];
    case 'pidfdGetInfo':
      return [c.fd, bits(c.mask, INFO_MASK)];
    case 'fcntlSetfl':
      return [c.fd, bits(c.flags, PIDFD_FLAGS)];
    default:
      return argumentsOf(c);
  }
}

const SIGNAL_NAMES = new Map<number, string>(
  Object.entries(constants.signals).map(([name, signo]) => [signo, name]),
);
SIGNAL_NAMES.set(constants.signals.SIGABRT, 'SIGABRT'); // And not SIGIOT, which is the same.

const signal = (signo: number): string | number => SIGNAL_NAMES.get(signo) ?? signo;

/** "AUTOREAP|PIDFD", and bits without a name as "bit 38". */
function bits(value: number, names: Readonly<Record<string, number>>): string | number {
  const words: string[] = [];
  for (let bit = 0, rest = BigInt(value); rest !== 0n; bit++, rest >>= 1n) {
    if ((rest & 1n) === 0n) continue;
    words.push(Object.keys(names).find((name) => names[name] === bit) ?? `bit ${bit}`);
  }
  return words.length === 0 ? 0 : words.join('|');
}
