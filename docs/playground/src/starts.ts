// Where free play may begin: a few moves that are worth a look, as links like any other.
import { h } from './dom';
import type { Place } from './link';

const STARTS: readonly (readonly [string, string])[] = [
  ['Make a zombie', '#play/linux-7.1/2/2.fork/3.exit.3'],
  ['Make an orphan', '#play/linux-7.1/3/2.fork/3.fork/3.exit.0'],
  ['Let a subreaper have it', '#play/linux-7.1/4/2.subreaper.1/2.fork/3.fork/3.exit.0'],
  ['Let the kernel reap', '#play/linux-7.1/2/2.clone3.3.0/3.exit.3'],
  ['Wait, and be woken', '#play/linux-7.1/3/2.fork/2.wait4.0/3.exit.0'],
];

/** Shown while nothing has been done yet. */
export function drawStarts(host: HTMLElement, place: Place): void {
  host.hidden = place.kind !== 'play' || place.actions.length > 0;
  const links = STARTS.map(([text, href]) => h('li', {}, h('a', { href }, text)));
  host.replaceChildren(...links);
}
