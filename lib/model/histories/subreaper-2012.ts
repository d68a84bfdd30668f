// March 2012, Lennart Poettering and Kay Sievers: PR_SET_CHILD_SUBREAPER, and the two trees of its commit message.
import {
  CLONE_FILES,
  CLONE_FS,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VM,
  PR_GET_CHILD_SUBREAPER,
  PR_SET_CHILD_SUBREAPER,
  signals,
  WNOHANG,
} from '../constants';
import type { History, Scene } from './history';
import type { Stage } from './stage';

const { SIGCHLD, SIGSEGV } = signals;
const PTHREAD = CLONE_VM + CLONE_FS + CLONE_FILES + CLONE_SIGHAND + CLONE_THREAD;

const MODEM_MANAGER = '/usr/sbin/modem-manager';
const COLORD_AND_UPOWERD = ['/usr/libexec/colord', '/usr/libexec/upowerd'];
const UDISKS = '/usr/libexec/udisks-daemon';

/** D-Bus starts what is asked for. */
function startBus(stage: Stage): void {
  const init = stage.who('init');
  init.rtSigaction(SIGCHLD, { handler: 'catch' });
  const bus = stage.enter('dbus-daemon', init.fork(), '/bin/dbus-daemon --system --nofork');
  bus.setsid();
  bus.rtSigaction(SIGCHLD, { handler: 'catch' });
}

/** A service that daemonizes by forking twice; `l` in STAT says that it has threads. */
function activate(stage: Stage, path: string, threads: boolean): void {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const bus = stage.who('dbus-daemon');
  const launcher = stage.enter('launcher', bus.fork());
  launcher.setsid();
  const daemon = stage.enter(name, launcher.fork(), path);
  launcher.exitGroup(0);
  bus.wait4(launcher.tid, 0);
  stage.quietly(() => {
    if (threads) daemon.clone(PTHREAD);
    bus.takeSignals();
  });
}

const activatePolkitd = (stage: Stage): void =>
  activate(stage, '/usr/libexec/polkit-1/polkitd', true);

/** The others of the commit message, in the order in which they are named. */
function activateAll(stage: Stage, paths: readonly string[]): void {
  stage.quietly(() => {
    for (const path of paths) {
      activate(stage, path, path !== MODEM_MANAGER);
      if (path !== UDISKS) continue;
      const helper = stage.who('udisks-daemon').fork();
      stage.enter('udisks-helper', helper, 'udisks-daemon: not polling any devices');
    }
  });
}

/** Somebody crashes; who hears of it? */
function crash(stage: Stage): void {
  const daemon = stage.who('modem-manager');
  daemon.getppid();
  stage.who('init').kill(daemon.tid, SIGSEGV);
  stage.who('dbus-daemon').takeSignals();
  stage.who('dbus-daemon').wait4(daemon.tid, WNOHANG);
  stage.who('init').takeSignals();
  stage.who('init').wait4(-1, WNOHANG);
}

const before: Scene = {
  id: 'before',
  title: 'Before: every service is a child of init',
  steps: [
    {
      say:
        'dbus-daemon starts polkitd. The service daemonizes as services do: it forks, the first process leaves, and ' +
        'the second is an orphan.',
      do: (stage) => {
        stage.quietly(() => startBus(stage));
        activatePolkitd(stage);
      },
    },
    {
      say: 'Five more do the same, and udisks-daemon forks a helper. `ps afx` no longer knows who started whom:',
      do: (stage) =>
        activateAll(stage, [
          MODEM_MANAGER,
          ...COLORD_AND_UPOWERD,
          '/usr/libexec/imsettings-daemon',
          UDISKS,
        ]),
      show: ['tree'],
    },
    {
      say:
        'modem-manager crashes. dbus-daemon, which is there to start it again, hears nothing and has nothing to wait ' +
        'for. init hears it, and drops the status.',
      do: crash,
    },
  ],
};

const after: Scene = {
  id: 'after',
  title: 'After: one prctl(2)',
  steps: [
    {
      say: 'dbus-daemon says once that it wants its orphans back. The rest is as before.',
      do: (stage) => {
        stage.quietly(() => startBus(stage));
        stage.who('dbus-daemon').prctl(PR_SET_CHILD_SUBREAPER, 1);
        activatePolkitd(stage);
      },
    },
    {
      say: 'The others follow. The tree shows who is whose:',
      do: (stage) =>
        activateAll(stage, [
          MODEM_MANAGER,
          ...COLORD_AND_UPOWERD,
          UDISKS,
          '/usr/libexec/packagekitd',
        ]),
      show: ['tree'],
    },
    { say: 'modem-manager crashes, and dbus-daemon hears of it, with the status.', do: crash },
  ],
};

const nearest: Scene = {
  id: 'nearest',
  title: 'The nearest one that is alive',
  steps: [
    {
      say:
        'Being a subreaper is not inherited: of three generations, the first two ask for it. An orphan goes to the ' +
        'nearest of its living ancestors that did.',
      do: (stage) => {
        const session = stage.enter('session', stage.who('init').fork());
        session.prctl(PR_SET_CHILD_SUBREAPER, 1);
        const bus = stage.enter('bus', session.fork());
        bus.prctl(PR_GET_CHILD_SUBREAPER);
        bus.prctl(PR_SET_CHILD_SUBREAPER, 1);
        const launcher = stage.enter('launcher', bus.fork());
        stage.enter('service', launcher.fork());
        launcher.exitGroup(0);
        bus.wait4(launcher.tid, 0);
      },
      show: ['tree'],
    },
    {
      say: 'A subreaper that dies leaves its people to the next one.',
      do: (stage) => {
        stage.who('bus').exitGroup(0);
        stage.who('session').wait4(-1, WNOHANG);
        stage.who('service').getppid();
      },
      show: ['rules'],
    },
  ],
};

/** The story of docs/history/2012-subreaper.md. */
export const SUBREAPER_2012: History = {
  id: '2012-subreaper',
  year: 2012,
  title: 'A manager that gets its orphans back',
  abi: 'linux-6.18',
  summary:
    'A daemon that forks twice is lost to whoever started it, unless that is a child subreaper.',
  scenes: [before, after, nearest],
};
