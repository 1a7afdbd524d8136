/** A reader at work on the page: what is there, what is chosen, and what the controls and keys do. */

import type { ActorKind } from '../../model/trace/actor-kind.js';
import type { Span } from '../../model/trace/trace.js';
import { SLICE_KINDS } from '../../model/trace/tracks.js';
import { EventRows } from '../data/event-rows.js';
import type { Start } from '../data/starts.js';
import { describe } from './describe.js';
import { DETAILS, type Detail, rowsShown } from './layout.js';
import { type Found, search } from './search.js';
import { type Side, Store } from './store.js';
import { placeOf, spanOf, type Target } from './target.js';
import type { TimelineView } from './timeline-view.js';
import { Viewport } from './viewport.js';

const RUNNING = SLICE_KINDS.indexOf('running');
const REQUEST = SLICE_KINDS.indexOf('request');
/** More rows than these are too many to begin with. */
const MAIN_ROWS = 60;

export class Session {
  readonly starts: readonly Start[];
  readonly store: Store;
  readonly viewport = new Viewport();
  readonly views = new Map<Side, TimelineView>();
  readonly #found = new Map<Start, { query: string; found: Found }>();
  readonly #events = new Map<Start['trace'], EventRows>();
  readonly #sliceOf = new Map<Start['trace'], Int32Array>();

  /** @param shown indices of the starts to begin with */
  constructor(starts: readonly Start[], shown: readonly [number] | readonly [number, number]) {
    this.starts = starts;
    this.store = new Store({
      shown,
      side: 0,
      selected: undefined,
      range: undefined,
      actor: 'selected',
      time: 'selected',
      kind: undefined,
      detail: 'main',
      ofLane: {},
      wakeUps: false,
      query: '',
      match: -1,
      appearance: 'system',
      help: false,
    });
    this.show(shown);
  }

  /** Other starts: nothing that was chosen in those before is kept. */
  show(shown: readonly [number] | readonly [number, number]): void {
    const starts = shown.map((index) => this.starts[index] as Start);
    const rows = starts.flatMap(({ lanes }) => lanes.flatMap((lane) => rowsShown(lane, 'main')));
    this.store.set({
      shown,
      side: 0,
      selected: undefined,
      range: undefined,
      match: -1,
      ofLane: {},
      // Two pictures have room only for their lanes.
      detail: starts.length > 1 || rows.length > MAIN_ROWS ? 'actors' : 'main',
    });
    this.viewport.reset(
      unionOf(starts.map(({ whole }) => whole)),
      unionOf(starts.map(({ fit }) => fit)),
    );
  }

  get shown(): readonly Start[] {
    return this.store.state.shown.map((index) => this.starts[index] as Start);
  }

  /** The start that the panels tell of. */
  get current(): Start {
    return this.shown[this.store.state.side] as Start;
  }

  found(start: Start): Found {
    const { query } = this.store.state;
    const known = this.#found.get(start);
    if (known?.query === query) return known.found;
    const found = search(start, query);
    this.#found.set(start, { query, found });
    return found;
  }

  eventsOf(start: Start): EventRows {
    let rows = this.#events.get(start.trace);
    if (rows === undefined) {
      rows = new EventRows(start);
      this.#events.set(start.trace, rows);
    }
    return rows;
  }

  /** The slice that an event began, not one of a thread's stays on a CPU; -1 where it began none. */
  sliceOf(start: Start, row: number): number {
    let slices = this.#sliceOf.get(start.trace);
    if (slices === undefined) {
      slices = new Int32Array(start.trace.recording.events.length).fill(-1);
      const { length, event, kind } = start.tracks.slices;
      for (let slice = 0; slice < length; slice++) {
        const own = event[slice] as number;
        if (own >= 0 && kind[slice] !== RUNNING && kind[slice] !== REQUEST) slices[own] = slice;
      }
      this.#sliceOf.set(start.trace, slices);
    }
    return slices[row] ?? -1;
  }

  /** Selects it and brings it into view, its thread's row too where that is not shown. */
  goTo(side: Side, target: Target): void {
    this.store.select(side, target);
    const start = this.shown[side];
    const place = start && placeOf(start, target);
    const { detail, ofLane } = this.store.state;
    if (place?.row !== undefined && target.kind === 'slice') {
      const { actor } = place.lane;
      if (!rowsShown(place.lane, ofLane[actor] ?? detail).includes(place.row)) {
        this.showLane(actor, 'all');
      }
    }
    // After the layout has taken the lane's rows in.
    requestAnimationFrame(() => this.views.get(side)?.reveal(target));
  }

  showLane(actor: ActorKind, detail: Detail): void {
    this.store.set({ ofLane: { ...this.store.state.ofLane, [actor]: detail } });
  }

  /** The next of DETAILS, in all lanes. */
  nextDetail(): void {
    const next = DETAILS[(DETAILS.indexOf(this.store.state.detail) + 1) % DETAILS.length];
    if (next !== undefined) this.store.set({ detail: next, ofLane: {} });
  }

  /** To the next of what the search found, or the one before. */
  step(by: 1 | -1): void {
    const { side, match } = this.store.state;
    const { targets } = this.found(this.current);
    if (targets.length === 0) return;
    const next =
      match < 0 && by < 0 ? targets.length - 1 : (match + by + targets.length) % targets.length;
    this.store.set({ match: next });
    this.goTo(side, targets[next] as Target);
  }

  /** What is selected or marked, ns since the origin. */
  get selection(): Span | undefined {
    const { selected, range } = this.store.state;
    if (range !== undefined) return range;
    if (selected === undefined) return undefined;
    const { origin } = this.current;
    const { start, end } = spanOf(this.current, selected);
    return { start: start - origin, end: end - origin } as Span;
  }

  /** One sentence on what is selected, for who does not see it. */
  get announcement(): string {
    const { selected } = this.store.state;
    if (selected === undefined) return '';
    const { kind, title, when, facts } = describe(this.current, selected);
    return [`${kind} ${title}`, when, ...facts.slice(0, 2).map((fact) => fact.join(': '))].join(
      '; ',
    );
  }
}

function unionOf(spans: readonly Span[]): Span {
  return {
    start: Math.min(...spans.map(({ start }) => start)),
    end: Math.max(...spans.map(({ end }) => end)),
  } as Span;
}
