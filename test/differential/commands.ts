// The programs that run on the model and on the real kernel: what a command is, what it may answer, and
// how both are written down. test/fixtures/puppet.c has the other half of the wire.

/** A system call, named as the model names it, made by the task `by`, a tid. */
export type Command = { readonly by: number } & Call;

export type Call =
  | {
      readonly call: 'clone3';
      /** CLONE_VM brings a stack with it. */
      readonly flags: number;
      readonly exitSignal: number;
      /** Of struct clone_args; default 88. What is beyond that are zeros. */
      readonly size?: number;
      /** `pidfd` points to where nothing is. */
      readonly badPidfd?: boolean;
    }
  /** The exit signal is the low byte of the flags. */
  | { readonly call: 'clone'; readonly flags: number }
  /** Of the puppet itself, which goes on to take commands. */
  | { readonly call: 'execve' }
  | { readonly call: 'exit' | 'exitGroup'; readonly code: number }
  | { readonly call: 'kill'; readonly pid: number; readonly signo: number }
  | {
      readonly call: 'tgkill';
      readonly tgid: number;
      readonly tid: number;
      readonly signo: number;
    }
  | {
      readonly call: 'rtSigaction';
      readonly signo: number;
      /** A handler that is caught runs with every signal blocked. */
      readonly handler: (typeof HANDLERS)[number];
      readonly flags: number;
    }
  | {
      readonly call: 'rtSigprocmask';
      readonly how: (typeof HOWS)[number];
      readonly signals: readonly number[];
    }
  | { readonly call: 'rtSigpending' }
  | { readonly call: 'wait4'; readonly pid: number; readonly options: number }
  | {
      readonly call: 'waitid';
      readonly idtype: number;
      readonly id: number;
      readonly options: number;
    }
  | { readonly call: 'setpgid'; readonly pid: number; readonly pgid: number }
  | { readonly call: 'getpgid' | 'getsid'; readonly pid: number }
  | { readonly call: 'setsid' | 'getpid' | 'getppid' | 'gettid' }
  | { readonly call: 'setuid'; readonly uid: number }
  /** What asks through a pointer (PR_GET_…) returns what it was told. */
  | { readonly call: 'prctl'; readonly option: number; readonly arg: number }
  /** Asks for all capabilities, or drops them: effective and permitted. */
  | { readonly call: 'capset'; readonly on: boolean }
  /** The soft limit. */
  | {
      readonly call: 'setrlimit';
      readonly resource: keyof typeof RESOURCES;
      readonly limit: number;
    }
  | {
      readonly call: 'ptrace';
      readonly request: keyof typeof REQUESTS;
      readonly pid: number;
      readonly data: number;
    }
  | { readonly call: 'pidfdOpen'; readonly pid: number; readonly flags: number }
  | {
      readonly call: 'pidfdSendSignal';
      readonly fd: number;
      readonly signo: number;
      readonly flags: number;
    }
  | { readonly call: 'pidfdGetInfo'; readonly fd: number; readonly mask: number }
  | {
      readonly call: 'pidfdGetfd';
      readonly pidfd: number;
      readonly fd: number;
      readonly flags: number;
    }
  /** For POLLIN, without waiting. */
  | { readonly call: 'poll' | 'dup' | 'close' | 'fcntlGetfl'; readonly fd: number }
  | { readonly call: 'dup2'; readonly fd: number; readonly to: number }
  | { readonly call: 'fcntlSetfl'; readonly fd: number; readonly flags: number };

/** What came of one command, when all that follows from it had happened. */
export interface Step {
  readonly outcome: Outcome;
  /** Calls of earlier steps that have returned in this one, by tid. */
  readonly late: readonly ({ readonly tid: number } & Returned)[];
  /** The signals whose handlers have run in this step, by tid, each task's in their order. */
  readonly caught: readonly Caught[];
  /** Of all who are not released. */
  readonly states: Readonly<Record<number, State>>;
}

export type Outcome =
  | ({ readonly is: 'returned' } & Returned)
  /** In the call, until another step wakes it. */
  | { readonly is: 'sleeps' }
  /** By a signal or a tracer, before the answer could be given: it comes late. */
  | { readonly is: 'stopped' }
  | { readonly is: 'gone' }
  /** Nobody has this tid, or is in a state to make calls. Nothing has happened. */
  | { readonly is: 'unable' };

export interface Returned {
  /** `>= 0` or `-errno`. */
  readonly value: number;
  /** What was written through pointers; see `OUTPUTS`. A pidfd is -1 if it was not written. */
  readonly out: Readonly<Record<string, number>>;
}

export interface Caught {
  readonly tid: number;
  readonly signo: number;
  readonly code: number;
  readonly pid: number;
  readonly uid: number;
  readonly status: number;
}

/** R awaits commands, S sleeps in a call, T is stopped, t traced, Z a zombie. */
export type State = 'R' | 'S' | 'T' | 't' | 'Z';

/** Who is left at the end. */
export interface Row {
  readonly tid: number;
  readonly tgid: number;
  readonly state: State;
  readonly ppid: number;
  /** 0 also for a group or a session whose leader is released. */
  readonly pgid: number;
  readonly sid: number;
  /** -1 of a thread that is not the leader. */
  readonly exitSignal: number;
  /** A zombie's wait status word; of the living, what they have been stopped by. */
  readonly exitCode: number;
}

export const HANDLERS = ['default', 'ignore', 'catch'] as const;
export const HOWS = ['block', 'unblock', 'set'] as const;
export const RESOURCES = { NPROC: 6, NOFILE: 7 } as const;
export const REQUESTS = {
  TRACEME: 0,
  CONT: 7,
  ATTACH: 16,
  DETACH: 17,
  SEIZE: 0x4206,
  INTERRUPT: 0x4207,
} as const;

/** The names of `Returned.out`, in the order of the wire. clone3 and clone: with CLONE_PIDFD. */
export const OUTPUTS: { readonly [C in Call['call']]?: readonly string[] } = {
  clone3: ['pidfd'],
  clone: ['pidfd'],
  rtSigpending: ['mask'],
  wait4: ['wstatus'],
  waitid: ['pid', 'uid', 'signo', 'code', 'status'],
  pidfdGetInfo: ['mask', 'pid', 'tgid', 'ppid', 'ruid', 'exitCode'],
  poll: ['revents'],
};

/** A line of puppet.c. */
export function lineOf(command: Command): string {
  const name = command.call.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  // Beyond 2^53 only a bigint prints every digit.
  const numbers = argumentsOf(command).map((number) => BigInt(number));
  return [command.by, name, ...numbers].join(' ');
}

/** As the kernel and the wire have them. */
export function argumentsOf(c: Command): readonly number[] {
  switch (c.call) {
    case 'clone3':
      return [c.flags, c.exitSignal, c.size ?? 88, Number(c.badPidfd ?? false)];
    case 'clone':
      return [c.flags];
    case 'execve':
    case 'rtSigpending':
    case 'setsid':
    case 'getpid':
    case 'getppid':
    case 'gettid':
      return [];
    case 'exit':
    case 'exitGroup':
      return [c.code];
    case 'kill':
      return [c.pid, c.signo];
    case 'tgkill':
      return [c.tgid, c.tid, c.signo];
    case 'rtSigaction':
      return [c.signo, HANDLERS.indexOf(c.handler), c.flags];
    case 'rtSigprocmask':
      return [HOWS.indexOf(c.how), maskOf(c.signals)];
    case 'wait4':
      return [c.pid, c.options];
    case 'waitid':
      return [c.idtype, c.id, c.options];
    case 'setpgid':
      return [c.pid, c.pgid];
    case 'getpgid':
    case 'getsid':
      return [c.pid];
    case 'setuid':
      return [c.uid];
    case 'prctl':
      return [c.option, c.arg];
    case 'capset':
      return [Number(c.on)];
    case 'setrlimit':
      return [RESOURCES[c.resource], c.limit];
    case 'ptrace':
      return [REQUESTS[c.request], c.pid, c.data];
    case 'pidfdOpen':
      return [c.pid, c.flags];
    case 'pidfdSendSignal':
      return [c.fd, c.signo, c.flags];
    case 'pidfdGetInfo':
      return [c.fd, c.mask];
    case 'pidfdGetfd':
      return [c.pidfd, c.fd, c.flags];
    case 'poll':
    case 'dup':
    case 'close':
    case 'fcntlGetfl':
      return [c.fd];
    case 'dup2':
      return [c.fd, c.to];
    case 'fcntlSetfl':
      return [c.fd, c.flags];
  }
}

/** Signal N is bit N - 1. */
const maskOf = (signals: readonly number[]): number =>
  [...new Set(signals)].reduce((mask, signo) => mask + 2 ** (signo - 1), 0);
