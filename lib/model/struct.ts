// The kernel's structures, as far as the rules need them; each with the name it has in C. Nothing here acts.
import { NSIG } from './constants';

/** struct pid: what a pidfd, a pid number, a process group and a session have in common. */
export interface StructPid {
  /** The inode of its pidfds: never used twice. */
  readonly inode: number;
  /** pid->level and its namespaces, outermost first, with the number that it has in each. */
  readonly numbers: readonly { readonly ns: PidNamespace; readonly nr: number }[];
  /** PIDTYPE_PID: the thread; a zombie's until it is released. */
  task: TaskStruct | undefined;
  /** PIDTYPE_TGID: it names a process, not just a thread. */
  isTgid: boolean;
  /** PIDTYPE_PGID, PIDTYPE_SID: the leaders of the processes in the group and in the session. */
  readonly pgrp: Set<TaskStruct>;
  readonly session: Set<TaskStruct>;
  /** PIDFS_ATTR_BIT_EXIT, by pidfs_exit(). */
  exit: { readonly code: number; readonly cgroupId: number } | undefined;
}

/** struct pid_namespace. */
export interface PidNamespace {
  readonly level: number;
  readonly parent: PidNamespace | undefined;
  /** ns->child_reaper; undefined before its first process. */
  childReaper: TaskStruct | undefined;
  /** The numbers in use. */
  readonly idr: Map<number, StructPid>;
  /** Where the next search for a number begins. */
  cursor: number;
  /** PIDNS_ADDING is cleared when its init dies: nobody is born there any more. */
  adding: boolean;
}

/** siginfo_t, as far as somebody can see it here. */
export interface SigInfo {
  readonly signo: number;
  /** si_code: SI_USER, SI_KERNEL, or CLD_* of a child. */
  readonly code: number;
  readonly pid: number;
  readonly uid: number;
  readonly status: number;
}

/** struct k_sigaction. */
export interface SigAction {
  readonly handler: 'default' | 'ignore' | 'catch';
  /** SA_NOCLDSTOP, SA_NOCLDWAIT, SA_RESTART. */
  readonly flags: number;
}

/** struct sighand_struct: shared with CLONE_SIGHAND. */
export interface Sighand {
  /** By number; [0] is unused. */
  readonly action: SigAction[];
}

export const SIG_DFL: SigAction = { handler: 'default', flags: 0 };

export function newSighand(): Sighand {
  return { action: Array.from({ length: NSIG + 1 }, () => SIG_DFL) };
}

/** struct file. What is shared by dup(2), fork(2) and SCM_RIGHTS, and lives until its last descriptor closes. */
export interface File {
  readonly kind: 'console' | 'pidfd' | 'clonefd';
  readonly pid: StructPid | undefined;
  /** O_NONBLOCK is the only one that changes. */
  nonblock: boolean;
  readonly thread: boolean;
  readonly autokill: boolean;
  /** How many descriptors, in all tables. */
  count: number;
  /** clonefd of 2015: what read(2) gives. */
  clonefd?: { done: boolean; code: number; status: number };
}

/** struct files_struct: shared with CLONE_FILES. */
export interface Files {
  readonly fds: Map<number, { readonly file: File; cloexec: boolean }>;
  /** How many threads. */
  count: number;
}

/** struct cred. */
export interface Cred {
  readonly uid: number;
  readonly euid: number;
  readonly suid: number;
  /** All capabilities, or none: no rule here tells them apart. */
  readonly caps: boolean;
}

/** SIGNAL_*: signal->flags. */
export interface SignalFlags {
  stopStopped: boolean;
  stopContinued: boolean;
  /** A parent that is to be told CLD_STOPPED or CLD_CONTINUED by whoever runs first. */
  cld: 'stopped' | 'continued' | undefined;
  groupExit: boolean;
  /** An init: only what comes from outside, and what it handles, reaches it. */
  unkillable: boolean;
}

/** struct signal_struct: what makes threads a process. */
export interface Process {
  /** Alive or zombie; the leader first, unless a thread has taken its place. */
  readonly threads: TaskStruct[];
  leader: TaskStruct;
  readonly flags: SignalFlags;
  groupExitCode: number;
  groupStopCount: number;
  /** The thread that is in execve(2) and waits for the others to be gone. */
  groupExecTask: TaskStruct | undefined;
  /** Threads that have not begun to exit; that have not come to the end of it. */
  quickThreads: number;
  live: number;
  sharedPending: SigInfo[];
  /** Where the next search for a thread that takes a signal begins. */
  currTarget: TaskStruct;
  /** Children of every exec: clone3(CLONE_AUTOREAP). Nothing sets it later, nothing clears it. */
  autoreap: boolean;
  isChildSubreaper: boolean;
  hasChildSubreaper: boolean;
  /** signal->leader: of a session. */
  sessionLeader: boolean;
  pgrp: StructPid;
  session: StructPid;
  /** RLIMIT_NOFILE and RLIMIT_NPROC. */
  readonly rlimits: { nofile: number; nproc: number };
  comm: string;
  /** get_dumpable() of its memory is SUID_DUMP_USER. */
  dumpable: boolean;
  /** rusage of what it has waited for: one for each, as there is no clock here. */
  waitedFor: number;
  /** What CLONE_FD of 2015 made: told at the death. */
  clonefd: File | undefined;
}

/** What a task sleeps in. */
export interface Sleep {
  readonly call: string;
  /** Only a fatal signal ends it: vfork, and the wait of execve for its threads. */
  readonly killable: boolean;
  /** Tries again; undefined means: sleep on. */
  readonly retry: () => unknown;
  /** Whether the end of a child, or its stop, is worth another look. */
  readonly minds?: (child: TaskStruct) => boolean;
  /** When it fell asleep: of two that wait, the later one is woken first. */
  since?: number;
  /** ERESTARTNOINTR: begins anew even if a handler ran. */
  readonly always?: true;
  /** A signal has taken it out of the call, which begins anew if no handler ran: ERESTARTSYS. */
  interrupted?: boolean;
}

/** struct task_struct: a thread. */
export interface TaskStruct {
  pid: StructPid;
  readonly process: Process;
  sighand: Sighand;
  files: Files | undefined;
  cred: Cred;
  /** 0 while it runs; `'trace'` while its tracer's wait(2) hands it on. */
  exitState: 'none' | 'zombie' | 'dead';
  /** Taken out of everything by release_task(). */
  released: boolean;
  /** PF_EXITING. */
  exiting: boolean;
  /** group_dead of do_exit(): it was the last of its process to begin its exit. */
  groupDead: boolean;
  exitCode: number;
  /** What the parent is sent; -1 of a thread. */
  exitSignal: number;
  realParent: TaskStruct;
  /** The tracer, or else the real parent. */
  parent: TaskStruct;
  /** Leaders whose real parent is this thread, oldest first. */
  children: TaskStruct[];
  ptraced: TaskStruct[];
  ptrace:
    | {
        readonly seized: boolean;
        readonly exitKill: boolean;
        /** ptracer_cred: what the tracer could when it attached; of PTRACE_TRACEME, what the tracee could. */
        readonly caps: boolean;
      }
    | undefined;
  /** TASK_RUNNING (or asleep), TASK_STOPPED, TASK_TRACED. */
  run: 'running' | 'stopped' | 'traced';
  /** JOBCTL_*: see signal.ts. */
  jobctl: {
    stopPending: boolean;
    stopConsume: boolean;
    /** A stop signal was taken, and no SIGCONT has come since. */
    stopDequeued: boolean;
    stopSignal: number;
    trapStop: boolean;
    trapNotify: boolean;
  };
  /** TIF_SIGPENDING: it has been woken for a signal that it has not looked at yet. */
  sigpending: boolean;
  /** What the tracer is to be told, and then what it answers. */
  traceStop: { readonly resume: (signo: number) => void } | undefined;
  traceCode: number;
  pdeathSignal: number;
  noNewPrivs: boolean;
  /** PF_FORKNOEXEC. */
  forkNoExec: boolean;
  selfExecId: number;
  parentExecId: number;
  blocked: Set<number>;
  pending: SigInfo[];
  /**
   * A handler is about to run, once nothing holds the thread any more. Each has all signals blocked, as with a
   * full sa_mask, so there is but one; what it will put back.
   */
  frame: { readonly info: SigInfo; readonly blocked: Set<number> } | undefined;
  /** What its handlers have run for and nobody has taken yet. */
  caught: SigInfo[];
  sleep: Sleep | undefined;
  /** What a call that slept has brought. */
  result: unknown;
  /** Who waits in vfork(2) until we have left its memory. */
  vforkParent: TaskStruct | undefined;
  /** A kernel thread: never returns to user mode, so never takes a signal. */
  kernelThread: boolean;
}

const newJobctl = (): TaskStruct['jobctl'] => ({
  stopPending: false,
  stopConsume: false,
  stopDequeued: false,
  stopSignal: 0,
  trapStop: false,
  trapNotify: false,
});

/** What no task has from its parent. */
export const newState = (): Omit<TaskStruct, Inherited> => ({
  exitState: 'none',
  released: false,
  exiting: false,
  groupDead: false,
  exitCode: 0,
  children: [],
  ptraced: [],
  ptrace: undefined,
  run: 'running',
  jobctl: newJobctl(),
  sigpending: false,
  traceStop: undefined,
  traceCode: 0,
  pdeathSignal: 0,
  pending: [],
  frame: undefined,
  caught: [],
  sleep: undefined,
  result: undefined,
  vforkParent: undefined,
  kernelThread: false,
});

type Inherited =
  | ('pid' | 'process' | 'sighand' | 'files' | 'cred' | 'exitSignal' | 'realParent' | 'parent')
  | ('noNewPrivs' | 'forkNoExec' | 'selfExecId' | 'parentExecId' | 'blocked');

/** while_each_thread(): all threads of its process, around the ring, beginning with this one. */
export function ringFrom(task: TaskStruct): TaskStruct[] {
  const { threads } = task.process;
  const at = threads.indexOf(task);
  return [...threads.slice(at), ...threads.slice(0, at)];
}

export const isLeader = (task: TaskStruct): boolean => task.process.leader === task;

/** thread_group_empty(). */
export const threadGroupEmpty = (task: TaskStruct): boolean =>
  isLeader(task) && task.process.threads.length === 1;

/** delay_group_leader(): a leader that is gone while threads of it live is no zombie yet, to anybody. */
export const delayGroupLeader = (task: TaskStruct): boolean =>
  isLeader(task) && task.process.threads.length > 1;

/** ptrace_reparented(). */
export const ptraceReparented = (task: TaskStruct): boolean =>
  task.realParent.process !== task.parent.process;

/** The number of a pid as a namespace sees it; 0 where it does not. */
export const nrIn = (pid: StructPid, ns: PidNamespace): number =>
  pid.numbers.find((at) => at.ns === ns)?.nr ?? 0;

/** The namespace that a task lives in. */
export function nsOf(task: TaskStruct): PidNamespace {
  const last = task.pid.numbers.at(-1);
  if (last === undefined) throw new Error('A pid without a number.');
  return last.ns;
}

/** The number that everybody outside sees: the model's own name for a task. */
export const globalNr = (pid: StructPid): number => pid.numbers[0]?.nr ?? 0;

export const remove = <T>(list: T[], item: T): void => {
  const at = list.indexOf(item);
  if (at !== -1) list.splice(at, 1);
};
