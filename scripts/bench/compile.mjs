// The C contenders, compiled when they are needed.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

const OUT = new URL('../../build/bench/', import.meta.url);

/** `name.c` of this folder, as a program. @returns its path */
export function compile(name, ...flags) {
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
  const program = fileURLToPath(new URL(name, OUT));
  fs.mkdirSync(OUT, { recursive: true });
  const cc = process.env.CC || 'cc';
  try {
    execFileSync(cc, ['-O2', '-Wall', ...flags, '-o', program, source], { stdio: 'inherit' });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`The C contenders need a C compiler: install ${cc}, or name one in CC.`, {
      cause: error,
    });
  }
  return program;
}
