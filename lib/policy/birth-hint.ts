import { constants } from 'node:os';

const {
  E2BIG,
  EACCES,
  EAGAIN,
  EBADF,
  EBUSY,
  EINVAL,
  ELOOP,
  EMFILE,
  ENFILE,
  ENOENT,
  ENOMEM,
  ENOTDIR,
  EPERM,
  ETXTBSY,
} = constants.errno;

/** What is said of a step that failed; without an errno, whatever the errno. */
const HINTS: readonly (readonly [step: string, errno: number | undefined, hint: string])[] = [
  [
    'execve',
    ENOENT,
    'no such program (a name without a slash is searched in the PATH of `env`), or it is a script ' +
      'and its interpreter is missing',
  ],
  ['execve', ELOOP, 'too many symbolic links on the way to it'],
  ['execve', EACCES, 'it, or a folder on the way to it, may not be executed, or it is a folder'],
  ['execve', ENOTDIR, 'a part of its path is not a folder'],
  [
    'execve',
    E2BIG,
    'the arguments and the environment are too large; pass data by stdin or a file',
  ],
  ['execve', ETXTBSY, 'somebody has the program open for writing; try again when it is closed'],
  ['execve', EAGAIN, 'the user has as many processes as RLIMIT_NPROC allows'],
  ['execve', ENOMEM, 'not enough memory for the program'],
  ['clone', EAGAIN, 'no room for another process: RLIMIT_NPROC, pids.max or threads-max'],
  ['clone', ENOMEM, 'not enough memory, or the init of this pid namespace is dead'],
  ['clone', EBADF, 'option `cgroup` must name a cgroup2 directory'],
  ['clone', EBUSY, 'the cgroup has child cgroups with controllers: name a leaf'],
  ['clone', ENOENT, 'the cgroup was removed'],
  ['clone', EACCES, 'no permission to add a process to the cgroup'],
  ['pthread_create', EAGAIN, 'no room for our thread: RLIMIT_NPROC, pids.max or threads-max'],
  ['epoll_ctl', undefined, 'the child could not be watched and was killed'],
  ['cgroup.procs', undefined, 'the cgroup could not be entered'],
  ['dup3', EBADF, 'a descriptor of `stdio` is not open in this process'],
  ['chdir', undefined, 'the folder `cwd` could not be entered'],
  ['setuid', EPERM, 'only root, or CAP_SETUID, may take another uid'],
  ['setgid', EPERM, 'only root, or CAP_SETGID, may take another gid'],
  ['setgroups', EPERM, 'only root, or CAP_SETGID, may set groups'],
  ['setuid', EINVAL, 'this uid does not exist in our user namespace'],
  ['setgid', EINVAL, 'this gid does not exist in our user namespace'],
  ['setgroups', EINVAL, 'too many groups, or one that does not exist in our user namespace'],
  ['prlimit64', EPERM, 'only CAP_SYS_RESOURCE may raise a hard limit'],
  ['prlimit64', EINVAL, 'a soft limit is above its hard limit'],
  ['setpriority', EACCES, 'only CAP_SYS_NICE, or RLIMIT_NICE, may lower the nice value'],
  ['setpgid', EPERM, 'the process group is not of our session'],
  ['setsid', undefined, 'the session could not be started'],
];

const EVERYWHERE: readonly (readonly [errno: number, hint: string])[] = [
  [EMFILE, 'this process has as many descriptors as RLIMIT_NOFILE allows'],
  [ENFILE, 'the system has as many open files as fs.file-max allows'],
];

/** One sentence that says what went wrong and where to look; undefined where the errno says it all. */
export function birthHint(step: string, error: number): string | undefined {
  const errno = Math.abs(error);
  return (
    HINTS.find(([s, e]) => s === step && (e === undefined || e === errno))?.[2] ??
    EVERYWHERE.find(([e]) => e === errno)?.[1]
  );
}
