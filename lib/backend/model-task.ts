// What both births have in common, ours and those of programs, and how a task is asked whether it lives.
import { errno } from '../model/constants';
import type { ModelKernel } from '../model/kernel';
import type { Task } from '../model/task';

/** A program is its first thread, and ends with it. */
export const isDead = ({ state }: Task): boolean => state === 'Z' || state === 'X';

/** Asked anew: a call may have killed it, which the compiler does not see. */
export const mayRun = ({ canRun }: Task): boolean => canRun;

/** chdir(2), as far as there are folders here. */
export function chdir(kernel: ModelKernel, cwd: string): number {
  if (kernel.isFolder(cwd)) return 0;
  return kernel.executable(cwd) === undefined ? -errno.ENOENT : -errno.ENOTDIR;
}

/** What the child does between fork(2) and its program. What failed, with the errno of the model. */
export function becomeProgram(
  task: Task,
  path: string,
  cwd: string,
  detached: boolean,
  kernel: ModelKernel,
): { readonly error: number; readonly step: string } | undefined {
  const steps: readonly (readonly [step: string, call: () => number])[] = [
    ['setsid', () => (detached ? task.setsid() : 0)],
    ['chdir', () => chdir(kernel, cwd)],
    ['execve', () => task.execve(path) as number],
  ];
  for (const [step, call] of steps) {
    if (isDead(task)) return undefined; // It was born, and ends as it ends.
    const error = task.canRun ? call() : -errno.EINTR;
    if (error < 0) return { error, step };
  }
  return undefined;
}
