// All that is checked, one step after the other, the real kernels two at a time. A failing step does
// not end the run: one run shows everything. `.ci/run` starts this, with CI=true and no stdin. See --help.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { at, root } from './files.mjs';
import { NODES } from './nodes.mjs';

// For all that is compiled, formatted, analysed and emulated here. npm has the rest.
const PACKAGES = [
  ...['g++', 'make', 'python3', 'cmake', 'ninja-build', 'binutils'],
  ...['clang-format-19', 'clang-tidy-19', 'strace', 'tar', 'util-linux'],
  ...['qemu-system-x86', 'qemu-system-arm', 'g++-aarch64-linux-gnu', 'libc6-dev-arm64-cross'],
  'chromium',
];

const APT = `
  missing=$(dpkg-query -W -f='\${Package} \${Status}\\n' ${PACKAGES.join(' ')} 2>/dev/null |
    awk '/install ok installed$/ { print $1 }' | sort |
    comm -13 - <(printf '%s\\n' ${PACKAGES.join(' ')} | sort))
  if [ -z "$missing" ]; then echo "all there"; exit; fi
  echo "missing:" $missing
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update && $sudo apt-get install -y --no-install-recommends $missing
`;

const npm = (...args) => ['npm', ...args];
// In the guest without what asks nothing of a kernel and starts Node.js a hundred times, which takes an
// emulated machine minutes: unit tests, the model, who is reached by `register`, and our users but for cluster.
// "npm test" and every other Node.js have had them. There is one processor.
const GUEST_SUITE = [
  ...['jest', '--maxWorkers', '1', '--testTimeout', '240000'], // Emulation is slow, and that of arm64 slower.
  ...[
    '--testPathIgnorePatterns',
    'test/unit/',
    'test/model/',
    'spec/(model|docs-model)',
    'node/register',
    'users/(?!cluster)',
  ],
];
// Of Node's API, an older kernel decides who reaps, and what is told to whom.
const OLDER_SUITE = [...GUEST_SUITE, 'node/(?!differences|spawn|sync|three)'];
// One processor each: two guests run at a time on our two, and QEMU's emulation of several has been seen
// to break a kernel that patches itself (int3 in __alloc_frozen_pages, 7.3).
const guest = (name, suite, ...options) => ({
  name,
  command: npm(
    ...['run', '--silent', 'vm', '--', ...options],
    ...['--cpus', '1', '--memory', '3072', '--timeout', '35', '--', ...suite],
  ),
  jest: true,
  // Emulation itself fails now and then: an oops in the guest's kernel, a node that dies of SIGSEGV on
  // emulated arm64 (both seen, neither repeatable). The log keeps the first try.
  tries: 2,
});

// `npm test` is one of them already.
const OTHER_NODES = NODES.filter((major) => major !== process.versions.node.split('.')[0]);
const onNode = (major) => ({
  name: `node ${major}`,
  command: npm('run', '--silent', 'test:nodes', '--', major),
  jest: true,
});

const differential = (...options) => npm('run', '--silent', 'test:differential', '--', ...options);
// The same each time: here they are to tell about a change. To find what nobody has seen, throw others.
const DICE = ['--runs', '2000', '--seed', '1'];
// In dist/, because that goes into the guest.
const PROGRAMS = 'dist/differential.jsonl';
const WRITE = ['--write', PROGRAMS];
const PLAY = ['node', 'dist/test/differential/main.js', '--read', PROGRAMS];

/**
 * A step counts as one passed or failed, unless jest says how many it ran, or it ends with a count itself. `tries`: for what the
 * network may fail. `skips: false`: on this kernel there is nothing that a test may lack.
 */
const STEPS = [
  { name: 'debian packages', command: ['bash', '-c', APT], tries: 3 },
  { name: 'npm ci', command: npm('ci'), tries: 3 },
  { name: 'npm test', command: npm('test'), jest: true },
  ...OTHER_NODES.map(onNode),
  { name: 'lint', command: npm('run', 'lint') },
  { name: 'types', command: npm('run', 'types') },
  { name: 'format', command: npm('run', 'format:check') },
  { name: 'playground', command: npm('run', '--silent', 'test:playground'), counts: true },
  { name: 'differential', command: differential(...DICE), counts: true },
  // What the guest below plays: to make programs takes an emulated machine long.
  {
    name: 'programs for 7.x',
    command: differential(...DICE, '--abi', 'linux-7.1', ...WRITE),
  },
  { name: 'clang-tidy', command: npm('run', 'tidy') },
  { name: 'sanitizers', command: npm('run', 'test:asan') },
  { name: 'package', command: npm('run', 'pack:check') },
];

// The whole suite on each. The longest first, so that the two lanes end together.
const KERNELS = [
  { ...guest('linux 7 arm64', GUEST_SUITE, '--kernel', '7.x', '--arch', 'arm64'), skips: false },
  { ...guest('linux 7 x64', GUEST_SUITE, '--kernel', '7.x'), skips: false },
  { ...guest('differential 7 x64', PLAY, '--kernel', '7.x'), jest: false, counts: true },
  guest('linux 6.12 x64', OLDER_SUITE, '--kernel', '6.12'),
  guest('linux 6.1 x64', OLDER_SUITE, '--kernel', '6.1'),
  guest('linux 5.10 x64', OLDER_SUITE, '--kernel', '5.10'),
];
const KERNEL_LANES = 2;

const MINUTE = 60_000;
const STEP_LIMIT_MS = 37 * MINUTE;
const RUN_LIMIT_MS = 82 * MINUTE;
const TRY_AGAIN_MS = 10_000;
const STILL_HERE_MS = 60_000;
const COMPLAINT_LINES = 80;

const startedAt = Date.now();
const results = [];
const running = new Set();

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(name, () => {
    for (const child of running) process.kill(-child.pid, 'SIGKILL');
    process.exit(1);
  });
}

async function perform(step) {
  const began = Date.now();
  const alive = setInterval(() => {
    console.log(`… ${step.name}, ${duration(Date.now() - began)}`);
  }, STILL_HERE_MS);

  let attempt = await execute(step);
  for (let tries = 1; attempt.failure && tries < (step.tries ?? 1); tries++) {
    await sleep(TRY_AGAIN_MS);
    const again = await execute(step);
    attempt = { ...again, log: `${attempt.log}\n${attempt.failure}; once more.\n${again.log}` };
  }

  clearInterval(alive);
  const result = { ...step, ...attempt, ...count(step, attempt), tookMs: Date.now() - began };
  results.push(result);
  report(result);
}

function execute({ command: [file, ...args] }) {
  return new Promise((resolve) => {
    // A group of its own, so that what it started ends with it.
    const child = spawn(file, args, {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let log = '';
    let failure;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (log += text));
    }
    const limitMs = Math.min(STEP_LIMIT_MS, startedAt + RUN_LIMIT_MS - Date.now());
    const limit = setTimeout(() => {
      failure = `still running after ${duration(limitMs)}: killed`;
      process.kill(-child.pid, 'SIGKILL');
    }, limitMs);
    child.on('error', (error) => {
      failure = error.message;
    });
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      running.delete(child);
      if (code !== 0) failure ??= `ended with ${signal ?? `exit code ${code}`}`;
      resolve({ log, failure });
    });
  });
}

/** How much of it passed, failed, was skipped. */
function count({ jest, counts, skips = true }, { log, failure }) {
  if (counts) {
    const last = [...log.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
    const [passed, failed] = last?.slice(1).map(Number) ?? [0, 0];
    return { passed, failed: failed === 0 && (failure || passed === 0) ? 1 : failed, skipped: 0 };
  }
  if (!jest) return { passed: failure ? 0 : 1, failed: failure ? 1 : 0, skipped: 0 };

  // "Tests:       1 failed, 2 skipped, 3 passed, 6 total"
  const summary = [...stripVTControlCharacters(log).matchAll(/^Tests: +(.*)$/gm)].at(-1)?.[1] ?? '';
  const number = (what) => Number(new RegExp(`(\\d+) ${what}`).exec(summary)?.[1] ?? 0);
  const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map(number);
  // A file that does not load fails no test, and a suite of nothing passes none.
  const unsaid = failed === 0 && (failure || passed === 0) ? 1 : 0;
  if (skips) return { passed, failed: failed + unsaid, skipped };
  return { passed, failed: failed + unsaid + skipped, skipped: 0, forbidden: skipped };
}

function report({ name, log, failure, tookMs, passed, failed, skipped, forbidden }) {
  const verdict = failed > 0 ? 'FAILED' : 'passed';
  const skips = skipped > 0 ? `, ${skipped} skipped` : '';
  const counts = `${passed} passed, ${failed} failed${skips}, ${duration(tookMs)}`;
  // GitHub folds what is between these two; elsewhere a heading must do.
  const [open, close] = process.env.GITHUB_ACTIONS ? ['::group::', '::endgroup::'] : ['\n=== ', ''];
  console.log(`${open}${name}: ${verdict} (${counts})`);
  console.log(log.trimEnd());
  if (forbidden) console.log(`${forbidden} skipped: on this kernel nothing may be`);
  if (failure) console.log(failure);
  if (close) console.log(close);
}

/**
 * What a failed step had to say, short enough to stand with those of the others at the end: who keeps only a
 * part of the output keeps its end.
 */
function complaint({ name, jest, counts, log, failure }) {
  const lines = stripVTControlCharacters(log).split('\n');
  // jest says it twice, if it has a summary.
  const from = lines.findLastIndex((line) => line === 'Summary of all failing tests');
  const begins = jest ? /^ {2}● / : counts ? /^FAILED / : undefined;
  const ends = /^(PASS|FAIL|Test Suites:|ok) /;
  let isSaying = false;
  const said = lines.slice(from + 1).filter((line) => {
    isSaying = begins?.test(line) || (isSaying && !ends.test(line));
    return isSaying;
  });
  const excerpt = said.length > 0 ? said.slice(0, COMPLAINT_LINES) : lines.slice(-COMPLAINT_LINES);
  return [`--- ${name}`, ...excerpt, failure ?? ''].join('\n').trimEnd();
}

function duration(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function table() {
  const rows = results.map(({ name, failed, passed, skipped, tookMs }) => [
    failed > 0 ? 'FAILED' : 'ok',
    name,
    String(passed),
    String(failed),
    String(skipped),
    duration(tookMs),
  ]);
  rows.unshift(['', 'step', 'passed', 'failed', 'skipped', 'took']);
  return rows.map((row) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd([8, 18][i]) : cell.padStart(i < 5 ? 8 : 14)))
      .join(''),
  );
}

const HELP = `Runs all that is checked, as CI does, and ends with a table and "N passed, N failed". An hour, if Linux is emulated.

  .ci/run [WORD …]    only the steps whose name contains one of the words: npm run ci -- lint 6.12

The steps: ${[...STEPS, ...KERNELS].map(({ name }) => name).join(' · ')}

What it needs it installs, with apt-get and npm. The exit code is 1 if something failed, and 2 for a WORD that no step has.
`;

const words = process.argv.slice(2);
const isWanted = ({ name }) => words.length === 0 || words.some((word) => name.includes(word));
if (words.includes('--help') || words.includes('-h')) {
  process.stdout.write(HELP);
  process.exit();
}
const unknown = words.find(
  (word) => ![...STEPS, ...KERNELS].some(({ name }) => name.includes(word)),
);
if (unknown !== undefined) {
  process.stderr.write(`${unknown}: no step is called so. See npm run ci -- --help.\n`);
  process.exit(2);
}

for (const step of STEPS.filter(isWanted)) await perform(step);

const queue = KERNELS.filter(isWanted);
const lane = async () => {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) await perform(step);
};
await Promise.all(Array.from({ length: KERNEL_LANES }, lane));

const total = (what) => results.reduce((sum, result) => sum + result[what], 0);
const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map(total);
const summary = table();
fs.mkdirSync(at('build'), { recursive: true });
fs.writeFileSync(at('build/ci-summary.txt'), `${summary.join('\n')}\n`);
const complaints = results.filter((result) => result.failed > 0).map(complaint);
if (complaints.length > 0) console.log(`\n=== what failed\n${complaints.join('\n\n')}`);
console.log(`\n${summary.join('\n')}\n\n${duration(Date.now() - startedAt)} in all\n`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
