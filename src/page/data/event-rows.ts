/** Which events the table lists: those of a stretch of time and of an actor, in time order. */

import { kindById } from '../../model/recording/event-kinds.js';
import { ACTORS, type ActorKind } from '../../model/trace/actor-kind.js';
import { actorLookup } from '../../model/trace/actor-lookup.js';
import type { LoadedTrace } from './decode.js';
import { firstAbove } from './span-list.js';

export interface EventFilter {
  /** Trace time, both inclusive: an event at the end of a slice belongs to it. */
  readonly from: number;
  readonly to: number;
  readonly actor: ActorKind | undefined;
  /** Of events; undefined: all kinds. */
  readonly kind: string | undefined;
}

const UNKNOWN = 255;

/** Looks up once who acted in each event. */
export class EventRows {
  readonly #loaded: LoadedTrace;
  readonly #times: Float64Array;
  readonly #actors: Uint8Array;

  constructor(loaded: LoadedTrace) {
    this.#loaded = loaded;
    const { order, recording, processes } = loaded.trace;
    const { events } = recording;
    const actorAt = actorLookup(processes);
    this.#times = Float64Array.from(order, (row) => events.time.at(row));
    this.#actors = Uint8Array.from(order, (row, index) => {
      const part = actorAt(events.pid.at(row), this.#times[index] as number);
      return part === undefined ? UNKNOWN : ACTORS.indexOf(part.actor);
    });
  }

  /** Places in the trace's order. */
  select({ from, to, actor, kind }: EventFilter): Int32Array {
    const { events } = this.#loaded.trace.recording;
    const { order } = this.#loaded.trace;
    const first = firstAbove(this.#times, from - 0.5, 0, this.#times.length);
    const last = firstAbove(this.#times, to, first, this.#times.length);
    const wanted = actor === undefined ? undefined : ACTORS.indexOf(actor);
    const found = new Int32Array(last - first);
    let count = 0;
    for (let place = first; place < last; place++) {
      if (wanted !== undefined && this.#actors[place] !== wanted) continue;
      if (kind !== undefined) {
        const name = kindById(events.kind.at(order[place] as number))?.name ?? 'malformed';
        if (name !== kind) continue;
      }
      found[count++] = place;
    }
    return found.subarray(0, count);
  }

  actorAt(place: number): ActorKind | undefined {
    return ACTORS[this.#actors[place] as number];
  }
}
