/** One timeline's canvases: draws them when something changed, and turns pointer and wheel into what they mean. */
import type { Span } from '../../model/trace/trace.js';
import { formatDuration } from '../../render/common/format.js';
import type { Start } from '../data/starts.js';
import { describe } from './describe.js';
import {
  AXIS_Y,
  drawHead,
  flagAt,
  HEAD_HEIGHT,
  type HeadScene,
  OVERVIEW_HEIGHT,
} from './draw-head.js';
import { drawLanes, MOST_ARROWS } from './draw-lanes.js';
import { targetAt } from './hit.js';
import { boxesOf, type Layout } from './layout.js';
import { type Palette, readPalette } from './palette.js';
import type { Found } from './search.js';
import type { Side, Store } from './store.js';
import { sameTarget, spanOf, type Target } from './target.js';
import type { Viewport } from './viewport.js';

export interface Elements {
  readonly head: HTMLCanvasElement;
  readonly body: HTMLCanvasElement;
  /** Scrolls up and down; the body stays in it. */
  readonly scroller: HTMLElement;
  readonly tooltip: HTMLElement;
  /** How much time is shown. */
  readonly readout: HTMLElement;
}

export interface TimelineFacts {
  readonly start: Start;
  readonly side: Side;
  readonly layout: Layout;
  readonly found: Found;
}

/** A pointer that moved no further has clicked. */
const CLICK_PX = 4;
const HIT_PX = 3;
/** Of the length shown, a wheel's step. */
const WHEEL_PAN = 0.0012;
const WHEEL_ZOOM = 0.0022;
const SELECTED_MARGIN_PX = 40;

interface Drag {
  readonly what: 'pan' | 'range' | 'overview';
  readonly x: number;
  readonly y: number;
  readonly from: number;
  readonly scroll: number;
  moved: boolean;
}

export class TimelineView {
  readonly #elements: Elements;
  readonly #store: Store;
  readonly #viewport: Viewport;
  readonly #pen: CanvasRenderingContext2D;
  readonly #headPen: CanvasRenderingContext2D;
  readonly #undo: (() => void)[] = [];
  #facts: TimelineFacts;
  #palette: Palette;
  #hovered: Target | undefined;
  #drag: Drag | undefined;
  /** Pointers that are down, by id: two of them pinch. */
  readonly #pointers = new Map<number, { x: number; y: number }>();
  #frame = 0;

  constructor(elements: Elements, facts: TimelineFacts, store: Store, viewport: Viewport) {
    this.#elements = elements;
    this.#facts = facts;
    this.#store = store;
    this.#viewport = viewport;
    this.#pen = context2d(elements.body);
    this.#headPen = context2d(elements.head);
    this.#palette = readPalette(elements.body, this.#pen);
    this.#undo.push(
      viewport.onChange(() => this.invalidate()),
      store.onChange(() => this.invalidate()),
    );
    const observer = new ResizeObserver(() => this.invalidate());
    observer.observe(elements.scroller);
    observer.observe(elements.head);
    this.#undo.push(() => observer.disconnect());
    this.#listen();
    this.invalidate();
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    for (const undo of this.#undo) undo();
  }

  update(facts: TimelineFacts): void {
    this.#facts = facts;
    this.invalidate();
  }

  /** The appearance changed. */
  recolour(): void {
    this.#palette = readPalette(this.#elements.body, this.#pen);
    this.invalidate();
  }

  invalidate(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** Draws at once what the next frame would: paper does not wait for a frame. */
  drawNow(): void {
    this.#draw();
  }

  /** @param by CSS pixels, down */
  scrollBy(by: number): void {
    this.#elements.scroller.scrollTop += by;
  }

  /** Scrolls and pans until the target is seen. */
  reveal(target: Target): void {
    const { start, layout } = this.#facts;
    const span = spanOf(start, target);
    this.#viewport.reveal(span.start - start.origin, span.end - start.origin);
    const boxes = boxesOf(layout, start, target);
    const { scroller } = this.#elements;
    const isSeen = ({ y, height }: { y: number; height: number }): boolean =>
      y >= scroller.scrollTop && y + height <= scroller.scrollTop + scroller.clientHeight;
    const box = boxes.at(-1);
    if (box === undefined || boxes.some(isSeen)) return;
    scroller.scrollTop =
      box.y < scroller.scrollTop
        ? box.y - SELECTED_MARGIN_PX
        : box.y + box.height + SELECTED_MARGIN_PX - scroller.clientHeight;
  }

  get #width(): number {
    return this.#elements.body.clientWidth;
  }

  /** The canvases have as many pixels as the screen, or the paper, has for them now. */
  #size(): void {
    const { body, head, scroller } = this.#elements;
    const high = scroller.clientHeight;
    if (body.style.height !== `${high}px`) body.style.height = `${high}px`;
    for (const [canvas, height] of [
      [body, high],
      [head, HEAD_HEIGHT],
    ] as const) {
      const width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
      const rows = Math.max(1, Math.round(height * devicePixelRatio));
      if (canvas.width === width && canvas.height === rows) continue;
      canvas.width = width;
      canvas.height = rows;
    }
  }

  #draw(): void {
    this.#size();
    const { body, scroller, readout } = this.#elements;
    const { start, layout, found, side } = this.#facts;
    const { state } = this.#store;
    const isOwn = state.side === side;
    const scale = devicePixelRatio;
    this.#pen.setTransform(scale, 0, 0, scale, 0, 0);
    const arrows = drawLanes(this.#pen, {
      start,
      layout,
      from: this.#viewport.from + start.origin,
      to: this.#viewport.to + start.origin,
      width: this.#width,
      height: body.height / scale,
      scroll: scroller.scrollTop,
      palette: this.#palette,
      selected: isOwn ? state.selected : undefined,
      hovered: this.#hovered,
      found,
      range: state.range && {
        from: state.range.start + start.origin,
        to: state.range.end + start.origin,
      },
      wakeUps: state.wakeUps,
    });
    this.#headPen.setTransform(scale, 0, 0, scale, 0, 0);
    drawHead(this.#headPen, this.#headScene());
    const hidden =
      state.wakeUps && arrows > MOST_ARROWS
        ? `, ${MOST_ARROWS} of ${arrows} wake-ups: zoom in`
        : '';
    readout.textContent = `${formatDuration(this.#viewport.length)} shown${hidden}`;
  }

  #headScene(): HeadScene {
    const { start, side } = this.#facts;
    const { state } = this.#store;
    return {
      start,
      view: { from: this.#viewport.from, to: this.#viewport.to },
      whole: this.#viewport.bounds,
      width: this.#elements.head.clientWidth,
      palette: this.#palette,
      selected: state.side === side ? state.selected : undefined,
      range: state.range,
    };
  }

  #listen(): void {
    const { body, head, scroller } = this.#elements;
    const on = <K extends keyof HTMLElementEventMap>(
      element: HTMLElement,
      type: K,
      listener: (event: HTMLElementEventMap[K]) => void,
    ): void => {
      element.addEventListener(type, listener, { passive: false });
      this.#undo.push(() => element.removeEventListener(type, listener));
    };
    on(scroller, 'scroll', () => this.invalidate());
    for (const canvas of [body, head]) {
      on(canvas, 'wheel', (event) => this.#wheel(event, canvas === head));
      on(canvas, 'pointerdown', (event) => this.#down(event, canvas));
      on(canvas, 'pointermove', (event) => this.#move(event, canvas));
      on(canvas, 'pointerup', (event) => this.#up(event, canvas));
      on(canvas, 'pointercancel', (event) => this.#end(event));
      on(canvas, 'pointerleave', () => this.#hover(undefined, 0, 0));
    }
    on(body, 'dblclick', (event) => {
      const target = this.#targetAt(event.offsetX, event.offsetY);
      if (target !== undefined) this.#zoomTo(target);
    });
    on(head, 'dblclick', () => {
      const { range } = this.#store.state;
      if (range !== undefined) this.#viewport.frame(range.start, range.end);
    });
  }

  #zoomTo(target: Target): void {
    const { start } = this.#facts;
    const span = spanOf(start, target);
    this.#viewport.frame(span.start - start.origin, span.end - start.origin, 0.3);
  }

  #timeAt(x: number): number {
    return this.#viewport.from + (x / this.#width) * this.#viewport.length;
  }

  #targetAt(x: number, y: number): Target | undefined {
    const { start, layout } = this.#facts;
    const pixelNs = this.#viewport.length / this.#width;
    const time = this.#timeAt(x) + start.origin;
    return targetAt(layout, time, y + this.#elements.scroller.scrollTop, HIT_PX * pixelNs);
  }

  /** With Ctrl, or over the head: zoom. Sideways, or with Shift: pan. Else the lanes scroll. */
  #wheel(event: WheelEvent, isHead: boolean): void {
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const [x, y] = [event.deltaX * unit, event.deltaY * unit];
    if (
      event.ctrlKey ||
      event.metaKey ||
      (isHead && !event.shiftKey && Math.abs(y) >= Math.abs(x))
    ) {
      event.preventDefault();
      this.#viewport.zoom(Math.exp(y * WHEEL_ZOOM), this.#timeAt(event.offsetX));
    } else if (event.shiftKey || Math.abs(x) > Math.abs(y)) {
      event.preventDefault();
      this.#viewport.pan((x || y) * WHEEL_PAN);
    }
  }

  #down(event: PointerEvent, canvas: HTMLCanvasElement): void {
    if (event.button !== 0) return;
    this.#pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    canvas.setPointerCapture(event.pointerId);
    const isHead = canvas === this.#elements.head;
    const inOverview = isHead && event.offsetY < OVERVIEW_HEIGHT;
    const what = inOverview
      ? 'overview'
      : event.shiftKey || (isHead && event.offsetY >= AXIS_Y)
        ? 'range'
        : 'pan';
    this.#drag = {
      what,
      x: event.offsetX,
      y: event.offsetY,
      from: this.#viewport.from,
      scroll: this.#elements.scroller.scrollTop,
      moved: false,
    };
    if (inOverview) this.#centreOverview(event.offsetX);
    this.#hover(undefined, 0, 0);
  }

  #move(event: PointerEvent, canvas: HTMLCanvasElement): void {
    const { offsetX: x, offsetY: y } = event;
    const drag = this.#drag;
    if (this.#pointers.size === 2) {
      this.#pinch(event);
    } else if (drag !== undefined) {
      if (Math.abs(x - drag.x) + Math.abs(y - drag.y) > CLICK_PX) drag.moved = true;
      if (drag.moved) this.#dragTo(drag, event);
    } else if (event.pointerType !== 'touch') {
      this.#hover(this.#under(canvas, x, y), x, y, canvas);
    }
  }

  #dragTo(drag: Drag, { offsetX: x, offsetY: y, pointerType }: PointerEvent): void {
    const { length } = this.#viewport;
    switch (drag.what) {
      case 'overview':
        this.#centreOverview(x);
        return;
      case 'range': {
        const [start = 0, end = 0] = [this.#timeAt(drag.x), this.#timeAt(x)].sort((a, b) => a - b);
        const { side } = this.#facts;
        this.#store.set({ side, selected: undefined, range: { start, end } as Span });
        return;
      }
      case 'pan': {
        const from = drag.from - ((x - drag.x) / this.#width) * length;
        this.#viewport.show(from, from + length);
        // A finger scrolls the lanes by itself.
        if (pointerType === 'mouse') this.#elements.scroller.scrollTop = drag.scroll + drag.y - y;
      }
    }
  }

  #up(event: PointerEvent, canvas: HTMLCanvasElement): void {
    const drag = this.#drag;
    if (drag !== undefined && !drag.moved && drag.what !== 'overview') {
      this.#store.select(this.#facts.side, this.#under(canvas, event.offsetX, event.offsetY));
    }
    this.#end(event);
  }

  #end(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
    this.#drag = undefined;
  }

  #pinch(event: PointerEvent): void {
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    const before = this.#pointers.get(event.pointerId);
    this.#pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.#drag = undefined;
    if (other === undefined || before === undefined) return;
    const was = Math.max(8, Math.abs(before.x - other.x));
    const is = Math.max(8, Math.abs(event.offsetX - other.x));
    this.#viewport.zoom(was / is, this.#timeAt((event.offsetX + other.x) / 2));
  }

  #centreOverview(x: number): void {
    const { from, to } = this.#viewport.bounds;
    const time = from + (x / this.#elements.head.clientWidth) * (to - from);
    const half = this.#viewport.length / 2;
    this.#viewport.show(time - half, time + half);
  }

  #under(canvas: HTMLCanvasElement, x: number, y: number): Target | undefined {
    if (canvas === this.#elements.body) return this.#targetAt(x, y);
    return flagAt(this.#headPen, this.#headScene(), x, y);
  }

  #hover(target: Target | undefined, x: number, y: number, canvas?: HTMLCanvasElement): void {
    const { tooltip } = this.#elements;
    if (!sameTarget(target, this.#hovered)) {
      this.#hovered = target;
      this.invalidate();
      if (target !== undefined) {
        const { kind, title, when, facts } = describe(this.#facts.start, target);
        const lines = [title, `${kind}, ${when}`];
        const [label, text] = facts[0] ?? [];
        if (label !== undefined) lines.push(`${label}: ${text}`);
        tooltip.replaceChildren(
          ...lines.map((line) => {
            const row = document.createElement('div');
            row.textContent = line;
            return row;
          }),
        );
      }
    }
    tooltip.hidden = target === undefined;
    if (target === undefined || canvas === undefined) return;
    const room = tooltip.parentElement?.getBoundingClientRect();
    const at = canvas.getBoundingClientRect();
    if (room === undefined) return;
    const left = at.left - room.left + x + 14;
    const top = at.top - room.top + y + 16;
    tooltip.style.left = `${Math.max(4, Math.min(left, room.width - tooltip.offsetWidth - 4))}px`;
    tooltip.style.top = `${top + tooltip.offsetHeight > room.height ? top - tooltip.offsetHeight - 28 : top}px`;
  }
}

function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser does not provide a canvas');
  return context;
}
