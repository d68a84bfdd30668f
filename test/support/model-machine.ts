// Runs a script on a machine of the model, and lets somebody watch after every line.
import { KernelPanic } from '../../lib/model/exit';
import * as checking from '../../lib/model/check';
import { SLEEPS } from '../../lib/model/constants';
import type { Core } from '../../lib/model/core';
import { ModelKernel } from '../../lib/model/kernel';
import * as signal from '../../lib/model/signal';
import { fget } from '../../lib/model/files';
import * as pidfd from '../../lib/model/pidfd';
import {
  isLeader,
  nrIn,
  nsOf,
  type Cred,
  type SigInfo,
  type StructPid,
  type TaskStruct,
} from '../../lib/model/struct';
import { VERBS, type At, type Line, type Script } from './model-scripts';

/** What a call brought, at once or when it woke. */
export interface Result {
  readonly who: TaskStruct;
  readonly line: Line & { readonly does: string };
  readonly value: unknown;
  /** It did not return at once: other things have happened since. */
  readonly slept: boolean;
}

/** A signal of the kernel's own: of a death, a stop, a descriptor that was closed. */
export interface Sent {
  readonly info: SigInfo;
  readonly to: TaskStruct;
}

/** A signal that somebody has sent, or wanted to. */
export interface Asked {
  readonly sender: TaskStruct;
  readonly receiver: TaskStruct;
  readonly signo: number;
  readonly result: number;
  /** Who they were then. */
  readonly creds: { readonly sender: Cred; readonly receiver: Cred };
  /** It was for a thread that had begun to exit, and reaches nobody. */
  readonly late: boolean;
}

/** A call of pidfd_send_signal(2): whom the descriptor means, and whether that was there. */
export interface Through {
  readonly pid: StructPid | undefined;
  readonly subject: TaskStruct | undefined;
  readonly flags: number;
  readonly result: number;
}

/** A machine after a line, and what the line did. */
export interface Moment {
  readonly kernel: ModelKernel;
  readonly core: Core;
  /** Undefined before the first. */
  readonly line: Line | undefined;
  /** Who made the call; undefined where nobody could. */
  readonly actor: TaskStruct | undefined;
  readonly results: readonly Result[];
  readonly sent: readonly Sent[];
  readonly asked: readonly Asked[];
  readonly through: readonly Through[];
  /** Nothing is pending. */
  readonly quiet: boolean;
}

/** Looks at each moment of a machine, beginning before its first line. What it remembers of one is how the next began. */
export type Watch = () => (now: Moment) => void;

/** A property that does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** Throws if it is not so. */
export function claim(holds: boolean, otherwise: () => string): void {
  if (!holds) throw new Violation(otherwise());
}

/**
 * Another function in the place of one that a module exports: the compiled modules are CommonJS, and call each
 * other through their exports. Returns what puts it back.
 */
export function replace<M extends object, K extends keyof M>(
  module: M,
  name: K,
  by: (original: M[K]) => M[K],
): () => void {
  const original = module[name];
  module[name] = by(original);
  return () => {
    module[name] = original;
  };
}

/** The state of a machine, which it keeps to itself but for its own check. */
function coreOf(kernel: ModelKernel): Core {
  let found: Core | undefined;
  const restore = replace(checking, 'check', () => (core) => {
    found = core;
  });
  kernel.check();
  restore();
  if (found === undefined) throw new Error('kernel.check() does not call check().');
  return found;
}

/** More steps than a machine of a few processes can have to make. */
const ENDLESS = 1000;

/** What has been sent since the last time. */
class Mail {
  sent: Sent[] = [];
  asked: Asked[] = [];
  through: Through[] = [];

  /** Reads along. Returns what ends that. */
  intercept(): () => void {
    const restore = [
      replace(signal, 'sendSignal', (original) => (core, info, to, ...how) => {
        this.sent.push({ info, to });
        original(core, info, to, ...how);
      }),
      replace(signal, 'groupSendSigInfo', (original) => (core, sender, signo, receiver, ...how) => {
        const creds = { sender: sender.cred, receiver: receiver.cred };
        const late = how[0] === 'thread' && receiver.exiting;
        const result = original(core, sender, signo, receiver, ...how);
        this.asked.push({ sender, receiver, signo, result, creds, late });
        return result;
      }),
      replace(pidfd, 'pidfdSendSignal', (original) => (core, task, fd, signo, flags) => {
        const pid = fget(task, fd)?.pid;
        const subject = pid?.task;
        const result = original(core, task, fd, signo, flags);
        this.through.push({ pid, subject, flags, result });
        return result;
      }),
    ];
    return () => {
      for (const put of restore.reverse()) put();
    };
  }

  take(): Pick<Moment, 'sent' | 'asked' | 'through'> {
    const { sent, asked, through } = this;
    [this.sent, this.asked, this.through] = [[], [], []];
    return { sent, asked, through };
  }
}

/**
 * Runs the script, and after it what is still pending. A machine that is not stepwise is stepped here, first
 * in, first out, so that it can be seen to come to rest; or it settles `alone`.
 */
export function perform(script: Script, watch: Watch, { alone = false } = {}): ModelKernel {
  const { abi, pidMax, pidsMax, stepwise, lines } = script;
  const kernel = new ModelKernel({ abi, pidMax, pidsMax, stepwise: stepwise || !alone });
  kernel.install('/bin/tool');
  kernel.install('/bin/su', { setuid: 0 });
  const core = coreOf(kernel);
  const asleep = new Map<TaskStruct, Result>();
  const mail = new Mail();
  const restore = mail.intercept();

  const moment = (line?: Line, actor?: TaskStruct, results: readonly Result[] = []): Moment => ({
    ...{ kernel, core, line, actor },
    results: [...results, ...woken(kernel, asleep)],
    ...mail.take(),
    quiet: core.steps.length === 0,
  });
  const settle = (look?: (now: Moment) => void): void => {
    for (let n = 0; core.steps.length > 0; n++) {
      claim(n < ENDLESS, () => `It does not come to rest: ${kernel.pending()[0]?.text ?? ''}.`);
      kernel.step();
      look?.(moment({ step: 0 }));
    }
  };

  try {
    const look = watch();
    look(moment());
    for (const line of lines) {
      if ('step' in line) {
        const { length } = core.steps;
        if (length > 0) kernel.step(line.step % length);
        look(moment(line));
        continue;
      }
      const actor = oneOf(runnable(kernel, core), line.who);
      if (actor === undefined) continue;
      const value = VERBS[line.does]!.perform(at(kernel, core, actor), line.args as never);
      const slept = value === SLEEPS;
      const result = { who: actor, line, value, slept };
      if (slept) asleep.set(actor, result);
      if (!stepwise) settle();
      look(moment(line, actor, slept ? [] : [result]));
    }
    settle(look);
  } catch (error) {
    if (!(error instanceof KernelPanic)) throw error; // Then there is nothing more to look at.
  } finally {
    restore();
  }
  return kernel;
}

function at(kernel: ModelKernel, core: Core, struct: TaskStruct): At {
  const task = kernel.task(tidOf(struct))!;
  const ns = nsOf(struct);
  const number = (all: readonly TaskStruct[]) => (index: number) => {
    const one = oneOf(all, index);
    // In another namespace than ours, it has no number here; its own is tried, and is whose it is.
    return one === undefined ? 1 : nrIn(one.pid, ns) || tidOf(one);
  };
  const all = [...core.tasks.values()];
  const mortals = all.filter(({ process }) => !process.flags.unkillable);
  const ofMortal = number(mortals);
  return {
    ...{ kernel, core, struct, task },
    number: number(all),
    mortal: (index) => {
      const nr = ofMortal(index);
      return core.find(nr, ns)?.process.flags.unkillable === true ? -1 : nr;
    },
    fd: (index) => oneOf([...(struct.files?.fds.keys() ?? [])].slice(3), index) ?? index,
  };
}

const tidOf = (task: TaskStruct): number => task.pid.numbers[0]!.nr;

const oneOf = <T>(all: readonly T[], index: number): T | undefined =>
  all.length === 0 ? undefined : all[index % all.length];

function runnable(kernel: ModelKernel, core: Core): TaskStruct[] {
  return [...core.tasks.values()].filter((task) => kernel.task(tidOf(task))!.canRun);
}

/** What those who slept have got. */
function woken(kernel: ModelKernel, asleep: Map<TaskStruct, Result>): Result[] {
  const results: Result[] = [];
  for (const [who, slept] of asleep) {
    if (who.sleep !== undefined && !who.released) continue;
    asleep.delete(who);
    // A thread that took its leader's place has its number; who is gone takes nothing.
    const value = who.released ? undefined : kernel.task(tidOf(who))?.takeResult();
    if (value !== undefined) results.push({ ...slept, value });
  }
  return results;
}

/** Every process, alive or zombie: its leader stands for it. */
export const leaders = (core: Core): TaskStruct[] => [...core.tasks.values()].filter(isLeader);

/** Whether a thread of its process lives. */
export const lives = (task: TaskStruct): boolean =>
  task.process.threads.some(({ exitState }) => exitState === 'none');

/** How a violation names somebody. */
export const named = (task: TaskStruct): string => `process ${tidOf(task.process.leader)}`;
