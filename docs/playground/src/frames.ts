// What a step of a scenario looks like: plain data, made once, shown any number of times.
import type { AbiName } from '../../../lib/model/abi';
import type { HistoryEntry } from '../../../lib/model/core';
import type { Stage, ToldRule } from '../../../lib/model/histories';
import type { PidfdView, ProcessView } from '../../../lib/model/view';

/** A pidfd, and whom it named while there was somebody. */
export interface Tag extends PidfdView {
  readonly target: number | undefined;
}

/** A process as the tree shows it, or one that this step took away. */
export interface Actor extends Omit<ProcessView, 'pidfds'> {
  readonly name: string;
  readonly tags: readonly Tag[];
  /** Its first parent is dead. */
  readonly orphan: boolean;
  /** Who took it away, if it is no more. */
  readonly gone: string | undefined;
  readonly born: boolean;
  /** Whose child it was, if that has changed in this step. */
  readonly movedFrom: number | undefined;
  /** What it was sent in this step. */
  readonly signals: readonly string[];
  /** The last call that it has made in this step. */
  readonly call: string | undefined;
}

export interface Frame {
  readonly title: string;
  readonly abi: AbiName;
  /** A machine has just booted. */
  readonly opening: boolean;
  readonly say: string;
  readonly calls: readonly string[];
  readonly rules: readonly ToldRule[];
  readonly tree: string;
  readonly actors: readonly Actor[];
}

/** Takes the pictures of one machine. */
export class Camera {
  readonly #stage: Stage;
  readonly #title: string;
  #before: readonly Actor[] = [];
  #seen = 0;
  /** Who was there at any time since the last picture: first as it came, and last as it went. */
  readonly #first = new Map<number, ProcessView>();
  readonly #last = new Map<number, ProcessView>();

  constructor(stage: Stage, title: string) {
    this.#stage = stage;
    this.#title = title;
    stage.kernel.onChange(() => this.#look());
  }

  #look(): void {
    for (const process of this.#stage.kernel.processes()) {
      if (!this.#first.has(process.pid)) this.#first.set(process.pid, process);
      this.#last.set(process.pid, process);
    }
  }

  /** What has happened since the last one. `opening`: nothing has, the machine is there. */
  take(say: string, { opening = false } = {}): Frame {
    const { kernel } = this.#stage;
    const entries = kernel.history.slice(this.#seen);
    this.#seen = kernel.history.length;
    const { calls, rules, tree, processes } = this.#stage.takeStep();
    const told = opening ? { calls: [], rules: [] } : { calls, rules };
    const actors = this.#actors(processes, opening ? [] : entries, told.calls, opening);
    this.#before = actors.filter(({ gone }) => gone === undefined);
    this.#first.clear();
    this.#last.clear();
    return { title: this.#title, abi: kernel.abi, opening, say, ...told, tree, actors };
  }

  #actors(
    processes: readonly ProcessView[],
    entries: readonly HistoryEntry[],
    calls: readonly string[],
    opening: boolean,
  ): Actor[] {
    const before = new Map(this.#before.map((actor) => [actor.pid, actor]));
    const actorOf = (process: ProcessView): Actor => {
      const { pid, pidfds, ...rest } = process;
      const was = before.get(pid);
      const adopted = entries.some(({ tid, rule }) => tid === pid && rule === 'reparent_leader');
      const parent = was?.ppid ?? this.#first.get(pid)?.ppid ?? process.ppid;
      const told = was !== undefined || calls.length > 0;
      const moved = parent !== process.ppid && !opening && told;
      return {
        ...rest,
        pid,
        name: this.#stage.commandOf(process),
        tags: pidfds.map((pidfd) => this.#tag(pid, pidfd)),
        orphan: (was?.orphan ?? false) || adopted,
        gone: undefined,
        born: was === undefined && !opening,
        movedFrom: moved ? parent : undefined,
        signals: calls.length > 0 ? signalsOf(pid, entries) : [],
        call: callOf(pid, calls),
      };
    };
    const here = processes.map(actorOf);
    const isHere = new Set(processes.map(({ pid }) => pid));
    // Who came and went in between is worth a place only if its calls are.
    const gone = [...new Set([...before.keys(), ...this.#last.keys()])]
      .filter((pid) => !isHere.has(pid))
      .filter((pid) => before.has(pid) || callOf(pid, calls) !== undefined)
      .flatMap((pid) => this.#last.get(pid) ?? before.get(pid) ?? [])
      .map((process): Actor => {
        const was = before.get(process.pid);
        const actor = 'pidfds' in process ? actorOf(process) : process;
        const { ppid } = was ?? actor;
        const how = this.#howGone(process.pid, entries);
        const cleared = { state: 'X', tags: [], born: false, movedFrom: undefined } as const;
        const news = { signals: signalsOf(process.pid, entries), call: callOf(process.pid, calls) };
        return {
          ...actor,
          ...cleared,
          ...news,
          ppid: isHere.has(ppid) ? ppid : actor.ppid,
          gone: how,
        };
      });
    return [...here, ...gone].sort((a, b) => a.pid - b.pid);
  }

  /** Whom a pidfd names is not said any more once that is released; here it is remembered. */
  #tag(holder: number, pidfd: PidfdView): Tag {
    const was = this.#before.find(({ pid }) => pid === holder)?.tags;
    const during = this.#first.get(holder)?.pidfds;
    const known = was?.find(({ fd }) => fd === pidfd.fd)?.target;
    const target = pidfd.pid ?? known ?? during?.find(({ fd }) => fd === pidfd.fd)?.pid;
    return { ...pidfd, target };
  }

  #howGone(pid: number, entries: readonly HistoryEntry[]): string {
    const own = entries.filter(({ tid }) => tid === pid).map(({ text }) => text);
    const reaped = own.find((text) => text.startsWith('is reaped by'));
    if (reaped !== undefined) {
      const by = Number(/\d+$/.exec(reaped)?.[0]);
      return `reaped by ${shortName(this.#stage.commandOf({ pid: by, comm: '' }))} ${by}`;
    }
    if (own.includes('leaves no zombie, and no signal')) return 'reaped by the kernel';
    if (own.includes('leaves no zombie')) return 'gone: SIGCHLD is ignored';
    return 'gone';
  }
}

/** `udisks-daemon` of `/usr/libexec/udisks-daemon: not polling any devices`. */
export function shortName(name: string): string {
  const [command = name] = name.split(/:? /);
  return command.slice(command.lastIndexOf('/') + 1);
}

/** Which signals reached it, or were meant for it and ignored. */
function signalsOf(pid: number, entries: readonly HistoryEntry[]): string[] {
  const found = new Set<string>();
  for (const { tid, text } of entries) {
    const signal = /^is (?:due|sent) (\w+)/.exec(text)?.[1];
    if (tid === pid && signal !== undefined) found.add(signal);
  }
  return [...found];
}

/** The name of the last call that it made: of `shell(2): wait4(-1, 0) = 3` it is `wait4()`. */
function callOf(pid: number, calls: readonly string[]): string | undefined {
  const own = calls.filter((call) => call.includes(`(${pid}): `)).at(-1);
  const name = own === undefined ? undefined : /\): (?:… )?(\w+)\(/.exec(own)?.[1];
  return name === undefined ? undefined : `${name}()`;
}
