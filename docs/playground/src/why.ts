// What a call and its result mean, in a sentence. Works on the text that is shown, so stories and free play share it.
import type { Frame } from './frames';

/** A line of the log in its parts: `shell(2): wait4(-1, 0) = 3, exited with 0`. */
export interface Line {
  readonly who: string;
  readonly call: string;
  readonly name: string;
  readonly args: string;
  readonly result: string;
  readonly failed: boolean;
}

const LINE =
  /^(?<who>.+?\(\d+\)):? (?<call>(?:… )?(?:(?<name>\w+)\((?<args>.*?)\))?)(?:(?: = | (?=sleeps))(?<result>.*))?$/;

export function parseLine(text: string): Line {
  const {
    who = '',
    call = text,
    name = '',
    args = '',
    result = '',
  } = LINE.exec(text)?.groups ?? {};
  return {
    who,
    call: call === '' ? text.slice(who.length + 1) : call,
    name,
    args,
    result,
    failed: /^E[A-Z0-9]+$/.test(result),
  };
}

const ERRNOS: Readonly<Record<string, string>> = {
  EPERM: 'It is not allowed to.',
  ENOENT: 'There is no such file.',
  ESRCH: 'There is no such process.',
  EINTR: 'A signal came first.',
  EBADF: 'This descriptor is not open, or is not a pidfd.',
  ECHILD: 'It has no child that this wait could ever tell of.',
  EAGAIN: 'Not now.',
  EINVAL: 'This kernel refuses it: an unknown flag, or flags that do not go together.',
  EMFILE: 'It has no descriptor left.',
  ENOTTY: 'This descriptor is not a pidfd.',
  ENOSYS: 'This kernel does not have the call.',
  EREMOTE: 'The process is in a namespace that it cannot see.',
};

const born = (result: string, args: string): string => {
  const [pid] = result.split(',');
  const fd = /(pidfd|clonefd) (\d+)/.exec(result);
  const reaped = args.includes('AUTOREAP') ? ' The kernel will reap it.' : '';
  const handle = fd === null ? '' : ` Descriptor ${fd[2]} stands for it.`;
  if (args.includes('CLONE_THREAD')) return `A thread of the same process is born: ${pid}.`;
  if (args.includes('CLONE_PARENT')) {
    return `A sibling is born: pid ${pid}. Its parent is the parent of the caller.${reaped}${handle}`;
  }
  return `A child is born: pid ${pid}, a copy of its parent.${reaped}${handle}`;
};

const waited = (result: string): string => {
  if (result === 'sleeps') return 'It has children, and none has ended. It sleeps until one does.';
  if (result === '0') return 'It has a child, but none has ended: not yet.';
  const pid = /(\d+)/.exec(result)?.[1] ?? '';
  if (/stopped|continued/.test(result)) return `It learns that ${pid} was stopped, or goes on.`;
  return `It has the exit status of ${pid}, and has reaped it: the zombie is gone.`;
};

type Sentence = (result: string, args: string) => string;

const MEANINGS: Readonly<Record<string, Sentence>> = {
  fork: born,
  clone: born,
  clone3: born,
  clone4: born,
  vfork: born,
  kernel_thread: (pid) => `The kernel starts a thread of its own: pid ${pid}.`,
  execve: (_, path) =>
    `It runs another program now: ${path}. It keeps its number, its parent and its children.`,
  exit: () => 'It ends.',
  exit_group: (_, code) => `It ends, with exit status ${code === '' ? '0' : code}.`,
  kill: (_, args) =>
    `The signal is sent: ${args.split(', ')[1] ?? ''} to ${args.split(', ')[0] ?? ''}.`,
  wait4: waited,
  waitid: (result, args) =>
    args.includes('WNOWAIT')
      ? 'It looks, and leaves the zombie where it is.'
      : waited(result.replace(/.*pid: (\d+).*/, '$1, exited')),
  setsid: () => 'It leads a session of its own now. Its parent stays its parent.',
  sigaction: (_, args) =>
    args.includes('SIG_IGN')
      ? 'It ignores SIGCHLD from now on. Its children will leave no zombies, and it will hear nothing.'
      : args.includes('SIG_DFL')
        ? 'SIGCHLD has its default again: it does nothing, and children leave zombies.'
        : 'It will be told of its children by SIGCHLD.',
  prctl: (_, args) =>
    args.includes('SUBREAPER')
      ? args.endsWith('0')
        ? 'It is a subreaper no more.'
        : 'It is a subreaper: orphans below it come to it from now on.'
      : args.includes('PDEATHSIG')
        ? 'It has said which signal it gets when its parent ends.'
        : 'It is set.',
  pidfd_open: (fd, pid) => `Descriptor ${fd} stands for process ${pid}, and never for another one.`,
  pidfd_send_signal: () => 'The signal reaches this process, or nobody.',
  close: () => 'The descriptor is closed.',
  poll: (events) =>
    events.includes('POLLHUP')
      ? 'Dead and released: the end can be asked for.'
      : events.includes('POLLIN')
        ? 'Dead, but nobody has reaped it yet.'
        : 'It is alive: nothing to report.',
  ioctl: (result) =>
    result.includes('exit_code')
      ? 'The pidfd tells how it ended. Anybody who holds one can ask.'
      : 'No exit to tell of: it is alive, or a zombie that nobody has reaped.',
  ptrace: (_, args) =>
    args.includes('ATTACH')
      ? 'It is a tracer now, as a debugger is. The other is held.'
      : args.includes('DETACH')
        ? 'It lets the other go.'
        : 'The other goes on.',
  read: () => 'The clonefd tells how it ended.',
  getppid: (pid) => `Its parent is ${pid}.`,
  getpid: (pid) => `Its own number is ${pid}.`,
  daemonize: () => 'It leaves its session. Its parent stays its parent.',
  reparent_to_init: () => 'It is a child of init from now on, and will send SIGCHLD.',
};

/** What this line means, if there is something to say. */
export function explain(text: string): string | undefined {
  const { name, args, result, failed } = parseLine(text);
  if (failed) {
    if (name === 'read' && result === 'EAGAIN') return 'It is alive: nothing to read yet.';
    if (name === 'exit' || !(result in ERRNOS)) return undefined;
    return ERRNOS[result];
  }
  return MEANINGS[name]?.(result, args);
}

/** A step of free play in words: what was called, and what became of whom. */
export function explainAll({ calls, actors }: Frame): string {
  const sentences = calls.map((call) => {
    const { who, call: made, result } = parseLine(call);
    const outcome = result === '' || result === 'sleeps' ? '' : `, and gets \`${result}\``;
    const speaker = who.replace(/\((\d+)\)$/, ' $1');
    return `**${speaker}** calls \`${made.replace('… ', '')}\`${outcome}. ${explain(call) ?? ''}`;
  });
  for (const { name, pid, gone, state, movedFrom, ppid, call } of actors) {
    if (gone === 'reaped by the kernel') {
      sentences.push(`The kernel has reaped ${name} ${pid}: there is no zombie, and no SIGCHLD.`);
    } else if (gone === 'gone: SIGCHLD is ignored') {
      sentences.push(`${name} ${pid} leaves no zombie, because its parent ignores SIGCHLD.`);
    } else if (state === 'Z' && call?.startsWith('exit') === true) {
      sentences.push(`It is a zombie until its parent, ${ppid}, waits for it.`);
    }
    if (movedFrom !== undefined && gone === undefined) {
      sentences.push(`${name} ${pid} is an orphan. Its new parent is ${ppid}.`);
    }
  }
  return sentences.join(' ');
}
