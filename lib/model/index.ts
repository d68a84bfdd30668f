// The kernel's rules in JavaScript: the entry point autoreap/model.
export type { AbiName } from './abi';
export type { CloneArgs, PidfdPointer } from './clone';
export * from './constants';
export type { HistoryEntry } from './core';
export { KernelPanic } from './exit';
export type { Executable } from './disk';
export { ModelKernel, type ModelKernelOptions, type PendingStep } from './kernel';
export { CLONE4_ARGS_SIZE, type Clone4Args, type ClonefdInfo } from './past';
export type { PidfdInfo } from './pidfd';
export type { Program, ProgramEnd, ProgramProcess, ProgramSpawnOptions } from './program';
export type { SigAction, SigInfo } from './struct';
export { Task, type SyscallResult, type TaskState } from './task';
export type { PidfdView, ProcessView, ThreadView } from './view';
export type { Waited, WaitInfo } from './wait';
