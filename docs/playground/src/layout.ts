// Where each box of the tree goes. Two ways: children below their parent, or, where there is no room, an indented list.

export interface Sized {
  readonly pid: number;
  readonly ppid: number;
  readonly height: number;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly shape: 'below' | 'indented';
  readonly boxes: ReadonlyMap<number, Box>;
  readonly width: number;
  readonly height: number;
}

export const BOX_WIDTH = 220;
const SIDE_GAP = 28;
const LEVEL_GAP = 46;
const ROW_GAP = 26;
const INDENT = 20;
/** For what hangs over the edge of a box: the calls and signals above, the lines of pidfds at the right. */
const TOP = 16;
const RIGHT = 30;

/** The tree as wide as it needs to be, if that fits; else the list. */
export function layout(nodes: readonly Sized[], room: number): Layout {
  const below = layoutBelow(nodes);
  return below.width <= room ? below : layoutIndented(nodes);
}

function childrenOf(nodes: readonly Sized[], { pid }: Sized): Sized[] {
  return nodes.filter(({ ppid }) => ppid === pid);
}

function rootsOf(nodes: readonly Sized[]): Sized[] {
  return nodes.filter(({ ppid }) => !nodes.some(({ pid }) => pid === ppid));
}

export function layoutBelow(nodes: readonly Sized[]): Layout {
  const boxes = new Map<number, Box>();
  const rows: Sized[][] = [];
  const collect = (node: Sized, depth: number): void => {
    (rows[depth] ??= []).push(node);
    for (const child of childrenOf(nodes, node)) collect(child, depth + 1);
  };
  for (const root of rootsOf(nodes)) collect(root, 0);
  const tops: number[] = [];
  let y = TOP;
  for (const row of rows) {
    tops.push(y);
    y += Math.max(...row.map(({ height }) => height)) + LEVEL_GAP;
  }

  /** Places what is below `node` from `left` on; returns how wide that is. */
  const place = (node: Sized, depth: number, left: number): number => {
    const children = childrenOf(nodes, node);
    let width = 0;
    for (const child of children) {
      width +=
        (width === 0 ? 0 : SIDE_GAP) +
        place(child, depth + 1, left + width + (width === 0 ? 0 : SIDE_GAP));
    }
    const first = boxes.get(children[0]?.pid ?? -1);
    const last = boxes.get(children.at(-1)?.pid ?? -1);
    const middle = first === undefined || last === undefined ? left : (first.x + last.x) / 2;
    boxes.set(node.pid, { x: middle, y: tops[depth] ?? 0, width: BOX_WIDTH, height: node.height });
    return Math.max(width, BOX_WIDTH);
  };
  let width = RIGHT;
  for (const root of rootsOf(nodes)) width += place(root, 0, width);
  return { shape: 'below', boxes, width: width + RIGHT, height: y - LEVEL_GAP + 8 };
}

export function layoutIndented(nodes: readonly Sized[]): Layout {
  const boxes = new Map<number, Box>();
  let y = TOP;
  let width = 0;
  const place = (node: Sized, depth: number): void => {
    const x = 2 + depth * INDENT;
    boxes.set(node.pid, { x, y, width: BOX_WIDTH, height: node.height });
    width = Math.max(width, x + BOX_WIDTH + RIGHT);
    y += node.height + ROW_GAP;
    for (const child of childrenOf(nodes, node)) place(child, depth + 1);
  };
  for (const root of rootsOf(nodes)) place(root, 0);
  return { shape: 'indented', boxes, width, height: y - ROW_GAP + 8 };
}
