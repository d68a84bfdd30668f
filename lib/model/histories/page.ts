// A scene as Markdown, and the pages of docs/history/ with their scenes in them.
import type { History, Scene, ToldStep } from './history';
import { tell } from './tell';

const WIDTH = 120;

/** What stands between the marks of a scene: what is said, and below it what was called. */
export function sceneAsMarkdown(history: History, scene: Scene): string {
  return [...tell(history, scene)].map(stepAsMarkdown).join('\n\n');
}

function stepAsMarkdown({ say, calls, rules, tree, show }: ToldStep): string {
  const shown = [
    [...calls, ...(show.includes('rules') ? rules.map((told) => ruleAsText(told)) : [])],
    show.includes('tree') ? tree.split('\n') : [],
  ];
  const text = shown
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
  return text === '' ? wrap(say) : `${wrap(say)}\n\n\`\`\`text\n${text}\n\`\`\``;
}

const ruleAsText = ({ text, rule }: ToldStep['rules'][number]): string => `  ${text}  [${rule}]`;

/** Breaks where the prose of docs/ breaks. */
function wrap(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

const MARKED =
  /(<!-- scene: (?<history>[\w.-]+)\/(?<scene>[\w.-]+)\b[^>]*-->\n)(?<body>[^]*?)(<!-- end of scene -->)/g;

/**
 * A page with its scenes as the model tells them now. A page that is as it should be comes back unchanged.
 * @throws if a mark names no scene
 */
export function fillPage(page: string, histories: readonly History[]): string {
  return page.replace(MARKED, (_, open: string, history: string, scene: string, ...rest) => {
    const close = rest[1] as string;
    const told = findScene(histories, history, scene);
    return `${open}\n${sceneAsMarkdown(told.history, told.scene)}\n\n${close}`;
  });
}

/** Which scenes a page has: `linux-2.4/forgotten`. */
export function scenesOfPage(page: string): string[] {
  return [...page.matchAll(MARKED)].map(
    ({ groups }) => `${groups?.['history']}/${groups?.['scene']}`,
  );
}

function findScene(
  histories: readonly History[],
  id: string,
  sceneId: string,
): { readonly history: History; readonly scene: Scene } {
  const history = histories.find((each) => each.id === id);
  const scene = history?.scenes.find((each) => each.id === sceneId);
  if (history === undefined || scene === undefined)
    throw new Error(`No scene is called ${id}/${sceneId}.`);
  return { history, scene };
}
