// The explanation of a word, beside it: on hover, focus and tap.
import { byId, h } from './dom';
import type { Word } from './words';

let shownFor: HTMLElement | undefined;

/** The word as a button whose explanation appears. */
export function explained(said: string, word: Word): HTMLElement {
  const button: HTMLElement = h(
    'button',
    {
      type: 'button',
      class: 'word',
      'aria-describedby': 'tip',
      onmouseenter: () => show(button, word),
      onfocus: () => show(button, word),
      onclick: () => show(button, word),
      onmouseleave: () => hide(button),
      onblur: () => hide(button),
    },
    said,
  );
  return button;
}

function show(button: HTMLElement, { term, text }: Word): void {
  const tip = byId('tip');
  tip.replaceChildren(h('strong', {}, term), ` ${text}`);
  tip.hidden = false;
  shownFor = button;
  const word = button.getBoundingClientRect();
  const room = document.documentElement.clientWidth - tip.offsetWidth - 12;
  const below = word.bottom + 8;
  const fits = below + tip.offsetHeight < window.innerHeight;
  tip.style.left = `${Math.max(12, Math.min(word.left, room)) + window.scrollX}px`;
  tip.style.top = `${(fits ? below : word.top - tip.offsetHeight - 8) + window.scrollY}px`;
}

function hide(button: HTMLElement): void {
  if (shownFor === button) hideTip();
}

/** Whatever is shown: the step is another one, or Escape was pressed. */
export function hideTip(): void {
  byId('tip').hidden = true;
  shownFor = undefined;
}
