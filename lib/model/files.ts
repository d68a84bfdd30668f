// fs/file.c, fs/open.c: tables of descriptors, and the files behind them.
import { errno, O_NONBLOCK, O_RDWR, PIDFD_AUTOKILL, PIDFD_THREAD, signals } from './constants';
import type { Core } from './core';
import { kernelInfo, sendSignal } from './signal';
import { globalNr, type File, type Files, type StructPid, type TaskStruct } from './struct';

export function newFile(
  kind: File['kind'],
  pid?: StructPid,
  flags: { nonblock?: boolean; thread?: boolean; autokill?: boolean } = {},
): File {
  const { nonblock = false, thread = false, autokill = false } = flags;
  return { kind, pid, nonblock, thread, autokill, count: 0 };
}

/** alloc_fd(): the lowest that is free, or -EMFILE. */
export function unusedFd(task: TaskStruct, from = 0): number {
  const { fds } = filesOf(task);
  let fd = from;
  while (fds.has(fd)) fd++;
  return fd < task.process.rlimits.nofile ? fd : -errno.EMFILE;
}

/** fd_install(). */
export function install(task: TaskStruct, fd: number, file: File, cloexec: boolean): number {
  file.count++;
  filesOf(task).fds.set(fd, { file, cloexec });
  return fd;
}

export function filesOf(task: TaskStruct): Files {
  if (task.files === undefined) throw new Error('A task that is dead has no descriptors.');
  return task.files;
}

export const fget = (task: TaskStruct, fd: number): File | undefined =>
  task.files?.fds.get(fd)?.file;

/**
 * fput(): who gives up the last reference to the file that clone3(CLONE_PIDFD_AUTOKILL) made kills the
 * process (pidfs_file_release). No permission is asked, and an init is not spared.
 */
function fput(core: Core, closer: TaskStruct, file: File): void {
  if (--file.count > 0 || !file.autokill) return;
  const target = file.pid?.task;
  if (target === undefined) return;
  core.log(
    closer,
    `closes the last descriptor that keeps ${globalNr(target.pid)} alive`,
    'pidfs_file_release: PIDFD_AUTOKILL',
  );
  sendSignal(core, kernelInfo(signals.SIGKILL), target, 'process', true);
}

export function close(core: Core, task: TaskStruct, fd: number): number {
  const entry = filesOf(task).fds.get(fd);
  if (entry === undefined) return -errno.EBADF;
  filesOf(task).fds.delete(fd);
  fput(core, task, entry.file);
  return 0;
}

export function dup(task: TaskStruct, fd: number): number {
  const file = fget(task, fd);
  if (file === undefined) return -errno.EBADF;
  const to = unusedFd(task);
  return to < 0 ? to : install(task, to, file, false);
}

export function dup2(core: Core, task: TaskStruct, fd: number, to: number): number {
  const file = fget(task, fd);
  if (file !== undefined && fd === to) return to; // Whatever the limit says.
  if (to < 0 || to >= task.process.rlimits.nofile || file === undefined) return -errno.EBADF;
  const replaced = fget(task, to);
  install(task, to, file, false);
  if (replaced !== undefined) fput(core, task, replaced);
  return to;
}

/** F_GETFL(2const). A pidfd says here what it is. */
export function getfl(task: TaskStruct, fd: number): number {
  const file = fget(task, fd);
  if (file === undefined) return -errno.EBADF;
  const bits = [
    [file.nonblock, O_NONBLOCK],
    [file.thread, PIDFD_THREAD],
    [file.autokill, PIDFD_AUTOKILL],
  ] as const;
  return bits.reduce((flags, [set, bit]) => (set ? flags | bit : flags), O_RDWR);
}

/** F_SETFL(2const): O_NONBLOCK alone can be changed. */
export function setfl(task: TaskStruct, fd: number, flags: number): number {
  const file = fget(task, fd);
  if (file === undefined) return -errno.EBADF;
  file.nonblock = (flags & O_NONBLOCK) !== 0;
  return 0;
}

/** FD_CLOEXEC, as F_GETFD(2const) tells it. */
export function isCloexec(task: TaskStruct, fd: number): boolean {
  return task.files?.fds.get(fd)?.cloexec ?? false;
}

/** dup_fd(): the copy that fork(2) makes. */
export function copyFiles(files: Files): Files {
  const fds: Files['fds'] = new Map();
  for (const [fd, { file, cloexec }] of files.fds) {
    file.count++;
    fds.set(fd, { file, cloexec });
  }
  return { fds, count: 1 };
}

/** exit_files(): the last thread that has the table closes it. */
export function exitFiles(core: Core, task: TaskStruct): void {
  const { files } = task;
  task.files = undefined;
  if (files === undefined || --files.count > 0) return;
  for (const { file } of files.fds.values()) fput(core, task, file);
  files.fds.clear();
}

/** unshare_files() and do_close_on_exec(), of execve(2). */
export function execFiles(core: Core, task: TaskStruct): void {
  const files = filesOf(task);
  if (files.count > 1) {
    files.count--;
    task.files = copyFiles(files);
  }
  for (const [fd, { cloexec }] of filesOf(task).fds) if (cloexec) close(core, task, fd);
}
