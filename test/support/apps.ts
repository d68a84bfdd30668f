import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { spawn, type SpawnOptions } from '../../lib/index';
import { where } from './needs';
import { outputOf, scratch, script, type Output } from './programs';
import type { Subject } from './three-ways';

/** What test/fixtures/who.cjs says of a child_process. */
export type Who = Readonly<Record<'spawn' | 'exec' | 'execFile', string | undefined>> &
  Readonly<Record<'spawnSync' | 'execSync' | 'execFileSync', string>>;

/** Ours, as `AUTOREAP` has it; the best that there is if it says nothing. */
export function ours(reapedBy: string = where('CLONE_AUTOREAP', 'kernel', 'waitid')): Who {
  const async = { spawn: reapedBy, exec: reapedBy, execFile: reapedBy };
  return { ...async, spawnSync: 'pipe', execSync: 'pipe', execFileSync: 'pipe' };
}

/** Node's own; JSON has no undefined. */
export const STOCK = {
  ...{ spawnSync: 'socket', execSync: 'socket', execFileSync: 'socket' },
} as const;

/** Node's own under our extras. */
export const STOCK_WITH_EXTRAS = {
  ...STOCK,
  ...{ spawn: 'libuv', exec: 'libuv', execFile: 'libuv' },
} as const;

export interface AppOptions {
  /** Flags of Node.js. */
  readonly node?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly rlimits?: NonNullable<SpawnOptions['rlimits']>;
  /** What executes it: a command that ends in the words that follow it. */
  readonly through?: readonly string[];
}

/** How a program of its own comes to the child_process that the sentences of a run are about. */
export function wayOf({ name, reapedBy }: Subject): {
  readonly node: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** To be required. */
  readonly module: string;
} {
  return {
    node: /register$/.test(name) ? ['--import', 'autoreap/register'] : [],
    env: reapedBy === undefined ? {} : { AUTOREAP: reapedBy === 'kernel' ? 'require' : 'avoid' },
    module: name === 'autoreap/child_process' ? name : 'node:child_process',
  };
}

/** Somebody's program in a folder of its own, where the package is installed. */
export class App {
  readonly path: string;

  constructor(folder: string) {
    this.path = folder;
    mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
    symlinkSync(path.resolve(__dirname, '../../..'), path.join(folder, 'node_modules/autoreap'));
    copyFileSync(script('who'), this.file('who.cjs'));
  }

  file(name: string): string {
    return path.join(this.path, name);
  }

  write(name: string, source: string): string {
    mkdirSync(path.dirname(this.file(name)), { recursive: true });
    writeFileSync(this.file(name), source);
    return this.file(name);
  }

  /** Runs a program of one file to its end. */
  async run(name: string, source: string, options: AppOptions = {}): Promise<Output> {
    const { node = [], args = [], env = {}, cwd = this.path, through = [], rlimits = {} } = options;
    const words = [...through, process.execPath, ...node, this.write(name, source), ...args];
    const { AUTOREAP: _, NODE_OPTIONS: __, ...inherited } = process.env;
    return await outputOf(
      spawn(words[0]!, words.slice(1), {
        cwd,
        rlimits,
        env: { ...inherited, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** The JSON that it prints; it ends well and has nothing to complain of. */
  async tell<T>(name: string, source: string, options: AppOptions = {}): Promise<T> {
    const { stdout, ...end } = await this.run(name, source, options);
    expect(end).toEqual({ stderr: '', exitCode: 0, signalCode: null });
    return JSON.parse(stdout) as T;
  }
}

/** An app for the tests of one file. */
export const installedApp = (): App => new App(scratch().file('app'));
