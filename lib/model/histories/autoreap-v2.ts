// February 2026, Christian Brauner: the second version of CLONE_AUTOREAP, and the question that it was asked.
import { __WALL, CLONE_AUTOREAP, CLONE_PARENT, CLONE_PIDFD, signals, WNOHANG } from '../constants';
import type { History, Scene, SceneStep } from './history';
import type { Stage } from './stage';

const { SIGCHLD } = signals;

/** A service, which would like to hear of its children. */
function startService(stage: Stage): void {
  stage.who('init').rtSigaction(SIGCHLD, { handler: 'catch' });
  const service = stage.enter('service', stage.who('init').fork());
  service.rtSigaction(SIGCHLD, { handler: 'catch' });
}

const worker: SceneStep = {
  say: 'A service starts a worker that the kernel is to reap.',
  do: (stage) => {
    stage.quietly(() => startService(stage));
    const pidfd = {};
    const born = stage.who('service').clone3({ flags: CLONE_AUTOREAP + CLONE_PIDFD, pidfd });
    stage.enter('worker', born);
  },
};

const confusing: Scene = {
  id: 'confusing',
  title: 'The grandchild that tells nobody',
  steps: [
    worker,
    {
      say:
        "The worker makes a child with CLONE_PARENT: a sibling, a child of the service. Such a child has its maker's " +
        "exit signal, whatever it was asked for. The worker's is 0, and so is the helper's. But the helper is not " +
        'reaped by the kernel: that flag is not inherited.',
      do: (stage) => stage.enter('helper', stage.who('worker').clone(CLONE_PARENT | SIGCHLD)),
      show: ['rules', 'tree'],
    },
    {
      say: 'The worker ends, and is gone, as it was promised. The helper ends, and is a zombie that has told nobody.',
      do: (stage) => {
        stage.who('worker').exitGroup(0);
        stage.who('helper').exitGroup(0);
        stage.who('service').takeSignals();
      },
      show: ['rules'],
    },
    {
      say:
        'The service never made this child. Its wait does not see it, for that sees children that send SIGCHLD, and to ' +
        'ignore SIGCHLD does nothing about it, for the same reason. Only who knows of `__WALL` finds it.',
      do: (stage) => {
        const service = stage.who('service');
        service.wait4(-1, WNOHANG);
        service.rtSigaction(SIGCHLD, { handler: 'ignore' });
        service.wait4(-1, WNOHANG);
      },
      show: ['tree'],
    },
    {
      say: 'If the service does not, the zombie is there until the service itself ends: an orphan has SIGCHLD again, and init waits.',
      do: (stage) => {
        stage.who('service').exitGroup(0);
        const init = stage.who('init');
        init.takeSignals();
        init.wait4(-1, WNOHANG);
        init.wait4(-1, WNOHANG);
      },
    },
  ],
};

const afterExec: Scene = {
  id: 'after-exec',
  title: 'Not after an execve(2)',
  steps: [
    worker,
    {
      say:
        'execve(2) makes the exit signal of the worker SIGCHLD, and a sibling made after that is an ordinary child of ' +
        'the service. So the case needs a worker that is a copy of the service, as a pool of forked processes is.',
      do: (stage) => {
        stage.kernel.install('/bin/worker');
        const service = stage.who('service');
        stage.who('worker').execve('/bin/worker');
        stage.enter('helper', stage.who('worker').clone(CLONE_PARENT | SIGCHLD)).exitGroup(0);
        service.takeSignals();
        service.wait4(-1, WNOHANG);
      },
    },
  ],
};

const sibling: Scene = {
  id: 'sibling',
  title: 'A sibling that is reaped',
  steps: [
    {
      say:
        'The other half of the question: CLONE_PARENT together with CLONE_AUTOREAP. v2 allows it, and has a line in ' +
        'copy_process() for nothing else, which makes the exit signal 0.',
      do: (stage) => {
        stage.quietly(() => startService(stage));
        stage.enter('starter', stage.who('service').fork());
        const born = stage.who('starter').clone3({ flags: CLONE_AUTOREAP + CLONE_PARENT });
        stage.enter('sibling', born);
      },
      show: ['tree'],
    },
    {
      say: 'It works, and the service has a child that it did not make and will not hear of.',
      do: (stage) => {
        stage.who('sibling').exitGroup(0);
        stage.who('service').takeSignals();
        stage.who('service').wait4(-1, WNOHANG | __WALL);
      },
    },
  ],
};

const merged: Scene = {
  id: 'merged',
  title: 'As merged: refused, twice',
  abi: 'linux-7.1',
  steps: [
    worker,
    {
      say: 'Linux 7.1 refuses CLONE_PARENT to whoever is reaped by the kernel, by clone(2) as well.',
      do: (stage) => stage.who('worker').clone(CLONE_PARENT | SIGCHLD),
      show: ['rules'],
    },
    {
      say: 'And it refuses CLONE_AUTOREAP together with CLONE_PARENT to everybody.',
      do: (stage) => stage.who('service').clone3({ flags: CLONE_AUTOREAP + CLONE_PARENT }),
      show: ['rules'],
    },
    {
      say: "A worker's own child is what it was before: an ordinary one, for the worker to wait for.",
      do: (stage) => {
        const worker = stage.who('worker');
        stage.enter('helper', worker.fork()).exitGroup(0);
        worker.wait4(-1, 0);
      },
    },
  ],
};

/** The story of docs/history/2026-february-v2.md. */
export const AUTOREAP_V2: History = {
  id: '2026-february-v2',
  year: 2026,
  title: 'The grandchild that nobody asked for',
  abi: 'autoreap-v2',
  summary:
    'A child that the kernel reaps makes a sibling, which sends no signal and is reaped by nobody.',
  scenes: [confusing, afterExec, sibling, merged],
};
