// The lines of the tree, as paths.
import type { Actor } from './frames';
import type { Box, Layout } from './layout';
import { tagY } from './node-view';
import { tagLook } from './state';

export interface Edge {
  readonly key: string;
  readonly kind: string;
  readonly d: string;
  /** Beside the line, at its lower end. */
  readonly label?: { readonly text: string; readonly x: number; readonly y: number };
}

const round = (n: number): number => Math.round(n * 10) / 10;
const path = (...parts: readonly (string | number)[]): string =>
  parts.map((part) => (typeof part === 'number' ? round(part) : part)).join(' ');

/** From a parent to its child: round the corner, at the child's end. */
function family(shape: Layout['shape'], parent: Box, child: Box): string {
  if (shape === 'indented') {
    const x = parent.x + 12;
    const y = child.y + 26;
    const up = parent.y + parent.height;
    return path(
      'M',
      x,
      up,
      'C',
      x,
      up + 8,
      x,
      y - 8,
      x,
      y - 8,
      'Q',
      x,
      y,
      x + 8,
      y,
      'L',
      child.x,
      y,
    );
  }
  const from = { x: parent.x + parent.width / 2, y: parent.y + parent.height };
  const to = { x: child.x + child.width / 2, y: child.y };
  const middle = (from.y + to.y) / 2;
  return path('M', from.x, from.y, 'C', from.x, middle, to.x, middle, to.x, to.y);
}

/** From a former parent to the child that it has lost: beside the boxes, so that no line of the tree is hidden. */
function lost(shape: Layout['shape'], former: Box, child: Box): string {
  const down = former.y + former.height / 2;
  if (shape === 'indented') {
    const [x1, x2] = [former.x + former.width, child.x + child.width];
    const out = Math.max(x1, x2) + 24;
    return path('M', x1, down, 'C', out, down, out, child.y + 40, x2, child.y + 40);
  }
  const toTheRight = child.x + child.width / 2 > former.x + former.width / 2;
  const x = former.x + (toTheRight ? former.width : 0);
  const to = { x: child.x + child.width / 2, y: child.y + (child.y < down ? child.height : 0) };
  return path('M', x, down, 'Q', to.x, down, to.x, to.y);
}

/** From the tag of a pidfd to the process that it names. */
function pidfd(shape: Layout['shape'], holder: Box, y: number, target: Box): string {
  const right = { x: holder.x + holder.width - 12, y: holder.y + y };
  const left = { x: holder.x + 12, y: right.y };
  const end = { x: target.x + target.width, y: target.y + 30 };
  if (shape === 'indented' || Math.abs(target.x - holder.x) < 40) {
    const out = Math.max(right.x + 12, end.x) + 32;
    return path('M', right.x, right.y, 'C', out, right.y, out, end.y, end.x + 3, end.y);
  }
  // Round the outer side, where neither the line of the family nor a call is.
  const toTheRight = target.x > holder.x;
  const from = toTheRight ? right : left;
  const side = toTheRight ? end.x : target.x;
  const out = side + (toTheRight ? 38 : -38);
  return path(
    'M',
    from.x,
    from.y,
    'C',
    out,
    from.y,
    out,
    end.y,
    side + (toTheRight ? 3 : -3),
    end.y,
  );
}

export function edgesOf(actors: readonly Actor[], { shape, boxes }: Layout): Edge[] {
  const edges: Edge[] = [];
  for (const actor of actors) {
    const { pid, ppid, gone, born, movedFrom } = actor;
    const own = boxes.get(pid);
    const parent = boxes.get(ppid);
    if (own === undefined) continue;
    const former = movedFrom === undefined ? undefined : boxes.get(movedFrom);
    if (former !== undefined) {
      edges.push({ key: `was ${pid}`, kind: 'family was', d: lost(shape, former, own) });
    }
    if (parent !== undefined) {
      const kind =
        gone !== undefined ? 'gone' : movedFrom !== undefined ? 'moved' : born ? 'born' : '';
      const middle = own.x + own.width / 2;
      const at =
        shape === 'indented' ? { x: own.x + 10, y: own.y - 4 } : { x: middle + 10, y: own.y - 16 };
      const label = kind === 'moved' ? { label: { text: 'new parent', ...at } } : {};
      edges.push({
        key: `of ${pid}`,
        kind: `family ${kind}`,
        d: family(shape, parent, own),
        ...label,
      });
    }
    for (const [index, tag] of actor.tags.entries()) {
      const target = boxes.get(tag.target ?? -1);
      if (target === undefined) continue;
      // A copy that came by fork says enough by itself.
      const named = actors.find((each) => each.pid === tag.target);
      if (named?.gone !== undefined && named.ppid !== pid) continue;
      const d = pidfd(shape, own, tagY(actor, index), target);
      edges.push({ key: `${pid} fd ${tag.fd}`, kind: `pidfd ${tagLook(tag)}`, d });
    }
  }
  return edges;
}
