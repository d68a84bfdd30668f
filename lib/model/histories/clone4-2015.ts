// March 2015, Josh Triplett and Thiago Macieira: clone4(), CLONE_FD, and a first CLONE_AUTOREAP.
import {
  CLONE4_AUTOREAP,
  CLONE4_FD,
  CLONE_DETACHED,
  O_CLOEXEC,
  O_NONBLOCK,
  signals,
  WNOHANG,
} from '../constants';
import { CLONE4_ARGS_SIZE, type Clone4Args } from '../past';
import { startApp } from './cast';
import type { History, Scene } from './history';
import type { Stage } from './stage';

const { SIGCHLD, SIGTERM } = signals;

/** The first descriptor that is free. */
const CLONEFD = 3;

function clone4(stage: Stage, name: string, flags: number, clonefdFlags = 0): void {
  const args: Clone4Args = { clonefd: {}, clonefdFlags };
  const born = stage.who('app').clone4(0, flags, CLONE4_ARGS_SIZE, args);
  stage.enter(name, born);
}

const stolen: Scene = {
  id: 'stolen',
  title: 'Two who wait in one process',
  steps: [
    {
      say:
        'A library in the process `app` forks a helper. The application has children of its own, a handler for ' +
        'SIGCHLD, and in it the loop that every book has: wait for any child, until there is none.',
      do: (stage) => {
        stage.quietly(() => startApp(stage));
        stage.enter('helper', stage.who('app').fork());
        stage.who('helper').exitGroup(3);
        stage.who('app').takeSignals();
        stage.who('app').wait4(-1, WNOHANG);
      },
    },
    {
      say: 'Then the library waits for its helper. The status 3 is gone: the loop has had it, and cannot know whose it was.',
      do: (stage) => stage.who('app').wait4(stage.pid('helper'), 0),
    },
  ],
};

const clonefd: Scene = {
  id: 'clonefd',
  title: 'A descriptor that is read',
  steps: [
    {
      say: 'With CLONE_FD the parent gets a descriptor, and with CLONE_AUTOREAP there is nothing to wait for. Exit signal: none.',
      do: (stage) => {
        stage.quietly(() => startApp(stage));
        clone4(stage, 'helper', CLONE4_FD | CLONE4_AUTOREAP, O_CLOEXEC | O_NONBLOCK);
      },
    },
    {
      say: 'While the helper lives there is nothing to read. With O_NONBLOCK that is EAGAIN, without it read(2) would sleep.',
      do: (stage) => {
        stage.who('app').read(CLONEFD);
        stage.who('app').poll(CLONEFD);
      },
    },
    {
      say:
        "The helper exits. No signal, no zombie, and the application's loop has nothing to take. The status waits in " +
        'the descriptor for whoever holds it, once; the second read is the end of the file.',
      do: (stage) => {
        const app = stage.who('app');
        stage.who('helper').exitGroup(3);
        app.takeSignals();
        app.wait4(-1, WNOHANG);
        app.poll(CLONEFD);
        app.read(CLONEFD);
        app.read(CLONEFD);
      },
      show: ['tree'],
    },
  ],
};

const apart: Scene = {
  id: 'apart',
  title: 'Two flags, and the exit signal, each for itself',
  steps: [
    {
      say:
        'CLONE_FD alone takes nothing away: the child is a zombie, SIGCHLD is sent, and the status is there twice. ' +
        'Without O_NONBLOCK the reader sleeps until then.',
      do: (stage) => {
        stage.quietly(() => startApp(stage));
        clone4(stage, 'helper', CLONE4_FD | SIGCHLD);
        const app = stage.who('app');
        app.read(CLONEFD);
        stage.who('init').kill(stage.pid('helper'), SIGTERM);
        app.takeResult();
        app.takeSignals();
        app.wait4(-1, WNOHANG);
      },
    },
    {
      say:
        'CLONE_AUTOREAP alone takes the zombie away, and leaves the signal to its caller: here SIGCHLD comes, and there ' +
        'is nobody to wait for. The flag of 2026 allows no exit signal at all.',
      do: (stage) => {
        clone4(stage, 'job', CLONE4_AUTOREAP | SIGCHLD);
        stage.who('job').exitGroup(0);
        stage.who('app').takeSignals();
        stage.who('app').wait4(-1, WNOHANG);
      },
    },
  ],
};

const versions: Scene = {
  id: 'versions',
  title: 'Why a new system call',
  steps: [
    {
      say:
        'clone(2) has never looked at a flag that it does not know. Three bits were unused in 2015, and no program ' +
        'could have learned whether a kernel gives them a meaning: the answer is a child in either case.',
      do: (stage) => {
        stage.quietly(() => startApp(stage));
        const child = stage.who('app').clone(CLONE_DETACHED | SIGCHLD);
        stage.enter('child', child);
      },
    },
    {
      say: 'clone4() refuses what it does not know, and has 32 bits more for what is to come.',
      do: (stage) => stage.who('app').clone4(1, SIGCHLD, CLONE4_ARGS_SIZE),
    },
    {
      say:
        'Its structure says how long it is. A caller who knows less of it than the kernel, here as far as `tls`, has ' +
        'zeros for the rest; one who knows more is refused.',
      do: (stage) => {
        stage.enter('thrifty', stage.who('app').clone4(0, SIGCHLD, 40));
        stage.who('app').clone4(0, SIGCHLD, 64);
      },
    },
  ],
};

/** The story of docs/history/2015-clone4.md. */
export const CLONE4_2015: History = {
  id: '2015-clone4',
  year: 2015,
  title: 'A child as a file',
  abi: 'clone4-2015',
  summary: 'A library reads the end of its child from a descriptor, and nobody else can take it.',
  scenes: [stolen, clonefd, apart, versions],
};
