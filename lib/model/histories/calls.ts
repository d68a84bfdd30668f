// A call as text, as strace(1) would print it: `wait4(-1, WNOHANG|__WALL) = ECHILD`.
import { SLEEPS, errnoName, signalName, signals } from '../constants';
import { endOf } from '../notify';
import { CLD, CLONE, CLONE4, INFO, OPEN, POLL, PRCTL, PTRACE, SA, WAIT, names } from './names';

type Texts = readonly string[];

/** How a call is written: its name in the manual, its arguments, and what a success looks like. */
interface Form {
  readonly name: string;
  readonly args?: (args: readonly unknown[]) => Texts;
  readonly result?: (result: never, args: readonly unknown[]) => string;
  /** It says nothing, as exit(2) does. */
  readonly silent?: boolean;
}

const number = (value: unknown): number => Number(value);
const set = (value: unknown, of: Readonly<Record<string, number>>): string =>
  names(number(value ?? 0), of);
const pick = (value: unknown, of: Readonly<Record<string, number>>): string =>
  Object.entries(of).find(([, known]) => known === value)?.[0] ?? String(value);

/** `SIGCHLD|CLONE_VM`: clone(2) has the exit signal in the low byte. */
function cloneFlags(value: unknown, of: Readonly<Record<string, number>>): string {
  const flags = number(value);
  const signal = flags % 0x100;
  const rest = flags - signal;
  if (signal === 0) return names(rest, of);
  return rest === 0 ? signalName(signal) : `${names(rest, of)}|${signalName(signal)}`;
}

const exitText = ({ code, status }: { code: number; status: number }): string =>
  pick(code, CLD) === 'CLD_EXITED'
    ? `exited with ${status}`
    : `${pick(code, CLD).slice('CLD_'.length).toLowerCase()} by ${signalName(status)}`;

const wstatusText = (wstatus: number): string => {
  if (wstatus === 0xffff) return 'continued';
  if ((wstatus & 0xff) === 0x7f) return `stopped by ${signalName(wstatus >> 8)}`;
  return exitText(endOf(wstatus));
};

const fields = (of: Readonly<Record<string, unknown>>): string =>
  `{${Object.entries(of)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(', ')}}`;

interface Clone3Args {
  readonly flags: number;
  readonly exitSignal?: number;
  readonly pidfd?: { readonly value?: number };
}
interface Clone4Given {
  readonly clonefd?: { readonly value?: number };
  readonly clonefdFlags?: number;
}

const withFd = (result: number, name: string, fd: number | undefined): string =>
  fd === undefined ? String(result) : `${result}, ${name} ${fd}`;

/** Those of which a story has something to say; any other is written as it is called. */
const FORMS: Readonly<Record<string, Form>> = {
  clone: { name: 'clone', args: ([flags]) => [cloneFlags(flags, CLONE)] },
  clone3: {
    name: 'clone3',
    args: ([given]) => {
      const { flags, exitSignal = 0 } = given as Clone3Args;
      return [
        exitSignal === 0 ? set(flags, CLONE) : `${set(flags, CLONE)}, ${signalName(exitSignal)}`,
      ];
    },
    result: (pid: number, [given]) => withFd(pid, 'pidfd', (given as Clone3Args).pidfd?.value),
  },
  clone4: {
    name: 'clone4',
    args: ([high, low, size, given]) => {
      const { clonefdFlags = 0 } = (given ?? {}) as Clone4Given;
      const args = clonefdFlags === 0 ? [] : [`{clonefd_flags: ${set(clonefdFlags, OPEN)}}`];
      return [cloneFlags(number(high) * 2 ** 32 + number(low), CLONE4), String(size), ...args];
    },
    result: (pid: number, [, , , given]) =>
      withFd(pid, 'clonefd', (given as Clone4Given | undefined)?.clonefd?.value),
  },
  kernelThread: { name: 'kernel_thread', args: ([flags = 0]) => [cloneFlags(flags, CLONE)] },
  exit: { name: 'exit', silent: true },
  exitGroup: { name: 'exit_group', args: ([code = 0]) => [String(code)], silent: true },
  kill: {
    name: 'kill',
    args: ([pid, signo]) => [String(pid), signo === 0 ? '0' : signalName(number(signo))],
  },
  rtSigaction: {
    name: 'sigaction',
    args: ([signo, action]) => {
      const { handler, flags = 0 } = action as { handler: string; flags?: number };
      const how = { ignore: 'SIG_IGN', default: 'SIG_DFL' }[handler] ?? 'a handler';
      return [signalName(number(signo)), flags === 0 ? how : `${how}, ${set(flags, SA)}`];
    },
  },
  wait4: {
    name: 'wait4',
    args: ([pid, options]) => [String(pid), set(options, WAIT)],
    result: (got: { pid: number; wstatus: number }) => `${got.pid}, ${wstatusText(got.wstatus)}`,
  },
  prctl: {
    name: 'prctl',
    args: ([option, ...arg]) => [pick(option, PRCTL), ...arg.map(String)],
  },
  ptrace: {
    name: 'ptrace',
    args: ([request, ...rest]) => [pick(request, PTRACE), ...rest.map(String)],
  },
  pidfdOpen: { name: 'pidfd_open', args: ([pid]) => [String(pid)] },
  pidfdSendSignal: {
    name: 'pidfd_send_signal',
    args: ([fd, signo]) => [String(fd), signalName(number(signo))],
  },
  pidfdGetInfo: {
    name: 'ioctl',
    args: ([fd, mask]) => [String(fd), 'PIDFD_GET_INFO', set(mask, INFO)],
    result: ({ mask, pid, exitCode }: { mask: number; pid: number; exitCode: number }) =>
      fields({
        mask: names(mask, INFO),
        ...((mask & INFO.PID) === 0 ? {} : { pid }),
        ...((mask & INFO.EXIT) === 0 ? {} : { exit_code: `0x${exitCode.toString(16)}` }),
      }),
  },
  poll: { name: 'poll', result: (events: number) => names(events, POLL) },
  read: {
    name: 'read',
    result: ({ code, status, utime, stime }: Readonly<Record<string, number>>) =>
      fields({ code: pick(code, CLD), status, utime, stime }),
  },
  reparentToInit: { name: 'reparent_to_init', silent: true },
  daemonize: { name: 'daemonize', silent: true },
  takeSignals: {
    name: '',
    result: (caught: readonly { signo: number; pid: number; code: number }[]) =>
      caught.length === 0
        ? ' has caught no signal'
        : ` has caught ${caught.map(({ signo, pid, code }) => `${signalName(signo)} of ${pid}${signo === signals.SIGCHLD ? `, ${pick(code, CLD)}` : ''}`).join('; ')}`,
  },
};

const form = (method: string): Form =>
  FORMS[method] ?? { name: method.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) };

/** The call itself. */
export function describeCall(method: string, args: readonly unknown[]): string {
  const { name, args: shape = (given) => given.map(String) } = form(method);
  return name === '' ? '' : `${name}(${shape(args).join(', ')})`;
}

/** What follows it: ` = 3`, ` = ECHILD`, ` sleeps`, or nothing. */
export function describeResult(method: string, result: unknown, args: readonly unknown[]): string {
  const { name, result: shape, silent = false } = form(method);
  if (name === '') return shape?.(result as never, args) ?? '';
  if (silent) return '';
  if (result === SLEEPS) return ' sleeps';
  if (typeof result === 'number' && result < 0) return ` = ${errnoName(result)}`;
  if (typeof result === 'number' && result === 0) return ' = 0';
  return ` = ${shape === undefined ? String(result) : shape(result as never, args)}`;
}
