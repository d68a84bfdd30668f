// The link that carries all of it: `#story/basics/3`, `#play/linux-7.1/2/2.fork/3.exit.0`.
import type { AbiName } from '../../../lib/model/abi';
import { isAbi, isCallName, takes, type Action } from './actions';

export type Place =
  | { readonly kind: 'story'; readonly id: string; readonly step: number }
  | {
      readonly kind: 'play';
      readonly abi: AbiName;
      readonly step: number;
      readonly actions: readonly Action[];
    };

export function encode(place: Place): string {
  if (place.kind === 'story') return `#story/${place.id}/${place.step}`;
  const moves = place.actions.map(({ pid, call, args }) => [pid, call, ...args].join('.'));
  return `#${['play', place.abi, place.step, ...moves].join('/')}`;
}

/** Undefined if it says nothing that we know. The step may be beyond the end: who shows it, knows. */
export function decode(hash: string): Place | undefined {
  const [kind, name = '', at = '0', ...moves] = hash.replace(/^#/, '').split('/');
  const step = /^\d{1,4}$/.test(at) ? Number(at) : 0;
  if (kind === 'story') return { kind, id: name, step };
  if (kind !== 'play' || !isAbi(name)) return undefined;
  const actions: Action[] = [];
  for (const move of moves) {
    const action = decodeAction(move);
    if (action === undefined) break;
    actions.push(action);
  }
  return { kind, abi: name, step, actions };
}

function decodeAction(move: string): Action | undefined {
  const [pid = '', call = '', ...rest] = move.split('.');
  const args = rest.map(Number);
  const numbers = [Number(pid), ...args];
  if (!isCallName(call) || takes(call) !== args.length) return undefined;
  if (!numbers.every((n) => Number.isSafeInteger(n) && n >= 0)) return undefined;
  return { pid: Number(pid), call, args };
}
