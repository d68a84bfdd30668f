// The scenarios of test/fixtures/facts-*.c, performed on the model: the same names, the same steps, the same
// words for what is seen. Only where C has to wait for something is there nothing here. Long, as those are.
import * as c from '../../lib/model/constants';
import { ModelKernel } from '../../lib/model/kernel';
import type { Task } from '../../lib/model/task';
import type { WaitInfo } from '../../lib/model/wait';
import { cloneFlags } from './model-flags';
import type { Observations } from './needs';

type Json = Observations[string];
type Scenario = (...args: string[]) => Observations;

const { SIGCHLD, SIGKILL, SIGSTOP, SIGUSR1 } = c.signals;
const { __WALL, __WCLONE, P_ALL, P_PID, P_PIDFD, WEXITED, WNOHANG, WNOWAIT, WSTOPPED } = c;

// --- Who plays, and how it is noted ----------------------------------------------------------------

/** A machine, and on it a process that is us. */
function stage(): { kernel: ModelKernel; we: Task } {
  const kernel = new ModelKernel();
  kernel.install('/bin/tool');
  return { kernel, we: kernel.task(kernel.init.fork())! };
}

interface Held {
  readonly task: Task;
  readonly pid: number;
  readonly pidfd: number;
}

const KINDS: Readonly<Record<string, { readonly flags: string; readonly exitSignal: number }>> = {
  SIGCHLD: { flags: '', exitSignal: SIGCHLD },
  plain: { flags: '', exitSignal: SIGCHLD },
  zero: { flags: '', exitSignal: 0 },
  SIGUSR1: { flags: '', exitSignal: SIGUSR1 },
  AUTOREAP: { flags: 'AUTOREAP', exitSignal: 0 },
  autoreap: { flags: 'AUTOREAP', exitSignal: 0 },
};
const AUTOKILL = 'AUTOKILL|AUTOREAP|NNP';

function born(kernel: ModelKernel, parent: Task, flags: string, exitSignal: number): Held {
  const pointer: { value?: number } = {};
  const all = cloneFlags(flags) | BigInt(c.CLONE_PIDFD);
  const pid = parent.clone3({ flags: all, exitSignal, pidfd: pointer }) as number;
  return { task: kernel.task(pid)!, pid, pidfd: pointer.value! };
}

function hold(kernel: ModelKernel, parent: Task, kind: string, body = 'before-exec'): Held {
  const { flags, exitSignal } = KINDS[kind]!;
  const child = born(kernel, parent, flags, exitSignal);
  if (body === 'after-exec') child.task.execve('/bin/tool');
  return child;
}

const name = (result: number): Json => (result < 0 ? c.errnoName(result) : result);
const CODES: Readonly<Record<number, string>> = {
  [c.CLD_EXITED]: 'CLD_EXITED',
  [c.CLD_KILLED]: 'CLD_KILLED',
  [c.CLD_STOPPED]: 'CLD_STOPPED',
};

/** A wait that may have found somebody: 0, or why not. */
function found(result: unknown): Json {
  return typeof result === 'object' ? 0 : name(result as number);
}

function waited(result: unknown, child: Held): Json {
  if (typeof result === 'number') return name(result);
  return (result as { pid: number }).pid === child.pid ? 'child' : 'ordinary child';
}

function revents(task: Task, pidfd: number): string[] {
  const events = task.poll(pidfd);
  return [
    ...((events & c.POLLIN) === 0 ? [] : ['IN']),
    ...((events & c.POLLHUP) === 0 ? [] : ['HUP']),
  ];
}

function wstatus(task: Task, pidfd: number): Json {
  const info = task.pidfdGetInfo(pidfd, c.PIDFD_INFO_EXIT);
  return typeof info === 'number' || (info.mask & c.PIDFD_INFO_EXIT) === 0 ? null : info.exitCode;
}

const life = (child: Held): Json => (child.task.state === 'X' ? 'dead' : 'alive');

const blockSigchld = (task: Task): unknown => task.rtSigprocmask('block', [SIGCHLD]);

/** Takes the SIGCHLD that waits: handlers have it, and the next may come. */
function sigchld(task: Task): Json {
  task.rtSigaction(SIGCHLD, { handler: 'catch' });
  task.rtSigprocmask('unblock', [SIGCHLD]);
  task.rtSigprocmask('block', [SIGCHLD]);
  const info = task.takeSignals().find(({ signo }) => signo === SIGCHLD);
  return info === undefined ? null : CODES[info.code]!;
}

// --- facts-waits -----------------------------------------------------------------------------------

const waits: Readonly<Record<string, Scenario>> = {
  matrix(kind, body, state) {
    const { kernel, we } = stage();
    we.rtSigaction(SIGUSR1, { handler: 'ignore' });
    const child = hold(kernel, we, kind, body);
    if (state === 'dead') child.task.exitGroup(42);
    const peek = (idtype: number, id: number, more: number): Json => {
      const info = we.waitid(idtype, id, WEXITED + WNOHANG + WNOWAIT + more);
      if (typeof info === 'number') return name(info);
      const { code, status } = info as WaitInfo;
      return `${CODES[code]!} ${status}`;
    };
    const each = (more: number): Json => ({
      P_PID: peek(P_PID, child.pid, more),
      P_ALL: peek(P_ALL, 0, more),
      P_PIDFD: peek(P_PIDFD, child.pidfd, more),
    });
    return { none: each(0), __WALL: each(__WALL), __WCLONE: each(__WCLONE) };
  },

  nonblocking(kind, body) {
    const { kernel, we } = stage();
    const child = hold(kernel, we, kind, body);
    we.fcntlSetfl(child.pidfd, c.O_NONBLOCK);
    const wait = (more: number): Json => found(we.waitid(P_PIDFD, child.pidfd, WEXITED + more));
    const seen = {
      alive: wait(0),
      'alive, __WALL': wait(__WALL),
      'alive, __WALL|WNOHANG': wait(__WALL + WNOHANG),
    };
    child.task.exitGroup(42);
    return { ...seen, 'dead, __WALL': wait(__WALL) };
  },

  blocked(kind, body, way, withOrdinary?: string) {
    const { kernel, we } = stage();
    const child = hold(kernel, we, kind, body);
    const ordinary = withOrdinary === undefined ? undefined : hold(kernel, we, 'SIGCHLD');
    if (way === 'pidfd') we.waitid(P_PIDFD, child.pidfd, WEXITED + __WALL);
    else we.wait4(way === 'pid' ? child.pid : -1, way === 'plain' ? 0 : __WALL);
    const seen: Record<string, Json> = { "the waiter's state": we.state };
    kernel.init.kill(child.pid, SIGKILL);
    if (ordinary !== undefined) {
      seen['its state after the first end'] = we.state;
      kernel.init.kill(ordinary.pid, SIGKILL);
    }
    return { ...seen, 'the wait': waited(we.takeResult(), child) };
  },

  'not-blocked'(kind) {
    const { kernel, we } = stage();
    const child = hold(kernel, we, kind);
    return { wait: waited(we.wait4(-1, 0), child), 'the child': life(child) };
  },

  theft(kind, body) {
    const { kernel, we } = stage();
    blockSigchld(we);
    const child = hold(kernel, we, kind, body);
    child.task.exitGroup(42);
    const taken = we.wait4(-1, WNOHANG);
    return {
      'waitpid(-1)': waited(taken, child),
      sigchld: sigchld(we),
      'its status': typeof taken === 'object' ? taken.wstatus : -1,
      'waitid(P_PIDFD)': found(we.waitid(P_PIDFD, child.pidfd, WEXITED + __WALL)),
      revents: revents(we, child.pidfd),
      wstatus: wstatus(we, child.pidfd),
    };
  },

  dispositions(kind, body, disposition) {
    const { kernel, we } = stage();
    blockSigchld(we);
    const ignore = { handler: 'ignore', flags: 0 } as const;
    const noWait = { handler: 'default', flags: c.SA_NOCLDWAIT } as const;
    we.rtSigaction(SIGCHLD, disposition === 'ignore' ? ignore : noWait);
    const child = hold(kernel, we, kind, body);
    child.task.exitGroup(42);
    return { waitpid: waited(we.wait4(child.pid, __WALL), child), sigchld: sigchld(we) };
  },

  'ignored-too-late'() {
    const { kernel, we } = stage();
    const child = hold(kernel, we, 'SIGCHLD');
    child.task.exitGroup(42);
    we.rtSigaction(SIGCHLD, { handler: 'ignore' });
    return { waitpid: waited(we.wait4(child.pid, WNOHANG), child) };
  },

  'parent-execs'(kind) {
    const { kernel, we } = stage();
    const parent = hold(kernel, we, 'SIGCHLD');
    blockSigchld(parent.task);
    const child = hold(kernel, parent.task, kind);
    parent.task.execve('/bin/tool');
    child.task.exitGroup(0);
    return { 'SIGCHLD is pending': parent.task.rtSigpending().includes(SIGCHLD) };
  },
};

// --- facts-pidfd -----------------------------------------------------------------------------------

const pidfds: Readonly<Record<string, Scenario>> = {
  states(kind) {
    const { kernel, we } = stage();
    const child = hold(kernel, we, kind);
    const info = (mask: number): Json => {
      const told = we.pidfdGetInfo(child.pidfd, mask);
      if (typeof told === 'number') return name(told);
      const bits = { PID: 1, CREDS: 2, CGROUPID: 4, EXIT: 8 };
      const names = Object.entries(bits).filter(([, bit]) => (told.mask & bit) !== 0);
      const ended = (told.mask & c.PIDFD_INFO_EXIT) !== 0;
      return { mask: names.map(([bit]) => bit), ...(ended ? { wstatus: told.exitCode } : {}) };
    };
    const all = (): Json => ({
      revents: revents(we, child.pidfd),
      info: info(0),
      'info with EXIT': info(c.PIDFD_INFO_EXIT),
      'signal 0': name(we.pidfdSendSignal(child.pidfd, 0)),
    });
    const alive = all();
    child.task.exitGroup(42);
    if (kind === 'autoreap') return { alive, gone: all() };
    const dead = all();
    we.wait4(child.pid, 0);
    return { alive, dead, gone: all() };
  },
};

// --- facts-autokill --------------------------------------------------------------------------------

interface Victim extends Held {
  readonly kernel: ModelKernel;
  readonly we: Task;
  readonly observer: number;
}

function victim(flags = '', exec = false): Victim {
  const { kernel, we } = stage();
  const names = flags === '' ? AUTOKILL : `${AUTOKILL}|${flags}`;
  const child = born(kernel, we, names, 0);
  if (exec) child.task.execve('/bin/tool');
  return { kernel, we, ...child, observer: we.pidfdOpen(child.pid) };
}

const death = ({ we, observer, pid, ...child }: Victim): Observations => ({
  wstatus: wstatus(we, observer),
  waitpid: waited(we.wait4(pid, __WALL), { pid, ...child }),
});

const autokill: Readonly<Record<string, Scenario>> = {
  closed() {
    const it = victim();
    const before = life(it);
    it.we.close(it.pidfd);
    return { before, 'after close': life(it), ...death(it) };
  },
  duplicated() {
    const it = victim();
    const copy = it.we.dup(it.pidfd);
    it.we.close(it.pidfd);
    const one = life(it);
    it.we.close(copy);
    return { 'after close of one': one, 'after close of the last': life(it), ...death(it) };
  },
  replaced() {
    const it = victim();
    it.we.dup2(1, it.pidfd);
    return { 'after dup2 over it': life(it), ...death(it) };
  },
  inherited(way) {
    const it = victim();
    const sibling = hold(it.kernel, it.we, 'SIGCHLD');
    it.we.close(it.pidfd);
    const has = life(it);
    if (way === 'execs') sibling.task.execve('/bin/tool');
    else sibling.task.exitGroup(0);
    const event = way === 'execs' ? 'exec' : 'end';
    return {
      'after close, a sibling has it': has,
      [`after the sibling's ${event}`]: life(it),
      ...death(it),
    };
  },
  'other-file'() {
    const it = victim();
    it.we.close(it.we.pidfdOpen(it.pid));
    const other = life(it);
    it.we.pidfdOpen(it.pid);
    it.we.close(it.pidfd);
    return {
      'after close of the other': other,
      'after close, the other still open': life(it),
      ...death(it),
    };
  },
  'shared-table'() {
    const it = victim();
    born(it.kernel, it.we, 'FILES', SIGCHLD);
    it.we.close(it.pidfd);
    return { 'after close': life(it), ...death(it) };
  },
  'own-table'() {
    const it = victim('FILES');
    const before = life(it);
    it.we.close(it.pidfd);
    return { before, 'after close': life(it), ...death(it) };
  },
  grandchild() {
    const it = victim();
    it.we.prctl(c.PR_SET_CHILD_SUBREAPER, 1);
    const grandchild = hold(it.kernel, it.task, 'SIGCHLD');
    const pidfd = it.we.pidfdOpen(grandchild.pid);
    it.we.close(it.pidfd);
    const after = life(it);
    const survivor = life(grandchild);
    grandchild.task.exitGroup(0);
    return {
      'the child after close': after,
      'the grandchild': survivor,
      'our wait for the grandchild': found(it.we.waitid(P_PIDFD, pidfd, WEXITED + __WALL)),
      ...death(it),
    };
  },
  holder(what) {
    const { kernel, we } = stage();
    const holder = hold(kernel, we, 'SIGCHLD');
    const child = born(kernel, holder.task, AUTOKILL, 0);
    const it = { kernel, we, ...child, observer: we.pidfdOpen(child.pid) };
    const before = life(it);
    const copy = what === 'getfd' ? we.pidfdGetfd(holder.pidfd, child.pidfd) : undefined;
    if (what === 'execs') {
      holder.task.execve('/bin/tool');
      return { before, "after the holder's exec": life(it), ...death(it) };
    }
    if (what === 'killed') we.pidfdSendSignal(holder.pidfd, SIGKILL);
    else holder.task.exitGroup(0);
    const after = life(it);
    if (copy === undefined) return { before, "after the holder's end": after, ...death(it) };
    we.close(copy);
    return {
      before,
      "after the holder's end": after,
      'after close of the copy': life(it),
      ...death(it),
    };
  },
  'file-flag'() {
    const it = victim();
    const shows = (fd: number): boolean => (it.we.fcntlGetfl(fd) & c.PIDFD_AUTOKILL) !== 0;
    const first = shows(it.pidfd);
    it.we.fcntlSetfl(it.pidfd, 0);
    const second = shows(it.pidfd);
    it.we.fcntlSetfl(it.observer, c.PIDFD_AUTOKILL);
    const other = shows(it.observer);
    it.we.close(it.pidfd);
    return {
      'F_GETFL shows it': first,
      'after F_SETFL 0': second,
      'set on another': other,
      'after close': life(it),
      ...death(it),
    };
  },
  aborted() {
    const { we } = stage();
    const flags = cloneFlags(`${AUTOKILL}|PIDFD`);
    const result = we.clone3({ flags, pidfd: c.BAD_ADDRESS }) as number;
    const nobody = we.waitid(P_ALL, 0, WEXITED + WNOHANG + WNOWAIT + __WALL);
    return { clone3: name(result), 'nobody is there': nobody === -c.errno.ECHILD };
  },
  stopped() {
    const it = victim();
    blockSigchld(it.we);
    it.we.pidfdSendSignal(it.pidfd, SIGSTOP);
    it.we.waitid(P_PID, it.pid, WSTOPPED + __WALL);
    it.we.close(it.pidfd);
    return death(it);
  },
  executed() {
    const it = victim('', true);
    const before = life(it);
    it.we.close(it.pidfd);
    return { before, 'after close': life(it), ...death(it) };
  },
  'no-permission'() {
    const { kernel, we } = stage();
    const holder = hold(kernel, we, 'SIGCHLD');
    const child = born(kernel, holder.task, AUTOKILL, 0);
    const it = { kernel, we, ...child, observer: we.pidfdOpen(child.pid) };
    const before = life(it);
    holder.task.setuid(65534);
    const kill = holder.task.kill(child.pid, 0);
    holder.task.close(child.pidfd);
    return { before, kill: name(kill), ...death(it) };
  },
  'init-of-namespace'() {
    const it = victim('NEWPID');
    const before = life(it);
    it.we.close(it.pidfd);
    return { before, 'after close': life(it), ...death(it) };
  },
};

// --- facts-reparent --------------------------------------------------------------------------------

const reparent: Readonly<Record<string, Scenario>> = {
  orphan(kind) {
    const { kernel, we } = stage();
    blockSigchld(we);
    const parent = hold(kernel, we, 'SIGCHLD');
    const orphan = hold(kernel, parent.task, kind === 'autoreap' ? 'AUTOREAP' : 'zero');
    const child = { ...orphan, pidfd: we.pidfdOpen(orphan.pid) };
    we.prctl(c.PR_SET_CHILD_SUBREAPER, 1);
    parent.task.exitGroup(0);
    we.wait4(parent.pid, 0);
    sigchld(we); // Of the parent.
    const seen = {
      'we are its parent': child.task.getppid() === we.pid,
      it: life(child),
      'sigchld at the adoption': sigchld(we),
      'waitid while alive': found(we.waitid(P_PID, child.pid, WEXITED + WNOHANG)),
    };
    child.task.exitGroup(42);
    return {
      ...seen,
      waitpid: waited(we.wait4(child.pid, 0), child),
      'sigchld at its end': sigchld(we),
      wstatus: wstatus(we, child.pidfd),
    };
  },
  'dead-orphan'() {
    const { kernel, we } = stage();
    blockSigchld(we);
    we.prctl(c.PR_SET_CHILD_SUBREAPER, 1);
    const parent = hold(kernel, we, 'SIGCHLD');
    const orphan = hold(kernel, parent.task, 'SIGCHLD');
    orphan.task.exitGroup(42);
    parent.task.exitGroup(0);
    we.wait4(parent.pid, 0);
    return { sigchld: sigchld(we), waitpid: waited(we.wait4(orphan.pid, WNOHANG), orphan) };
  },
  subreaper(kind) {
    const { kernel, we } = stage();
    const it = hold(kernel, we, kind);
    it.task.prctl(c.PR_SET_CHILD_SUBREAPER, 1);
    const parent = hold(kernel, it.task, 'SIGCHLD');
    const inherited = parent.task.prctl(c.PR_GET_CHILD_SUBREAPER);
    const orphan = hold(kernel, parent.task, 'SIGCHLD');
    orphan.task.exitGroup(77);
    parent.task.exitGroup(0);
    it.task.wait4(parent.pid, 0);
    const taken = it.task.wait4(orphan.pid, 0) as { pid: number; wstatus: number };
    it.task.exitGroup(0);
    return {
      waitpid: waited(we.wait4(it.pid, __WALL), it),
      'inherited by its child': inherited,
      'waits for its orphan': taken.pid === orphan.pid,
      'wstatus of the orphan': taken.wstatus,
    };
  },
  'death-signal'(kind) {
    const { kernel, we } = stage();
    const thread = kernel.task(
      we.clone3({ flags: cloneFlags('THREAD|SIGHAND|VM|FILES') }) as number,
    )!;
    const child = hold(kernel, thread, kind);
    child.task.prctl(c.PR_SET_PDEATHSIG, SIGKILL);
    thread.exit();
    const taken = we.wait4(child.pid, __WALL);
    return {
      waitpid: waited(taken, child),
      wstatus: typeof taken === 'object' ? taken.wstatus : wstatus(we, child.pidfd),
    };
  },
  'init-of-namespace'(kind) {
    const { kernel, we } = stage();
    blockSigchld(we);
    const { flags, exitSignal } = KINDS[kind]!;
    const init = born(kernel, we, flags === '' ? 'NEWPID' : `NEWPID|${flags}`, exitSignal);
    const inhabitants = [1, 2, 3].map(() => {
      init.task.clone3({ flags: 0, exitSignal: SIGCHLD });
      return we.pidfdOpen(Math.max(...kernel.processes().map(({ pid }) => pid)));
    });
    const before = revents(we, inhabitants[0]!);
    init.task.exitGroup(11);
    const taken = we.wait4(init.pid, __WALL);
    return {
      'revents of an inhabitant before': before,
      'revents of the inhabitants': inhabitants.map((pidfd) => revents(we, pidfd)),
      wstatus: wstatus(we, init.pidfd),
      waitpid: waited(taken, init),
      sigchld: sigchld(we),
    };
  },
};

const SUBJECTS: Readonly<Record<string, Readonly<Record<string, Scenario>>>> = {
  waits,
  pidfd: pidfds,
  autokill,
  reparent,
};

/** What `observe` of needs.ts returns, from the model. */
export function observeModel(
  subject: string,
  scenario: string,
  ...args: readonly string[]
): Observations {
  const perform = SUBJECTS[subject]?.[scenario];
  if (perform === undefined) throw new Error(`The model performs no ${subject} ${scenario}.`);
  return perform(...args);
}
