export { spawn, type ChildWithStreams, type SpawnOptionsWithStreams } from './facade/spawn';
export { Child, type StopOptions } from './facade/child';
export { Pidfd, type ProcessInfo } from './facade/pidfd';
export type { ExitRecord, ResourceUsage } from './facade/exit-record';
export type {
  AutoreapOptions,
  ResourceLimit,
  ResourceLimitName,
  SpawnOptions,
} from './facade/options';
export type { ReapedBy } from './policy/guarantee';
export type { ErrnoError, UnsupportedError } from './errors';
