// What of the benchmark is in C, compiled when it is needed.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const OUT = path.resolve(HERE, '../../build/bench');

export function compile(program, sources, ...flags) {
  const cc = process.env.CC || 'cc';
  try {
    fs.mkdirSync(path.dirname(program), { recursive: true });
    execFileSync(cc, ['-O2', '-Wall', ...flags, '-o', program, ...sources], { stdio: 'pipe' });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    const message = `This needs a C compiler: install ${cc}, or name one in CC.`;
    throw new Error(message, { cause: error });
  }
}

/** The contender in C. @returns its path */
export function compileFloor() {
  const program = path.join(OUT, 'subject');
  const sources = fs.readdirSync(path.join(HERE, 'c')).filter((name) => name.endsWith('.c'));
  compile(
    program,
    sources.map((name) => path.join(HERE, 'c', name)),
    '-pthread',
  );
  return program;
}

/** The programs that are spawned. @returns the folder that they are in */
export function compileChildren() {
  const folder = path.join(OUT, 'children');
  for (const source of fs.readdirSync(path.join(HERE, 'children'))) {
    const program = path.join(folder, path.basename(source, '.c'));
    const from = [path.join(HERE, 'children', source)];
    try {
      compile(program, from, '-static'); // A twentieth of the memory, if this machine can.
    } catch {
      compile(program, from);
    }
  }
  return folder;
}
