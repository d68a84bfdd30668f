// The few words that one has to know.

export interface Word {
  readonly term: string;
  readonly text: string;
  /** What of a running text means it. */
  readonly forms: RegExp;
}

export const WORDS: readonly Word[] = [
  {
    term: 'process',
    text: 'A running program. It has a number, its pid, and a parent. Only init has none.',
    forms: /process(?:es)?/,
  },
  {
    term: 'parent',
    text: 'The process that started this one. The kernel tells the parent, and nobody else, how its child ended.',
    forms: /parents?/,
  },
  {
    term: 'zombie',
    text: 'A process that has ended, and whose parent has not asked yet how. It runs no more and has no memory. What is left is its number and its exit status. Both are kept until somebody asks.',
    forms: /zombies?/,
  },
  {
    term: 'orphan',
    text: 'A process whose parent has ended. It lives on. The kernel gives it a new parent: the nearest subreaper above it, or init.',
    forms: /orphan(?:s|ed)?/,
  },
  {
    term: 'reap',
    text: 'To take the exit status of a zombie. After that the zombie is gone and its number is free. A parent reaps with wait4() or waitid().',
    forms: /reap(?:s|ed|ing|ers?)?/,
  },
  {
    term: 'init',
    text: 'The first process, pid 1. It gets every orphan that nobody else takes, and has to reap it. If init ends, the machine stops.',
    forms: /init/,
  },
  {
    term: 'subreaper',
    text: 'A process that has said: give the orphans below me to me, not to init. Service managers do this, to keep hold of what they have started.',
    forms: /subreapers?/,
  },
  {
    term: 'pidfd',
    text: 'A descriptor, like that of an open file, that stands for one process. A number may be used again for another process. A pidfd never means another one. It can be polled for the end, and it can tell the exit status.',
    forms: /pidfds?/,
  },
  {
    term: 'SIGCHLD',
    text: 'The signal that a parent is sent when a child has ended, or has stopped. It says: there may be somebody to wait for.',
    forms: /SIGCHLD/,
  },
  {
    term: 'autoreap',
    text: 'A child that was started with CLONE_AUTOREAP. When it ends, the kernel itself reaps it at once. There is no zombie and no signal. Its exit status can be had through a pidfd. Linux 7.1 has it.',
    forms: /(?:CLONE_)?AUTOREAP|autoreap(?:s|ed|ing)?/,
  },
  {
    term: 'exit signal',
    text: 'The signal that a process sends to its parent at its end. It is SIGCHLD as a rule. If it is 0, nobody is told, and an ordinary wait does not see the child.',
    forms: /exit signal/,
  },
  {
    term: 'kernel thread',
    text: 'A process that the kernel runs for itself, without a program. It is in the tree like any other, and has a parent.',
    forms: /kernel threads?/,
  },
];

const ANY = new RegExp(`\\b(?:${WORDS.map(({ forms }) => forms.source).join('|')})\\b`, 'g');

/** A text in pieces: those that are one of the words say which. */
export function findWords(
  text: string,
): (string | { readonly said: string; readonly word: Word })[] {
  const pieces: (string | { said: string; word: Word })[] = [];
  let at = 0;
  for (const match of text.matchAll(ANY)) {
    const [said] = match;
    const word = WORDS.find(({ forms }) => new RegExp(`^(?:${forms.source})$`).test(said));
    if (word === undefined) continue;
    pieces.push(text.slice(at, match.index), { said, word });
    at = match.index + said.length;
  }
  return [...pieces, text.slice(at)].filter((piece) => piece !== '');
}
