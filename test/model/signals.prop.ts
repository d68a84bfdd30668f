// Who is reached by a signal, and what it does.
import * as c from '../../lib/model/constants';
import * as exit from '../../lib/model/exit';
import * as signal from '../../lib/model/signal';
import type { Cred, Process, TaskStruct } from '../../lib/model/struct';
import { claim, leaders, lives, named, replace } from '../support/model-machine';
import { property } from '../support/model-property';

const { SIGCONT, SIGKILL } = c.signals;

describe('a signal', () => {
  property('reaches nobody whom its sender may not signal', {
    watch:
      () =>
      ({ asked }) => {
        for (const { sender, receiver, signo, result, creds } of asked) {
          if (result !== 0 || sender.process === receiver.process) continue;
          const sameSession = sender.process.session === receiver.process.session;
          const continues = signo === SIGCONT && sameSession;
          claim(
            continues || may(creds.sender, creds.receiver),
            () => `${named(sender)} may not signal ${named(receiver)}`,
          );
        }
      },
    broken: {
      when: 'everybody is asked as if it were root',
      make: () =>
        replace(signal, 'groupSendSigInfo', (original) => (core, sender, ...rest) => {
          const { cred } = sender;
          sender.cred = { ...cred, caps: true };
          const result = original(core, sender, ...rest);
          sender.cred = cred;
          return result;
        }),
    },
  });

  property('that stops never waits beside one that continues', {
    watch:
      () =>
      ({ core }) => {
        for (const { process } of leaders(core)) {
          const waiting = [process.sharedPending, ...process.threads.map(({ pending }) => pending)];
          const signos = waiting.flat().map(({ signo }) => signo);
          const stop = signos.find((signo) => [19, 20, 21, 22].includes(signo));
          claim(
            stop === undefined || !signos.includes(SIGCONT),
            () => `${named(process.leader)} has SIGCONT pending, and ${stop ?? 0}`,
          );
        }
      },
    broken: {
      when: 'prepare_signal does not know what stops',
      make: () => replace(signal, 'stops', () => () => false),
    },
  });
});

describe('SIGKILL', () => {
  property('ends whom it reaches, stopped, traced or asleep, but an init', {
    watch: () => {
      let doomed: TaskStruct[] = [];
      return ({ asked, quiet }) => {
        for (const { receiver, signo, result, late } of asked) {
          const { process, kernelThread } = receiver;
          const immune = process.flags.unkillable || kernelThread || late;
          if (signo === SIGKILL && result === 0 && !immune) doomed.push(receiver);
        }
        if (!quiet) return;
        for (const task of doomed) claim(!lives(task), () => `${named(task)} lives`);
        doomed = [];
      };
    },
    broken: {
      when: 'it is kept from who has stopped',
      make: () =>
        replace(
          signal,
          'groupSendSigInfo',
          (original) =>
            (core, sender, signo, to, ...how) =>
              signo === SIGKILL && to.run === 'stopped'
                ? 0
                : original(core, sender, signo, to, ...how),
        ),
    },
  });

  property('alone ends a process that has stopped', {
    watch: () => {
      let stopped: Process[] = [];
      return ({ core, asked, sent }) => {
        const continued = new Set([
          ...asked.filter(({ signo }) => signo === SIGCONT).map(({ receiver }) => receiver.process),
          ...sent.filter(({ info }) => info.signo === SIGCONT).map(({ to }) => to.process),
        ]);
        for (const process of stopped) {
          claim(
            !process.flags.groupExit || process.groupExitCode === SIGKILL || continued.has(process),
            () => `${named(process.leader)} has stopped, and dies of ${process.groupExitCode}`,
          );
        }
        stopped = leaders(core)
          .map(({ process }) => process)
          .filter(({ threads }) =>
            threads.every(({ run, ptrace }) => run === 'stopped' && ptrace === undefined),
          );
      };
    },
    broken: {
      when: 'every fatal signal wakes it',
      make: () =>
        replace(signal, 'groupSendSigInfo', (original) => (core, sender, signo, to, ...how) => {
          const { run } = to;
          to.run = 'running';
          to.sigpending = false;
          const result = original(core, sender, signo, to, ...how);
          if (!to.process.flags.groupExit) to.run = run;
          return result;
        }),
    },
  });
});

describe('a parent in vfork(2)', () => {
  property('sleeps as long as its child is in its memory, and no longer', {
    watch:
      () =>
      ({ core, quiet }) => {
        const all = [...core.tasks.values()];
        for (const child of all) {
          const { vforkParent } = child;
          if (vforkParent === undefined || vforkParent.exiting) continue;
          claim(vforkParent.sleep?.call === 'vfork', () => `${named(vforkParent)} is awake`);
        }
        for (const parent of quiet ? all : []) {
          if (parent.sleep?.call !== 'vfork' || parent.run !== 'running') continue;
          const borrower = all.find(({ vforkParent }) => vforkParent === parent);
          claim(
            borrower !== undefined && borrower.forkNoExec && lives(borrower),
            () => `${named(parent)} sleeps, and nobody is in its memory`,
          );
        }
      },
    broken: {
      when: 'execve(2) does not give it back',
      make: () => replace(exit, 'releaseVfork', () => () => undefined),
    },
  });
});

/** kill_ok_by_cred(), and CAP_KILL. */
function may(sender: Cred, { uid, suid }: Cred): boolean {
  return sender.caps || [sender.uid, sender.euid].some((id) => id === uid || id === suid);
}
