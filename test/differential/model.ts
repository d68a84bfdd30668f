// The same programs on the model: a family in a pid namespace of its own, whose init has tid 1, as
// test/fixtures/puppet.c has it on the real kernel. Long: a case for each call, and the order in which one processor runs them.
import {
  BAD_ADDRESS,
  CLONE_NEWPID,
  CLONE_PIDFD,
  ModelKernel,
  PTRACE_TRACEME,
  SLEEPS,
  errno,
  signals,
  type AbiName,
  type PidfdPointer,
  type Task,
} from '../../lib/model/index';
import {
  OUTPUTS,
  REQUESTS,
  type Caught,
  type Command,
  type Outcome,
  type Returned,
  type Row,
  type State,
  type Step,
} from './commands';

const SELF = '/proc/self/exe';

/** The machine's own init has pid 1 outside, and the family's 2: every tid is one less inside. */
const OUTSIDE = 1;

export class ModelFamily {
  readonly kernel: ModelKernel;
  /** Everybody there has been, by tid inside. */
  readonly #tasks = new Map<number, Task>();
  /** The call that each task made last, and what it returned if that could not be told yet. */
  readonly #returned: ({ tid: number } & Returned)[] = [];
  readonly #handled: Caught[] = [];
  readonly #calls = new Map<
    Task,
    { readonly command: Command; readonly pidfd: PidfdPointer; withheld: unknown }
  >();

  constructor(abi: AbiName) {
    this.kernel = new ModelKernel({ abi, stepwise: true });
    this.kernel.install(SELF);
    const pid = this.kernel.init.clone3({ flags: CLONE_NEWPID, exitSignal: signals.SIGCHLD });
    this.kernel.settle();
    this.#find(1)?.setsid();
    if (pid !== 1 + OUTSIDE) throw new Error('The init of the family has an odd pid.');
  }

  /** Who can make a call now. */
  able(): number[] {
    return this.#present().filter((tid) => this.#tasks.get(tid)?.canRun === true);
  }

  /** Everybody there has been. */
  known(): number[] {
    this.#present();
    return [...this.#tasks.keys()];
  }

  /** The descriptors that a task holds for processes. */
  pidfds(tid: number): number[] {
    const found = this.kernel
      .processes()
      .find(({ threads }) => threads.some((thread) => thread.tid === tid + OUTSIDE));
    return found?.pidfds.map(({ fd }) => fd) ?? [];
  }

  step(command: Command): Step {
    const task = this.#find(command.by);
    let outcome: Outcome = { is: 'unable' };
    const tracemeOfInit =
      command.call === 'ptrace' &&
      REQUESTS[command.request] === PTRACE_TRACEME &&
      task?.canRun === true &&
      task.getppid() === 0;
    if (task?.canRun === true && !tracemeOfInit) {
      const pidfd: PidfdPointer = {};
      const value = perform(task, command, pidfd);
      const call = { command, pidfd, withheld: undefined as unknown };
      this.#calls.set(task, call);
      // On one processor the caller goes on until it sleeps: what is due to itself comes first, and its
      // call has returned before anybody else does anything.
      this.#takeOwnSignals(task);
      const goesOn = value !== SLEEPS && mayRun(task);
      const result = goesOn ? value : this.#settle(task, value === SLEEPS);
      this.#settle(task, false);
      outcome =
        result === undefined
          ? outcomeOf(task, command, value, pidfd)
          : { is: 'returned', ...returned(command, result, pidfd) };
      if (outcome.is === 'stopped' && value !== SLEEPS) {
        call.withheld = returned(command, value, pidfd);
      }
      if (outcome.is === 'returned') this.#calls.delete(task);
    }
    const asked = outcome.is === 'unable' ? undefined : task;
    const late = this.#late(asked);
    const caught = [...this.#handled.splice(0), ...this.#caught()].sort((a, b) => a.tid - b.tid);
    return { outcome, late, caught, states: this.#states() };
  }

  table(): Row[] {
    this.#present();
    // A group, or a session, may have outlived who gave it its number.
    const inside = (pid: number): number => (this.#tasks.has(pid - OUTSIDE) ? pid - OUTSIDE : 0);
    const family = this.kernel.processes().filter(({ pid }) => pid > OUTSIDE);
    const rows = family.flatMap((process) =>
      process.threads.map((thread): Row => ({
        tid: thread.tid - OUTSIDE,
        tgid: process.pid - OUTSIDE,
        state: letter(this.#tasks.get(thread.tid - OUTSIDE)),
        ppid: inside(process.ppid),
        pgid: inside(process.pgid),
        sid: inside(process.sid),
        exitSignal: thread.tid === process.pid ? process.exitSignal : -1,
        exitCode: process.wstatus ?? 0,
      })),
    );
    return rows.sort((a, b) => a.tid - b.tid);
  }

  #takeOwnSignals(task: Task): void {
    for (;;) {
      const at = this.kernel
        .pending()
        .findIndex(({ tid, kind }) => tid === task.tid && kind === 'signals');
      if (at === -1) return;
      this.kernel.step(at);
    }
  }

  /** Those who are not released, by tid inside. */
  #present(): number[] {
    const tids = this.kernel
      .processes()
      .flatMap(({ threads }) => threads.map(({ tid }) => tid - OUTSIDE))
      .filter((tid) => tid > 0)
      .sort((a, b) => a - b);
    for (const tid of tids) {
      const task = this.kernel.task(tid + OUTSIDE);
      if (task !== undefined) this.#tasks.set(tid, task);
    }
    return tids;
  }

  #find(tid: number): Task | undefined {
    this.#present();
    return this.kernel.task(tid + OUTSIDE);
  }

  /** Everything, and who returns from a call on the way, and is killed after that, has returned. */
  #settle(asked: Task, sleeps: boolean): unknown {
    while (this.kernel.pending().length > 0) {
      this.kernel.step();
      this.#returned.push(...this.#late(asked));
      this.#handled.push(...this.#caught());
      const back = sleeps && asked.canRun && !this.#onTheWay().has(asked.tid);
      const result = back ? asked.takeResult() : undefined;
      if (result !== undefined) return result;
    }
    return undefined;
  }

  /** Who is woken, but not back in user mode: by a SIGKILL, for one. */
  #onTheWay(): ReadonlySet<number> {
    return new Set(this.kernel.pending().map(({ tid }) => tid));
  }

  #late(asked: Task | undefined): Step['late'] {
    const late = this.#returned.splice(0);
    const onTheWay = this.#onTheWay();
    for (const [task, { command, pidfd, withheld }] of this.#calls) {
      if (task === asked || !task.canRun || onTheWay.has(task.tid)) continue;
      const value = withheld === undefined ? task.takeResult() : undefined;
      const answer =
        withheld ?? (value === undefined ? undefined : returned(command, value, pidfd));
      if (answer === undefined) continue;
      this.#calls.delete(task);
      late.push({ tid: task.tid - OUTSIDE, ...(answer as Returned) });
    }
    return late.sort((a, b) => a.tid - b.tid);
  }

  #caught(): Caught[] {
    this.#present();
    const tasks = [...new Set(this.#tasks.values())];
    return tasks.flatMap((task) =>
      task.takeSignals().map(({ signo, code, pid, uid, status }) => ({
        ...{ tid: task.tid - OUTSIDE, signo, code, pid, uid },
        status: signo === signals.SIGCHLD && code > 0 ? status : 0, // As the puppet does.
      })),
    );
  }

  #states(): Readonly<Record<number, State>> {
    const states = this.#present().map((tid) => [tid, letter(this.#tasks.get(tid))] as const);
    return Object.fromEntries(states);
  }
}

/** A whole program. */
export function runOnModel(
  abi: AbiName,
  program: readonly Command[],
): { readonly steps: readonly Step[]; readonly table: readonly Row[] } {
  const family = new ModelFamily(abi);
  const steps = program.map((command) => {
    const step = family.step(command);
    family.kernel.check();
    return step;
  });
  return { steps, table: family.table() };
}

/** Asked anew: the call has changed it, which the compiler does not see. */
const mayRun = (task: Task): boolean => task.canRun;

function letter(task: Task | undefined): State {
  const state = task?.state ?? 'X';
  if (state === 'X') throw new Error('Somebody is dead and not released, though all has settled.');
  return state;
}

function outcomeOf(task: Task, command: Command, value: unknown, pidfd: PidfdPointer): Outcome {
  switch (task.state) {
    case 'T':
    case 't':
      return { is: 'stopped' };
    case 'Z':
    case 'X':
      return { is: 'gone' };
    default: {
      const result = value === SLEEPS ? task.takeResult() : value;
      if (result === undefined) return { is: 'sleeps' };
      return { is: 'returned', ...returned(command, result, pidfd) };
    }
  }
}

/** A result as the wire has it: a number, and what came through pointers. */
function returned(command: Command, result: unknown, pidfd: PidfdPointer): Returned {
  const names = OUTPUTS[command.call] ?? [];
  const out: Record<string, number> = {};
  let value = typeof result === 'number' ? result : 0;
  const fields = (typeof result === 'object' ? result : {}) as Readonly<Record<string, number>>;
  switch (command.call) {
    case 'clone3':
    case 'clone': {
      const wanted = Math.floor(command.flags / CLONE_PIDFD) % 2 === 1;
      const bad = command.call === 'clone3' && command.badPidfd === true;
      if (wanted && !bad) out.pidfd = pidfd.value ?? -1;
      break;
    }
    case 'wait4':
      out.wstatus = fields.wstatus ?? 0;
      value = fields.pid ?? value;
      break;
    case 'rtSigpending':
      out.mask = (result as number[]).reduce((mask, signo) => mask + 2 ** (signo - 1), 0);
      value = 0;
      break;
    case 'poll':
      out.revents = value;
      value = value === 0 ? 0 : 1;
      break;
    case 'pidfdGetInfo':
      if (typeof result === 'object') for (const name of names) out[name] = fields[name] ?? 0;
      break;
    default:
      for (const name of names) out[name] = fields[name] ?? 0;
  }
  return { value, out };
}

function perform(task: Task, c: Command, pidfd: PidfdPointer): unknown {
  switch (c.call) {
    case 'clone3': {
      const { flags, exitSignal, badPidfd, size = 88 } = c;
      return task.clone3({ flags, exitSignal, size, pidfd: badPidfd ? BAD_ADDRESS : pidfd });
    }
    case 'clone':
      return task.clone(c.flags, pidfd);
    case 'execve':
      return task.execve(SELF);
    case 'exit':
      task.exit(c.code);
      return 0;
    case 'exitGroup':
      task.exitGroup(c.code);
      return 0;
    case 'kill':
      return task.kill(c.pid, c.signo);
    case 'tgkill':
      return task.tgkill(c.tgid, c.tid, c.signo);
    case 'rtSigaction':
      return task.rtSigaction(c.signo, { handler: c.handler, flags: c.flags });
    case 'rtSigprocmask':
      return task.rtSigprocmask(c.how, c.signals);
    case 'rtSigpending':
      return task.rtSigpending();
    case 'wait4':
      return task.wait4(c.pid, c.options);
    case 'waitid':
      return task.waitid(c.idtype, c.id, c.options);
    case 'setpgid':
      return task.setpgid(c.pid, c.pgid);
    case 'getpgid':
      return task.getpgid(c.pid);
    case 'getsid':
      return task.getsid(c.pid);
    case 'setsid':
      return task.setsid();
    case 'getpid':
      return task.getpid();
    case 'getppid':
      return task.getppid();
    case 'gettid':
      return task.gettid();
    case 'setuid':
      return task.setuid(c.uid);
    case 'prctl':
      return task.prctl(c.option, c.arg);
    case 'capset':
      return c.on ? (task.hasCapabilities() ? 0 : -errno.EPERM) : task.dropCapabilities();
    case 'setrlimit':
      return task.setrlimit(c.resource, c.limit);
    case 'ptrace':
      return task.ptrace(REQUESTS[c.request], c.pid, c.data);
    case 'pidfdOpen':
      return task.pidfdOpen(c.pid, c.flags);
    case 'pidfdSendSignal':
      return task.pidfdSendSignal(c.fd, c.signo, c.flags);
    case 'pidfdGetInfo':
      return task.pidfdGetInfo(c.fd, c.mask);
    case 'pidfdGetfd':
      return task.pidfdGetfd(c.pidfd, c.fd, c.flags);
    case 'poll':
      return task.poll(c.fd);
    case 'dup':
      return task.dup(c.fd);
    case 'dup2':
      return task.dup2(c.fd, c.to);
    case 'close':
      return task.close(c.fd);
    case 'fcntlGetfl':
      return task.fcntlGetfl(c.fd);
    case 'fcntlSetfl':
      return task.fcntlSetfl(c.fd, c.flags);
  }
}
