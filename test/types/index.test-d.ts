// What the public types promise, and what they refuse: `npm run types`.
import type { ChildProcess, ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { expectAssignable, expectError, expectNotAssignable, expectType } from 'tsd';
import {
  type Autoreap,
  type AutoreapOptions,
  type CapabilityName,
  Child,
  createAutoreap,
  type ExitRecord,
  type ModelBackend,
  modelBackend,
  modelKernel,
  Pidfd,
  type ProcessInfo,
  type ReapedBy,
  type ResourceUsage,
  type Result,
  RunError,
  type RunOptions,
  type Running,
  type SpawnOptions,
  type StopOptions,
  run,
  spawn,
  subreaper,
  support,
} from '../..';
import { ModelKernel, type Program } from '../../dist/lib/model';
import { close, pidfdOpen, pidfdSendSignal, pipe2, waitid } from '../../dist/lib/syscalls';

// spawn: the streams are there where they are pipes, which is the default.
expectType<Writable>(spawn('true').stdin);
expectType<Readable>(spawn('true', []).stdout);
expectType<Readable>(spawn('true', ['a'], {}).stderr);
expectType<Readable>(spawn('true', { stdio: 'pipe' }).stdout);
expectType<Readable | null>(spawn('true', { stdio: 'inherit' }).stdout);
expectType<Readable>(spawn('true', [], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout);
expectType<null>(spawn('true', { stdio: ['ignore', 'pipe', 'inherit'] }).stdin);
expectType<Writable>(spawn('true', ['a'], { stdio: ['pipe', 'pipe', 'pipe'] }).stdin);
expectType<Readable | null>(spawn('true', [], { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] }).stdout);
expectAssignable<ChildProcessWithoutNullStreams>(spawn('true'));
// Arguments that may be missing.
declare const maybeArgs: string[] | undefined;
expectType<Writable>(spawn('true', maybeArgs).stdin);
expectType<Writable>(spawn('true', maybeArgs, { cwd: '/' }).stdin);
expectType<Promise<Buffer>>(
  run('true', maybeArgs, { encoding: 'buffer' }).then(({ stdout }) => stdout),
);
expectType<Child>(spawn('true', undefined, { stdio: 'ignore' }));
// Literal arrays, and arrays that nobody may write to.
expectAssignable<Child>(spawn('ls', ['-l'] as const));

expectError(spawn());
expectError(spawn(['true']));
expectError(spawn('true', 'a'));
expectError(spawn('true', [1]));

// The options of Node's child_process, and ours.
expectAssignable<SpawnOptions>({
  argv0: 'a',
  cwd: '/',
  detached: true,
  env: { A: '1' },
  gid: 1,
  killSignal: 'SIGTERM',
  serialization: 'advanced',
  shell: true,
  signal: new AbortController().signal,
  stdio: ['pipe', 'ignore', 'inherit', 'ipc', 4],
  timeout: 1,
  uid: 1,
});
expectAssignable<SpawnOptions>({
  autokill: true,
  autoreap: 'require',
  cgroup: '/sys/fs/cgroup/a',
  groups: [1, 2],
  inheritFds: true,
  nice: 5,
  noNewPrivileges: true,
  processGroup: 0,
  resourceUsage: true,
  rlimits: { core: 0, nofile: { soft: 256, hard: Infinity } },
  umask: 0o022,
});
expectAssignable<AutoreapOptions>({ cgroup: 3 });
expectNotAssignable<SpawnOptions>({ autoreap: true });
expectNotAssignable<SpawnOptions>({ autoreap: 'always' });
expectNotAssignable<SpawnOptions>({ autokill: 'SIGKILL' });
expectNotAssignable<SpawnOptions>({ groups: ['wheel'] });
expectNotAssignable<SpawnOptions>({ rlimits: { files: 1 } });
expectNotAssignable<SpawnOptions>({ rlimits: { nofile: { soft: 1 } } });
expectNotAssignable<SpawnOptions>({ signal: 'SIGTERM' });
expectError(spawn('true', { autoReap: 'prefer' }));

// A child is Node's, and more.
declare const child: Child;
expectAssignable<ChildProcess>(child);
expectAssignable<AsyncDisposable & Disposable>(child);
expectType<number | undefined>(child.pid);
expectType<Pidfd | undefined>(child.pidfd);
expectType<ReapedBy | undefined>(child.reapedBy); // Undefined if it was never born.
expectType<'kernel' | 'pdeathsig' | undefined>(child.autokill);
expectType<Promise<ExitRecord>>(child.exited);
expectType<Promise<ExitRecord>>(child.stop());
expectType<Promise<ExitRecord>>(child.stop({ killSignal: 'SIGINT', graceMs: Infinity }));
expectType<boolean>(child.kill('SIGTERM'));
expectAssignable<'kernel' | 'waitid' | 'libuv' | 'model' | undefined>(child.reapedBy);

expectNotAssignable<new () => Child>(Child); // It is made by spawn().
expectError(child.stop('SIGINT'));
expectAssignable<StopOptions>({ killSignal: 15 });
expectNotAssignable<StopOptions>({ killSignal: '15' });
expectNotAssignable<StopOptions>({ graceMs: '5 s' });
expectError((child.pidfd = undefined));
expectError((child.reapedBy = 'kernel'));

// How it ended.
declare const record: ExitRecord;
expectType<number>(record.pid);
expectType<number | null>(record.exitCode);
expectType<NodeJS.Signals | null>(record.signalCode);
expectType<boolean>(record.coreDumped);
expectType<boolean>(record.statusLost);
expectType<number | undefined>(record.wstatus);
expectType<'CLD_EXITED' | 'CLD_KILLED' | 'CLD_DUMPED' | null>(record.code);
expectType<ResourceUsage | undefined>(record.resourceUsage);
expectType<bigint | undefined>(record.cgroupId);
expectType<number>(record.durationMs);
expectError((record.exitCode = 0));

// A pidfd, of anybody's process.
const pidfd = Pidfd.open(1);
expectType<Pidfd>(pidfd);
expectType<number>(pidfd.fd);
expectType<number>(pidfd.pid);
expectType<boolean>(pidfd.signal());
expectType<boolean>(pidfd.signal('SIGTERM', { group: true }));
expectType<boolean>(pidfd.signal(0));
expectType<Promise<ExitRecord>>(pidfd.exited);
expectType<number>(pidfd.getfd(1));
expectAssignable<ProcessInfo | undefined>(pidfd.info());
expectAssignable<Disposable>(pidfd);
expectType<Pidfd>(pidfd.ref().unref());
expectError(pidfd.signal('TERM'));
expectError(Pidfd.open('1'));
expectNotAssignable<new (pid: number) => Pidfd>(Pidfd);

// run: strings, unless buffers are asked for.
expectType<Running>(run('true'));
expectType<Child>(run('true', ['a']).child);
expectType<Promise<string>>(run('true', [], {}).then(({ stdout }) => stdout));
expectType<Promise<Buffer>>(run('true', { encoding: 'buffer' }).then(({ stderr }) => stderr));
expectType<Promise<Buffer>>(run('true', [], { encoding: 'buffer' }).then(({ stdout }) => stdout));
expectType<Promise<string>>(run('true', { encoding: 'latin1' }).then(({ stdout }) => stdout));
expectAssignable<RunOptions>({ input: 'a', maxBuffer: Infinity, reject: false, timeout: 1 });
expectAssignable<RunOptions>({ input: new Uint8Array(1), killSignal: 'SIGINT', graceMs: 1 });
expectAssignable<RunOptions>({ autokill: true, cwd: '/' });
expectNotAssignable<RunOptions>({ encoding: 'klingon' });
expectNotAssignable<RunOptions>({ input: 1 });
expectNotAssignable<RunOptions>({ reject: 'no' });
expectError(run());
expectError(run('true', 'a'));

// A failure has the shape of a success, and is an Error.
declare const failure: RunError;
expectAssignable<Error & Result>(failure);
expectType<string>(failure.code);
expectType<'RunError'>(failure.name);
expectType<number | undefined>(failure.pid);
expectError((failure.exitCode = 0));

// What this kernel can do, and the process-wide switch.
expectType<ReapedBy>(support().reapedBy);
expectType<boolean>(support().capabilities.CLONE_AUTOREAP.supported);
expectAssignable<CapabilityName>('CLONE_AUTOREAP');
expectNotAssignable<CapabilityName>('CLONE_AUTOREPEAT');
expectType<boolean>(subreaper.enabled);
expectType<void>(subreaper.enable());
expectError((subreaper.enabled = true));

// The thin layer: numbers in, numbers out.
expectType<number>(pidfdOpen(1));
expectType<void>(pidfdSendSignal(3, 15));
expectType<readonly [number, number]>(pipe2());
expectType<number>(waitid(3, 3, 4)!.pid);
expectType<void>(close(3));
expectError(pidfdSendSignal(3, 'SIGTERM'));

// The same on another backend: overloads and all.
const kernel = new ModelKernel({ abi: 'linux-6.18' });
const backend = modelBackend(kernel, { uid: 1, cwd: '/home', folders: ['/srv'] });
expectType<ModelBackend>(backend);
expectType<ModelKernel>(backend.kernel);
expectType<ModelKernel>(modelKernel());
const onModel = createAutoreap({ backend });
expectType<Autoreap>(onModel);
expectType<typeof spawn>(onModel.spawn);
expectType<typeof run>(onModel.run);
expectType<typeof Pidfd>(onModel.Pidfd);
expectType<Writable>(onModel.spawn('worker').stdin);
expectType<Pidfd>(onModel.Pidfd.open(1));
expectError(createAutoreap({}));
expectError(modelBackend({}));

// Its programs.
expectAssignable<Program>(() => 3);
expectAssignable<Program>(async ({ stdin, stdout }) => void stdin.pipe(stdout));
expectAssignable<Program>((process) => process.on('SIGTERM', () => process.exit(1)).task.getuid());
expectNotAssignable<Program>(() => 'done');
