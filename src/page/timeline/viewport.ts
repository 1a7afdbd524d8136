/** The stretch of time that all timelines show, ns since their origins: zoomed and panned, drawn by listeners. */
import type { Span } from '../../model/trace/trace.js';

/** Narrower says nothing: most slices are longer. */
const NARROWEST_NS = 500;

export class Viewport {
  #from = 0;
  #to = 1;
  #bounds = { from: 0, to: 1 };
  #fit: Span | undefined;
  readonly #listeners = new Set<() => void>();

  /** @param whole what there is; the view may go a little beyond */
  reset(whole: Span, fit: Span): void {
    const margin = (whole.end - whole.start) * 0.05;
    this.#bounds = { from: whole.start - margin, to: whole.end + margin };
    this.#fit = fit;
    this.showFit();
  }

  /** What is looked at first. */
  showFit(): void {
    if (this.#fit !== undefined) this.frame(this.#fit.start, this.#fit.end);
  }

  /** What can be gone to, with its margins. */
  get bounds(): { readonly from: number; readonly to: number } {
    return this.#bounds;
  }

  get from(): number {
    return this.#from;
  }

  get to(): number {
    return this.#to;
  }

  get length(): number {
    return this.#to - this.#from;
  }

  show(from: number, to: number): void {
    const { from: least, to: most } = this.#bounds;
    const length = Math.min(Math.max(to - from, NARROWEST_NS), most - least);
    const centre = (from + to) / 2;
    this.#from = Math.min(Math.max(centre - length / 2, least), most - length);
    this.#to = this.#from + length;
    for (const listener of this.#listeners) listener();
  }

  /** With a margin on both sides. */
  frame(from: number, to: number, margin = 0.02): void {
    const more = (to - from) * margin;
    this.show(from - more, to + more);
  }

  /** @param factor 2: twice as much is seen, 0.5: half as much; `at` stays where it is */
  zoom(factor: number, at = (this.#from + this.#to) / 2): void {
    const { from, to } = this.#bounds;
    const length = Math.min(Math.max(this.length * factor, NARROWEST_NS), to - from);
    const start = at - ((at - this.#from) / this.length) * length;
    this.show(start, start + length);
  }

  /** @param share of what is seen; negative: to the left */
  pan(share: number): void {
    const by = share * this.length;
    this.show(this.#from + by, this.#to + by);
  }

  /** So that both times are seen; the zoom changes only where they have no room. */
  reveal(from: number, to: number): void {
    if (from >= this.#from && to <= this.#to) return;
    const isLong = to - from > this.length * 0.9;
    const half = isLong ? (to - from) * 0.7 : this.length / 2;
    const centre = (from + to) / 2;
    this.show(centre - half, centre + half);
  }

  showAll(): void {
    this.show(this.#bounds.from, this.#bounds.to);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
