import type { StdioEntry } from './contract';

interface WithPermission {
  readonly permission?: { has(scope: string): boolean };
}

/** Whether the permission model, if it is on, lets this process have children. */
export const maySpawn = (): boolean => (process as WithPermission).permission?.has('child') ?? true;

/** Whether it lets a stream take a descriptor: where there is a permission for the network, that decides. */
export function mayOpen(stdio: readonly StdioEntry[]): boolean {
  const { permission } = process as WithPermission;
  if (permission === undefined || permission.has('net')) return true;
  if (!process.allowedNodeEnvironmentFlags.has('--allow-net')) return true;
  return !stdio.some(({ type }) => type === 'pipe' || type === 'overlapped');
}
