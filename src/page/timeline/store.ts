/** What the reader has chosen: one object that changes whole, and who listens. */
import type { EventKindName } from '../../model/recording/event-kinds.js';
import type { ActorKind } from '../../model/trace/actor-kind.js';
import type { Span } from '../../model/trace/trace.js';
import type { Detail } from './layout.js';
import { sameTarget, type Target } from './target.js';

/** A picture's place: the first, or the one below it that it is compared with. */
export type Side = 0 | 1;

export type Appearance = 'system' | 'light' | 'dark';

export interface State {
  /** Indices of the starts that are shown, the second where two are compared. */
  readonly shown: readonly [number] | readonly [number, number];
  /** The side that the panels tell of. */
  readonly side: Side;
  readonly selected: Target | undefined;
  /** Marked by the reader, ns since the origin. */
  readonly range: Span | undefined;
  /** Whose events are listed: everybody's where nothing is selected. */
  readonly actor: ActorKind | 'selected' | 'all';
  /** Of what time: all where nothing is selected. */
  readonly time: 'selected' | 'seen' | 'all';
  /** Of what kind; undefined: every one. */
  readonly kind: EventKindName | undefined;
  readonly detail: Detail;
  readonly ofLane: Partial<Readonly<Record<ActorKind, Detail>>>;
  readonly wakeUps: boolean;
  readonly query: string;
  /** Of what the query finds, the one that was gone to; -1: none yet. */
  readonly match: number;
  readonly appearance: Appearance;
  readonly help: boolean;
}

export class Store {
  #state: State;
  readonly #listeners = new Set<() => void>();

  constructor(state: State) {
    this.#state = state;
  }

  get state(): State {
    return this.#state;
  }

  set(changes: Partial<State>): void {
    this.#state = { ...this.#state, ...changes };
    for (const listener of this.#listeners) listener();
  }

  /** Selecting nothing takes the range away too. */
  select(side: Side, selected: Target | undefined): void {
    const { state } = this;
    if (side === state.side && sameTarget(selected, state.selected)) {
      if (selected === undefined && state.range !== undefined) this.set({ range: undefined });
      return;
    }
    this.set({ side, selected, range: undefined });
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
