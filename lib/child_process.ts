/**
 * In place of `node:child_process`: the same names, the same contract, the same errors. Every child has a
 * pidfd and is reaped by the kernel or by our thread, and none costs more the more memory we have.
 *
 * Only calls through this module are changed; `autoreap/register` changes everybody's. AUTOREAP=off leaves
 * all to Node.js.
 *
 * @packageDocumentation
 */
import * as node from 'node:child_process';
import { promisify } from 'node:util';
import { duringCall, duringSyncCall } from './facade/drop-in';

export type * from 'node:child_process';
export type { Extras } from './facade/extras';

type Name = 'exec' | 'execFile' | 'execFileSync' | 'execSync' | 'fork' | 'spawn' | 'spawnSync';
type Call = (...args: readonly unknown[]) => unknown;

// Node's function is looked up at each call, so what somebody has put around it (a tracer, a test) is seen.
function through<N extends Name>(name: N): (typeof node)[N] {
  const during = name.endsWith('Sync') ? duringSyncCall : duringCall;
  const { [name]: call } = {
    [name]: (...args: readonly unknown[]) => during(() => (node[name] as Call)(...args)),
  };
  return Object.defineProperty(call as Call, 'length', {
    value: node[name].length,
    configurable: true,
  }) as (typeof node)[N];
}

function promisified<N extends 'exec' | 'execFile'>(name: N): (typeof node)[N] {
  const call = (...args: readonly unknown[]): unknown =>
    duringCall(() => (promisify(node[name]) as Call)(...args));
  const { name: called } = promisify(node[name]); // Nothing, up to Node.js 20.
  Object.defineProperty(call, 'name', { value: called, configurable: true });
  return Object.defineProperty(through(name), promisify.custom, { value: call });
}

// Not a re-export: that is compiled to a getter, and who mocks it assigns.
export const { ChildProcess } = node;
export type ChildProcess = node.ChildProcess;
export const exec = promisified('exec');
export const execFile = promisified('execFile');
export const execFileSync = through('execFileSync');
export const execSync = through('execSync');
export const fork = through('fork');
export const spawn = through('spawn');
export const spawnSync = through('spawnSync');

// Without __esModule, like node:child_process: whoever compiles "import childProcess from …" to CommonJS
// (TypeScript, Babel, esbuild) would look for a `default` in here.
module.exports = { ...(module.exports as object) };
