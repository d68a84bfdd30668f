// The laboratory: the built project, on a real kernel of Debian's, in QEMU. See --help.
//
//   node scripts/vm/main.mjs [--kernel 7.x] [--arch arm64] [-- command …]

import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { openIndex } from './apt.mjs';
import { isForeign } from './arch.mjs';
import { crossCompile } from './cross.mjs';
import { printFacts } from './facts.mjs';
import { HELP, parseCommandLine } from './help.mjs';
import { getKernel, listKernels } from './kernels.mjs';
import { getNode } from './npm.mjs';
import { at, missingParts, productsIn } from './project.mjs';
import { boot, chooseAccelerator, qemuArguments, rememberBrokenKvm } from './qemu.mjs';
import { LabError, dim, green, red, say, seconds, step, warn } from './report.mjs';
import { writeRootfs } from './rootfs.mjs';
import { interruption, quote, requireTools } from './tools.mjs';

const LAB_FAILED = 125; // As `docker run` and env(1) say it.
const TIMED_OUT = 124; // As timeout(1) says it.
const INTERRUPTED = 130; // As a shell says it.

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => interruption.abort());
// Whoever read the guest's output has seen enough: `npm run vm … | head`.
process.stdout.on('error', () => interruption.abort());

async function main(options) {
  const { arch } = options;
  requireTools({
    'apt-get': ['apt'],
    'dpkg-deb': ['dpkg'],
    flock: ['util-linux'],
    readelf: ['binutils'],
    tar: ['tar'],
    ...(options.list ? {} : { [arch.qemu]: [arch.qemuPackage] }),
  });
  const index = await openIndex(arch, options);
  if (options.list) return printKernels(index);

  const kernel = await getKernel(index, options.kernel);
  const products = isForeign(arch)
    ? await crossCompile(arch)
    : productsIn(at('build/Release'), at('build/fixtures'));
  checkBuilt(products, options.command);
  const node = await getNode(arch, options.node);
  const command = options.command.length > 0 ? options.command : suite();
  const nonce = crypto.randomBytes(8).toString('hex');

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'autoreap-vm-'));
  const initrd = path.join(folder, 'rootfs.cpio');
  try {
    await step('packing the guest', () =>
      writeRootfs({ file: initrd, arch, index, node: node.file, products, command, nonce }),
    );
    const machine = { ...options, arch, kernel: kernel.vmlinuz, initrd, nonce };
    return await bootMachine(machine, kernel);
  } finally {
    if (options.keep) say(`kept ${initrd}`);
    else fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** KVM, emulation if that fails to boot, and once more: a starved emulator may miss its timers. */
async function bootMachine(machine, kernel) {
  const { accel } = machine;
  const first = chooseAccelerator(machine.arch, accel);
  const attempts =
    accel === 'kvm' ? ['kvm'] : first === 'kvm' ? ['kvm', 'tcg', 'tcg'] : ['tcg', 'tcg'];
  for (const [i, accelerator] of attempts.entries()) {
    try {
      const result = await runMachine({ ...machine, accelerator }, kernel);
      // It was KVM, then, not the kernel or the memory.
      if (attempts[0] === 'kvm' && accelerator === 'tcg') rememberBrokenKvm();
      return result;
    } catch (error) {
      if (error.outcome !== 'boot-failed' || i === attempts.length - 1) throw error;
      warn(`${error.message}\nOnce more, with ${attempts[i + 1]}.`);
    }
  }
}

async function runMachine(machine, kernel) {
  const { arch, accelerator } = machine;
  const title = `Linux ${kernel.version} (${arch.name}, ${accelerator})`;
  say(`booting ${title} from ${kernel.suite}`);
  if (machine.keep) say(dim([arch.qemu, ...qemuArguments(machine).map(quote)].join(' ')));
  const startedAt = Date.now();
  let facts = {};
  let midLine = false;
  const result = await boot(machine, interruption.signal, {
    facts(text) {
      facts = JSON.parse(text);
      printFacts(facts, accelerator);
    },
    output(bytes) {
      process.stdout.write(bytes);
      midLine = bytes.at(-1) !== 0x0a;
    },
  });
  const totalMs = Date.now() - startedAt;
  if (midLine && (machine.json || process.stdout.isTTY)) process.stdout.write('\n');

  const { exitCode, bootMs } = result;
  const verdict = exitCode === 0 ? green('exit code 0') : red(`exit code ${exitCode}`);
  say(`${verdict} on ${title}, ${seconds(totalMs)}, user space after ${seconds(bootMs)}`);
  return { outcome: 'exited', exitCode, accelerator, ...facts, bootMs, totalMs };
}

/** Without a command the suite is meant, and it needs everything; `uname -a` needs nothing. */
function checkBuilt(products, command) {
  const missing = missingParts(products);
  if (missing.length === 0) return;
  const message = `The project is not built. Missing: ${missing.join(', ')}.`;
  if (command.length === 0) throw new LabError(message);
  warn(message);
}

const suite = () => [
  'jest',
  ...(process.stdout.isTTY && !process.env.NO_COLOR ? ['--colors'] : []),
];

function printKernels(index) {
  const newest = new Map();
  for (const kernel of listKernels(index).filter(({ entry }) => !entry.gone)) {
    if (!newest.has(kernel.series)) newest.set(kernel.series, kernel);
  }
  const rows = [...newest.values()].map(({ series, entry, isCached }) =>
    [
      series.padEnd(8),
      entry.version.padEnd(26),
      entry.suite.padEnd(20),
      isCached ? 'yes' : '',
    ].join(''),
  );
  const head = ['kernel'.padEnd(8), 'package'.padEnd(26), 'suite'.padEnd(20), 'cached'].join('');
  process.stdout.write(`${[head, ...rows].join('\n')}\n`);
  return { outcome: 'listed', exitCode: 0 };
}

let options = { json: process.argv.includes('--json') };
let verdict;
try {
  options = parseCommandLine(process.argv.slice(2));
  if (options.help) process.stdout.write(HELP);
  else verdict = await main(options);
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  const outcome = interruption.signal.aborted ? 'interrupted' : error.outcome;
  const message = outcome === 'interrupted' ? 'Interrupted.' : error.message;
  say(`${red('failed:')} ${message}`);
  const exitCode = { timeout: TIMED_OUT, interrupted: INTERRUPTED }[outcome] ?? LAB_FAILED;
  verdict = { outcome, exitCode, message };
}
if (options.json && verdict) process.stdout.write(`${JSON.stringify(verdict)}\n`);
process.exitCode = verdict?.exitCode ?? 0;
