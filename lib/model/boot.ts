// init/main.c, init/init_task.c: the two tasks that nobody creates.
import type { Core } from './core';
import { install, newFile } from './files';
import { allocPid } from './pid';
import {
  globalNr,
  newSighand,
  newState,
  type Cred,
  type Process,
  type StructPid,
  type TaskStruct,
} from './struct';

const ROOT: Cred = { uid: 0, euid: 0, suid: 0, caps: true };

/** rest_init(): the first process, whose parent is the idle task. */
export function bootInit(core: Core): void {
  const swapper = initTask(core);
  const pid = allocPid(core, core.rootNs);
  if (typeof pid === 'number') throw new Error('No pid for init.');
  const init = firstTask(pid, 'init', swapper);
  init.process.flags.unkillable = true;
  init.process.sessionLeader = true;
  pid.isTgid = true;
  pid.pgrp.add(init);
  pid.session.add(init);
  swapper.children.push(init);
  core.rootNs.childReaper = init;
  core.tasks.set(globalNr(pid), init);
  const console = newFile('console');
  for (const fd of [0, 1, 2]) install(init, fd, console, false);
}

/** init_task: "swapper", with the number 0, which nobody can name. The end of every line of ancestors. */
function initTask(core: Core): TaskStruct {
  const pid: StructPid = {
    inode: core.nextInode(),
    numbers: [{ ns: core.rootNs, nr: 0 }],
    task: undefined,
    isTgid: false,
    pgrp: new Set(),
    session: new Set(),
    exit: undefined,
  };
  const swapper = firstTask(pid, 'swapper', undefined);
  swapper.kernelThread = true;
  return swapper;
}

function firstTask(pid: StructPid, comm: string, parent: TaskStruct | undefined): TaskStruct {
  const process: Process = {
    threads: [],
    leader: undefined as unknown as TaskStruct,
    flags: {
      ...{ stopStopped: false, stopContinued: false, groupExit: false, unkillable: false },
      cld: undefined,
    },
    groupExitCode: 0,
    groupStopCount: 0,
    groupExecTask: undefined,
    quickThreads: 1,
    live: 1,
    sharedPending: [],
    currTarget: undefined as unknown as TaskStruct,
    autoreap: false,
    isChildSubreaper: false,
    hasChildSubreaper: false,
    sessionLeader: false,
    pgrp: pid,
    session: pid,
    rlimits: { nofile: 1024, nproc: Infinity },
    comm,
    dumpable: true,
    waitedFor: 0,
    clonefd: undefined,
  };
  const task = {
    ...newState(),
    pid,
    process,
    sighand: newSighand(),
    files: { fds: new Map(), count: 1 },
    cred: ROOT,
    exitSignal: 17,
    noNewPrivs: false,
    forkNoExec: false,
    selfExecId: 1,
    parentExecId: 0,
    blocked: new Set<number>(),
  } as unknown as TaskStruct;
  task.realParent = task.parent = parent ?? task;
  process.leader = process.currTarget = task;
  process.threads.push(task);
  pid.task = task;
  return task;
}
