// Descriptors, and what a pidfd says, and reaches.
import * as c from '../../lib/model/constants';
import * as files from '../../lib/model/files';
import * as pid from '../../lib/model/pid';
import * as pidfd from '../../lib/model/pidfd';
import * as release from '../../lib/model/release';
import * as signal from '../../lib/model/signal';
import { globalNr, type File, type Files, type TaskStruct } from '../../lib/model/struct';
import type { Core } from '../../lib/model/core';
import { claim, named, replace } from '../support/model-machine';
import { MODERN, property } from '../support/model-property';

const { POLLHUP, POLLIN } = c;

/** Every descriptor of a process there is. */
function* pidfds(core: Core): Generator<{ holder: TaskStruct; fd: number; file: File }> {
  for (const holder of core.tasks.values()) {
    for (const [fd, { file }] of holder.files?.fds ?? []) {
      if (file.kind === 'pidfd') yield { holder, fd, file };
    }
  }
}

const tablesOf = (core: Core): Set<Files> =>
  new Set([...core.tasks.values()].flatMap(({ files: table }) => table ?? []));

describe('a descriptor', () => {
  property('is one of as many as its file counts', {
    watch:
      () =>
      ({ core }) => {
        const found = new Map<File, number>();
        for (const { fds } of tablesOf(core)) {
          for (const { file } of fds.values()) found.set(file, (found.get(file) ?? 0) + 1);
        }
        for (const [{ count, kind }, number] of found) {
          claim(count === number, () => `a ${kind} counts ${count} descriptors and has ${number}`);
        }
      },
    broken: {
      when: 'fork(2) does not count those that it copies',
      make: () =>
        replace(files, 'copyFiles', (original) => (table) => {
          const copy = original(table);
          for (const { file } of copy.fds.values()) file.count--;
          return copy;
        }),
    },
  });

  property('is closed by execve(2) if it was to be, and only then', {
    watch: () => {
      let before = new Map<TaskStruct, number[]>();
      return ({ core, results }) => {
        for (const { who, line, value } of results) {
          if (line.does !== 'execve' || value !== 0 || who.files === undefined) continue;
          const left = [...who.files.fds.keys()].join();
          const kept = before.get(who)?.join();
          claim(left === kept, () => `${named(who)} has kept ${left}, and not ${kept ?? ''}`);
        }
        before = new Map();
        for (const task of core.tasks.values()) {
          const open = [...(task.files?.fds ?? [])].filter(([, { cloexec }]) => !cloexec);
          before.set(task, open.map(([fd]) => fd)); // prettier-ignore
        }
      };
    },
    broken: {
      when: 'do_close_on_exec does not come to it',
      make: () => replace(files, 'execFiles', () => () => undefined),
    },
  });
});

describe('a system call that fails', () => {
  property('leaves no thread, no number and no descriptor', {
    watch: () => {
      let before = '';
      const count = (core: Core): string =>
        [
          core.tasks.size,
          core.rootNs.idr.size,
          ...[...tablesOf(core)].map(({ fds }) => fds.size),
        ].join();
      return ({ core, line, results }) => {
        const after = count(core);
        for (const { line: by, value, slept } of results) {
          const failed = by === line && !slept && typeof value === 'number' && value < 0;
          claim(!failed || after === before, () => `${by.does}: ${before} before, ${after} after`);
        }
        before = after;
      };
    },
    broken: {
      when: 'clone3(2) keeps the number that it had taken',
      make: () => replace(pid, 'freePid', () => () => undefined),
      lines: 12,
    },
  });
});

describe('a pidfd', () => {
  property('becomes readable, then hung up, and stays so', {
    abis: MODERN,
    watch: () => {
      let before = new Map<File, number>();
      return ({ core }) => {
        const now = new Map<File, number>();
        for (const { holder, fd, file } of pidfds(core)) now.set(file, pidfd.poll(holder, fd));
        for (const [file, events] of now) {
          const known = before.get(file) ?? 0;
          claim([0, POLLIN, POLLIN | POLLHUP].includes(events), () => `poll says ${events}`);
          claim((known & ~events) === 0, () => `poll says ${events} after ${known}`);
        }
        before = now;
      };
    },
    broken: {
      when: 'HUP is told without IN',
      make: () =>
        replace(pidfd, 'poll', (original) => (task, fd) => {
          const events = original(task, fd);
          return (events & POLLHUP) === 0 ? events : POLLHUP;
        }),
    },
  });

  property('tells the end from POLLHUP on, and not before', {
    abis: MODERN,
    watch:
      () =>
      ({ core }) => {
        for (const { holder, fd, file } of pidfds(core)) {
          const isGone = (pidfd.poll(holder, fd) & POLLHUP) !== 0;
          const info = pidfd.pidfdGetInfo(core, holder, fd, c.PIDFD_INFO_EXIT);
          if (info === -c.errno.EREMOTE) continue;
          const mask = typeof info === 'number' ? 0 : info.mask;
          const tells = (mask & c.PIDFD_INFO_EXIT) !== 0;
          const plain = pidfd.pidfdGetInfo(core, holder, fd, 0);
          const nr = globalNr(file.pid!);
          claim(tells === isGone, () => `the mask of ${nr} is ${mask}, POLLHUP ${isGone}`);
          claim(
            (plain === -c.errno.ESRCH) === isGone,
            () => `without EXIT, ${nr} is told, POLLHUP ${isGone}`,
          );
        }
      },
    broken: {
      when: 'the number is free before the end is stored',
      make: () =>
        replace(release, 'releaseTask', (original) => (core, task) => {
          original(core, task);
          task.pid.exit = undefined;
        }),
    },
  });

  property('reaches nobody but the process that it names, whoever has its number now', {
    abis: MODERN,
    watch:
      () =>
      ({ through, asked }) => {
        for (const { pid: meant, subject, flags, result } of through) {
          if (meant === undefined || flags === c.PIDFD_SIGNAL_PROCESS_GROUP) continue;
          const nr = globalNr(meant);
          claim(subject !== undefined || result < 0, () => `${nr} is gone, and it was signalled`);
          for (const { receiver } of asked) {
            if (receiver.pdeathSignal !== 0) continue; // Of a parent that died of it.
            claim(
              receiver.process === subject?.process,
              () => `${named(receiver)} is reached through the pidfd of ${nr}`,
            );
          }
        }
      },
    broken: {
      when: 'it is taken for its number',
      make: () =>
        replace(pidfd, 'pidfdSendSignal', (original) => (core, task, fd, signo, flags) => {
          const meant = files.fget(task, fd)?.pid;
          const now = meant === undefined ? undefined : core.find(globalNr(meant), core.rootNs);
          if (now === undefined || meant?.task === now)
            return original(core, task, fd, signo, flags);
          return signal.groupSendSigInfo(core, task, signo, now);
        }),
      within: 5000,
      lines: 14,
    },
  });

  property('of CLONE_PIDFD_AUTOKILL is outlived by nobody, when its last descriptor is closed', {
    abis: ['linux-7.1'],
    watch: () => {
      const known = new Set<File>();
      return ({ core }) => {
        for (const { file } of pidfds(core)) if (file.autokill) known.add(file);
        for (const { count, pid: own } of known) {
          const task = own?.task;
          const lives = count === 0 && task !== undefined && !task.process.flags.groupExit;
          // An init is marked when it takes the signal, and not when it is sent.
          const due = task?.process.sharedPending.some(({ signo }) => signo === c.signals.SIGKILL);
          claim(!lives || task.exiting || due === true, () => `${named(task!)} lives on`);
        }
      };
    },
    broken: {
      when: 'who dies forgets what it holds',
      make: () =>
        replace(files, 'exitFiles', () => (_, task) => {
          const { files: table } = task;
          task.files = undefined;
          if (table === undefined || --table.count > 0) return;
          for (const { file } of table.fds.values()) file.count--;
        }),
    },
  });
});
