// Which machine said so: everything that a number of this benchmark depends on, and nothing that
// tells whose machine it is.

import fs from 'node:fs';
import os from 'node:os';

/** @param {{ id, name, version }[]} present */
export async function machineFacts(present) {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()}`,
    hugePages: hugePages(),
    reapedBy: await reapedBy(),
    nice: os.getPriority(),
    load: loadNow(),
    contenders: present.map(({ id, name, version }) => ({ id, name, version })),
  };
}

/** The load of the last minute: above the number of cores, somebody else is being measured too. */
export function loadNow() {
  return Math.round(os.loadavg()[0] * 100) / 100;
}

// fork(2) copies page tables; with huge pages there is 1/512 of them.
function hugePages() {
  try {
    const text = fs.readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8');
    return /\[(\w+)\]/.exec(text)?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

async function reapedBy() {
  const { spawn } = await import('autoreap');
  const child = spawn('/bin/true', { stdio: 'ignore' });
  await child.exited;
  return child.reapedBy;
}
