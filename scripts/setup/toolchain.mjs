// What must be on the machine to compile, and what to type where it is not.

import { SetupError, isInstalled } from './run.mjs';

/** `CC` and `CXX` may hold a launcher and flags, as in "ccache gcc -m64". */
export const words = (command) => command.trim().split(/\s+/);

export const cc = () => words(process.env.CC || 'cc');
export const cxx = () => words(process.env.CXX || 'g++');

/** @throws {SetupError} naming what is missing and the packages that have it */
export function requireTools(...tools) {
  const missing = tools.filter((tool) => !isInstalled(tool));
  if (missing.length === 0) return;
  throw new SetupError(
    [
      `To compile the native half of autoreap, this machine lacks: ${missing.join(', ')}.`,
      '',
      '  Debian, Ubuntu   apt-get install gcc g++ make python3',
      '  Fedora           dnf install gcc gcc-c++ make python3',
      '  Alpine           apk add gcc g++ make python3 linux-headers',
      '',
      'Then run the same command again.',
    ].join('\n'),
  );
}
