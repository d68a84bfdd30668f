// Where to begin: parent, child, zombie, orphan, subreaper, autoreap, for who has never heard of them.
import {
  CLONE_AUTOREAP,
  CLONE_PIDFD,
  PR_SET_CHILD_SUBREAPER,
  signals,
} from '../../../lib/model/constants';
import type { History, SceneStep, Stage } from '../../../lib/model/histories';

const { SIGCHLD } = signals;

/** A child that listens for SIGCHLD, as those do that have children. */
function start(stage: Stage, name: string, parent = 'init'): void {
  stage.enter(name, stage.who(parent).fork());
  stage.quietly(() => {
    for (const who of ['init', name]) stage.who(who).rtSigaction(SIGCHLD, { handler: 'catch' });
  });
}

const shell: SceneStep = {
  say: 'Every process is started by another one, its parent. init is the first; it has no parent. Here init starts a shell.',
  do: (stage) => {
    start(stage, 'shell');
  },
};

export const PRIMER: History = {
  id: 'basics',
  year: 2026,
  title: 'The basics',
  abi: 'linux-7.1',
  summary:
    'What is a zombie, what is an orphan, and who looks after them? A box is a process. A line leads from a parent down to its child.',
  scenes: [
    {
      id: 'zombie',
      title: 'A zombie, and how it goes away',
      steps: [
        shell,
        {
          say: 'You type a command. The shell starts a worker. It is a child of the shell.',
          do: (stage) => {
            start(stage, 'worker', 'shell');
          },
        },
        {
          say: 'The worker ends, with the exit status 3. Nobody has asked for this status yet, so the kernel has to keep it. What is left of the worker is a zombie. It does nothing, but it holds its number.',
          do: (stage) => {
            stage.who('worker').exitGroup(3);
          },
        },
        {
          say: 'The shell asks: how did my child end? Now it has the status, and the zombie is gone. This is called reaping. Had the shell never asked, the zombie would still be there.',
          do: (stage) => {
            stage.who('shell').wait4(-1, 0);
          },
        },
      ],
    },
    {
      id: 'orphan',
      title: 'An orphan, and who takes it',
      steps: [
        {
          say: 'The shell starts a server. The server starts a worker.',
          do: (stage) => {
            start(stage, 'shell');
            start(stage, 'server', 'shell');
            start(stage, 'worker', 'server');
          },
        },
        {
          say: 'The server ends. Its worker is an orphan now, and lives on. It gets a new parent, and that is init: not the shell, although the shell started the server. The shell cannot wait for the worker.',
          do: (stage) => {
            stage.who('server').exitGroup(0);
            stage.who('shell').wait4(-1, 0);
          },
        },
        {
          say: 'When the orphan ends, it is for init to reap it. If init does not care, as many programs do that run as pid 1 of a container, it stays a zombie.',
          do: (stage) => {
            stage.who('worker').exitGroup(0);
          },
        },
      ],
    },
    {
      id: 'subreaper',
      title: 'A subreaper keeps its orphans',
      steps: [
        {
          say: 'The same again. But this time the first child of init is a manager, which says before anything else: I am a subreaper.',
          do: (stage) => {
            start(stage, 'manager');
            stage.who('manager').prctl(PR_SET_CHILD_SUBREAPER, 1);
            start(stage, 'server', 'manager');
            start(stage, 'worker', 'server');
          },
        },
        {
          say: 'The server ends. Its orphan goes to the nearest subreaper above, and no longer to init. The manager has not lost it.',
          do: (stage) => {
            stage.who('server').exitGroup(0);
            stage.who('manager').wait4(-1, 0);
          },
        },
      ],
    },
    {
      id: 'autoreap',
      title: 'A child that is never a zombie',
      steps: [
        {
          say: 'Since Linux 7.1 a child can be started so that the kernel itself reaps it. The manager does this, and gets a pidfd: a handle for this one process.',
          do: (stage) => {
            start(stage, 'manager');
            const flags = CLONE_AUTOREAP + CLONE_PIDFD;
            stage.enter('worker', stage.who('manager').clone3({ flags, pidfd: {} }));
          },
        },
        {
          say: 'The worker ends. There is no zombie, and nobody is sent a signal. The status is not lost: the pidfd says “hung up” and can tell it.',
          do: (stage) => {
            stage.who('worker').exitGroup(3);
          },
        },
        {
          say: 'The manager asks the pidfd: the exit code is 0x300, that is, exit status 3. Nobody had to wait, and nobody else can take the status away. This is what the stories lead to.',
          do: (stage) => {
            stage.who('manager').pidfdGetInfo(3, 8);
          },
        },
      ],
    },
  ],
};
