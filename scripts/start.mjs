// The main job, on real input: a handful of real children, how each ended and who reaped it.
//
//   npm start                 the table
//   npm start -- --json       the same for machines
//   npm start -- --help
//
// Above the table stands what this kernel can do, and why not more.
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
const { run, spawn, support } = require('../dist/lib/index.js');

const HELP = `Spawns a handful of real children and shows how each ended.

Usage: npm start [-- options]

  --json     print one JSON object instead of the table
  --help     this text

The children: one that exits 7, one that is killed by a signal, one whose file is missing, one whose
output is piped, one that will not stop until it is killed, and one that dies with its parent.

"reaped by" says who takes the child's status:
  kernel     the kernel itself, at death (CLONE_AUTOREAP, Linux 7.1): never a zombie
  waitid     a thread of ours, for this child alone: a zombie for microseconds
  libuv      Node.js, because this is not Linux or nothing above is allowed
`;

/** One row: what was asked for, and what came of it. Called right after the spawn: a pidfd closes. */
async function observe(what, child) {
  const row = { what, pid: child.pid, pidfd: child.pidfd?.fd, reapedBy: child.reapedBy };
  try {
    const record = await child.exited;
    const ended = record.statusLost
      ? `status lost (${record.statusLostCode})`
      : record.signalCode === null
        ? `exited ${record.exitCode}`
        : `killed by ${record.signalCode}`;
    return { ...row, ended, ms: record.durationMs };
  } catch (error) {
    return { what, ended: `${error.code} at ${error.step ?? error.syscall}` };
  }
}

async function children() {
  const rows = [];
  const start = (what, child) => {
    rows.push(observe(what, child));
    return child;
  };

  start('sh -c "exit 7"', spawn('sh', ['-c', 'exit 7'], { stdio: 'ignore' }));
  start('sleep 60, then SIGTERM', spawn('sleep', ['60'], { stdio: 'ignore' })).kill();
  start('/no/such/program', spawn('/no/such/program')).on('error', () => {});

  const piped = run('sh', ['-c', 'read name; echo "hello, $name"'], { input: 'world\n' });
  start('sh, its output piped', piped.child);

  const deaf = 'trap "" TERM; echo ready; while :; do sleep 1; done';
  const stubborn = start('sh that ignores SIGTERM, stop()', spawn('sh', ['-c', deaf]));
  await new Promise((resolve) => stubborn.stdout.once('data', resolve));
  await stubborn.stop({ graceMs: 100 });

  const { autokill } = support().guarantees;
  if (autokill !== undefined) {
    const bound = spawn('sleep', ['60'], { stdio: 'ignore', autokill: true });
    start(`sleep 60, autokill by ${autokill}`, bound)[Symbol.dispose]();
  }
  return { rows: await Promise.all(rows), output: (await piped).stdout.trim() };
}

/** What this kernel can do, a line each; what it refuses, with the errno that said so. */
function describeSupport(report, paint) {
  const { guarantees, capabilities } = report;
  const why = (name) => {
    const { code, note } = capabilities[name];
    return `${name}: ${code ?? note ?? 'no'}`;
  };
  const line = (good, text) => `  ${good ? paint('32', 'yes') : paint('33', 'no ')}  ${text}`;
  const kernel = guarantees.zombieFree === 'always';
  return [
    `Linux ${report.kernel} on ${report.arch}, Node.js ${process.version}: children are reaped by ` +
      paint('1', report.reapedBy),
    line(
      kernel,
      kernel
        ? 'the kernel reaps a child at death, even if this process has crashed'
        : `the kernel reaps a child at death (${why('CLONE_AUTOREAP')})`,
    ),
    line(guarantees.zombieFree !== 'no', 'no zombies, also with a blocked event loop'),
    line(
      guarantees.statusSafe,
      guarantees.statusSafe
        ? "no status is lost to another's waitpid(-1)"
        : `no status is lost to another's waitpid(-1) (${why('PIDFD_INFO_EXIT')})`,
    ),
    line(
      guarantees.signalsByPidfd,
      guarantees.signalsByPidfd
        ? 'a signal never hits a stranger'
        : `a signal never hits a stranger (${why('pidfd_send_signal')})`,
    ),
    line(
      guarantees.autokill !== undefined,
      `a child can be made to die with us${guarantees.autokill === 'pdeathsig' ? ' (by PR_SET_PDEATHSIG)' : ''}`,
    ),
  ].join('\n');
}

function table(rows, paint) {
  const cells = rows.map(({ what, pid, pidfd, ended, reapedBy, ms }) => [
    what,
    pid === undefined ? '-' : String(pid),
    pidfd === undefined ? '-' : String(pidfd),
    ended,
    reapedBy ?? '-',
    ms === undefined ? '-' : `${ms.toFixed(1)} ms`,
  ]);
  const head = ['child', 'pid', 'pidfd', 'how it ended', 'reaped by', 'time'];
  const right = new Set([1, 2, 5]);
  const widths = head.map((title, i) =>
    Math.max(title.length, ...cells.map((row) => row[i].length)),
  );
  const layOut = (row) =>
    row
      .map((cell, i) => (right.has(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ');
  return [paint('1', layOut(head)), ...cells.map(layOut)].map((line) => line.trimEnd()).join('\n');
}

function parseCommandLine() {
  try {
    const options = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } };
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${error.message.replace(/\.?$/, '.')} See npm start -- --help.\n`);
    process.exit(2);
  }
}

const values = parseCommandLine();
if (values.help) {
  process.stdout.write(HELP);
} else {
  const colours = process.stdout.isTTY && process.env.NO_COLOR === undefined;
  const paint = (code, text) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
  const report = support();
  const { rows, output } = await children();
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ support: report, children: rows, output }, null, 2)}\n`,
    );
  } else {
    process.stdout.write(
      `${describeSupport(report, paint)}\n\n${table(rows, paint)}\n\nThe piped child said: ${output}\n`,
    );
  }
}
