// Bun's own API, as its documentation has it; see apis.mjs.

import { failed } from './apis.mjs';

const { Bun } = globalThis;
const IGNORE = { stdio: ['ignore', 'ignore', 'ignore'] };

export const spawn = (file, args) => Bun.spawn([file, ...args], IGNORE);

export const ended = (child) => child.exited;

export const kill = (child) => child.kill('SIGKILL');

export const spawnSync = (file, args) => failed(Bun.spawnSync([file, ...args]).exitCode);

export async function countOutput(file, args) {
  const child = Bun.spawn([file, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  let bytes = 0;
  for await (const chunk of child.stdout) bytes += chunk.length;
  await child.exited;
  return bytes;
}

export async function feed(file, args, chunks) {
  const child = Bun.spawn([file, ...args], { stdio: ['pipe', 'ignore', 'ignore'] });
  for (const chunk of chunks) {
    child.stdin.write(chunk);
    await child.stdin.flush();
  }
  child.stdin.end();
  failed(await child.exited);
}

export async function run(file, args) {
  const child = Bun.spawn([file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [text] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return text;
}
