/**
 * Reads a Perfetto trace as Perfetto's importer does: packets sorted by time, equal times in the order of the file; END
 * closes the newest open slice of its track; interned names are those of the sequence. Whatever the importer
 * would count as an error is in `errors`.
 */
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { packagePath } from '../../../src/platform/package-files.js';

interface ImportedTrack {
  readonly uuid: number;
  readonly name: string;
  readonly parent: number;
  readonly rank: number;
  readonly pid: number | undefined;
  readonly tid: number | undefined;
  readonly cmdline: readonly string[];
  readonly isCounter: boolean;
}

type ImportedFact = string | number | boolean | ImportedFact[] | { [name: string]: ImportedFact };

export interface ImportedEvent {
  readonly track: number;
  readonly name: string;
  readonly category: string;
  readonly start: number;
  /** NaN while it is open; of an instant, its start. */
  end: number;
  readonly depth: number;
  readonly facts: Readonly<Record<string, ImportedFact>>;
  readonly flows: readonly number[];
  readonly terminates: readonly number[];
}

export interface Imported {
  readonly errors: readonly string[];
  readonly tracks: ReadonlyMap<number, ImportedTrack>;
  /** In the order of their beginnings. */
  readonly slices: readonly ImportedEvent[];
  readonly instants: readonly ImportedEvent[];
  readonly counters: readonly {
    readonly track: number;
    readonly time: number;
    readonly value: number;
  }[];
  readonly flows: readonly { readonly from: ImportedEvent; readonly to: ImportedEvent }[];
  /** By clock id, of each snapshot. */
  readonly clocks: readonly Readonly<Record<number, string>>[];
  readonly dropped: number;
}

/** The packets as protobufjs decodes them. */
// biome-ignore lint/suspicious/noExplicitAny: fields are looked up by the schema's names
type Message = any;

export const FIXTURE = packagePath('tests/fixtures/perfetto/trace.proto');

export function schemaOf(file: string): protobuf.Root {
  return protobuf.parse(readFileSync(file, 'utf8'), new protobuf.Root(), { keepCase: true }).root;
}

export function importTrace(chunks: Iterable<Uint8Array>, schema: protobuf.Root): Imported {
  const type = schema.lookupType('perfetto.protos.Trace');
  const decoded = type.toObject(type.decode(Buffer.concat([...chunks])), { longs: String });
  return new Importer().take(decoded.packet ?? []);
}

class Sequence {
  valid = false;
  clock = 0;
  /** Events before a new beginning keep the names that they were given. */
  names = new Map<string, string>();

  clear(): void {
    this.valid = true;
    this.clock = 0;
    this.names = new Map();
  }
}

class Importer {
  readonly #errors: string[] = [];
  readonly #tracks = new Map<number, ImportedTrack>();
  readonly #sequences = new Map<number, Sequence>();
  readonly #slices: ImportedEvent[] = [];
  readonly #instants: ImportedEvent[] = [];
  readonly #counters: { track: number; time: number; value: number }[] = [];
  readonly #clocks: Record<number, string>[] = [];
  readonly #open = new Map<number, ImportedEvent[]>();
  readonly #began = new Map<number, ImportedEvent>();
  readonly #flows: { from: ImportedEvent; to: ImportedEvent }[] = [];
  #dropped = 0;

  take(packets: readonly Message[]): Imported {
    const timed: { time: number; event: Message; sequence: ReadonlyMap<string, string> }[] = [];
    for (const packet of packets) {
      if (packet.clock_snapshot !== undefined) this.#takeClocks(packet.clock_snapshot);
      const sequence = this.#sequenceOf(packet);
      for (const [field, kind] of INTERNED) {
        for (const { iid, name } of packet.interned_data?.[field] ?? []) {
          if (sequence.names.has(`${kind}${iid}`)) this.#errors.push(`${kind} ${iid} said twice`);
          sequence.names.set(`${kind}${iid}`, name);
        }
      }
      if (packet.track_descriptor !== undefined) this.#takeTrack(packet.track_descriptor);
      if (packet.track_event === undefined) continue;
      if ((packet.trusted_packet_sequence_id ?? 0) === 0)
        this.#errors.push('event without sequence');
      if ((packet.timestamp_clock_id ?? sequence.clock) !== 3)
        this.#errors.push('not CLOCK_MONOTONIC');
      if (packet.timestamp === undefined) this.#errors.push('event without a time');
      timed.push({
        time: Number(packet.timestamp),
        event: packet.track_event,
        sequence: sequence.names,
      });
    }
    timed.sort((a, b) => a.time - b.time);
    for (const { time, event, sequence } of timed) this.#takeEvent(time, event, sequence);
    for (const [track, open] of this.#open) {
      if (open.length > 0) this.#errors.push(`${open.length} slices of track ${track} do not end`);
    }
    for (const id of this.#began.keys()) this.#errors.push(`flow ${id} does not end`);
    return {
      errors: this.#errors,
      tracks: this.#tracks,
      slices: this.#slices,
      instants: this.#instants,
      counters: this.#counters,
      flows: this.#flows,
      clocks: this.#clocks,
      dropped: this.#dropped,
    };
  }

  #sequenceOf(packet: Message): Sequence {
    const id = packet.trusted_packet_sequence_id ?? 0;
    let sequence = this.#sequences.get(id);
    if (sequence === undefined) {
      sequence = new Sequence();
      this.#sequences.set(id, sequence);
      if (id !== 0 && packet.first_packet_on_sequence !== true)
        this.#errors.push(`${id}: not first`);
    } else if ((packet.previous_packet_dropped ?? 0) > 0) this.#dropped++;
    const flags = packet.sequence_flags ?? 0;
    if ((flags & 1) !== 0) sequence.clear();
    else if ((packet.previous_packet_dropped ?? 0) > 0) sequence.valid = false;
    if ((flags & 2) !== 0 && !sequence.valid) this.#errors.push('skipped: no valid state');
    sequence.clock = packet.trace_packet_defaults?.timestamp_clock_id ?? sequence.clock;
    return sequence;
  }

  #takeClocks({ clocks, primary_trace_clock }: Message): void {
    if (primary_trace_clock !== 3) this.#errors.push('the primary clock is not CLOCK_MONOTONIC');
    this.#clocks.push(
      Object.fromEntries(clocks.map((clock: Message) => [clock.clock_id, clock.timestamp])),
    );
  }

  #takeTrack(track: Message): void {
    const { name = '', parent_uuid, sibling_order_rank = 0, process, thread, counter } = track;
    const uuid = Number(track.uuid);
    if (this.#tracks.has(uuid)) this.#errors.push(`track ${uuid} is described twice`);
    const parent = Number(parent_uuid ?? 0);
    if (parent !== 0 && !this.#tracks.has(parent))
      this.#errors.push(`${uuid}: no parent ${parent}`);
    if (uuid !== 0 && name === '') this.#errors.push(`track ${uuid} has no name`);
    this.#tracks.set(uuid, {
      uuid,
      name,
      parent,
      rank: sibling_order_rank,
      pid: process?.pid ?? thread?.pid,
      tid: thread === undefined ? undefined : Number(thread.tid),
      cmdline: process?.cmdline ?? [],
      isCounter: counter !== undefined,
    });
  }

  #takeEvent(time: number, event: Message, names: ReadonlyMap<string, string>): void {
    const track = Number(event.track_uuid ?? 0);
    const described = this.#tracks.get(track);
    if (described === undefined || track === 0) this.#errors.push(`an event on no track, ${track}`);
    if (described?.isCounter === (event.type !== COUNTER))
      this.#errors.push(`${track}: wrong type`);
    let open = this.#open.get(track);
    if (open === undefined) {
      open = [];
      this.#open.set(track, open);
    }
    if (event.type === COUNTER) {
      this.#counters.push({ track, time, value: Number(event.counter_value) });
      return;
    }
    if (event.type === END) {
      const slice = open.pop();
      if (slice === undefined) this.#errors.push(`track ${track}: END without a slice`);
      else slice.end = time;
      return;
    }
    if (event.type !== BEGIN && event.type !== INSTANT) this.#errors.push(`type ${event.type}`);
    const nameOf = (kind: string, iid: unknown): string => {
      const name = names.get(`${kind}${iid}`);
      if (name === undefined) this.#errors.push(`${kind} ${iid} is not known`);
      return name ?? '';
    };
    const item: ImportedEvent = {
      track,
      name: nameOf('name', event.name_iid),
      category: nameOf('category', event.category_iids?.[0]),
      start: time,
      end: event.type === INSTANT ? time : Number.NaN,
      depth: open.length,
      facts: Object.fromEntries(
        (event.debug_annotations ?? []).map((fact: Message) => [
          nameOf('annotation', fact.name_iid),
          factOf(fact),
        ]),
      ),
      flows: (event.flow_ids ?? []).map(Number),
      terminates: (event.terminating_flow_ids ?? []).map(Number),
    };
    if (item.name === '') this.#errors.push('an event without a name');
    if (event.type === INSTANT) this.#instants.push(item);
    else {
      this.#slices.push(item);
      open.push(item);
    }
    this.#takeFlows(item);
  }

  #takeFlows(event: ImportedEvent): void {
    for (const id of event.flows) {
      if (this.#began.has(id)) this.#errors.push(`flow ${id} begins twice`);
      this.#began.set(id, event);
    }
    for (const id of event.terminates) {
      const from = this.#began.get(id);
      if (from === undefined) this.#errors.push(`flow ${id} ends before it begins`);
      else this.#flows.push({ from, to: event });
      this.#began.delete(id);
    }
  }
}

const BEGIN = 1;
const END = 2;
const INSTANT = 3;
const COUNTER = 4;

const INTERNED = [
  ['event_categories', 'category'],
  ['event_names', 'name'],
  ['debug_annotation_names', 'annotation'],
] as const;

function factOf(fact: Message): ImportedFact {
  if (fact.array_values !== undefined) return fact.array_values.map(factOf);
  if (fact.dict_entries !== undefined) {
    return Object.fromEntries(
      fact.dict_entries.map((entry: Message) => [entry.name, factOf(entry)]),
    );
  }
  return fact.bool_value ?? fact.string_value ?? Number(fact.int_value);
}
