// What happened in a step: in plain words, as calls, and by which rules of the kernel.
import { h } from './dom';
import type { Frame } from './frames';
import { prose } from './prose';
import { explain, parseLine } from './why';

/** The text of the step, which stands above the tree. */
export function drawSay(frame: Frame): HTMLElement {
  const kind = frame.opening ? 'say opening' : 'say';
  return h('p', { class: kind }, ...prose(frame.say));
}

export function drawCalls(frame: Frame): HTMLElement {
  const { calls } = frame;
  if (calls.length === 0) return h('p', { class: 'none' }, whyNone(frame));
  const items = calls.map((text) => {
    const { who, call, result, failed } = parseLine(text);
    const why = explain(text);
    return h(
      'li',
      {},
      h(
        'div',
        { class: 'line' },
        h('span', { class: 'who' }, `${who} `),
        h('span', { class: 'what' }, call),
        result === ''
          ? undefined
          : h(
              'span',
              { class: failed ? 'result failed' : 'result' },
              ` ${result === 'sleeps' ? '' : '= '}${result}`,
            ),
      ),
      why === undefined ? undefined : h('div', { class: 'means' }, why),
    );
  });
  return h('ol', { class: 'log' }, ...items);
}

/** A step without calls: the boot, a repetition, or only words. */
function whyNone({ opening, actors }: Frame): string {
  if (opening) return 'None yet. The machine has booted.';
  const changed = actors.some(({ born, gone }) => born || gone !== undefined);
  return changed
    ? 'The same calls as before. They are not listed again.'
    : 'None. Nothing changes in this step.';
}

export function drawRules({ rules, calls }: Frame): HTMLElement {
  const none = calls.length === 0 ? 'Nothing that is new.' : 'There was nothing to decide.';
  if (rules.length === 0) return h('p', { class: 'none' }, none);
  const items = rules.map(({ text, rule }) =>
    h('li', {}, h('span', {}, text), ' ', h('code', { class: 'rule' }, rule)),
  );
  return h('ol', { class: 'rules' }, ...items);
}
