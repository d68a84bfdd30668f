// Deno's own API, as its documentation has it; see apis.mjs.

import { failed } from './apis.mjs';

const { Deno } = globalThis;
const IGNORE = { stdin: 'null', stdout: 'null', stderr: 'null' };

const command = (file, args, stdio) => new Deno.Command(file, { args, ...stdio });

export const spawn = (file, args) => command(file, args, IGNORE).spawn();

export const ended = (child) => child.status;

export const kill = (child) => child.kill('SIGKILL');

export const spawnSync = (file, args) => failed(command(file, args).outputSync().code);

export async function countOutput(file, args) {
  const child = command(file, args, { ...IGNORE, stdout: 'piped' }).spawn();
  let bytes = 0;
  for await (const chunk of child.stdout) bytes += chunk.length;
  await child.status;
  return bytes;
}

export async function feed(file, args, chunks) {
  const child = command(file, args, { ...IGNORE, stdin: 'piped' }).spawn();
  const writer = child.stdin.getWriter();
  for (const chunk of chunks) await writer.write(chunk);
  await writer.close();
  failed((await child.status).code);
}

export async function run(file, args) {
  const { stdout } = await command(file, args, { stdin: 'null' }).output();
  return new TextDecoder().decode(stdout);
}
