// A sentence of Markdown as elements, with the words explained where they are first used.
import { h, type Child } from './dom';
import { explained } from './word-tip';
import { findWords } from './words';

const MARKS =
  /`(?<code>[^`]+)`|\*\*(?<strong>[^*]+)\*\*|\*(?<em>[^*]+)\*|\[(?<label>[^\]]+)\]\((?<url>[^)]+)\)/g;

/** `seen`: which words have been explained already; shared by the paragraphs of one step. */
export function prose(text: string, seen = new Set<string>()): Child[] {
  const out: Child[] = [];
  let at = 0;
  for (const match of text.matchAll(MARKS)) {
    out.push(...plain(text.slice(at, match.index), seen));
    const { code, strong, em, label, url } = match.groups ?? {};
    if (code !== undefined) out.push(h('code', {}, code));
    if (strong !== undefined) out.push(h('strong', {}, ...plain(strong, seen)));
    if (em !== undefined) out.push(h('em', {}, ...plain(em, seen)));
    if (label !== undefined) out.push(link(label, url ?? ''));
    at = match.index + match[0].length;
  }
  return [...out, ...plain(text.slice(at), seen)];
}

/** A page of the repository is not beside this one: then its name has to do. */
const link = (label: string, url: string): Child =>
  /^https?:/.test(url) ? h('a', { href: url, rel: 'noreferrer' }, label) : h('cite', {}, label);

function plain(text: string, seen: Set<string>): Child[] {
  return findWords(text).map((piece) => {
    if (typeof piece === 'string') return piece;
    if (seen.has(piece.word.term)) return piece.said;
    seen.add(piece.word.term);
    return explained(piece.said, piece.word);
  });
}
