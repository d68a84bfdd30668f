/**
 * Processes on Linux without zombies, without SIGCHLD, without pid races.
 *
 * @packageDocumentation
 */
export {
  spawn,
  type ChildByStdio,
  type ChildWithStreams,
  type SpawnOptionsWithStreams,
  type SpawnOptionsWithTuple,
} from './facade/spawn';
export { run, RunError, type Result, type RunOptions, type Running } from './facade/run';
export { Child, type StopOptions } from './facade/child';
export { Pidfd, type ProcessInfo } from './facade/pidfd';
export { subreaper, type Subreaper } from './facade/subreaper';
export { support, type CapabilityReport, type Support } from './facade/support';
export { createAutoreap, type Autoreap } from './facade/autoreap';
export { modelKernel } from './facade/system';
export { modelBackend } from './backend/load-model';
export type { ModelBackend, ModelBackendOptions } from './backend/model';
export type { ExitRecord, ResourceUsage } from './facade/exit-record';
export type {
  AutoreapOptions,
  ResourceLimit,
  ResourceLimitName,
  SpawnOptions,
} from './facade/options';
export type { Backend } from './backend/interface';
export type { CapabilityName } from './backend/support';
export type { ReapedBy } from './policy/guarantee';
export type { ErrnoError, UnsupportedError } from './errors';
