// A process in words.
import { signalName, signals } from '../../../lib/model/constants';
import type { Actor, Tag } from './frames';

/** `exit status 3`, `killed by SIGKILL`. */
export function endText(wstatus: number): string {
  const signo = wstatus & 0x7f;
  return signo === 0 ? `exit status ${(wstatus >> 8) & 0xff}` : `killed by ${signalName(signo)}`;
}

export type Look = 'running' | 'sleeping' | 'stopped' | 'held' | 'zombie' | 'gone';

const LOOKS = {
  ...{ R: 'running', S: 'sleeping', T: 'stopped', t: 'held', Z: 'zombie', X: 'gone' },
} as const satisfies Record<Actor['state'], Look>;

export const lookOf = ({ state }: Actor): Look => LOOKS[state];

export function stateText(actor: Actor): string {
  const [thread] = actor.threads;
  switch (actor.state) {
    case 'R':
      return 'running';
    case 'S':
      return `waits in ${thread?.sleepsIn ?? 'a call'}`;
    case 'T':
      return 'stopped';
    case 't':
      return `held by its tracer ${thread?.tracer ?? ''}`;
    case 'Z':
      return actor.wstatus === undefined ? 'zombie' : `zombie: ${endText(actor.wstatus)}`;
    case 'X':
      return actor.gone ?? 'gone';
  }
}

/** What is special about it. The names are those of the list of words, where it has them. */
export function badgesOf(actor: Actor): string[] {
  if (actor.gone !== undefined) return [];
  const { pid, exitSignal, autoreap, threads } = actor;
  const [thread] = threads;
  const badges: [string, boolean][] = [
    ['subreaper', actor.subreaper],
    ['autoreap', autoreap],
    ['orphan', actor.orphan],
    ['kernel thread', actor.kernelThread],
    [`traced by ${thread?.tracer ?? ''}`, thread?.tracer !== undefined],
    ['dies with parent', (thread?.pdeathSignal ?? 0) !== 0],
    ['exit signal 0', pid !== 1 && exitSignal === 0 && !autoreap],
    [`exit signal ${signalName(exitSignal)}`, exitSignal > 0 && exitSignal !== signals.SIGCHLD],
    ['own session', pid !== 1 && actor.sid === pid],
    ['no new privileges', actor.noNewPrivs],
    [`${threads.length} threads`, threads.length > 1],
    ['pid namespace', actor.level > 0],
  ];
  return badges.filter(([, is]) => is).map(([badge]) => badge);
}

export type TagLook = 'alive' | 'dead' | 'hup';

export const tagLook = ({ poll }: Tag): TagLook =>
  poll.includes('HUP') ? 'hup' : poll.includes('IN') ? 'dead' : 'alive';

/** `pidfd 3 → pid 5: alive`; whom it named is not said of the dead, there is no room for both. */
export function tagText(tag: Tag): string {
  const { fd, kind, target, exitCode, autokill } = tag;
  const end = exitCode === undefined ? '' : `, ${shortEnd(exitCode)}`;
  switch (tagLook(tag)) {
    case 'alive':
      return `${kind} ${fd}${target === undefined ? '' : ` → pid ${target}`}: ${autokill ? 'autokill' : 'alive'}`;
    case 'dead':
      return `${kind} ${fd}: readable, dead`;
    case 'hup':
      return `${kind} ${fd}: hung up${end}`;
  }
}

const shortEnd = (wstatus: number): string =>
  (wstatus & 0x7f) === 0 ? `exit ${(wstatus >> 8) & 0xff}` : signalName(wstatus & 0x7f);

/** All of it in a sentence, for who does not see the box. */
export function spoken(actor: Actor, parent: Actor | undefined): string {
  const child = parent === undefined ? '' : `, child of ${parent.name} ${parent.pid}`;
  const badges = badgesOf(actor).map((badge) => `, ${badge}`);
  const tags = actor.tags.map((tag) => `, has ${tagText(tag)}`);
  const signals = actor.signals.map((signal) => `, is sent ${signal}`);
  const all = [...badges, ...tags, ...signals].join('');
  return `${actor.name}, pid ${actor.pid}, ${stateText(actor)}${child}${all}`;
}
