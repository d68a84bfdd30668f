// The process tree, drawn. A box stays the same element from step to step, so that it moves, and keeps the focus.
import { s } from './dom';
import { edgesOf, type Edge } from './edges';
import type { Frame } from './frames';
import { layout, type Layout } from './layout';
import { drawActor, heightOf } from './node-view';
import { lookOf, spoken } from './state';

export interface TreeOptions {
  /** Processes can be chosen: this is told which. */
  readonly onChoose?: (pid: number) => void;
  readonly chosen?: number;
}

export class TreeView {
  readonly #host: HTMLElement;
  readonly #svg: SVGSVGElement;
  readonly #lines = s('g', { class: 'lines', 'aria-hidden': 'true' });
  readonly #boxes = s('g', { class: 'boxes' });
  readonly #drawn = new Map<number, SVGGElement>();
  readonly #edges = new Map<string, SVGPathElement>();
  #onChoose: ((pid: number) => void) | undefined;

  constructor(host: HTMLElement) {
    this.#host = host;
    this.#svg = s('svg', { role: 'group', 'aria-label': 'Process tree' }, this.#lines, this.#boxes);
    host.append(this.#svg);
  }

  /** `among`: the frames whose tallest tree says how much room is kept, within reason. */
  show(frame: Frame, among: readonly Frame[], { onChoose, chosen }: TreeOptions): void {
    this.#onChoose = onChoose;
    const room = this.#host.clientWidth;
    const placed = layoutOf(frame, room);
    const tallest = Math.max(...among.map((each) => layoutOf(each, room).height));
    const height = Math.max(placed.height, Math.min(tallest, room < 500 ? 300 : 440));
    const width = Math.max(room, placed.width);
    this.#svg.setAttribute('width', String(width));
    this.#svg.setAttribute('height', String(height));
    this.#svg.dataset.shape = placed.shape;
    const offset = placed.shape === 'below' ? (width - placed.width) / 2 : 0;
    for (const layer of [this.#lines, this.#boxes]) {
      layer.setAttribute('transform', `translate(${offset} 0)`);
    }
    // What can be scrolled has to be reachable.
    if (placed.width > room) this.#host.setAttribute('tabindex', '0');
    else this.#host.removeAttribute('tabindex');
    this.#showBoxes(frame, placed, chosen);
    this.#showEdges(edgesOf(frame.actors, placed));
  }

  #showBoxes({ actors }: Frame, { boxes }: Layout, chosen: number | undefined): void {
    const pids = new Set(actors.map(({ pid }) => pid));
    for (const [pid, element] of this.#drawn) {
      if (pids.has(pid)) continue;
      element.remove();
      this.#drawn.delete(pid);
    }
    for (const actor of actors) {
      const { pid, ppid, gone, kernelThread } = actor;
      const box = boxes.get(pid);
      if (box === undefined) continue;
      let element = this.#drawn.get(pid);
      if (element === undefined) {
        element = this.#make(pid);
        this.#drawn.set(pid, element);
        this.#boxes.append(element);
      }
      const canChoose = this.#onChoose !== undefined && gone === undefined;
      const parent = actors.find((each) => each.pid === ppid);
      const marks = [lookOf(actor), actor.born && 'born', kernelThread && 'kernel'];
      element.setAttribute(
        'class',
        ['actor', ...marks, canChoose && 'open'].filter(Boolean).join(' '),
      );
      element.style.transform = `translate(${box.x}px, ${box.y}px)`;
      element.setAttribute('aria-label', spoken(actor, parent));
      element.setAttribute('role', canChoose ? 'button' : 'img');
      if (canChoose) element.setAttribute('tabindex', '0');
      else element.removeAttribute('tabindex');
      if (canChoose) element.setAttribute('aria-pressed', String(pid === chosen));
      else element.removeAttribute('aria-pressed');
      Object.assign(element.dataset, { pid, ppid, state: actor.state });
      element.replaceChildren(...drawActor(actor));
    }
  }

  #make(pid: number): SVGGElement {
    const choose = (): void => this.#onChoose?.(pid);
    const onkeydown = (event: KeyboardEvent): void => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      choose();
    };
    return s('g', { onclick: choose, onkeydown });
  }

  #showEdges(edges: readonly Edge[]): void {
    const keys = new Set(edges.map(({ key }) => key));
    for (const [key, element] of this.#edges) {
      if (keys.has(key)) continue;
      element.remove();
      this.#edges.delete(key);
    }
    for (const label of this.#lines.querySelectorAll('text')) label.remove();
    for (const { key, kind, d, label } of edges) {
      let line = this.#edges.get(key);
      if (line === undefined) {
        line = s('path');
        this.#edges.set(key, line);
        this.#lines.append(line);
      }
      line.setAttribute('class', kind);
      line.setAttribute('d', d);
      if (kind.startsWith('pidfd')) line.setAttribute('marker-end', 'url(#arrow)');
      if (label !== undefined) {
        this.#lines.append(s('text', { class: 'adopted', x: label.x, y: label.y }, label.text));
      }
    }
  }
}

function layoutOf({ actors }: Frame, room: number): Layout {
  const sized = actors.map((actor) => ({
    pid: actor.pid,
    ppid: actor.ppid,
    height: heightOf(actor),
  }));
  return layout(sized, room);
}
