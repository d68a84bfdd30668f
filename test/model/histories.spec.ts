// docs/history/: the pages hold what the scenes print, and each story has its point.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import {
  fillPage,
  HISTORIES,
  scenesOfPage,
  stageOf,
  tell,
  type ToldStep,
} from '../../lib/model/histories';

const folder = path.resolve(__dirname, '../../../docs/history');
const pages = readdirSync(folder).filter((file) => file.endsWith('.md'));
const read = (page: string): string => readFileSync(path.join(folder, page), 'utf8');

const everyScene = HISTORIES.flatMap((history) =>
  history.scenes.map((scene) => ({ name: `${history.id}/${scene.id}`, history, scene })),
);

/** The steps of a scene: `2002-kernel-threads/forgotten`. */
function told(name: string): ToldStep[] {
  const found = everyScene.find((each) => each.name === name)!;
  return [...tell(found.history, found.scene)];
}
const callsOf = (name: string): string[] => told(name).flatMap(({ calls }) => calls);
const treeAfter = (name: string, step: number): string[] =>
  told(name).at(step)!.tree.split('\n').slice(1);

describe('the pages of docs/history/', () => {
  it.each(pages)('%s holds what its scenes print', (page) => {
    expect(read(page)).toBe(fillPage(read(page), HISTORIES));
  });

  it.each(HISTORIES)('are one for each story, with all of its scenes: $id', ({ id, scenes }) => {
    expect(scenesOfPage(read(`${id}.md`))).toEqual(scenes.map((scene) => `${id}/${scene.id}`));
  });

  it('are all named by README.md', () => {
    const targets = [...read('README.md').matchAll(/\]\(([\w.-]+\.md)\)/g)].map(([, file]) => file);
    expect(targets).toEqual(HISTORIES.map(({ id }) => `${id}.md`));
  });

  it('lose what somebody wrote between the marks', () => {
    const page = '<!-- scene: 2015-clone4/stolen -->\nby hand\n<!-- end of scene -->\nafter';
    const filled = fillPage(page, HISTORIES);
    expect(filled).not.toContain('by hand');
    expect(filled).toContain('app(2): wait4(3, 0) = ECHILD');
    expect(filled).toMatch(/\n<!-- end of scene -->\nafter$/);
    expect(fillPage(filled, HISTORIES)).toBe(filled);
  });
});

describe('a scene', () => {
  it.each(everyScene)('$name is told whole, and the same every time', ({ history, scene }) => {
    const stage = stageOf(history, scene);
    const steps = [];
    for (const step of tell(history, scene, stage)) {
      stage.kernel.check();
      // No argument and no result that nobody has taught the story to write.
      expect(step.calls.join('\n')).not.toMatch(/\[object|undefined|Symbol|NaN/);
      steps.push(step);
    }
    expect(steps).toEqual([...tell(history, scene)]);
  });
});

describe('2002: a kernel thread without an exit signal', () => {
  it('stays a zombie that its parent has not heard of', () => {
    expect(callsOf('2002-kernel-threads/forgotten')).toContain('khubd(2) has caught no signal');
    expect(treeAfter('2002-kernel-threads/forgotten', -1)).toEqual([
      '  1 Ss   init',
      '  2 S    [khubd]',
      '  3 Z     \\_ [usb-storage-0] <defunct>',
      '  4 Z     \\_ [scsi_eh_0] <defunct>',
    ]);
  });

  it('stays one whatever its parent does about SIGCHLD: that is done on the way to user mode', () => {
    const [process, thread] = told('2002-kernel-threads/ignored');
    expect(process!.tree).not.toContain('<defunct>');
    expect(thread!.calls).toContain('khubd(4): sigaction(SIGCHLD, SIG_IGN) = 0');
    expect(thread!.tree).toContain('[scsi_eh_0] <defunct>');
  });

  it('is found by __WALL only', () => {
    expect(callsOf('2002-kernel-threads/waited').slice(-2)).toEqual([
      'khubd(2): wait4(-1, WNOHANG) = ECHILD',
      'khubd(2): wait4(-1, WNOHANG|__WALL) = 3, exited with 0',
    ]);
  });

  it('is waited for by init, once it is its child', () => {
    expect(callsOf('2002-kernel-threads/reparented').slice(-2)).toEqual([
      'init(1) has caught SIGCHLD of 3, CLD_EXITED',
      'init(1): wait4(-1, WNOHANG) = 3, exited with 0',
    ]);
  });
});

describe('2012: a service that forks twice', () => {
  // Without the numbers, and without init.
  const servicesAfter = (name: string): string[] =>
    treeAfter(name, 1)
      .slice(1)
      .map((line) => line.slice(4));

  it('is a child of init, without a subreaper', () => {
    expect(servicesAfter('2012-subreaper/before')).toEqual([
      'Ss   /bin/dbus-daemon --system --nofork',
      'Sl   /usr/libexec/polkit-1/polkitd',
      'S    /usr/sbin/modem-manager',
      'Sl   /usr/libexec/colord',
      'Sl   /usr/libexec/upowerd',
      'Sl   /usr/libexec/imsettings-daemon',
      'Sl   /usr/libexec/udisks-daemon',
      'S     \\_ udisks-daemon: not polling any devices',
    ]);
  });

  it('is a child of who started it, with one', () => {
    expect(servicesAfter('2012-subreaper/after')).toEqual([
      'Ss   /bin/dbus-daemon --system --nofork',
      'Sl    \\_ /usr/libexec/polkit-1/polkitd',
      'S     \\_ /usr/sbin/modem-manager',
      'Sl    \\_ /usr/libexec/colord',
      'Sl    \\_ /usr/libexec/upowerd',
      'Sl    \\_ /usr/libexec/udisks-daemon',
      'S     |   \\_ udisks-daemon: not polling any devices',
      'Sl    \\_ /usr/libexec/packagekitd',
    ]);
  });

  it('tells its end to the one or to the other', () => {
    expect(callsOf('2012-subreaper/before')).toContain(
      'dbus-daemon(2): wait4(7, WNOHANG) = ECHILD',
    );
    expect(callsOf('2012-subreaper/after')).toContain(
      'dbus-daemon(2): wait4(7, WNOHANG) = 7, killed by SIGSEGV',
    );
  });
});

describe('2015: the end of a child of a library', () => {
  it('is taken by the loop of the application, where it is waited for', () => {
    expect(callsOf('2015-clone4/stolen').slice(-2)).toEqual([
      'app(2): wait4(-1, WNOHANG) = 3, exited with 3',
      'app(2): wait4(3, 0) = ECHILD',
    ]);
  });

  it('is read once from a clonefd, and nobody else can have it', () => {
    expect(callsOf('2015-clone4/clonefd').slice(1)).toEqual([
      'app(2): read(3) = EAGAIN',
      'app(2): poll(3) = 0',
      'helper(3): exit_group(3)',
      'app(2) has caught no signal',
      'app(2): wait4(-1, WNOHANG) = ECHILD',
      'app(2): poll(3) = POLLIN|POLLHUP',
      'app(2): read(3) = {code: CLD_EXITED, status: 3, utime: 0, stime: 0}',
      'app(2): read(3) = 0',
    ]);
  });

  it('may be told by a signal as well: that is left to the caller', () => {
    expect(callsOf('2015-clone4/apart').slice(-2)).toEqual([
      'app(2) has caught SIGCHLD of 4, CLD_EXITED',
      'app(2): wait4(-1, WNOHANG) = ECHILD',
    ]);
  });

  it('needed a call that refuses what it does not know, by flag and by size', () => {
    expect(callsOf('2015-clone4/versions')).toEqual([
      'app(2): clone(0x400000|SIGCHLD) = 3',
      'app(2): clone4(0x100000000|SIGCHLD, 56) = EINVAL',
      'app(2): clone4(SIGCHLD, 40) = 4',
      'app(2): clone4(SIGCHLD, 64) = EINVAL',
    ]);
  });
});

describe('February 2026: a sibling made by a child that the kernel reaps', () => {
  const confusing = '2026-february-v2/confusing';

  it('is a zombie that signals nobody, and that a plain wait does not see', () => {
    expect(callsOf(confusing)).toEqual(
      expect.arrayContaining([
        'worker(3): clone(CLONE_PARENT|SIGCHLD) = 4',
        'service(2) has caught no signal',
        'service(2): wait4(-1, WNOHANG) = ECHILD',
      ]),
    );
    expect(treeAfter(confusing, 3)).toContain('  4 Z     \\_ [helper] <defunct>');
  });

  it('is EINVAL as merged', () => {
    expect(callsOf('2026-february-v2/merged')).toEqual(
      expect.arrayContaining([
        'worker(3): clone(CLONE_PARENT|SIGCHLD) = EINVAL',
        'service(2): clone3(CLONE_PARENT|CLONE_AUTOREAP) = EINVAL',
      ]),
    );
  });
});

describe('Linux 7.1: a child that the kernel reaps', () => {
  const scene = (id: string): string[] => callsOf(`2026-linux-7.1/${id}`);

  it('leaves no zombie and no signal, and its siblings leave both', () => {
    expect(scene('silent')).toEqual(
      expect.arrayContaining([
        'app(2) has caught no signal',
        'app(2): wait4(3, 0) = ECHILD',
        'app(2) has caught SIGCHLD of 4, CLD_EXITED',
      ]),
    );
  });

  it('has an exit code at POLLHUP, and not at POLLIN', () => {
    expect(scene('hup').slice(2)).toEqual([
      'app(2): poll(3) = POLLIN',
      'app(2): ioctl(3, PIDFD_GET_INFO, EXIT) = {mask: PID|CREDS|CGROUPID, pid: 3}',
      'app(2): poll(3) = POLLIN|POLLHUP',
      'app(2): ioctl(3, PIDFD_GET_INFO, EXIT) = {mask: CGROUPID|EXIT, exit_code: 0x300}',
    ]);
  });

  it.each([
    ['orphan', 'is reaped below a subreaper, too', 'manager(2): wait4(-1, WNOHANG) = ECHILD'],
    ['orphan', 'tells the subreaper nothing', 'manager(2) has caught no signal'],
    ['exec', 'is seen by waits after execve(2)', 'app(2): wait4(-1, 0) sleeps'],
    ['exec', 'wakes them in vain', 'app(2): … wait4(-1, 0) = ECHILD'],
  ])('%s: %s', (id, _, call) => {
    expect(scene(id).slice(-4)).toContain(call);
  });

  it('is a zombie for the parent that traces it', () => {
    expect(treeAfter('2026-linux-7.1/traced', 1)).toContain('  3 Z     \\_ [worker] <defunct>');
    expect(scene('traced')).toContain('app(2): wait4(-1, WNOHANG) = 3, exited with 3');
  });

  it('hands nothing of it down', () => {
    expect(treeAfter('2026-linux-7.1/heirs', 0).at(-1)).toMatch(/4 Z .*\[grandchild\] <defunct>$/);
  });

  it('dies with the last descriptor, if it was asked to', () => {
    expect(scene('autokill')[0]).toMatch(/ = EPERM$/);
    expect(treeAfter('2026-linux-7.1/autokill', -1).join()).not.toContain('worker');
  });
});
