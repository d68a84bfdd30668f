// This process, as the model has it: a Node.js with a thread of ours.
import { unsupportedError } from '../errors';
import {
  CLONE_FILES,
  CLONE_FS,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VM,
  SA_NOCLDWAIT,
  signals,
} from '../model/constants';
import type { ModelKernel } from '../model/kernel';
import type { Program } from '../model/program';
import type { Task } from '../model/task';
import { resultHere } from './model-numbers';

/** We, as a child of the model's init. */
export function beNode(kernel: ModelKernel, uid: number, nofile: number): Task {
  const self = kernel.task(kernel.init.fork());
  if (self === undefined) throw new Error('The model has no room for this process.');
  const probed = self.pidfdOpen(self.pid);
  if (probed < 0) {
    const instead = "This library begins where there are pidfds: take 'linux-6.18' or 'linux-7.1'.";
    throw unsupportedError(`The model of ${kernel.abi}`, 'pidfd_open', resultHere(probed), instead);
  }
  self.close(probed);
  if (kernel.executable(NODE) === undefined) kernel.install(NODE, { program: noNode });
  self.execve(NODE);
  // An init that waits for orphans, as every real one does. (Nobody inherits that: execve resets it.)
  kernel.init.rtSigaction(signals.SIGCHLD, { handler: 'default', flags: SA_NOCLDWAIT });
  self.setpgid(0, 0);
  self.setrlimit('NOFILE', nofile); // Node.js raises it as far as it goes.
  if (uid !== 0) self.setuid(uid);
  return self;
}

const NODE = '/usr/bin/node';

/** What would run JavaScript in a process of its own is not there. */
const noNode: Program = ({ stderr }) => {
  stderr.write(
    `This is a model, without Node.js. kernel.install('${NODE}', { program }) is yours to do.\n`,
  );
  return 127;
};

/** Ours learns of the ends while the main thread does something else, as the addon's does. */
export function watcherThread(kernel: ModelKernel, self: Task): Task {
  const flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
  const tid = self.clone3({ flags });
  const thread = typeof tid === 'number' ? kernel.task(tid) : undefined;
  if (thread === undefined) throw new Error('The model has no room for a thread of this process.');
  return thread;
}
