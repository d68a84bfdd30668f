// Programs by what they do, for sentences that hold on every backend: each is a line of shell for real processes,
// and a function for those of the model. In both, the arguments are counted from 1.
// Long, as a list is: an entry is read by itself.
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  PR_GET_NO_NEW_PRIVS,
  type ModelKernel,
  type Program,
  type ProgramProcess,
} from '../../lib/model';

/** What to spawn: `spawn(...command, options)`. */
export type Command = readonly [file: string, args: readonly string[]];

interface Meaning {
  readonly sh: string;
  readonly model: Program;
}

const forever = (): Promise<never> => new Promise(() => {});

/** Until somebody lets go of the other end. */
async function ended(stream: Duplex | undefined): Promise<void> {
  stream!.resume();
  await once(stream!, 'end');
}

/** All that comes. (Who iterates over a duplex stream destroys it, and cannot answer.) */
async function all(stream: Duplex | undefined): Promise<string> {
  let said = '';
  stream!.setEncoding('utf8').on('data', (data: string) => (said += data));
  await once(stream!, 'end');
  return said;
}

/** The child of a program that reads its descriptor 3 to the end, says it, and leaves with a code. */
const reader = (process: ProgramProcess, code = 0): ReturnType<ProgramProcess['spawn']> =>
  process.spawn('/bin/reads', [String(code)]);

const meanings = {
  /** Exits with 0: for sentences that have to name the same program for Node.js. So has `cat`. */
  true: { sh: 'exit 0', model: () => 0 },

  /** Exits with a code. */
  exits: { sh: 'exit $1', model: ({ argv }) => Number(argv[1]) },

  /** Exits with a code when its input ends. */
  exitsAfterInput: {
    sh: 'cat >/dev/null; exit $1',
    model: async ({ argv, stdin }) => {
      await ended(stdin as Duplex);
      return Number(argv[1]);
    },
  },

  /** Says one thing on stdout and another on stderr, and exits with a code. */
  says: {
    sh: 'printf %s "$1"; printf %s "$2" >&2; exit "${3:-0}"',
    model: ({ argv, stdout, stderr }) => {
      const [, out, err, code = 0] = argv;
      stdout.write(out);
      if (err) stderr.write(err);
      return Number(code);
    },
  },

  /** Sends itself a signal: `'KILL'`. */
  signalsItself: {
    sh: 'kill -s "$1" $$',
    model: (process) => {
      process.kill(process.pid, `SIG${process.argv[1]!}`);
      return forever();
    },
  },

  /** Says what it is told, until there is nothing more. */
  cat: {
    sh: 'exec cat',
    model: async ({ stdin, stdout }) => {
      await pipeline(stdin, stdout);
    },
  },

  /** Does not end, and says nothing. */
  sleeps: { sh: 'exec sleep 60', model: forever },

  /** Says y until nobody listens. */
  yes: {
    sh: 'exec yes',
    model: async ({ stdout }) => {
      for (;;) if (!stdout.write('y\n'.repeat(512))) await once(stdout, 'drain');
    },
  },

  /** Says so many zeros. */
  zeros: {
    sh: 'exec head -c "$1" /dev/zero',
    model: ({ argv, stdout }) => {
      stdout.write(Buffer.alloc(Number(argv[1])));
    },
  },

  /** The two bytes of ö, one after the other. */
  pieces: {
    sh: 'printf "\\303"; sleep 0; printf "\\266"',
    model: async ({ stdout }) => {
      stdout.write(Buffer.from([0xc3]));
      await new Promise(setImmediate);
      stdout.write(Buffer.from([0xb6]));
    },
  },

  /** Says many lines on stderr, and fails. */
  complains: {
    sh: 'i=0; while [ $i -lt 3000 ]; do echo "line $i" >&2; i=$((i + 1)); done; exit 1',
    model: ({ stderr }) => {
      for (let i = 0; i < 3000; i++) stderr.write(`line ${i}\n`);
      return 1;
    },
  },

  /** Is ready, and lives until its descriptor 3 ends. */
  lingers: {
    sh: 'echo ready; read _ <&3',
    model: async ({ stdout, stdio }) => {
      stdout.write('ready\n');
      await ended(stdio[3]);
    },
  },

  /** Is ready, ignores SIGINT, and waits for a child that does, too, until descriptor 3 ends. */
  ignoresInterrupts: {
    sh: "trap '' INT; echo ready; (read _ <&3) & wait",
    model: async (process) => {
      process.ignore('SIGINT');
      process.stdout.write('ready\n');
      await reader(process).ended;
    },
  },

  /** Has a child that keeps its output until descriptor 3 ends, says so, and waits for it. */
  hasChild: {
    sh: '(read _ <&3) & echo started; wait',
    model: async (process) => {
      const child = reader(process);
      process.stdout.write('started\n');
      await child.ended;
    },
  },

  /** Says the pid of its child, which exits with a code when descriptor 3 ends, and waits for it. */
  namesChild: {
    sh: '(cat <&3 >/dev/null; exit "$1") & echo $!; wait',
    model: async (process) => {
      const child = reader(process, Number(process.argv[1]));
      process.stdout.write(`${child.pid}\n`);
      await child.ended;
    },
  },

  /** Leaves a child behind that says what comes from descriptor 3, and exits with 7. */
  leavesChild: {
    sh: '(read -r line <&3; printf %s "$line") & exit 7',
    model: (process) => {
      reader(process);
      return 7;
    },
  },

  /** Leads a child that lives until descriptor 3 ends, and ends with its input. */
  leads: {
    sh: '(read _ <&3) & read _',
    model: async (process) => {
      reader(process);
      await ended(process.stdin as Duplex);
    },
  },

  /** Is ready, catches SIGTERM and says so, and exits with 7 when its input ends. */
  catchesTerm: {
    // Of all commands of a shell, a signal interrupts only `wait`.
    sh: "trap 'echo asked' TERM; exec 3<&0; cat <&3 >&2 & echo ready; wait $!; wait $!; exit 7",
    model: async (process) => {
      process.on('SIGTERM', () => process.stdout.write('asked\n'));
      process.stdout.write('ready\n');
      await ended(process.stdin as Duplex);
      return 7;
    },
  },

  /** Says what comes from 3 to 3, and from 4 to 4. */
  echoes: {
    sh: 'cat <&3 >&3; cat <&4 >&4',
    model: async ({ stdio }) => {
      for (const fd of [3, 4]) stdio[fd]!.end(await all(stdio[fd]));
    },
  },

  /** Closes its input, and lives until descriptor 3 ends. */
  closesInput: {
    sh: 'exec 0<&-; read -r _ <&3; exit 0',
    model: async ({ stdin, stdio }) => {
      stdin.destroy();
      await ended(stdio[3]);
    },
  },

  /** Says where it is, as what it was called, and with what. */
  tells: {
    sh: 'printf "%s|%s|%s" "$(pwd)" "$A" "$1"',
    model: ({ argv, env, cwd, stdout }) => {
      stdout.write([cwd, env['A'] ?? '', argv[1]].join('|'));
    },
  },

  /** Says whose child it is, its group and its session. */
  ids: {
    sh: 'set -- $(cat /proc/$$/stat); echo $$ $4 $5 $6',
    model: ({ pid, ppid, task, stdout }) => {
      stdout.write([pid, ppid, task.getpgid(), task.getsid()].join(' '));
    },
  },

  /** Says as whom it runs, and whether it can gain no privileges. */
  rights: {
    sh: 'echo $(id -u) $(id -g) $(sed -n "s/^NoNewPrivs:.//p" /proc/$$/status)',
    model: ({ task, gid, stdout }) => {
      stdout.write([task.getuid(), gid, task.prctl(PR_GET_NO_NEW_PRIVS)].join(' '));
    },
  },

  /** The child of some of them. */
  reads: {
    sh: 'cat <&3; exit "$1"',
    model: async ({ argv, stdio, stdout }) => {
      stdout.write(await all(stdio[3]));
      return Number(argv[1]);
    },
  },
} satisfies Record<string, Meaning>;

/** The word for each of them, with its arguments. */
export type Vocabulary = {
  readonly [Word in keyof typeof meanings]: (...args: readonly (string | number)[]) => Command;
};

function vocabulary(
  command: (word: string, meaning: Meaning, args: readonly string[]) => Command,
): Vocabulary {
  const words = Object.entries<Meaning>(meanings).map(([word, meaning]) => [
    word,
    (...args: readonly (string | number)[]) => command(word, meaning, args.map(String)),
  ]);
  return Object.fromEntries(words) as Vocabulary;
}

/** For real processes. */
export const shellVocabulary = vocabulary((word, { sh }, args) => [
  'sh',
  ['-c', sh, word, ...args],
]);

/** For those of the model, installed there. */
export function modelVocabulary(kernel: ModelKernel): Vocabulary {
  for (const [word, { model }] of Object.entries<Meaning>(meanings)) {
    kernel.install(`/bin/${word}`, { program: model });
  }
  return vocabulary((word, _meaning, args) => [word, args]);
}
