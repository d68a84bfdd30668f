// How the drawing is to be read, and the list of words.
import { h, s } from './dom';
import { glyph } from './node-view';
import type { Look } from './state';
import { WORDS } from './words';

const LOOKS: readonly (readonly [Look, string])[] = [
  ['running', 'running'],
  ['sleeping', 'waits in a call'],
  ['stopped', 'stopped'],
  ['held', 'held by a debugger'],
  ['zombie', 'zombie'],
  ['gone', 'gone in this step'],
];

const LINES: readonly (readonly [string, string])[] = [
  ['family', 'parent to child'],
  ['family moved', 'to a new parent'],
  ['pidfd alive', 'pidfd to its process'],
];

export function drawLegend(): HTMLElement[] {
  const looks = LOOKS.map(([look, text]) =>
    h(
      'li',
      {},
      s(
        'svg',
        { width: 18, height: 18, viewBox: '-11 -11 22 22', 'aria-hidden': 'true' },
        glyph(look),
      ),
      text,
    ),
  );
  const lines = LINES.map(([kind, text]) =>
    h(
      'li',
      {},
      s(
        'svg',
        { width: 30, height: 12, 'aria-hidden': 'true' },
        s('path', { class: `${kind} still`, d: 'M1 6 H29' }),
      ),
      text,
    ),
  );
  return [h('ul', { class: 'legend', 'aria-label': 'How to read the tree' }, ...looks, ...lines)];
}

export function drawWords(): HTMLElement[] {
  return WORDS.map(({ term, text }) => h('div', {}, h('dt', {}, term), h('dd', {}, text)));
}
