// Back and forth: two buttons, a slider, and the scenes of a story.
import { h } from './dom';
import type { Frame } from './frames';

interface TimelineOptions {
  readonly onStep: (step: number) => void;
  /** The next story is wanted. */
  readonly onOnward: () => void;
}

export class Timeline {
  readonly #back = h(
    'button',
    { type: 'button', class: 'step', 'aria-label': 'One step back' },
    '‹ Back',
  );
  readonly #next = h(
    'button',
    { type: 'button', class: 'step next', 'aria-label': 'One step forward' },
    'Next ›',
  );
  readonly #slider = h('input', { type: 'range', min: 0, 'aria-label': 'Step' });
  readonly #count = h('output', { class: 'count', 'aria-live': 'off' });
  readonly #ticks = h('div', { class: 'ticks', 'aria-hidden': 'true' });
  readonly #scene = h('select', { 'aria-label': 'Scene' });
  readonly #onStep: (step: number) => void;
  readonly #onOnward: () => void;
  #onward = false;
  #at = 0;
  #last = 0;

  constructor(host: HTMLElement, { onStep, onOnward }: TimelineOptions) {
    this.#onStep = onStep;
    this.#onOnward = onOnward;
    this.#back.addEventListener('click', () => this.move(-1));
    this.#next.addEventListener('click', () => {
      if (this.#onward && this.#at === this.#last) this.#onOnward();
      else this.move(1);
    });
    this.#slider.addEventListener('input', () => onStep(Number(this.#slider.value)));
    this.#scene.addEventListener('change', () => onStep(Number(this.#scene.value)));
    host.append(
      h('div', { class: 'scene' }, this.#scene),
      h(
        'div',
        { class: 'steps' },
        this.#back,
        h('div', { class: 'track' }, this.#slider, this.#ticks),
        this.#next,
        this.#count,
      ),
    );
  }

  move(by: number): void {
    const to = Math.max(0, Math.min(this.#last, this.#at + by));
    if (to !== this.#at) this.#onStep(to);
  }

  /** `onward`: there is a story after this one, and its last step leads there. */
  show(frames: readonly Frame[], at: number, onward: boolean): void {
    this.#at = at;
    this.#onward = onward;
    this.#last = frames.length - 1;
    const scenes = frames.flatMap(({ opening, title }, step) => (opening ? [{ step, title }] : []));
    const current = scenes.findLast(({ step }) => step <= at);
    const options = scenes.map(({ step, title }, index) =>
      h(
        'option',
        { value: step, selected: step === current?.step },
        `${index + 1} of ${scenes.length}: ${title}`,
      ),
    );
    this.#scene.replaceChildren(...options);
    this.#scene.hidden = scenes.length < 2;
    this.#slider.max = String(this.#last);
    this.#slider.value = String(at);
    this.#slider.setAttribute('aria-valuetext', `Step ${at} of ${this.#last}`);
    this.#slider.disabled = this.#last === 0;
    this.#back.setAttribute('aria-disabled', String(at === 0));
    const leads = onward && at === this.#last;
    this.#next.textContent = leads ? 'Next story »' : 'Next ›';
    this.#next.setAttribute('aria-label', leads ? 'The next story' : 'One step forward');
    this.#next.setAttribute('aria-disabled', String(at === this.#last && !leads));
    this.#count.textContent = `${at} / ${this.#last}`;
    this.#ticks.replaceChildren(
      ...frames.map(({ opening }, step) =>
        h('i', { class: `${opening ? 'opening' : ''} ${step === at ? 'at' : ''}` }),
      ),
    );
  }
}
