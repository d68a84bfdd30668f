// A birth on the model: what native/child.cc does between clone3(2) and execve(2), step by step under the same
// names. Everything here happens in one go, so nobody has to be suspended: there is no CLONE_VFORK.
import { posix } from 'node:path';
import {
  PR_SET_NO_NEW_PRIVS,
  PR_SET_PDEATHSIG,
  P_PIDFD,
  WEXITED,
  WNOHANG,
  __WALL,
  errno,
  signals,
} from '../model/constants';
import type { ModelKernel } from '../model/kernel';
import type { Task } from '../model/task';
import {
  CLONE_VFORK,
  CLONE_VM,
  type CloneRequest,
  type Fd,
  type Pid,
  type SyscallResult,
} from './interface';
import { hintOf } from './model-hints';
import { linuxSignal } from './model-numbers';
import type { Habits } from './model-programs';
import { chdir, isDead } from './model-task';

/** A child that has become its program. */
export interface Newborn {
  readonly pid: Pid;
  readonly pidfd: Fd;
  /** Undefined if it is gone already. */
  readonly task: Task | undefined;
  /** The file that was executed; nothing if it was killed before. */
  readonly path: string;
  readonly cwd: string;
  readonly habits: Habits;
}

/** In the model's numbers: the step that said no. */
export interface Stillborn {
  readonly error: number;
  readonly step: string;
  readonly hint?: string | undefined;
}

/** With the errno of this platform, and what it means on the model. */
export const explained = (error: SyscallResult, step: string): Stillborn => ({
  ...{ error, step },
  hint: hintOf(error, step),
});

/** Where all this happens. */
export interface Birthplace {
  readonly kernel: ModelKernel;
  /** Who gives birth. */
  readonly self: Task;
  /** Does it now, or when somebody who has stopped us in the model has continued us. */
  readonly whenAble: (call: (self: Task) => void) => void;
  readonly cwd: string;
  readonly habits: Habits;
}

// <asm-generic/resource.h>. The model limits nothing else, for it has nothing else.
const RLIMIT_NAMES = new Map([
  [6, 'NPROC'],
  [7, 'NOFILE'],
] as const);

export function giveBirth(place: Birthplace, request: CloneRequest): Newborn | Stillborn {
  const { kernel, self, whenAble } = place;
  const privileged = self.hasCapabilities();
  const pidfd: { value?: Fd } = {};
  const pid = clone(self, request, pidfd);
  if (pid < 0) return { error: pid, step: 'clone' };
  if (pidfd.value === undefined) return { error: -errno.ENOSYS, step: 'clone' };
  const task = kernel.task(pid);
  const habits = habitsOf(request, place.habits);
  // Somebody who listens to the kernel has killed it already: it was born, and ends as it ends.
  if (task === undefined) return { pid, pidfd: pidfd.value, task, path: '', cwd: '', habits };

  const cwd = request.cwd === undefined ? place.cwd : posix.resolve(place.cwd, request.cwd);
  const done =
    takeSteps(place, request, task, cwd, privileged) ?? execute(place, request, task, cwd);
  if ('path' in done || isDead(task)) {
    const path = 'path' in done ? done.path : '';
    return { pid, pidfd: pidfd.value, task, path, cwd, habits };
  }
  if (task.canRun) task.exitGroup(127);
  const fd = pidfd.value;
  whenAble((us) => {
    us.pidfdSendSignal(fd, signals.SIGKILL); // Somebody may have stopped it.
    us.waitid(P_PIDFD, fd, WEXITED | WNOHANG | __WALL); // Where the kernel has not reaped it.
    us.close(fd);
  });
  return done;
}

function clone(self: Task, request: CloneRequest, pidfd: { value?: Fd }): number {
  const flags = request.flags - CLONE_VM - CLONE_VFORK;
  const result = request.legacy
    ? self.clone(Number(BigInt(flags) & 0xffffffffn) + request.exitSignal, pidfd)
    : self.clone3({ flags, exitSignal: request.exitSignal, pidfd });
  // It had a signal to take first.
  const later = typeof result === 'number' ? result : (self.takeResult() as number | undefined);
  return later ?? -errno.EINTR;
}

function takeSteps(
  place: Birthplace,
  request: CloneRequest,
  task: Task,
  cwd: string,
  privileged: boolean,
): Stillborn | undefined {
  const { uid, gid, groups, nice = 0, rlimits = [] } = request;
  const steps: readonly (readonly [step: string, call: () => number])[] = [
    ['setsid', () => (request.session ? task.setsid() : 0)],
    [
      'setpgid',
      () => (request.processGroup === undefined ? 0 : task.setpgid(0, request.processGroup)),
    ],
    ['prlimit64', () => setRlimits(task, rlimits)],
    ['setpriority', () => (nice < place.habits.nice && !privileged ? -errno.EACCES : 0)],
    ['chdir', () => (request.cwd === undefined ? 0 : chdir(place.kernel, cwd))],
    [
      'setgroups',
      () => (groups === undefined || request.groupsOptional || privileged ? 0 : -errno.EPERM),
    ],
    ['setgid', () => setgid(gid, gid === place.habits.gid || privileged)],
    ['setuid', () => (uid === -1 ? 0 : task.setuid(uid))],
    ['PR_SET_NO_NEW_PRIVS', () => (request.noNewPrivs ? task.prctl(PR_SET_NO_NEW_PRIVS, 1) : 0)],
    [
      'PR_SET_PDEATHSIG',
      () =>
        request.deathSignal === 0
          ? 0
          : task.prctl(PR_SET_PDEATHSIG, linuxSignal(request.deathSignal)),
    ],
  ];
  for (const [step, call] of steps) {
    const result = task.canRun ? call() : -errno.EINTR;
    if (result < 0) return { error: result, step };
  }
  return undefined;
}

/** (uid_t) -1, which means "leave it as it is" elsewhere. */
const NOBODY_EVER = 2 ** 32 - 1;

function setgid(gid: number, permitted: boolean): number {
  if (gid === -1) return 0;
  if (gid === NOBODY_EVER) return -errno.EINVAL;
  return permitted ? 0 : -errno.EPERM;
}

function setRlimits(task: Task, triples: readonly number[]): number {
  for (let i = 0; i < triples.length; i += 3) {
    const [resource, soft, hard] = triples.slice(i, i + 3) as [number, number, number];
    if (hard !== -1 && (soft === -1 || soft > hard)) return -errno.EINVAL;
    const name = RLIMIT_NAMES.get(resource as 6 | 7);
    const result = name === undefined ? 0 : task.setrlimit(name, soft === -1 ? Infinity : soft);
    if (result < 0) return result;
  }
  return 0;
}

/** As execvp(3): the first that is there, and that another one may not be executed is said last. */
function execute(
  place: Birthplace,
  request: CloneRequest,
  task: Task,
  cwd: string,
): Stillborn | { path: string } {
  let refused: number = -errno.ENOENT;
  if (!task.canRun) return { error: -errno.EINTR, step: 'execve' };
  for (const file of unpack(request.files)) {
    const path = posix.resolve(cwd, file);
    const result = place.kernel.isFolder(path) ? -errno.EACCES : (task.execve(path) as number);
    if (result >= 0) return { path };
    if (result !== -errno.ENOENT) refused = result;
    if (result !== -errno.ENOENT && result !== -errno.EACCES) break;
  }
  return { error: refused, step: 'execve' };
}

function habitsOf({ gid, groups, umask, nice }: CloneRequest, ours: Habits): Habits {
  return {
    gid: gid === -1 ? ours.gid : gid,
    groups: groups ?? ours.groups,
    umask: umask ?? ours.umask,
    nice: nice ?? ours.nice,
  };
}

/** The items of a request's packed string. */
export const unpack = (packed: string): string[] => packed.split('\0').slice(0, -1);
