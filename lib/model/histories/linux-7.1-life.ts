// Linux 7.1: what a child with CLONE_AUTOREAP may meet in its life, and what is left of the promise.
import {
  CLONE_AUTOREAP,
  PR_SET_CHILD_SUBREAPER,
  PTRACE_CONT,
  PTRACE_SEIZE,
  signals,
  WNOHANG,
} from '../constants';
import { PIDFD, startApp, startWorker, worker } from './cast';
import type { Scene } from './history';

const { SIGCHLD } = signals;

export const orphan: Scene = {
  id: 'orphan',
  title: 'An orphan is still reaped',
  steps: [
    {
      say: 'The application is below a subreaper. It starts a worker, without a pidfd, and ends.',
      do: (stage) => {
        stage.quietly(() => {
          const manager = stage.enter('manager', stage.who('init').fork());
          manager.rtSigaction(SIGCHLD, { handler: 'catch' });
          stage.enter('app', manager.fork());
        });
        stage.who('manager').prctl(PR_SET_CHILD_SUBREAPER, 1);
        stage.enter('worker', stage.who('app').clone3({ flags: CLONE_AUTOREAP }));
        stage.who('app').exitGroup(0);
        stage.who('manager').takeSignals();
        stage.who('manager').wait4(-1, WNOHANG);
      },
      show: ['tree'],
    },
    {
      say: 'While it lives, the worker is a child of the subreaper like any other. When it dies, it is gone like no other.',
      do: (stage) => {
        const manager = stage.who('manager');
        manager.wait4(-1, WNOHANG);
        stage.who('worker').exitGroup(0);
        manager.takeSignals();
        manager.wait4(-1, WNOHANG);
      },
      show: ['rules'],
    },
  ],
};

export const exec: Scene = {
  id: 'exec',
  title: 'Another program, the same promise',
  steps: [
    {
      say: 'Before execve(2) the exit signal is 0, and a plain wait does not see the worker.',
      do: (stage) => {
        stage.kernel.install('/bin/worker');
        stage.quietly(() => startApp(stage));
        startWorker(stage);
        stage.who('app').wait4(-1, WNOHANG);
      },
    },
    {
      say:
        'execve(2) makes the exit signal SIGCHLD, as it does for everybody. From now on a wait sees a child that is ' +
        'alive, and one without WNOHANG sleeps.',
      do: (stage) => {
        stage.who('worker').execve('/bin/worker');
        stage.who('app').wait4(-1, WNOHANG);
        stage.who('app').wait4(-1, 0);
      },
    },
    {
      say: 'It dies, and no signal is sent all the same. Whoever slept is woken, with nothing.',
      do: (stage) => {
        stage.who('worker').exitGroup(0);
        stage.who('app').takeResult();
        stage.who('app').takeSignals();
      },
    },
  ],
};

export const traced: Scene = {
  id: 'traced',
  title: 'Not while it is traced',
  steps: [
    worker(
      'The one exception. A tracer has to see the end of its tracee, and here the tracer is the parent.',
    ),
    {
      say: 'The worker stays a zombie, and SIGCHLD is sent, if execve(2) has made that its exit signal.',
      do: (stage) => {
        stage.kernel.install('/bin/worker');
        const app = stage.who('app');
        app.ptrace(PTRACE_SEIZE, stage.pid('worker'));
        stage.who('worker').execve('/bin/worker');
        stage.quietly(() => app.ptrace(PTRACE_CONT, stage.pid('worker')));
        stage.quietly(() => app.takeSignals());
        stage.who('worker').exitGroup(3);
        app.takeSignals();
      },
      show: ['tree'],
    },
    {
      say: 'It has to be waited for. A tracer that is not the parent only delays things: the worker is gone when that has waited.',
      do: (stage) => {
        stage.who('app').wait4(-1, WNOHANG);
        stage.who('app').poll(PIDFD);
      },
    },
  ],
};
