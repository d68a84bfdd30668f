// One process as a box: its state by shape, colour and word, what is special about it, its pidfds.
import { s } from './dom';
import { shortName, type Actor } from './frames';
import { BOX_WIDTH } from './layout';
import { badgesOf, lookOf, stateText, tagLook, tagText, type Look } from './state';

const HEAD = 54;
const ROW = 23;
const PAD = 12;
/** What the number of a process leaves. */
const NAME_WIDTH = 122;

/** About how wide a text of this size is: to measure would need a page. */
const widthOf = (text: string, size: number): number => Math.ceil(text.length * size * 0.58);

/** Badges side by side, as many as a row holds. */
function badgeRows(actor: Actor): { text: string; x: number; width: number }[][] {
  const rows: { text: string; x: number; width: number }[][] = [];
  let x = Infinity;
  for (const text of badgesOf(actor)) {
    const width = widthOf(text, 11.5) + 14;
    if (x + width > BOX_WIDTH - PAD) {
      rows.push([]);
      x = PAD;
    }
    rows.at(-1)?.push({ text, x, width });
    x += width + 5;
  }
  return rows;
}

export function heightOf(actor: Actor): number {
  const rows = badgeRows(actor).length + actor.tags.length;
  return HEAD + rows * ROW + (rows > 0 ? 6 : 0);
}

/** The middle of a pidfd's tag, from the top of its box. */
export const tagY = (actor: Actor, index: number): number =>
  HEAD + (badgeRows(actor).length + index) * ROW + 9;

/** What each state looks like without colour: 20 by 20, around 0, 0. */
export function glyph(look: Look): SVGElement {
  const shape = {
    running: () => [
      s('circle', { r: 9 }),
      s('path', { class: 'ink', d: 'M-3 -4.5 L5 0 L-3 4.5 Z' }),
    ],
    sleeping: () => [s('path', { d: 'M3 -9 A9 9 0 1 0 9 3 A7 7 0 0 1 3 -9 Z' })],
    stopped: () => [
      s('rect', { x: -9, y: -9, width: 18, height: 18, rx: 3 }),
      s('path', { class: 'ink', d: 'M-4.5 -4.5 H-1 V4.5 H-4.5 Z M1 -4.5 H4.5 V4.5 H1 Z' }),
    ],
    held: () => [s('path', { d: 'M0 -10 L10 0 L0 10 L-10 0 Z' })],
    zombie: () => [
      s('path', { d: 'M-8 10 V-2 A8 8 0 0 1 8 -2 V10 Z' }),
      s('path', { class: 'ink line', d: 'M0 -6 V5 M-3.5 -2 H3.5' }),
    ],
    gone: () => [s('circle', { class: 'hollow', r: 8 })],
  }[look]();
  return s('g', { class: `glyph ${look}` }, ...shape);
}

/** What is in the box; the box itself is moved about by the tree. */
export function drawActor(actor: Actor): SVGElement[] {
  const look = lookOf(actor);
  const height = heightOf(actor);
  const { name, pid } = actor;
  const label = shortName(name);
  const shown = label.length > 19 ? `${label.slice(0, 18)}…` : label;
  // A long name is written smaller: the number stands beside it.
  const size = Math.min(14.5, NAME_WIDTH / (0.7 * shown.length));
  const icon = s('g', { transform: `translate(${PAD + 11} 28)` }, glyph(look));
  return [
    s('rect', { class: 'box', width: BOX_WIDTH, height, rx: 10 }),
    icon,
    s('text', { class: 'name', x: 44, y: 24, 'font-size': size.toFixed(1) }, shown),
    s('text', { class: 'pid', x: BOX_WIDTH - PAD, y: 24, 'text-anchor': 'end' }, `pid ${pid}`),
    s('text', { class: 'state', x: 44, y: 42 }, stateText(actor)),
    ...drawBadges(actor),
    ...actor.tags.map((tag, index) =>
      s(
        'g',
        { class: `tag ${tagLook(tag)}`, transform: `translate(${PAD} ${tagY(actor, index) - 10})` },
        s('rect', { width: BOX_WIDTH - 2 * PAD, height: 20, rx: 4 }),
        s('text', { x: 7, y: 14 }, tagText(tag)),
      ),
    ),
    ...drawNews(actor),
  ];
}

function drawBadges(actor: Actor): SVGElement[] {
  return badgeRows(actor).flatMap((row, index) =>
    row.map(({ text, x, width }) =>
      s(
        'g',
        {
          class: `badge ${text.replaceAll(' ', '-')}`,
          transform: `translate(${x} ${HEAD + index * ROW})`,
        },
        s('rect', { width, height: 18, rx: 9 }),
        s('text', { x: width / 2, y: 13, 'text-anchor': 'middle' }, text),
      ),
    ),
  );
}

/** Over the upper edge: the call that it has made at the left, the signals that came at the right. */
function drawNews({ call, signals }: Actor): SVGElement[] {
  const pills: SVGElement[] = [];
  if (call !== undefined) pills.push(pill('call', call, 10));
  const text = signals.join(' ');
  if (text !== '') {
    const width = widthOf(text, 13.5) + 34;
    const letter = s('path', { class: 'letter', d: 'M8 5.5 h12 v8 h-12 Z M8 5.5 l6 4.5 l6 -4.5' });
    pills.push(
      s(
        'g',
        { class: 'news signal', transform: `translate(${BOX_WIDTH - width - 8} -13)` },
        s('rect', { width, height: 19, rx: 9.5 }),
        letter,
        s('text', { x: 24, y: 13.5 }, text),
      ),
    );
  }
  return pills;
}

function pill(kind: string, text: string, x: number): SVGElement {
  const width = widthOf(text, 11.5) + 18;
  return s(
    'g',
    { class: `news ${kind}`, transform: `translate(${x} -13)` },
    s('rect', { width, height: 19, rx: 9.5 }),
    s('text', { x: width / 2, y: 13.5, 'text-anchor': 'middle' }, text),
  );
}
