// One line on stderr that says what is going on, for a run that takes longer than one likes to wait
// in the dark. A terminal sees one line rewritten; a file, at most one line every two seconds.

const EVERY_MS = 2000;

let lastMs = performance.now();
let shown = false;

export function progress(text) {
  const nowMs = performance.now();
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\x1b[K${text}`);
    shown = true;
  } else if (nowMs - lastMs >= EVERY_MS) {
    process.stderr.write(`${text}\n`);
    lastMs = nowMs;
  }
}

/** Before anything else is written. */
export function clearProgress() {
  if (shown) process.stderr.write('\r\x1b[K');
  shown = false;
}

/** What the reader must know of the result: never overwritten. */
export function warn(text) {
  clearProgress();
  process.stderr.write(`${text}\n`);
}
