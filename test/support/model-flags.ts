// The flags of clone3(2) by the names that titles, tables and counterexamples show.
import * as c from '../../lib/model/constants';

export const CLONE_FLAGS: Readonly<Record<string, number>> = {
  AUTOREAP: c.CLONE_AUTOREAP,
  PIDFD: c.CLONE_PIDFD,
  NNP: c.CLONE_NNP,
  AUTOKILL: c.CLONE_PIDFD_AUTOKILL,
  VM: c.CLONE_VM,
  VFORK: c.CLONE_VFORK,
  SIGHAND: c.CLONE_SIGHAND,
  THREAD: c.CLONE_THREAD,
  PARENT: c.CLONE_PARENT,
  FILES: c.CLONE_FILES,
  FS: c.CLONE_FS,
  CLEAR_SIGHAND: c.CLONE_CLEAR_SIGHAND,
  PTRACE: c.CLONE_PTRACE,
  NEWPID: c.CLONE_NEWPID,
  NEWNS: c.CLONE_NEWNS,
  NEWUSER: c.CLONE_NEWUSER,
  EMPTY_MNTNS: c.CLONE_EMPTY_MNTNS,
  DETACHED: c.CLONE_DETACHED,
};

/** `'AUTOREAP|PIDFD'` as a number. */
export function cloneFlags(names: string): bigint {
  let flags = 0n;
  for (const name of names === '' ? [] : names.split('|')) {
    const flag = CLONE_FLAGS[name];
    if (flag === undefined) throw new Error(`No flag is called ${name}.`);
    flags |= BigInt(flag);
  }
  return flags;
}
