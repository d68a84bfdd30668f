// The tables of what the kernel does, as data: test/native/ holds them against Linux, test/model/ against the
// model, row by row the same. Long, because a table is read as one.
import type { Observations } from './needs';

/** One row: who performs the scenario sees this. */
export interface Fact {
  readonly title: string;
  /** The program facts-<subject>, its scenario and its arguments. */
  readonly scenario: readonly [subject: string, scenario: string, ...args: string[]];
  readonly sees: Observations;
  /** Capabilities without which Linux has no answer. */
  readonly needs?: readonly string[];
  /** A kernel may know more than that. */
  readonly atLeast?: true;
  /** Of what the model has no notion: epoll, messages, /proc. */
  readonly kernelOnly?: true;
}

const exited = (status: number): number => status << 8;
const exited42 = exited(42);
const ofAutoreap = (child: string): string[] =>
  child.toUpperCase().startsWith('AUTOREAP') ? ['CLONE_AUTOREAP'] : [];

// --- wait4(2), waitid(2) ---------------------------------------------------------------------------

const status = 'CLD_EXITED 42';
const E = 'ECHILD';

// With WNOHANG|WNOWAIT: a status, 0 for "not yet", ECHILD for "whom do you mean?".
const matrix = [
  // child              state    none    __WALL  __WCLONE
  ['SIGCHLD before-exec alive', [0, 0, E]],
  ['SIGCHLD before-exec dead', [status, status, E]],
  ['SIGCHLD after-exec alive', [0, 0, E]],
  ['SIGCHLD after-exec dead', [status, status, E]],
  ['zero before-exec alive', [E, 0, 0]],
  ['zero before-exec dead', [E, status, status]],
  ['zero after-exec alive', [0, 0, E]],
  ['zero after-exec dead', [status, status, E]],
  ['SIGUSR1 before-exec alive', [E, 0, 0]],
  ['SIGUSR1 before-exec dead', [E, status, status]],
  ['SIGUSR1 after-exec alive', [0, 0, E]],
  ['SIGUSR1 after-exec dead', [status, status, E]],
  ['AUTOREAP before-exec alive', [E, 0, 0]],
  ['AUTOREAP before-exec dead', [E, E, E]],
  ['AUTOREAP after-exec alive', [0, 0, E]],
  ['AUTOREAP after-exec dead', [E, E, E]],
] as const;

const eachWay = (answer: string | number) => ({ P_PID: answer, P_ALL: answer, P_PIDFD: answer });

/** Which wait sees whom. */
export const WAITS: readonly Fact[] = matrix.map(([child, [none, wall, wclone]]) => ({
  title: `answers ${none}, with __WALL ${wall}, with __WCLONE ${wclone} for ${child}`,
  scenario: ['waits', 'matrix', ...child.split(' ')],
  sees: { none: eachWay(none), __WALL: eachWay(wall), __WCLONE: eachWay(wclone) },
  needs: ofAutoreap(child),
}));

/** waitid(P_PIDFD) with O_NONBLOCK. */
export const NONBLOCKING: readonly Fact[] = [
  {
    title: 'answers EAGAIN for the living and takes the dead',
    scenario: ['waits', 'nonblocking', 'SIGCHLD', 'before-exec'],
    sees: {
      alive: 'EAGAIN',
      'alive, __WALL': 'EAGAIN',
      'alive, __WALL|WNOHANG': 0,
      'dead, __WALL': 0,
    },
    needs: ['PIDFD_NONBLOCK'],
  },
  {
    title: 'answers ECHILD for an AUTOREAP child that is dead',
    scenario: ['waits', 'nonblocking', 'AUTOREAP', 'after-exec'],
    sees: {
      alive: 'EAGAIN',
      'alive, __WALL': 'EAGAIN',
      'alive, __WALL|WNOHANG': 0,
      'dead, __WALL': 'ECHILD',
    },
    needs: ['CLONE_AUTOREAP'],
  },
  {
    title: 'answers ECHILD without __WALL for one before its execve',
    scenario: ['waits', 'nonblocking', 'AUTOREAP', 'before-exec'],
    sees: {
      alive: 'ECHILD',
      'alive, __WALL': 'EAGAIN',
      'alive, __WALL|WNOHANG': 0,
      'dead, __WALL': 'ECHILD',
    },
    needs: ['CLONE_AUTOREAP'],
  },
];

const asleep = "the waiter's state";

/** Waits that are blocked, by whom, and what ends them. */
export const BLOCKED: readonly Fact[] = [
  ...(['before-exec', 'after-exec'] as const).flatMap((body): Fact[] => [
    ...Object.entries({ pid: 'waitpid(pid)', any: 'waitpid(-1)', pidfd: 'waitid(P_PIDFD)' }).map(
      ([way, name]): Fact => ({
        title: `as ${name} with __WALL on an AUTOREAP child, ${body}, ends with ECHILD`,
        scenario: ['waits', 'blocked', 'AUTOREAP', body, way],
        sees: { [asleep]: 'S', 'the wait': 'ECHILD' },
        needs: ['CLONE_AUTOREAP', 'SCHED_FIFO'],
      }),
    ),
    {
      title: `on an ordinary child, ${body}, ends with the child`,
      scenario: ['waits', 'blocked', 'SIGCHLD', body, 'any'],
      sees: { [asleep]: 'S', 'the wait': 'child' },
      needs: ['SCHED_FIFO'],
    },
    {
      title: `goes on over the death of an AUTOREAP child, ${body}, to that of an ordinary one`,
      scenario: ['waits', 'blocked', 'AUTOREAP', body, 'any', 'with-ordinary'],
      sees: {
        [asleep]: 'S',
        'its state after the first end': 'S',
        'the wait': 'ordinary child',
      },
      needs: ['CLONE_AUTOREAP', 'SCHED_FIFO'],
    },
  ]),
  {
    title: 'as plain wait() on an AUTOREAP child after its execve ends with ECHILD',
    scenario: ['waits', 'blocked', 'AUTOREAP', 'after-exec', 'plain'],
    sees: { [asleep]: 'S', 'the wait': 'ECHILD' },
    needs: ['CLONE_AUTOREAP', 'SCHED_FIFO'],
  },
  {
    title: 'is none for plain wait() on one before its execve',
    scenario: ['waits', 'not-blocked', 'AUTOREAP'],
    sees: { wait: 'ECHILD', 'the child': 'alive' },
    needs: ['CLONE_AUTOREAP'],
  },
  {
    title: 'is none for plain wait() on a child with exit_signal 0 before its execve',
    scenario: ['waits', 'not-blocked', 'zero'],
    sees: { wait: 'ECHILD', 'the child': 'alive' },
  },
];

const stolen = {
  'waitpid(-1)': 'child',
  sigchld: 'CLD_EXITED',
  'its status': exited42,
  'waitid(P_PIDFD)': 'ECHILD',
};
const untouched = { 'waitpid(-1)': 'ECHILD', sigchld: null, 'its status': -1 };
const behindThePidfd = { revents: ['IN', 'HUP'], wstatus: exited42 };

/** What a waitpid(-1) of somebody else takes. */
export const THEFT: readonly Fact[] = [
  {
    title: 'takes the status of an ordinary child',
    scenario: ['waits', 'theft', 'SIGCHLD', 'before-exec'],
    sees: stolen,
    atLeast: true,
  },
  {
    title: 'does not see a child with exit_signal 0 before its execve',
    scenario: ['waits', 'theft', 'zero', 'before-exec'],
    sees: { ...untouched, 'waitid(P_PIDFD)': 0 },
    atLeast: true,
  },
  {
    title: 'takes its status after the execve',
    scenario: ['waits', 'theft', 'zero', 'after-exec'],
    sees: stolen,
    atLeast: true,
  },
  {
    title: 'leaves the status behind the pidfd all the same',
    scenario: ['waits', 'theft', 'zero', 'after-exec'],
    sees: { ...stolen, ...behindThePidfd },
    needs: ['PIDFD_INFO_EXIT'],
  },
  ...['before-exec', 'after-exec'].map((body): Fact => ({
    title: `gets nothing of an AUTOREAP child, ${body}`,
    scenario: ['waits', 'theft', 'AUTOREAP', body],
    sees: { ...untouched, 'waitid(P_PIDFD)': 'ECHILD', ...behindThePidfd },
    needs: ['CLONE_AUTOREAP'],
  })),
];

const dispositions = [
  // child, what is done with SIGCHLD, who reaps it, and whether SIGCHLD is sent
  ['SIGCHLD before-exec', 'ignore', 'ECHILD', null],
  ['SIGCHLD before-exec', 'no-child-wait', 'ECHILD', 'CLD_EXITED'],
  ['zero before-exec', 'ignore', 'child', null],
  ['zero before-exec', 'no-child-wait', 'child', null],
  ['zero after-exec', 'ignore', 'ECHILD', null],
  ['zero after-exec', 'no-child-wait', 'ECHILD', 'CLD_EXITED'],
  ['AUTOREAP before-exec', 'ignore', 'ECHILD', null],
  ['AUTOREAP before-exec', 'no-child-wait', 'ECHILD', null],
  ['AUTOREAP after-exec', 'ignore', 'ECHILD', null],
  ['AUTOREAP after-exec', 'no-child-wait', 'ECHILD', null],
] as const;

/** SIG_IGN, SA_NOCLDWAIT, and a parent that has become another program. */
export const DISPOSITIONS: readonly Fact[] = [
  ...dispositions.map(([child, disposition, waitpid, sigchld]): Fact => {
    const fate = waitpid === 'child' ? 'is left to us' : 'is reaped by the kernel';
    const signal = sigchld === null ? 'without SIGCHLD' : 'with SIGCHLD';
    const setting = disposition === 'ignore' ? 'SIG_IGN' : 'SA_NOCLDWAIT';
    return {
      title: `as ${child} under ${setting} ${fate}, ${signal}`,
      scenario: ['waits', 'dispositions', ...child.split(' '), disposition],
      sees: { waitpid, sigchld },
      needs: ofAutoreap(child),
    };
  }),
  {
    title: 'before SIGCHLD is ignored is still a zombie afterwards',
    scenario: ['waits', 'ignored-too-late'],
    sees: { waitpid: 'child' },
  },
  {
    title: 'with exit_signal 0 sends SIGCHLD to a parent that has exec’d since',
    scenario: ['waits', 'parent-execs', 'zero'],
    sees: { 'SIGCHLD is pending': true },
  },
  {
    title: 'as AUTOREAP child of a parent that has exec’d sends none',
    scenario: ['waits', 'parent-execs', 'AUTOREAP'],
    sees: { 'SIGCHLD is pending': false },
    needs: ['CLONE_AUTOREAP'],
  },
];

// --- clone3(2) -------------------------------------------------------------------------------------

/** A call, what it is answered, and the call again: flags by name, and the exit signal. */
export interface CloneCall {
  readonly call: string;
  readonly answer: string | number;
  readonly flags: string;
  readonly exitSignal: number;
  readonly kernelOnly?: true;
}

/** Whether a kernel without the flags of 7.1 refuses it for a bit that it does not know. */
export const hasNewFlags = (call: string): boolean => /AUTOREAP|NNP|AUTOKILL/.test(call);

const THREAD = 'THREAD|SIGHAND|VM';
const SIGCHLD = 17;
const calls = [
  ['AUTOREAP|PIDFD', 0, 'AUTOREAP|PIDFD', 0],
  ['AUTOREAP', 0, 'AUTOREAP', 0],
  ['AUTOREAP|CLEAR_SIGHAND', 0, 'AUTOREAP|CLEAR_SIGHAND', 0],
  ['AUTOREAP|VM|VFORK', 0, 'AUTOREAP|VM|VFORK', 0],
  ['AUTOREAP, SIGCHLD', 'EINVAL', 'AUTOREAP', SIGCHLD],
  ['AUTOREAP, SIGUSR1', 'EINVAL', 'AUTOREAP', 10],
  ['AUTOREAP|PARENT', 'EINVAL', 'AUTOREAP|PARENT', 0],
  ['AUTOREAP|THREAD', 'EINVAL', `AUTOREAP|${THREAD}`, 0],
  ['NNP, SIGCHLD', 0, 'NNP', SIGCHLD],
  ['NNP|THREAD', 'EINVAL', `NNP|${THREAD}`, 0],
  ['AUTOKILL|AUTOREAP|PIDFD|NNP', 0, 'AUTOKILL|AUTOREAP|PIDFD|NNP', 0],
  ['AUTOKILL|AUTOREAP', 'EINVAL', 'AUTOKILL|AUTOREAP', 0],
  ['AUTOKILL|PIDFD', 'EINVAL', 'AUTOKILL|PIDFD', 0],
  ['AUTOKILL|PIDFD|NNP, SIGCHLD', 'EINVAL', 'AUTOKILL|PIDFD|NNP', SIGCHLD],
  ['AUTOKILL|AUTOREAP|PIDFD|THREAD', 'EINVAL', `AUTOKILL|AUTOREAP|PIDFD|${THREAD}`, 0],
  ['EMPTY_MNTNS|FS', 'EINVAL', 'EMPTY_MNTNS|FS', SIGCHLD],
  ['NEWNS|FS', 'EINVAL', 'NEWNS|FS', SIGCHLD],
  ['NEWUSER|FS', 'EINVAL', 'NEWUSER|FS', SIGCHLD],
  ['SIGHAND|CLEAR_SIGHAND', 'EINVAL', 'VM|SIGHAND|CLEAR_SIGHAND', SIGCHLD],
  ['SIGHAND without VM', 'EINVAL', 'SIGHAND', SIGCHLD],
  ['THREAD without SIGHAND', 'EINVAL', 'THREAD|VM', 0],
  ['THREAD, SIGCHLD', 'EINVAL', THREAD, SIGCHLD],
  ['PARENT, SIGCHLD', 'EINVAL', 'PARENT', SIGCHLD],
  ['DETACHED', 'EINVAL', 'DETACHED', SIGCHLD],
  ['exit_signal 64', 0, '', 64],
  ['exit_signal 65', 'EINVAL', '', 65],
] as const;

/** Which calls are valid. facts-clone.c has the same list, by the same names. */
export const CLONE_CALLS: readonly CloneCall[] = [
  ...calls.map(([call, answer, flags, exitSignal]) => ({ call, answer, flags, exitSignal })),
  ...['a signal among the flags', 'PIDFD and PARENT_SETTID to one place'].map((call) => ({
    ...{ call, answer: 'EINVAL', flags: '', exitSignal: SIGCHLD },
    kernelOnly: true as const,
  })),
];

// --- Pidfds ----------------------------------------------------------------------------------------

const attached = { mask: ['PID', 'CREDS', 'CGROUPID'] };
const alive = { revents: [], info: attached, 'info with EXIT': attached, 'signal 0': 0 };
const gone = {
  revents: ['IN', 'HUP'],
  info: 'ESRCH',
  'info with EXIT': { mask: ['CGROUPID', 'EXIT'], wstatus: exited42 },
  'signal 0': 'ESRCH',
};

/** poll(2), PIDFD_GET_INFO and signal 0, by the state of the process. */
export const PIDFD_STATES: readonly Fact[] = [
  {
    title: 'knows of a zombie that it is dead, and of the reaped how',
    scenario: ['pidfd', 'states', 'plain'],
    sees: { alive, dead: { ...alive, revents: ['IN'] }, gone },
    needs: ['PIDFD_INFO_EXIT'],
  },
  {
    title: 'knows how an AUTOREAP child died, which nobody reaped',
    scenario: ['pidfd', 'states', 'autoreap'],
    sees: { alive, gone },
    needs: ['CLONE_AUTOREAP'],
  },
];

// --- CLONE_PIDFD_AUTOKILL --------------------------------------------------------------------------

const killed = { wstatus: 9, waitpid: 'ECHILD' };
type Row = readonly [
  title: string,
  scenario: string,
  sees: Observations,
  more?: { readonly needs?: readonly string[]; readonly kernelOnly?: true },
];
const autokill = (rows: readonly Row[]): Fact[] =>
  rows.map(([title, scenario, sees, more]) => ({
    title,
    scenario: ['autokill', ...(scenario.split(' ') as [string, ...string[]])],
    sees,
    needs: ['CLONE_PIDFD_AUTOKILL', ...(more?.needs ?? [])],
    ...(more?.kernelOnly === undefined ? {} : { kernelOnly: true }),
  }));

const kernelOnly = { kernelOnly: true } as const;
const otherFile = {
  'after close of the other': 'alive',
  'after close, the other still open': 'dead',
  ...killed,
};

/** Which copies of the descriptor keep the child alive. */
export const AUTOKILL_CHILD: readonly Fact[] = autokill([
  [
    'is killed, and reaped, when its descriptor is closed',
    'closed',
    { before: 'alive', 'after close': 'dead', ...killed },
  ],
  [
    'lives until the last duplicate is closed',
    'duplicated',
    { 'after close of one': 'alive', 'after close of the last': 'dead', ...killed },
  ],
  [
    'is killed by a dup2 over its descriptor',
    'replaced',
    { 'after dup2 over it': 'dead', ...killed },
  ],
  ...(['end', 'exec'] as const).map((event): Row => [
    `lives until the ${event} of a sibling that inherited the descriptor`,
    `inherited ${event}s`,
    {
      'after close, a sibling has it': 'alive',
      [`after the sibling's ${event}`]: 'dead',
      ...killed,
    },
  ]),
  [
    'lives while the descriptor is in a message that nobody has received',
    'in-a-message',
    {
      'after close, queued in a message': 'alive',
      'after the sender closed': 'alive',
      'after the queue is gone': 'dead',
      ...killed,
    },
    kernelOnly,
  ],
  [
    'is not kept alive by an epoll set',
    'watched-by-epoll',
    { 'after close, in an epoll set': 'dead', ...killed },
    kernelOnly,
  ],
  [
    'is neither killed by nor kept alive by a descriptor of pidfd_open',
    'other-file pidfd_open',
    otherFile,
  ],
  [
    'is neither killed by nor kept alive by a descriptor of an open of /proc/self/fd',
    'other-file proc',
    otherFile,
    kernelOnly,
  ],
  [
    'is neither killed by nor kept alive by a descriptor of open_by_handle_at',
    'other-file handle',
    otherFile,
    { ...kernelOnly, needs: ['PIDFD_FILE_HANDLE', 'CAP_SYS_ADMIN'] },
  ],
  [
    'is killed by the close in a table of descriptors that a sibling shares',
    'shared-table',
    { 'after close': 'dead', ...killed },
  ],
  [
    'is killed by the close in a table that it shares itself',
    'own-table',
    { before: 'alive', 'after close': 'dead', ...killed },
  ],
  [
    'takes nobody with it: its own child survives',
    'grandchild',
    {
      'the child after close': 'dead',
      'the grandchild': 'alive',
      'our wait for the grandchild': 0,
      ...killed,
    },
  ],
]);

const holderEnds = { before: 'alive', "after the holder's end": 'dead', ...killed };

/** What the end of its holder does. */
export const AUTOKILL_HOLDER: readonly Fact[] = autokill([
  ['takes the child with it when it exits', 'holder exits', holderEnds],
  ['takes the child with it when it is killed', 'holder killed', holderEnds],
  [
    'kills the child when it execs, for the descriptor is closed by that',
    'holder execs',
    { before: 'alive', "after the holder's exec": 'dead', ...killed },
  ],
  [
    'is succeeded by who took a copy with pidfd_getfd',
    'holder getfd',
    {
      before: 'alive',
      "after the holder's end": 'alive',
      'after close of the copy': 'dead',
      ...killed,
    },
    { needs: ['pidfd_getfd'] },
  ],
]);

/** Whom it kills, and that it is a flag of the file. */
export const AUTOKILL: readonly Fact[] = autokill([
  [
    'is shown by F_GETFL, and neither cleared nor set by F_SETFL',
    'file-flag',
    {
      'F_GETFL shows it': true,
      'after F_SETFL 0': true,
      'set on another': false,
      'after close': 'dead',
      ...killed,
    },
  ],
  [
    'kills nobody when clone3 fails after the file was made',
    'aborted',
    { clone3: 'EFAULT', 'nobody is there': true },
  ],
  ['kills a stopped child', 'stopped', killed],
  [
    'kills a child that has exec’d',
    'executed',
    { before: 'alive', 'after close': 'dead', ...killed },
  ],
  [
    'kills a child that its holder may no longer signal',
    'no-permission',
    { before: 'alive', kill: 'EPERM', ...killed },
    { needs: ['CAP_SETUID'] },
  ],
  [
    'kills the init of a pid namespace',
    'init-of-namespace',
    { before: 'alive', 'after close': 'dead', ...killed },
    { needs: ['pid_namespaces'] },
  ],
]);

// --- Subreapers ------------------------------------------------------------------------------------

const adopted = {
  'we are its parent': true,
  it: 'alive',
  'sigchld at the adoption': null,
  'waitid while alive': 0, // It had exit_signal 0: a plain wait would not have seen it.
};
const subreaper = {
  'inherited by its child': 0,
  'waits for its orphan': true,
  'wstatus of the orphan': exited(77),
};

/** PR_SET_CHILD_SUBREAPER, from the orphan’s side and from the subreaper’s. */
export const ORPHANS: readonly Fact[] = [
  {
    title: 'is waited for while it lives, and gone without SIGCHLD',
    scenario: ['reparent', 'orphan', 'autoreap'],
    sees: { ...adopted, waitpid: 'ECHILD', 'sigchld at its end': null, wstatus: exited42 },
    needs: ['CLONE_AUTOREAP'],
  },
  {
    title: 'without AUTOREAP has SIGCHLD for its exit signal',
    scenario: ['reparent', 'orphan', 'plain'],
    sees: { ...adopted, waitpid: 'child', 'sigchld at its end': 'CLD_EXITED' },
    atLeast: true,
  },
  {
    title: 'is announced by SIGCHLD if it is a zombie already',
    scenario: ['reparent', 'dead-orphan'],
    sees: { sigchld: 'CLD_EXITED', waitpid: 'child' },
  },
];
export const SUBREAPERS: readonly Fact[] = [
  {
    title: 'waits for the orphans of its children, which do not inherit the attribute',
    scenario: ['reparent', 'subreaper', 'plain'],
    sees: { ...subreaper, waitpid: 'child' },
  },
  {
    title: 'may be an AUTOREAP process',
    scenario: ['reparent', 'subreaper', 'autoreap'],
    sees: { ...subreaper, waitpid: 'ECHILD' },
    needs: ['CLONE_AUTOREAP'],
  },
];
export const DEATH_SIGNALS: readonly Fact[] = [
  {
    title: 'kills the child when the thread that created it ends',
    scenario: ['reparent', 'death-signal', 'plain'],
    sees: { waitpid: 'child', wstatus: 9 },
  },
  {
    title: 'kills an AUTOREAP child as well',
    scenario: ['reparent', 'death-signal', 'autoreap'],
    sees: { waitpid: 'ECHILD', wstatus: 9 },
    needs: ['CLONE_AUTOREAP'],
  },
];

const inAndHup = ['IN', 'HUP'];
const namespaceEnds = {
  'revents of an inhabitant before': [],
  'revents of the inhabitants': [inAndHup, inAndHup, inAndHup],
  wstatus: exited(11),
};
export const INITS: readonly Fact[] = [
  {
    title: 'takes everybody in it along',
    scenario: ['reparent', 'init-of-namespace', 'plain'],
    sees: { ...namespaceEnds, waitpid: 'child', sigchld: 'CLD_EXITED' },
    needs: ['PIDFD_INFO_EXIT', 'pid_namespaces'],
  },
  {
    title: 'as an AUTOREAP child is gone when everybody in it is',
    scenario: ['reparent', 'init-of-namespace', 'autoreap'],
    sees: { ...namespaceEnds, waitpid: 'ECHILD', sigchld: null },
    needs: ['CLONE_AUTOREAP', 'pid_namespaces'],
  },
];
