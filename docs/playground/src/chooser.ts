// Which story: one button each, as a line of years, and free play at its end.
import { h } from './dom';
import { isPrimer, STORIES } from './stories';

/** `current`: the id of a story, or undefined for free play. */
export function drawChooser(
  current: string | undefined,
  onStory: (id: string) => void,
  onPlay: () => void,
): HTMLElement[] {
  const card = (
    is: boolean,
    year: string,
    title: string,
    summary: string,
    id: string,
    onclick: () => void,
  ): HTMLElement =>
    h(
      'li',
      {},
      h(
        'button',
        {
          type: 'button',
          class: 'card',
          'data-story': id,
          'aria-current': is ? 'true' : undefined,
          title: summary,
          onclick,
        },
        h('span', { class: 'year' }, year),
        h('span', { class: 'title' }, title),
      ),
    );
  const stories = STORIES.map((story) => {
    const { id, title, summary } = story;
    const year = isPrimer(story) ? 'Start here' : String(story.year);
    const plain = summary.replaceAll('`', '');
    return card(id === current, year, title, plain, id, () => onStory(id));
  });
  const text = 'You are every process: make the calls yourself.';
  return [
    ...stories,
    card(current === undefined, 'Free play', 'Make the calls yourself', text, 'play', onPlay),
  ];
}
