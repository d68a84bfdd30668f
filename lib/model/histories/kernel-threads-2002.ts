// January 2002, Alan Stern on linux-kernel: "Daemonize() should re-parent its caller".
import { __WALL, CLONE_FILES, CLONE_FS, CLONE_VM, signals, WNOHANG } from '../constants';
import type { Task } from '../task';
import type { History, Scene } from './history';
import type { Stage } from './stage';

const { SIGCHLD } = signals;

/** The thread that looks after the USB hubs. */
const startHub = (stage: Stage): Task =>
  stage.enter('khubd', stage.who('init').kernelThread(CLONE_FS | CLONE_FILES));

/** Nobody is told, and so nobody comes. */
const forgotten: Scene = {
  id: 'forgotten',
  title: 'A zombie that nobody hears of',
  steps: [
    {
      say:
        'khubd, which looks after the USB hubs, is a kernel thread and a child of init. A disk is plugged in, and ' +
        'its driver starts two threads from within khubd. kernel_thread() takes the exit signal among its flags; ' +
        'neither call has one.',
      do: (stage) => {
        const khubd = startHub(stage);
        stage.enter('usb-storage-0', khubd.kernelThread(CLONE_VM));
        stage.enter('scsi_eh_0', khubd.kernelThread(0));
      },
      show: ['tree'],
    },
    {
      say: 'The driver is unloaded, and both threads return. No signal is sent, and khubd sleeps on.',
      do: (stage) => {
        stage.who('scsi_eh_0').exit();
        stage.who('usb-storage-0').exit();
        stage.who('khubd').takeSignals();
      },
      show: ['rules'],
    },
    {
      say:
        'They cannot be killed, for they are dead, and they cannot be waited for, for only their parent can wait, ' +
        'and it is kernel code without a wait in it.',
      do: (stage) => {
        stage.who('init').kill(stage.pid('scsi_eh_0'), signals.SIGKILL);
        stage.who('init').wait4(-1, WNOHANG | __WALL);
      },
      show: ['tree'],
    },
  ],
};

/** The rule for processes that want no zombies, and why a kernel thread cannot use it. */
const ignored: Scene = {
  id: 'ignored',
  title: 'SIG_IGN, which works on the way to user mode',
  steps: [
    {
      say:
        'A process that ignores SIGCHLD has no zombies. In 2.4 that is done by the parent itself: the signal is ' +
        'kept until it returns to user mode, and there the kernel waits on its behalf.',
      do: (stage) => {
        const shell = stage.enter('shell', stage.who('init').fork());
        shell.rtSigaction(SIGCHLD, { handler: 'ignore' });
        stage.enter('job', shell.fork()).exitGroup(0);
      },
      show: ['rules'],
    },
    {
      say:
        'khubd does the same, and this time the thread is started with SIGCHLD. The signal is sent. But khubd never ' +
        'returns to user mode, because it has none: the signal stays pending, and the zombie stays.',
      do: (stage) => {
        const khubd = startHub(stage);
        khubd.rtSigaction(SIGCHLD, { handler: 'ignore' });
        stage.enter('scsi_eh_0', khubd.kernelThread(SIGCHLD)).exit();
      },
      show: ['rules', 'tree'],
    },
  ],
};

/** Cure 1. */
const waited: Scene = {
  id: 'waited',
  title: 'The first cure: wait for all of them, now and then',
  steps: [
    {
      say: 'A thread without an exit signal has died, as before.',
      do: (stage) => {
        const khubd = startHub(stage);
        stage.enter('scsi_eh_0', khubd.kernelThread(0)).exit();
      },
    },
    {
      say:
        'khubd could wait in its main loop. A plain wait does not see a child that reports by another signal than ' +
        'SIGCHLD, or by none; `__WALL` does. And WNOHANG, because khubd has other things to do.',
      do: (stage) => {
        stage.who('khubd').wait4(-1, WNOHANG);
        stage.who('khubd').wait4(-1, WNOHANG | __WALL);
      },
    },
    {
      say:
        'Nothing woke it for that: until some hub has news, the next zombie waits. And every driver whose thread may ' +
        'come to start another one would have to do the same.',
    },
  ],
};

/** Cure 2. */
const reparented: Scene = {
  id: 'reparented',
  title: 'The second cure: a child of init',
  steps: [
    {
      say: 'daemonize(), as it was, takes its caller out of the session and the process group. khubd is still its parent.',
      do: (stage) => {
        stage.who('init').rtSigaction(SIGCHLD, { handler: 'catch' });
        const khubd = startHub(stage);
        stage.enter('scsi_eh_0', khubd.kernelThread(0)).daemonize();
      },
    },
    {
      say:
        'With reparent_to_init() it is what every daemon in user mode is: a child of init, with SIGCHLD for an exit ' +
        'signal whatever kernel_thread() was given.',
      do: (stage) => stage.who('scsi_eh_0').reparentToInit(),
      show: ['rules', 'tree'],
    },
    {
      say: 'When it dies, init hears of it, and init waits for whoever comes.',
      do: (stage) => {
        stage.who('scsi_eh_0').exit();
        stage.who('init').takeSignals();
        stage.who('init').wait4(-1, WNOHANG);
      },
    },
  ],
};

/** The story of docs/history/2002-kernel-threads.md. */
export const KERNEL_THREADS_2002: History = {
  id: '2002-kernel-threads',
  year: 2002,
  title: 'Kernel threads that nobody can wait for',
  abi: 'linux-2.4',
  summary:
    'A kernel thread without an exit signal stays a zombie, whatever its parent does about SIGCHLD.',
  scenes: [forgotten, ignored, waited, reparented],
};
