// What an errno means on the model, where nothing is on a disk.
import { errnoName } from '../errors';
import type { SyscallResult } from './interface';

const HINTS = new Map([
  [
    'execve ENOENT',
    'no such program in the model: `kernel.install(path, { program })` puts it there (a name without a slash is ' +
      'searched in the PATH of `env`)',
  ],
  ['execve EACCES', 'it is a folder of the model, which may not be executed'],
  [
    'chdir ENOENT',
    'no folder `cwd` in the model: `folders` of modelBackend, or `kernel.mkdir`, makes one',
  ],
  ['chdir ENOTDIR', '`cwd` is a program of the model, and no folder'],
  [
    'clone EAGAIN',
    'no room for another process in the model: its `pidMax` or `pidsMax`, or RLIMIT_NPROC',
  ],
  ['clone ESRCH', 'this process was killed in the model'],
  ['clone EINTR', 'this process is stopped in the model: somebody there has to continue it'],
  ['execve EINTR', 'somebody has stopped the child in the model before it was its program'],
]);

/** Of a step of a birth; undefined where it means what it means on Linux. */
export const hintOf = (error: SyscallResult, step: string): string | undefined =>
  HINTS.get(`${step} ${errnoName(error)}`);
