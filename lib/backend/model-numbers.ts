// The model speaks Linux; Node.js speaks what it runs on. On Linux all of this is the identity.
import { constants } from 'node:os';
import { errno, signals } from '../model/constants';
import type { SyscallResult, Wstatus } from './interface';

type Numbers = Readonly<Record<string, number>>;

/** From the number of a name in one table to its number in another; what has no name there stays what it is. */
export function translation(from: Numbers, to: Numbers): (number: number) => number {
  const map = new Map(
    Object.entries(from).map(([name, number]) => [number, to[name] ?? number] as const),
  );
  return (number) => map.get(number) ?? number;
}

const errnoHere = translation(errno, constants.errno);
const signalHere = translation(signals, constants.signals);

/** A signal of this platform as the model knows it. */
export const linuxSignal = translation(constants.signals, signals);

/** A result of the model as the kernel of this platform would give it. */
export const resultHere = (result: SyscallResult): SyscallResult =>
  result < 0 ? -errnoHere(-result) : result;

/** A status word with the signal numbers of this platform. */
export const wstatusHere = (wstatus: Wstatus): Wstatus =>
  (wstatus & ~0x7f) | signalHere(wstatus & 0x7f);
