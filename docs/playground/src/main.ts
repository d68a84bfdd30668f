// The page: where we are is one value, the place; everything else is drawn from it.
import { KERNELS, isAbi, type Action } from './actions';
import { drawChooser } from './chooser';
import { byId, h } from './dom';
import type { Frame } from './frames';
import { drawLegend, drawWords } from './legend';
import { decode, encode, type Place } from './link';
import { play } from './play';
import { FIRST_CHOICES, type Choices } from './choices';
import { drawPanel } from './play-panel';
import { drawCalls, drawRules, drawSay } from './step-panel';
import { drawStarts } from './starts';
import { framesOf, STORIES } from './stories';
import { Timeline } from './timeline';
import { TreeView } from './tree-view';
import { hideTip } from './word-tip';

const HOME: Place = { kind: 'story', id: STORIES[0]?.id ?? '', step: 0 };
const FREE: Place = { kind: 'play', abi: 'linux-7.1', step: 0, actions: [] };

const tree = new TreeView(byId('tree'));
const timeline = new Timeline(byId('timeline'), {
  onStep: (step) => go({ ...place, step }, 'replace'),
  onOnward: () => {
    const next = nextStory();
    go(next === undefined ? FREE : { kind: 'story', id: next.id, step: 0 }, 'push');
  },
});
const choices: Choices = { ...FIRST_CHOICES };
let place: Place = HOME;
/** Takes back what was said. */
let silence = 0;

/** What the place shows, and the place as it really is: a step beyond the end is the last one. */
function look(): { frames: readonly Frame[]; frame: Frame } {
  let frames: readonly Frame[];
  if (place.kind === 'story') {
    const { id } = place;
    const story = STORIES.find((each) => each.id === id) ?? STORIES[0];
    frames = story === undefined ? [] : framesOf(story);
    if (story !== undefined) place = { ...place, id: story.id };
  } else {
    const played = play(place.abi, place.actions);
    frames = played.frames;
    place = { ...place, actions: played.actions };
  }
  place = { ...place, step: Math.min(place.step, frames.length - 1) };
  const frame = frames[place.step];
  if (frame === undefined) throw new Error('A scenario has at least one frame.');
  return { frames, frame };
}

function go(to: Place, how: 'push' | 'replace'): void {
  place = to;
  draw();
  const hash = encode(place);
  if (hash === location.hash) return;
  if (how === 'push') history.pushState(null, '', hash);
  else history.replaceState(null, '', hash);
}

function act(action: Action): void {
  if (place.kind !== 'play') return;
  // What came after this step did so in another course of events.
  const actions = [...place.actions.slice(0, place.step), action];
  go({ ...place, actions, step: actions.length }, 'push');
}

function draw(): void {
  const { frames, frame } = look();
  const focused = (document.activeElement as HTMLElement | null)?.dataset['key'];
  hideTip();
  const isPlay = place.kind === 'play';
  document.body.dataset['mode'] = place.kind;
  byId('chooser').replaceChildren(
    ...drawChooser(
      place.kind === 'story' ? place.id : undefined,
      (id) => go({ kind: 'story', id, step: 0 }, 'push'),
      () => go(FREE, 'push'),
    ),
  );
  timeline.show(frames, place.step, !isPlay);
  drawStarts(byId('starts'), place);
  byId('kernel').replaceChildren(kernelOf(frame));
  byId('say').replaceChildren(drawSay(frame));
  const onChoose = (pid: number): void => {
    choices.pid = pid;
    draw();
  };
  tree.show(
    frame,
    isPlay ? [frame] : sceneOf(frames, place.step),
    isPlay ? { onChoose, chosen: chosenIn(frame) } : {},
  );
  byId('calls').replaceChildren(drawCalls(frame));
  byId('rules').replaceChildren(drawRules(frame));
  byId('ps').textContent = frame.tree;
  byId('panel').hidden = !isPlay;
  byId('panel').replaceChildren();
  if (isPlay) {
    const { actors, abi } = frame;
    const onRefuse = (why: string): void => say(why);
    byId('panel').append(drawPanel({ actors, abi, choices, onAct: act, onChoice: draw, onRefuse }));
  }
  if (focused !== undefined) {
    document
      .querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)
      ?.focus({ preventScroll: true });
  }
}

/** The one after this; after the last of them it is the reader's turn. */
function nextStory(): (typeof STORIES)[number] | undefined {
  const { id } = place.kind === 'story' ? place : { id: '' };
  return STORIES[STORIES.findIndex((story) => story.id === id) + 1];
}

/** The frames of the same machine. */
function sceneOf(frames: readonly Frame[], step: number): readonly Frame[] {
  const from = frames.findLastIndex(({ opening }, at) => opening && at <= step);
  const to = frames.findIndex(({ opening }, at) => opening && at > step);
  return frames.slice(from, to === -1 ? undefined : to);
}

/** Whom the buttons are for: somebody who is there. */
function chosenIn({ actors }: Frame): number {
  const living = actors.filter(({ gone }) => gone === undefined);
  if (!living.some(({ pid }) => pid === choices.pid)) choices.pid = living[0]?.pid ?? 1;
  return choices.pid;
}

/** Which kernel: said by a story, chosen in free play. */
function kernelOf({ abi }: Frame): HTMLElement {
  const name = KERNELS.find((kernel) => kernel.abi === abi)?.text ?? abi;
  if (place.kind === 'story')
    return h('span', {}, name.replace(/:.*/, '').replace('6.18 (2025)', '6.18: no autoreap yet'));
  const options = KERNELS.map((each) =>
    h('option', { value: each.abi, selected: each.abi === abi }, each.text),
  );
  const select = h('select', { 'aria-label': 'Kernel', 'data-key': 'kernel' }, ...options);
  select.addEventListener('change', () => {
    if (place.kind !== 'play' || !isAbi(select.value)) return;
    go({ ...place, abi: select.value }, 'push');
  });
  return select;
}

/** A word to the reader, who may not see the screen. */
function say(text: string): void {
  byId('status').textContent = text;
  clearTimeout(silence);
  silence = window.setTimeout(() => (byId('status').textContent = ''), 6000);
}

async function copyLink(): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href);
    say('The link is copied. It leads to this very step.');
  } catch {
    say(`Copy it from here: ${location.href}`);
  }
}

function onKey(event: KeyboardEvent): void {
  if (event.key === 'Escape') hideTip();
  const at = event.target as HTMLElement;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (at.closest('input, select, textarea') !== null) return;
  const moves: Readonly<Record<string, () => void>> = {
    ArrowRight: () => timeline.move(1),
    ArrowLeft: () => timeline.move(-1),
    Home: () => timeline.move(-Infinity),
    End: () => timeline.move(Infinity),
  };
  const move = moves[event.key];
  if (move === undefined) return;
  event.preventDefault();
  move();
}

function onPlace(): void {
  const meant = decode(location.hash);
  place = meant ?? HOME;
  draw();
  const isThere =
    meant?.kind === 'story' ? STORIES.some(({ id }) => id === meant.id) : meant !== undefined;
  if (!isThere && location.hash.length > 1)
    say('This link leads nowhere here: these are the basics.');
}

byId('legend').append(...drawLegend());
byId('words').append(...drawWords());
byId('copy').addEventListener('click', () => void copyLink());
document.addEventListener('keydown', onKey);
addEventListener('popstate', onPlace);
addEventListener('hashchange', onPlace);
new ResizeObserver(() => draw()).observe(byId('tree'));
onPlace();
