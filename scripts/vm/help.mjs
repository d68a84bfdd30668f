// The command line: what it may say, and the text that teaches it.

import { parseArgs } from 'node:util';
import { NODES } from '../setup/nodes.mjs';
import { ARCHITECTURES, hostArch } from './arch.mjs';
import { LabError } from './report.mjs';

export const HELP = `Runs the built project on a real Linux kernel, in QEMU.

  npm run vm -- [options] [-- command …]

Without a command it runs the test suite (jest). Kernels come from Debian's mirror, as this machine's
own apt sources name it; what was fetched is kept in \${AUTOREAP_CACHE:-~/.cache/autoreap}.

  --kernel VERSION   7.x (default), 7.2, 6.12, 6.1, 5.10 …: the newest such; --list shows all
  --arch ARCH        x64 or arm64; default: this machine's
  --node MAJOR       another Node.js in the guest: ${NODES.join(', ')}; default: the one you run
  --accel KIND       auto (default), kvm, tcg
  --memory MIB       default 2048
  --cpus N           default 2
  --timeout MINUTES  for the whole run of the guest; default 20
  --silence MINUTES  give up when nothing is heard for so long: it hangs; default 10
  --list             the kernels there are, and stop
  --update           read Debian's package lists again; otherwise once a day
  --keep             keep the initramfs and print the QEMU command that boots it
  --verbose          show the kernel's own messages too
  --json             end with one line of JSON on stdout

Examples:

  npm run vm                                           the suite on the newest 7.x
  npm run vm -- --kernel 6.1                           … on Linux 6.1
  npm run vm -- --arch arm64 -- jest pidfd             the tests that "pidfd" names, on arm64
  npm run vm -- -- uname -a                            any command of the guest
  npm run vm -- -- node -p 'require("/autoreap").support()'
  npm run vm -- -- sh -c 'cat /proc/self/cgroup; ls /sys/fs/cgroup'

The exit code is the command's. 125: the laboratory failed (no kernel, no boot, a panic). 124: time
ran out. The guest has busybox, Node.js, the project in /autoreap, cgroup v2, and no network; the
command is root. AUTOREAP_VM=1 and AUTOREAP_VM_KERNEL tell it where it is.
`;

const OPTIONS = {
  kernel: { type: 'string', default: '7.x' },
  arch: { type: 'string', default: hostArch?.name ?? 'x64' },
  node: { type: 'string' },
  accel: { type: 'string', default: 'auto' },
  memory: { type: 'string', default: '2048' },
  cpus: { type: 'string', default: '2' },
  timeout: { type: 'string', default: '20' },
  silence: { type: 'string', default: '10' },
  list: { type: 'boolean', default: false },
  update: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};

/** @returns the options, `arch` as its description, and `command`: the words after `--` */
export function parseCommandLine(argv) {
  const cut = argv.indexOf('--');
  const args = cut === -1 ? argv : argv.slice(0, cut);
  const values = parse(args);
  const fail = (message) => {
    throw new LabError(`${message} See --help.`);
  };
  const number = (name) => {
    const value = Number(values[name]);
    return value > 0 ? value : fail(`--${name} ${values[name]}: a positive number is meant.`);
  };
  const arch = Object.hasOwn(ARCHITECTURES, values.arch)
    ? ARCHITECTURES[values.arch]
    : fail(`--arch ${values.arch}: x64 or arm64.`);
  if (values.node !== undefined && !NODES.includes(values.node)) {
    fail(`--node ${values.node}: one of ${NODES.join(', ')}.`);
  }
  if (!['auto', 'kvm', 'tcg'].includes(values.accel)) {
    fail(`--accel ${values.accel}: auto, kvm or tcg.`);
  }
  return {
    ...values,
    arch,
    memory: number('memory'),
    cpus: number('cpus'),
    timeoutMs: number('timeout') * 60_000,
    silenceMs: number('silence') * 60_000,
    command: cut === -1 ? [] : argv.slice(cut + 1),
  };
}

function parse(args) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    const hint =
      error.code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL' ? ' Commands follow "--".' : '';
    throw new LabError(`${error.message}.${hint} See --help.`);
  }
}
