// One run of a machine: QEMU with a kernel and an initramfs, its console read until our own lines say
// how the command ended.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';
import { isForeign } from './arch.mjs';
import { MarkedLines } from './marked-lines.mjs';
import { LabError, dim, say, seconds } from './report.mjs';
import { cached } from './tools.mjs';

const BOOT_MS = { kvm: 20_000, tcg: 180_000 };
const SILENCE_MS = 30_000;

/** @param {'auto'|'kvm'|'tcg'} wanted */
export function chooseAccelerator(arch, wanted) {
  if (wanted !== 'auto') return wanted;
  const reason = whyNoKvm(arch);
  if (reason !== undefined) say(dim(`no KVM: ${reason}`));
  return reason === undefined ? 'kvm' : 'tcg';
}

function whyNoKvm(arch) {
  if (isForeign(arch)) return `this machine cannot run ${arch.name} itself`;
  if (fs.existsSync(brokenKvm())) return 'a guest failed under it since this machine was started';
  try {
    fs.closeSync(fs.openSync('/dev/kvm', 'r+'));
  } catch (error) {
    return error.message;
  }
  return undefined;
}

/**
 * KVM may be there and not work, in nested machines above all: only a boot tells. What it told is
 * kept until the machine starts again, so that the next run need not try.
 */
export function rememberBrokenKvm() {
  fs.writeFileSync(brokenKvm(), '');
}

const brokenKvm = () =>
  cached(`kvm-fails-${fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`);

/** The command line; the options that --verbose changes are the kernel's. */
export function qemuArguments({ arch, accelerator, kernel, initrd, memory, cpus, verbose }) {
  const kernelOptions = [
    `console=${arch.console} panic=-1 rdinit=/init random.trust_cpu=on`,
    ...arch.kernelOptions,
    verbose ? 'loglevel=7' : 'quiet loglevel=1',
  ];
  return [
    ...['-accel', accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi'],
    ...arch[accelerator],
    ...['-smp', String(cpus), '-m', String(memory)],
    ...['-kernel', kernel, '-initrd', initrd, '-append', kernelOptions.join(' ')],
    // -nographic without its multiplexed monitor: a Ctrl-A in the guest's output stays one.
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-serial', 'stdio'],
    '-no-reboot',
  ];
}

/**
 * @param {object} machine as for `qemuArguments`, and `nonce`, `timeoutMs`, `silenceMs`
 * @param {AbortSignal} signal
 * @param {{ facts(text: string): void, output(bytes: Buffer): void }} listener
 * @returns {Promise<{ exitCode: number, bootMs: number }>}
 * @throws {LabError} whose outcome is boot-failed, kernel-panic, machine-stopped or timeout
 */
export function boot(machine, signal, listener) {
  return new Promise((resolve, reject) => {
    const startedAt = Date.now();
    const elapsed = () => Date.now() - startedAt;
    const child = spawn(machine.arch.qemu, qemuArguments(machine), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let awaited = 'the kernel to reach user space';
    let bootMs;
    let lastOutputAt = startedAt;
    let tail = ''; // Of everything, for the error message.
    let done = false;

    const finish = (settle, value) => {
      if (done) return;
      done = true;
      [bootTimer, timer, heartbeat].forEach(clearTimeout);
      signal.removeEventListener('abort', onAbort);
      child.kill('SIGKILL');
      settle(value);
    };
    const fail = (outcome, message) => {
      const seen = tail.replaceAll('\r', '').trim();
      const shown = awaited === 'the command' || seen === '' ? '' : `\n${dim(seen)}`;
      finish(reject, new LabError(`${message}${shown}`, { outcome }));
    };
    const onAbort = () => fail('interrupted', 'Interrupted.');
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) queueMicrotask(onAbort);
    const bootMsLimit = BOOT_MS[machine.accelerator];
    const bootTimer = setTimeout(
      () => fail('boot-failed', `The kernel reached no user space in ${seconds(bootMsLimit)}.`),
      bootMsLimit,
    );
    const timer = setTimeout(
      () =>
        fail('timeout', `Waited for ${awaited} for ${seconds(elapsed())}; --timeout allows more.`),
      machine.timeoutMs,
    );
    const heartbeat = setInterval(() => {
      const silentMs = Date.now() - lastOutputAt;
      if (silentMs >= machine.silenceMs) {
        fail('timeout', `Nothing was heard for ${seconds(silentMs)}; --silence allows more.`);
      } else if (silentMs >= SILENCE_MS - 1000) {
        say(
          dim(
            `still waiting for ${awaited}, ${seconds(elapsed())}; silent for ${seconds(silentMs)}`,
          ),
        );
      }
    }, SILENCE_MS);

    const lines = new MarkedLines(`@@vm:${machine.nonce} `, {
      text(bytes) {
        if (awaited === 'the command') listener.output(bytes);
        else if (machine.verbose) process.stderr.write(bytes);
      },
      line(word, rest) {
        if (word === 'booted') {
          clearTimeout(bootTimer);
          bootMs = elapsed();
          awaited = "the library's capabilities";
        } else if (word === 'facts') listener.facts(rest);
        else if (word === 'running') awaited = 'the command';
        else if (word === 'exited') finish(resolve, { exitCode: Number(rest), bootMs });
      },
    });
    child.stdout.on('data', (chunk) => {
      lastOutputAt = Date.now();
      tail = (tail + chunk.toString('latin1')).slice(-4000);
      lines.push(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      tail = (tail + text).slice(-4000);
      // QEMU would keep the dead machine for a debugger.
      if (/KVM internal error/.test(tail)) fail('boot-failed', 'KVM cannot run this guest.');
    });
    child.on('error', (error) => fail('boot-failed', `${machine.arch.qemu}: ${error.message}.`));
    child.on('close', (code, signalName) => {
      lines.end();
      const panicked = /Kernel panic/.test(tail);
      const end = panicked ? 'The kernel panicked' : `QEMU ended (${signalName ?? code})`;
      if (bootMs === undefined) fail('boot-failed', `${end} before there was a user space.`);
      else {
        const outcome = panicked ? 'kernel-panic' : 'machine-stopped';
        fail(outcome, `${end} while we waited for ${awaited}.`);
      }
    });
  });
}
