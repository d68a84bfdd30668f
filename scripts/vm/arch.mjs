// The two architectures of the laboratory: what Debian, npm, gcc and QEMU call them.

import process from 'node:process';

/** By Node's name of the architecture (`process.arch`). */
export const ARCHITECTURES = {
  x64: {
    name: 'x64',
    debian: 'amd64',
    triplet: 'x86_64-linux-gnu',
    crossPackages: ['g++-x86-64-linux-gnu', 'libc6-dev-amd64-cross'],
    qemu: 'qemu-system-x86_64',
    qemuPackage: 'qemu-system-x86',
    console: 'ttyS0',
    // The emulator of a busy machine may be late: an old kernel would then panic over its timer.
    kernelOptions: ['no_timer_check'],
    tcg: ['-cpu', 'max'],
    kvm: ['-cpu', 'host'],
  },
  arm64: {
    name: 'arm64',
    debian: 'arm64',
    triplet: 'aarch64-linux-gnu',
    crossPackages: ['g++-aarch64-linux-gnu', 'libc6-dev-arm64-cross'],
    qemu: 'qemu-system-aarch64',
    qemuPackage: 'qemu-system-arm',
    console: 'ttyAMA0',
    kernelOptions: [],
    // An old one: on `max` V8 has died of what cannot be (SIGSEGV, failed checks of its own), and the
    // architected algorithm of pointer authentication is most of that emulator's work.
    tcg: ['-machine', 'virt', '-cpu', 'cortex-a72'],
    kvm: ['-machine', 'virt,gic-version=host', '-cpu', 'host'],
  },
};

export const hostArch = ARCHITECTURES[process.arch];

/** True if programs of the guest do not run here: they are fetched or cross-compiled. */
export const isForeign = (arch) => arch !== hostArch;
