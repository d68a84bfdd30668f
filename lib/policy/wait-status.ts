import { constants } from 'node:os';
import type { Wstatus } from '../backend/interface';

/** A status word, taken apart as wait(2)'s macros do. */
export interface WaitStatus {
  readonly exitCode: number | null;
  readonly signalCode: NodeJS.Signals | null;
  readonly coreDumped: boolean;
  /** si_code of waitid(2). */
  readonly code: 'CLD_EXITED' | 'CLD_KILLED' | 'CLD_DUMPED';
}

const SIGNAL_NAMES = new Map<number, NodeJS.Signals>();
for (const [name, signo] of Object.entries(constants.signals)) {
  // SIGABRT is also SIGIOT, SIGIO also SIGPOLL: the first name is the one that signal(7) uses.
  if (!SIGNAL_NAMES.has(signo)) SIGNAL_NAMES.set(signo, name as NodeJS.Signals);
}
const SIGRTMIN = 34; // What libc leaves of 32; the name a shell gives.

/** `9` is `'SIGKILL'`. Node.js has no names above 31; there we speak as `kill -l` does. */
export function signalName(signo: number): NodeJS.Signals {
  const offset = signo - SIGRTMIN;
  const realTime = offset === 0 ? 'SIGRTMIN' : `SIGRTMIN${offset > 0 ? '+' : ''}${String(offset)}`;
  return SIGNAL_NAMES.get(signo) ?? (realTime as NodeJS.Signals);
}

export function decodeWaitStatus(wstatus: Wstatus): WaitStatus {
  const signo = wstatus & 0x7f;
  if (signo === 0) {
    const exitCode = (wstatus >> 8) & 0xff;
    return { exitCode, signalCode: null, coreDumped: false, code: 'CLD_EXITED' };
  }
  const coreDumped = (wstatus & 0x80) !== 0;
  return {
    exitCode: null,
    signalCode: signalName(signo),
    coreDumped,
    code: coreDumped ? 'CLD_DUMPED' : 'CLD_KILLED',
  };
}
