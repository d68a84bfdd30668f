// What `autoreap/child_process` and `autoreap/register` promise in types.
import * as node from 'node:child_process';
import { promisify } from 'node:util';
import { expectAssignable, expectError, expectType } from 'tsd';
import type { ExitRecord, Pidfd, ReapedBy } from '../..';
import {
  ChildProcess,
  type ChildProcessWithoutNullStreams,
  type Extras,
  type SpawnOptions,
  exec,
  execFile,
  execFileSync,
  execSync,
  fork,
  spawn,
  spawnSync,
} from '../../dist/lib/child_process';
import '../../dist/lib/register';

// Node's own types, overloads and all.
expectType<typeof node.spawn>(spawn);
expectType<typeof node.exec>(exec);
expectType<typeof node.execFile>(execFile);
expectType<typeof node.execFileSync>(execFileSync);
expectType<typeof node.execSync>(execSync);
expectType<typeof node.fork>(fork);
expectType<typeof node.spawnSync>(spawnSync);
expectType<typeof node.ChildProcess>(ChildProcess);
expectAssignable<Promise<{ stdout: string; stderr: string }>>(promisify(exec)('true'));
expectError(spawn(7));
// And its types, under its names.
expectType<ChildProcessWithoutNullStreams>(spawn('true'));
expectAssignable<node.SpawnOptions>({} as SpawnOptions);
expectAssignable<ChildProcess>(spawn('true'));

// The extras, on every ChildProcess: `register` changes Node's own.
const child = node.spawn('true');
expectType<Pidfd | undefined>(child.pidfd);
expectType<ReapedBy | undefined>(child.reapedBy);
expectType<Promise<ExitRecord>>(child.exited);
expectAssignable<Extras>(spawn('true', [], { stdio: 'ignore' }));
expectAssignable<Extras>(exec('true'));
expectAssignable<Extras>(fork('worker.js'));
expectError((child.exited = Promise.resolve()));
