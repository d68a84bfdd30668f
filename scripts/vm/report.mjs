// What the laboratory, and who else fetches with its means, says while it works: on stderr, so that
// stdout is the guest's alone.

import process from 'node:process';

const colour = process.stderr.isTTY === true && !process.env.NO_COLOR;
const paint = (code) => (text) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);

export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);
export const yellow = paint(33);

/** The laboratory could not do its work. The message is for the user and says what to do. */
export class LabError extends Error {
  /** @param {{ outcome?: string }} [options] one word for `--json` */
  constructor(message, { outcome = 'laboratory-failed' } = {}) {
    super(message);
    this.outcome = outcome;
  }
}

let speaker = 'vm';

/** Who it is that says it. */
export const speakAs = (name) => (speaker = name);

export const say = (text) => process.stderr.write(`${dim(`${speaker}:`)} ${text}\n`);
export const warn = (text) => say(yellow(text));

export function seconds(ms) {
  const rounded = Math.round(ms / 1000);
  return ms < 10_000
    ? `${(ms / 1000).toFixed(1)} s`
    : rounded < 120
      ? `${rounded} s`
      : `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
}

// Short enough that nobody wonders, long enough that a cached step says nothing.
const SPEAK_AFTER_MS = 700;
const SPEAK_AGAIN_MS = 15_000;

/** Does one piece of work; says what it is as soon as it takes noticeable time. */
export async function step(what, work) {
  const startedAt = Date.now();
  let spoke = false;
  const speak = () => {
    say(spoke ? dim(`  still ${what}, ${seconds(Date.now() - startedAt)}`) : `${what} …`);
    spoke = true;
    timer = setTimeout(speak, SPEAK_AGAIN_MS);
  };
  let timer = setTimeout(speak, SPEAK_AFTER_MS);
  try {
    const result = await work();
    if (spoke) say(dim(`  done, ${seconds(Date.now() - startedAt)}`));
    return result;
  } finally {
    clearTimeout(timer);
  }
}
