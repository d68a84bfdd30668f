// Free play: what can be chosen before a call is made.
import { signals } from '../../../lib/model/constants';
import { FLAGS } from './actions';
import { h } from './dom';

/** What was chosen; stays from step to step. */
export interface Choices {
  pid: number;
  target: number;
  fd: number;
  flags: number;
  exitSignal: number;
  signal: number;
  code: number;
  program: number;
  wall: boolean;
}

export const FIRST_CHOICES: Choices = {
  ...{ pid: 2, target: 3, fd: 3, flags: 3, exitSignal: 0 },
  ...{ signal: signals.SIGTERM, code: 0, program: 0, wall: false },
};

/** Where a choice is kept, and who is told of another one: everything is to be shown anew. */
export interface ChoiceOptions {
  readonly choices: Choices;
  readonly onChoice: () => void;
}

/** Those that are a number. */
export type NumberKey = {
  [K in keyof Choices]: Choices[K] extends number ? K : never;
}[keyof Choices];

export function drawSelect(
  { choices, onChoice }: ChoiceOptions,
  key: NumberKey,
  label: string,
  items: readonly (readonly [number, string])[],
): HTMLElement {
  const options = items.map(([value, text]) =>
    h('option', { value, selected: value === choices[key] }, text),
  );
  const element = h('select', { 'data-key': key, disabled: items.length === 0 }, ...options);
  element.addEventListener('change', () => {
    choices[key] = Number(element.value);
    onChoice();
  });
  return h('label', { class: 'choice' }, h('span', {}, label), element);
}

export function flagBoxes({ choices, onChoice }: ChoiceOptions): HTMLElement {
  const boxes = FLAGS.map(({ name, text }, i) => {
    const box = h('input', {
      type: 'checkbox',
      'data-key': name,
      checked: ((choices.flags >> i) & 1) === 1,
    });
    box.addEventListener('change', () => {
      choices.flags ^= 1 << i;
      onChoice();
    });
    return h(
      'label',
      { class: 'flag', title: text },
      box,
      h('code', {}, name),
      h('span', {}, text),
    );
  });
  return h('div', { class: 'flags' }, ...boxes);
}

export function wallBox({ choices, onChoice }: ChoiceOptions): HTMLElement {
  const box = h('input', { type: 'checkbox', 'data-key': 'wall', checked: choices.wall });
  box.addEventListener('change', () => {
    choices.wall = box.checked;
    onChoice();
  });
  const text = 'also those with another exit signal';
  return h('label', { class: 'flag' }, box, h('code', {}, '__WALL'), h('span', {}, text));
}

export function numberBox({ choices, onChoice }: ChoiceOptions): HTMLElement {
  const box = h('input', {
    type: 'number',
    min: 0,
    max: 255,
    value: choices.code,
    'data-key': 'code',
  });
  box.addEventListener('change', () => {
    choices.code = Math.max(0, Math.min(255, Math.trunc(Number(box.value) || 0)));
    onChoice();
  });
  return h('label', { class: 'choice' }, h('span', {}, 'status'), box);
}
