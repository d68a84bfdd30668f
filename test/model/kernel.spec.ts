// The model as somebody meets it who writes a scenario with it. Long, as that API is.
import { spawnSync } from 'node:child_process';
import * as c from '../../lib/model/constants';
import { KernelPanic, ModelKernel, SLEEPS, type Task } from '../../lib/model/index';

const { SIGCHLD, SIGCONT, SIGKILL, SIGSTOP, SIGTERM, SIGUSR1 } = c.signals;
const { EXIT, AUTOREAP, PIDFD } = {
  EXIT: c.PIDFD_INFO_EXIT,
  AUTOREAP: c.CLONE_AUTOREAP,
  PIDFD: c.CLONE_PIDFD,
};
const IN = c.POLLIN;
const IN_AND_HUP = c.POLLIN | c.POLLHUP;

/** A child, and the pidfd that its parent has of it. */
function born(kernel: ModelKernel, parent: Task, flags = 0): { child: Task; pidfd: number } {
  const pidfd: { value?: number } = {};
  const silent = (BigInt(flags) & BigInt(AUTOREAP)) !== 0n;
  const args = { flags: flags + PIDFD, exitSignal: silent ? 0 : SIGCHLD, pidfd };
  return { child: kernel.task(parent.clone3(args) as number)!, pidfd: pidfd.value! };
}

describe('a machine of the model', () => {
  it('begins with one process, which is root and its own session', () => {
    const kernel = new ModelKernel();

    expect(kernel.processes()).toMatchObject([
      { pid: 1, ppid: 0, comm: 'init', state: 'R', uid: 0, pgid: 1, sid: 1 },
    ]);
    expect(kernel.init.getppid()).toBe(0);
  });

  it('lets everything happen before a call returns', () => {
    const kernel = new ModelKernel();
    const { child, pidfd } = born(kernel, kernel.init, AUTOREAP);

    child.exitGroup(3);

    expect(kernel.pending()).toEqual([]);
    expect(kernel.init.poll(pidfd)).toBe(IN_AND_HUP);
    expect(kernel.init.pidfdGetInfo(pidfd, EXIT)).toMatchObject({ mask: 0xc, exitCode: 0x300 });
    expect(child.state).toBe('X');
  });

  it('shows its processes as ps afx does', () => {
    const kernel = new ModelKernel();
    kernel.install('/bin/worker');
    const { child: worker } = born(kernel, kernel.init);
    worker.execve('/bin/worker');
    born(kernel, worker).child.exitGroup();
    worker.fork();

    expect(kernel.tree().split('\n')).toEqual([
      'PID STAT COMMAND',
      '  1 Ss   init',
      '  2 S    worker',
      '  3 Z     \\_ [worker] <defunct>',
      '  4 S     \\_ worker',
    ]);
  });

  it('tells what has happened, and by which function of the kernel', () => {
    const kernel = new ModelKernel();
    const { child } = born(kernel, kernel.init, AUTOREAP);
    child.exitGroup(3);

    expect(kernel.history.map(({ tid, text, rule }) => `${tid} ${text} (${rule})`)).toEqual([
      '1 creates process 2, that is reaped by the kernel (copy_process)',
      '2 exits with wait status 0x300 (do_exit)',
      '2 leaves no zombie, and no signal (do_notify_parent: signal->autoreap)',
      '2 is gone: its number is free (release_task of process 2)',
    ]);
    expect(kernel.history.map(({ n }) => n)).toEqual([0, 1, 2, 3]);
  });

  it('forgets its history where that is asked for, and counts on', () => {
    const kernel = new ModelKernel();
    kernel.init.fork();
    kernel.forget();
    kernel.init.fork();

    expect(kernel.history.map(({ n }) => n)).toEqual([1]);
  });

  it('calls its listeners after each call and each step', () => {
    const kernel = new ModelKernel({ stepwise: true });
    let calls = 0;
    const stop = kernel.onChange(() => calls++);
    const { child } = born(kernel, kernel.init, AUTOREAP);
    child.exitGroup();
    kernel.step();
    stop();
    kernel.init.fork();

    expect(calls).toBe(3);
  });

  it('ends with its init', () => {
    const kernel = new ModelKernel();

    expect(() => kernel.init.exitGroup()).toThrow(KernelPanic);
    expect(() => new ModelKernel().init.exit()).toThrow(/make a new one/);
    // And nothing happens in it any more.
    const tree = kernel.tree();
    expect(() => kernel.init.fork()).toThrow(KernelPanic);
    expect(() => {
      kernel.settle();
    }).toThrow(KernelPanic);
    expect(kernel.tree()).toBe(tree);
  });

  it('makes its calls whatever a listener throws, which is an uncaught exception', () => {
    const script = `
      const { ModelKernel } = require(${JSON.stringify(require.resolve('../../lib/model/index'))});
      process.on('uncaughtException', ({ message }) => console.log('uncaught:', message));
      const kernel = new ModelKernel();
      kernel.onChange(() => { throw new Error('oh'); });
      kernel.onChange(() => console.log('another'));
      console.log(kernel.init.fork());`;
    const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });

    expect(stdout).toBe('another\n2\nuncaught: oh\n');
  });

  it('is not ended by a signal, not even SIGKILL', () => {
    const kernel = new ModelKernel();

    for (const signo of [SIGKILL, SIGSTOP, SIGTERM, c.signals.SIGSEGV]) {
      expect(kernel.init.kill(1, signo)).toBe(0);
    }

    expect(kernel.init.state).toBe('R');
  });

  it('keeps its init if that is executed by a thread', () => {
    const kernel = new ModelKernel();
    kernel.install('/sbin/init2');
    const flags = c.CLONE_THREAD + c.CLONE_SIGHAND + c.CLONE_VM;
    const thread = kernel.task(kernel.init.clone3({ flags }) as number)!;

    thread.execve('/sbin/init2');

    expect(kernel.init).toBe(thread);
    expect(kernel.processes()).toMatchObject([{ pid: 1, ppid: 0, comm: 'init2' }]);
    kernel.check();
  });

  it.each([
    ['an abi that was never', { abi: 'linux-9.9' as 'linux-7.1' }, /linux-9\.9.*linux-7\.1/],
    ['numbers that init does not fit in', { pidMax: 1 }, /pidMax/],
  ])('refuses %s', (_, options, message) => {
    expect(() => new ModelKernel(options)).toThrow(message);
  });
});

describe('a machine that is stepwise', () => {
  it('shows POLLIN before POLLHUP, and the end only with that', () => {
    const kernel = new ModelKernel({ stepwise: true });
    const { init } = kernel;
    const { child, pidfd } = born(kernel, init, AUTOREAP);

    child.exitGroup(3);
    expect(init.poll(pidfd)).toBe(0);

    expect(kernel.pending()).toMatchObject([
      { tid: 2, text: 'process 2 tells its relatives that it is dead' },
    ]);
    kernel.step();

    expect(init.poll(pidfd)).toBe(IN);
    expect(init.pidfdGetInfo(pidfd, EXIT)).toMatchObject({ mask: 0x7, pid: 2, exitCode: 0 });
    expect(init.waitid(c.P_PIDFD, pidfd, c.WEXITED + c.__WALL)).toBe(-c.errno.ECHILD);

    expect(kernel.pending()).toMatchObject([{ tid: 2, text: 'process 2 is released' }]);
    kernel.step();

    expect(init.poll(pidfd)).toBe(IN_AND_HUP);
    expect(init.pidfdGetInfo(pidfd, EXIT)).toMatchObject({ mask: 0xc, pid: 0, exitCode: 0x300 });
  });

  it('lets the pending happen in any order', () => {
    const kernel = new ModelKernel({ stepwise: true });
    const first = born(kernel, kernel.init, AUTOREAP);
    const second = born(kernel, kernel.init, AUTOREAP);
    first.child.exitGroup();
    second.child.exitGroup();

    kernel.step(1); // The second tells,
    kernel.step(0); // and is released.

    expect(kernel.init.poll(first.pidfd)).toBe(0);
    expect(kernel.init.poll(second.pidfd)).toBe(IN_AND_HUP);
  });

  it('runs a process that is killed until it takes its signals', () => {
    const kernel = new ModelKernel({ stepwise: true });
    const { child } = born(kernel, kernel.init);
    kernel.init.kill(child.pid, SIGKILL);

    expect(child.getpid()).toBe(2);
    kernel.settle();

    expect(child.state).toBe('Z');
    expect(() => child.getpid()).toThrow('2 cannot make a system call: it is dead.');
  });

  it('has no step where none is pending', () => {
    const kernel = new ModelKernel({ stepwise: true });

    expect(() => kernel.step()).toThrow(RangeError);
  });
});

describe('a call that sleeps', () => {
  it('returns SLEEPS, and has its result when it wakes, once', () => {
    const kernel = new ModelKernel();
    const { child } = born(kernel, kernel.init);

    expect(kernel.init.wait4(-1, 0)).toBe(SLEEPS);
    expect([kernel.init.state, kernel.init.sleepsIn]).toEqual(['S', 'wait4']);
    expect(kernel.init.takeResult()).toBeUndefined();
    child.exitGroup(3);

    expect(kernel.init.takeResult()).toEqual({ pid: 2, wstatus: 0x300 });
    expect(kernel.init.takeResult()).toBeUndefined();
    expect(kernel.init.state).toBe('R');
  });

  it.each([
    ['ends with EINTR when a handler has run', 0, -c.errno.EINTR],
    ['goes on after a handler with SA_RESTART', c.SA_RESTART, undefined],
  ])('%s', (_, flags, result) => {
    const kernel = new ModelKernel();
    const { child: waiter } = born(kernel, kernel.init);
    waiter.rtSigaction(SIGUSR1, { handler: 'catch', flags });
    waiter.fork();
    waiter.wait4(-1, 0);

    kernel.init.kill(waiter.pid, SIGUSR1);

    expect(waiter.takeResult()).toBe(result);
    expect(waiter.state).toBe(result === undefined ? 'S' : 'R');
    if (result !== undefined) expect(waiter.takeSignals()).toMatchObject([{ signo: SIGUSR1 }]);
  });

  it('ends with the child rather than with EINTR, if both have come', () => {
    const kernel = new ModelKernel({ stepwise: true });
    const { child: waiter } = born(kernel, kernel.init);
    waiter.rtSigaction(SIGCHLD, { handler: 'catch' });
    const { child } = born(kernel, waiter);
    waiter.wait4(-1, 0);

    child.exitGroup(3);
    kernel.settle();

    expect(waiter.takeResult()).toEqual({ pid: child.tid, wstatus: 0x300 });
  });

  it('is vfork(2) until the child has another program', () => {
    const kernel = new ModelKernel();
    kernel.install('/bin/tool');
    const { child: parent } = born(kernel, kernel.init);

    expect(parent.vfork()).toBe(SLEEPS);
    expect(parent.sleepsIn).toBe('vfork');
    kernel.task(3)!.execve('/bin/tool');

    expect(parent.takeResult()).toBe(3);
  });
});

describe('a mistake in a scenario', () => {
  const machine = (): { kernel: ModelKernel; child: Task } => {
    const kernel = new ModelKernel();
    return { kernel, child: born(kernel, kernel.init).child };
  };

  it('is a call of the dead', () => {
    const { child } = machine();
    child.exitGroup();

    expect(() => child.fork()).toThrow('2 cannot make a system call: it is dead.');
  });

  it('is a call of the sleeping', () => {
    const { kernel } = machine();
    kernel.init.wait4(-1, 0);

    expect(() => kernel.init.fork()).toThrow(/1 .* sleeps in wait4.*Another task has to do/);
  });

  it('is a call of the stopped', () => {
    const { kernel, child } = machine();
    kernel.init.kill(2, SIGSTOP);

    expect(() => child.fork()).toThrow(/2 .* is stopped.*SIGCONT/);
    kernel.init.kill(2, SIGCONT);
    expect(child.fork()).toBe(3);
  });

  it('is a call of who is held for its tracer', () => {
    const { kernel, child } = machine();
    child.ptrace(c.PTRACE_TRACEME);
    kernel.init.kill(2, SIGUSR1);

    expect(() => child.fork()).toThrow(/2 .* held for its tracer.*PTRACE_CONT/);
  });

  const wrong: readonly [what: string, call: (task: Task) => unknown, message: RegExp][] = [
    ['a pid', (task) => task.kill(1.5, SIGTERM), /kill: pid .* whole number, not 1\.5/],
    ['a signal', (task) => task.kill(2, 'SIGTERM' as never), /kill: signo .* not 'SIGTERM'/],
    ['a descriptor', (task) => task.close(NaN), /close: fd .* not NaN/],
    ['no descriptor', (task) => task.poll(undefined as never), /poll: fd .* not undefined/],
    ['options', (task) => task.wait4(-1, undefined as never), /wait4: options .* not undefined/],
    ['a handler', (t) => t.rtSigaction(10, { handler: (() => 1) as never }), /handler .*'catch'/],
    ['a way to mask', (t) => t.rtSigprocmask('SIG_UNBLOCK' as never, [10]), /how .* 'unblock'/],
    ['no list', (t) => t.rtSigprocmask('block', 17 as never), /signos has to be an array/],
    ['a mask', (t) => t.rtSigprocmask('block', ['SIGTERM' as never]), /signo .* not 'SIGTERM'/],
    ['a resource', (t) => t.setrlimit('nofile' as never, 4), /resource .* 'NOFILE' or 'NPROC'/],
    ['a limit', (task) => task.setrlimit('NOFILE', NaN), /limit .* not NaN/],
    ['clone_args', (task) => task.clone3(undefined as never), /clone3: args .* an object/],
    ['flags', (t) => t.clone3({ flags: AUTOREAP | 0x80000000 }), /flags .*32 bits/],
    ['a path', (task) => task.execve(7 as never), /execve: path .* a string, not 7/],
  ];
  it.each(wrong)('is %s of the wrong type', (_, call, message) => {
    const { kernel, child } = machine();
    const before = [kernel.tree(), kernel.history.length];

    expect(() => call(child)).toThrow(message);
    expect([kernel.tree(), kernel.history.length]).toEqual(before);
  });

  it('is an option that there is not, or no options', () => {
    for (const [options, message] of [
      ['linux-6.18', /an object, not linux-6\.18/],
      [null, /an object, not null/],
      [{ pidmax: 5 }, /no option is called pidmax/],
      [{ abi: 'linux-9' }, /No kernel is called linux-9/],
    ] as const) {
      expect(() => new ModelKernel(options as never)).toThrow(message);
    }
  });

  it('is a step of a machine that is not stepwise', () => {
    expect(() => {
      new ModelKernel().step();
    }).toThrow(/No step 0 is pending: without `stepwise`/);
  });

  it.each([
    ['no path', undefined, {}, /an absolute path, not undefined/],
    ['a relative path', 'bin/x', {}, /an absolute path, not "bin\/x"/],
    ['a folder', '/bin', {}, /\/bin is a folder/],
    ['a path through a file', '/bin/tool/x', {}, /\/bin\/tool is a file, and no folder/],
    ['no program', '/bin/x', { program: 'x' }, /second argument is \{ program/],
    ['nobody', '/bin/x', { setuid: 'root' }, /setuid is a user's number, not "root"/],
  ])('is a file that cannot be: %s', (_, path, file, message) => {
    const kernel = new ModelKernel();
    kernel.install('/bin/tool');

    expect(() => {
      kernel.install(path as never, file as never);
    }).toThrow(message);
  });

  it('is no path that is written in another way', () => {
    const kernel = new ModelKernel();
    kernel.install('//opt/./a/../tool/', { setuid: 7 });
    kernel.mkdir('/srv/data/');

    expect(kernel.executable('/opt/tool')).toEqual({ setuid: 7 });
    expect(
      ['/opt', '/srv', '/srv/data/.', '/', '/opt/a', '/opt/tool'].map((p) => kernel.isFolder(p)),
    ).toEqual([...[true, true, true, true, false, false]]);
    expect(() => {
      kernel.mkdir('srv');
    }).toThrow(/absolute path/);
  });

  it('is a limit of the machine that is no number', () => {
    expect(() => new ModelKernel({ pidsMax: NaN })).toThrow(/pidsMax .* NaN/);
    expect(() => new ModelKernel({ pidMax: 3.5 })).toThrow(/pidMax .* 3\.5/);
    const kernel = new ModelKernel();
    expect(() => {
      kernel.pidsMax = -1;
    }).toThrow(/pidsMax .* -1/);
  });
});

describe('pidfd_send_signal(2) to oneself', () => {
  it('needs no descriptor: PIDFD_SELF_THREAD_GROUP is the process, PIDFD_SELF_THREAD the thread', () => {
    const kernel = new ModelKernel();
    const { child } = born(kernel, kernel.init);
    const flags = c.CLONE_VM + c.CLONE_SIGHAND + c.CLONE_THREAD;
    const thread = kernel.task(child.clone3({ flags }) as number)!;
    for (const each of [child, thread]) each.rtSigprocmask('block', [SIGTERM, SIGUSR1]);

    expect(thread.pidfdSendSignal(c.PIDFD_SELF_THREAD, SIGTERM)).toBe(0);
    expect(thread.pidfdSendSignal(c.PIDFD_SELF_THREAD_GROUP, SIGUSR1)).toBe(0);

    expect(thread.rtSigpending()).toEqual([SIGUSR1, SIGTERM]);
    expect(child.rtSigpending()).toEqual([SIGUSR1]);
    expect(thread.pidfdGetInfo(c.PIDFD_SELF_THREAD, EXIT)).toBe(-c.errno.EBADF);
  });
});

describe('the number of a process', () => {
  it('is given again when all others were, and the pidfd does not name the new one', () => {
    const kernel = new ModelKernel({ pidMax: 4 });
    const { init } = kernel;
    const { child, pidfd } = born(kernel, init, AUTOREAP);
    const inode = init.inode(pidfd);
    child.exitGroup(3);
    init.fork();

    const heir = born(kernel, init);

    expect(heir.child.pid).toBe(child.pid);
    expect(init.pidfdSendSignal(pidfd, SIGKILL)).toBe(-c.errno.ESRCH);
    expect(init.pidfdGetInfo(pidfd, EXIT)).toMatchObject({ exitCode: 0x300 });
    expect(init.inode(heir.pidfd)).not.toBe(inode);
    expect(heir.child.state).toBe('R');
  });

  it('is kept by a zombie', () => {
    const kernel = new ModelKernel({ pidMax: 3 });
    kernel.task(kernel.init.fork())!.exitGroup();

    expect(kernel.init.fork()).toBe(-c.errno.EAGAIN);
    kernel.init.wait4(-1, 0);
    expect(kernel.init.fork()).toBe(2);
  });

  it('is kept by a process group that has it', () => {
    const kernel = new ModelKernel({ pidMax: 4 });
    const { child: leader, pidfd } = born(kernel, kernel.init, AUTOREAP);
    leader.setpgid(0, 0);
    const member = kernel.task(leader.fork())!;
    leader.exitGroup();

    expect(kernel.task(2)).toBeUndefined();
    expect(kernel.init.fork()).toBe(-c.errno.EAGAIN);
    const toGroup = c.PIDFD_SIGNAL_PROCESS_GROUP;
    expect(kernel.init.pidfdSendSignal(pidfd, SIGKILL, toGroup)).toBe(0);
    kernel.init.wait4(member.tid, 0);
    expect([kernel.init.fork(), kernel.init.fork()].sort()).toEqual([2, 3]);
  });
});

describe('a pid namespace', () => {
  const machine = (): { kernel: ModelKernel; init: Task } => {
    const kernel = new ModelKernel();
    const pid = kernel.init.clone3({ flags: c.CLONE_NEWPID, exitSignal: SIGCHLD }) as number;
    return { kernel, init: kernel.task(pid)! };
  };

  it('counts from 1, and does not see who is outside', () => {
    const { kernel, init } = machine();

    expect([init.getpid(), init.getppid(), init.fork()]).toEqual([1, 0, 2]);
    expect(kernel.task(3)!.getppid()).toBe(1);
    expect(init.kill(3, 0)).toBe(-c.errno.ESRCH);
  });

  it('hands its orphans to its init, and not to the one outside', () => {
    const { kernel, init } = machine();
    const parent = kernel.task((init.fork(), 3))!;
    parent.fork();
    const orphan = kernel.task(4)!;

    parent.exitGroup();

    expect(orphan.getppid()).toBe(1);
    expect(init.wait4(4, 0)).toBe(-c.errno.ECHILD); // In here it is 3.
    expect(init.wait4(2, 0)).toEqual({ pid: 2, wstatus: 0 });
  });

  it('has an init that its own people cannot kill, and the outside can', () => {
    const { kernel, init } = machine();
    init.fork();

    kernel.task(3)!.kill(1, SIGKILL);
    expect(init.state).toBe('R');
    kernel.init.kill(init.tid, SIGTERM);
    expect(init.state).toBe('R');
    kernel.init.kill(init.tid, SIGKILL);

    expect(init.state).toBe('Z');
    expect(kernel.task(3)).toBeUndefined();
  });

  it('dies with its init, which is the last to go', () => {
    const kernel = new ModelKernel({ stepwise: true });
    const { child: init, pidfd } = born(kernel, kernel.init, c.CLONE_NEWPID + AUTOREAP);
    init.fork();
    const inside = kernel.init.pidfdOpen(3);

    init.exitGroup(11);
    expect([kernel.init.poll(pidfd), kernel.init.poll(inside)]).toEqual([0, 0]);
    while (kernel.init.poll(pidfd) === 0) kernel.step();

    expect(kernel.init.poll(inside)).toBe(IN_AND_HUP);
    kernel.settle();
    expect(kernel.init.pidfdGetInfo(pidfd, EXIT)).toMatchObject({ exitCode: 11 << 8 });
  });
});
