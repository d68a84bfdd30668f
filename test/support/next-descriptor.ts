import { closeSync, openSync } from 'node:fs';

/** The number that the next descriptor of this process will have: the same as before if none has been left open. */
export function nextDescriptor(): number {
  const fd = openSync('/dev/null', 'r');
  closeSync(fd);
  return fd;
}
