// Free play: what the chosen process can do, as buttons. One that cannot be used now says why.
import type { AbiName } from '../../../lib/model/abi';
import { signalName, signals } from '../../../lib/model/constants';
import type { Action, CallName } from './actions';
import { PROGRAMS } from './actions';
import {
  drawSelect,
  flagBoxes,
  numberBox,
  wallBox,
  type ChoiceOptions,
  type NumberKey,
} from './choices';
import { h, type Child } from './dom';
import { shortName, type Actor } from './frames';
import { lookOf, tagText } from './state';

export interface PanelOptions extends ChoiceOptions {
  readonly actors: readonly Actor[];
  readonly abi: AbiName;
  readonly onAct: (action: Action) => void;
  readonly onRefuse: (why: string) => void;
}

const SIGNALS = [
  'SIGTERM',
  'SIGKILL',
  'SIGSTOP',
  'SIGCONT',
  'SIGINT',
  'SIGHUP',
  'SIGCHLD',
] as const;

export function drawPanel(options: PanelOptions): HTMLElement {
  const { actors, abi, choices } = options;
  const living = actors.filter(({ gone }) => gone === undefined);
  const actor = living.find(({ pid }) => pid === choices.pid) ?? living[0];
  if (actor === undefined) return h('div');
  const others = living.filter(({ pid }) => pid !== actor.pid);
  if (!others.some(({ pid }) => pid === choices.target)) choices.target = others[0]?.pid ?? 0;
  if (!actor.tags.some(({ fd }) => fd === choices.fd)) choices.fd = actor.tags.at(-1)?.fd ?? 0;
  const { pid } = actor;
  const asleep = cannotAct(actor);
  const noTarget = others.length === 0 ? 'There is no other process.' : undefined;
  const noFd =
    actor.tags.length === 0
      ? 'It has no pidfd. Make one with CLONE_PIDFD, or pidfd_open.'
      : undefined;

  const call = (
    code: string,
    text: string,
    name: CallName,
    args: number[] = [],
    no?: string,
  ): Child => {
    const why = asleep ?? no;
    // For the focus, which stays on a button when all are drawn anew.
    const key = code.includes('…') || name === 'subreaper' ? name : [name, ...args].join('-');
    return h(
      'button',
      {
        type: 'button',
        class: 'call',
        'data-key': key,
        'aria-disabled': why === undefined ? undefined : 'true',
        title: why ?? text,
        onclick: () =>
          why === undefined ? options.onAct({ pid, call: name, args }) : options.onRefuse(why),
      },
      h('code', {}, code),
      h('span', {}, text),
    );
  };
  const select = (
    key: NumberKey,
    label: string,
    items: readonly (readonly [number, string])[],
  ): Child => drawSelect(options, key, label, items);
  const who = (each: Actor): readonly [number, string] => [
    each.pid,
    `${shortName(each.name)} ${each.pid}`,
  ];
  const { target, fd, signal } = choices;
  const wall = choices.wall ? 2 : 0;
  const isInit =
    pid === 1 ? 'The end of init is the end of the machine: the kernel panics.' : undefined;

  return h(
    'div',
    { class: 'calls-panel' },
    h(
      'div',
      { class: 'who' },
      select('pid', 'What shall it do?', living.map(who)),
      asleep === undefined ? undefined : h('p', { class: 'cannot' }, asleep),
    ),
    group('Start a child', [
      call('fork()', 'an ordinary child: a copy', 'fork'),
      call('clone3(…)', 'a child with these flags', 'clone3', [choices.flags, choices.exitSignal]),
      flagBoxes(options),
      select('exitSignal', 'exit signal', [
        [0, '0: none'],
        [signals.SIGCHLD, 'SIGCHLD'],
      ]),
    ]),
    group('Change, or end', [
      call('exit_group(…)', 'end, with this status', 'exit', [choices.code], isInit),
      numberBox(options),
      call('execve(…)', 'run another program', 'exec', [choices.program]),
      select(
        'program',
        'program',
        PROGRAMS.map((name, i) => [i, name] as const),
      ),
    ]),
    group('Wait for children', [
      call('wait4(-1)', 'sleep until one has ended', 'wait4', [wall]),
      call('wait4(-1, WNOHANG)', 'ask, and do not sleep', 'wait4', [1 + wall]),
      call('waitid(P_ALL)', 'the newer form of wait4', 'waitid', [wall]),
      wallBox(options),
    ]),
    group('Do something to another', [
      select('target', 'to whom', others.map(who)),
      call('kill(…)', 'send this signal', 'kill', [target, signal], noTarget),
      select(
        'signal',
        'signal',
        SIGNALS.map((name) => [signals[name], name] as const),
      ),
      call('kill(SIGSTOP)', 'stop it', 'kill', [target, signals.SIGSTOP], noTarget),
      call('kill(SIGCONT)', 'let it go on', 'kill', [target, signals.SIGCONT], noTarget),
      call('pidfd_open(…)', 'a descriptor for it', 'pidfd', [target], noTarget),
      call('ptrace(ATTACH)', 'hold it, as a debugger', 'attach', [target], noTarget),
      call('ptrace(CONT)', 'let the held one run', 'cont', [target], noTarget),
      call('ptrace(DETACH)', 'let go of it', 'detach', [target], noTarget),
    ]),
    group('Use a pidfd', [
      select(
        'fd',
        'which',
        actor.tags.map((tag) => [tag.fd, tagText(tag)] as const),
      ),
      call('poll(…)', 'dead or alive?', 'poll', [fd], noFd),
      call('PIDFD_GET_INFO', 'how did it end?', 'info', [fd], noFd),
      call(
        'pidfd_send_signal(…)',
        `send ${signalName(signal)}, as chosen above`,
        'send',
        [fd, signal],
        noFd,
      ),
      call('waitid(P_PIDFD)', 'reap this one', 'waitfd', [fd], noFd),
      call('close(…)', 'give it up', 'close', [fd], noFd),
    ]),
    group('Say something about itself', [
      actor.subreaper
        ? call('prctl(SUBREAPER, 0)', 'be no subreaper', 'subreaper', [0])
        : call('prctl(SUBREAPER, 1)', 'be a subreaper', 'subreaper', [1]),
      call('sigaction(SIG_IGN)', 'ignore SIGCHLD', 'sigchld', [1]),
      call('sigaction(SIG_DFL)', 'SIGCHLD as at first', 'sigchld', [0]),
      call('prctl(PDEATHSIG)', 'die if the parent dies', 'pdeathsig', [signals.SIGKILL]),
      call('setsid()', 'lead a new session', 'setsid'),
    ]),
    past(abi, call, fd, noFd),
  );
}

function past(
  abi: AbiName,
  call: (code: string, text: string, name: CallName, args?: number[], no?: string) => Child,
  fd: number,
  noFd: string | undefined,
): Child {
  if (abi === 'clone4-2015') {
    return group('Only in this kernel', [
      call('clone4(CLONE_FD)', 'a child that one can read', 'clone4', [2]),
      call('clone4(FD|AUTOREAP)', 'and that the kernel reaps', 'clone4', [3]),
      call('read(…)', 'how did it end?', 'read', [fd], noFd),
    ]);
  }
  if (abi !== 'linux-2.4') return undefined;
  return group('Only in this kernel', [
    call('kernel_thread(0)', 'a thread without exit signal', 'kthread', [0]),
    call('kernel_thread(SIGCHLD)', 'one that tells its parent', 'kthread', [signals.SIGCHLD]),
    call('daemonize()', 'leave the session', 'daemonize'),
    call('reparent_to_init()', 'be a child of init', 'toinit'),
  ]);
}

/** Why it cannot call anything now. */
function cannotAct(actor: Actor): string | undefined {
  const [thread] = actor.threads;
  const name = `${shortName(actor.name)} ${actor.pid}`;
  switch (lookOf(actor)) {
    case 'running':
      return undefined;
    case 'sleeping':
      return `${name} sleeps in ${thread?.sleepsIn ?? 'a call'}. Somebody else has to do something first.`;
    case 'stopped':
      return `${name} is stopped. Another process has to send it SIGCONT.`;
    case 'held':
      return `${name} is held by its tracer, which has to call ptrace(CONT).`;
    default:
      return `${name} is a zombie. It can do nothing any more; its parent has to wait for it.`;
  }
}

const group = (title: string, children: readonly Child[]): HTMLElement =>
  h('fieldset', {}, h('legend', {}, title), h('div', { class: 'row' }, ...children));
