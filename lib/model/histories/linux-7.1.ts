// Linux 7.1: CLONE_AUTOREAP as it was merged, one scene for each thing that it promises.
import {
  CLONE_AUTOREAP,
  CLONE_NNP,
  CLONE_PIDFD,
  CLONE_PIDFD_AUTOKILL,
  PIDFD_INFO_EXIT,
  signals,
  WNOHANG,
} from '../constants';
import { PIDFD, startApp, startWorker, worker } from './cast';
import type { History, Scene } from './history';
import { exec, orphan, traced } from './linux-7.1-life';

const { SIGTERM } = signals;

const silent: Scene = {
  id: 'silent',
  title: 'One child, and not its siblings',
  steps: [
    {
      say: 'Two children: one that the kernel is to reap, and one as they have always been.',
      do: (stage) => {
        stage.quietly(() => startApp(stage));
        startWorker(stage);
        stage.enter('job', stage.who('app').fork());
      },
    },
    {
      say: 'The worker ends: no signal, no zombie, nothing to wait for. Its end is in the pidfd.',
      do: (stage) => {
        const app = stage.who('app');
        stage.who('worker').exitGroup(3);
        app.takeSignals();
        app.wait4(stage.pid('worker'), 0);
        app.poll(PIDFD);
        app.pidfdGetInfo(PIDFD, PIDFD_INFO_EXIT);
      },
      show: ['rules', 'tree'],
    },
    {
      say: 'The other ends, and is a zombie with a signal: SIGCHLD was never touched.',
      do: (stage) => {
        stage.who('job').exitGroup(0);
        stage.who('app').takeSignals();
        stage.who('app').wait4(-1, WNOHANG);
      },
    },
  ],
};

const hup: Scene = {
  id: 'hup',
  title: 'POLLHUP, and then the status',
  stepwise: true,
  steps: [
    worker(
      'This machine is stopped between the death of the worker and its release, which are two steps of the kernel.',
    ),
    {
      say:
        'It is dead, and the pidfd readable. But its end is published when it is released: who asks at POLLIN may hear ' +
        'that there is a process, and nothing of an exit.',
      do: (stage) => {
        stage.who('worker').exitGroup(3);
        while (stage.who('worker').state !== 'X') stage.kernel.step();
        stage.who('app').poll(PIDFD);
        stage.who('app').pidfdGetInfo(PIDFD, PIDFD_INFO_EXIT);
      },
    },
    {
      say: 'POLLHUP is the end of it. Whoever waits for that, and for nothing else, finds the exit code.',
      do: (stage) => {
        stage.kernel.settle();
        stage.who('app').poll(PIDFD);
        stage.who('app').pidfdGetInfo(PIDFD, PIDFD_INFO_EXIT);
      },
      show: ['rules'],
    },
  ],
};

const heirs: Scene = {
  id: 'heirs',
  title: 'Its own children are not',
  steps: [
    {
      ...worker(
        'The flag is of one process. A child of the worker is an ordinary one, and a zombie until the worker waits.',
      ),
      do: (stage) => {
        stage.quietly(() => startApp(stage));
        startWorker(stage);
        stage.enter('grandchild', stage.who('worker').fork()).exitGroup(0);
      },
      show: ['tree'],
    },
    {
      say: 'The worker ends without having done so, and init gets an orphan that is dead already.',
      do: (stage) => {
        stage.who('worker').exitGroup(0);
        stage.who('init').wait4(-1, WNOHANG);
      },
    },
  ],
};

const autokill: Scene = {
  id: 'autokill',
  title: 'The pidfd as a leash',
  steps: [
    {
      say:
        'Merged with it: CLONE_PIDFD_AUTOKILL. Who is not root has to give CLONE_NNP with it, so that nothing setuid can ' +
        'be killed in this way.',
      do: (stage) => {
        stage.quietly(() => {
          startApp(stage);
          stage.who('app').setuid(1000);
        });
        const leash = CLONE_AUTOREAP + CLONE_PIDFD + CLONE_PIDFD_AUTOKILL;
        stage.who('app').clone3({ flags: leash, pidfd: {} });
        stage.enter('worker', stage.who('app').clone3({ flags: leash + CLONE_NNP, pidfd: {} }));
      },
    },
    {
      say: 'The application crashes. With it goes the last descriptor for the worker, and with that the worker.',
      do: (stage) => stage.who('init').kill(stage.pid('app'), SIGTERM),
      show: ['rules'],
    },
  ],
};

/** The story of docs/history/2026-linux-7.1.md. */
export const LINUX_7_1: History = {
  id: '2026-linux-7.1',
  year: 2026,
  title: 'A child that leaves nothing behind',
  abi: 'linux-7.1',
  summary: 'CLONE_AUTOREAP as merged: of one child, for its whole life, and told by a pidfd.',
  scenes: [silent, hup, orphan, exec, traced, heirs, autokill],
};
