/** A sequence of packets with interned names: events on tracks, and the descriptions of tracks. */
import { type Foreign, isText, raw } from '../../base/foreign.js';
import { CLOCK, EVENT_TYPE, NEVER_MERGE, ORDER, SEQUENCE_FLAG, TAG } from './fields.js';
import type { PacketStream } from './packet-stream.js';

/** What a fact's value may be: lists become arrays, maps dictionaries. Numbers are integers. */
export type Fact =
  | number
  | Foreign
  | boolean
  | readonly number[]
  | readonly Foreign[]
  | ReadonlyMap<Foreign, Foreign>;

export interface TrackDescription {
  readonly uuid: number;
  readonly name: Foreign;
  /** Of a thread: the uuid of its process. */
  readonly parent?: number;
  /** Among its siblings, smallest first. */
  readonly rank: number;
  /** Trace time; it distinguishes lives with the same pid. */
  readonly time: number;
  readonly process?: {
    readonly pid: number;
    readonly cmdline: readonly Foreign[];
    /** Trace time; undefined: it was there before the recording. */
    readonly start: number | undefined;
  };
  readonly thread?: { readonly pid: number; readonly tid: number };
  /** Of a counter, a value of UNIT. */
  readonly unit?: number;
}

/** Names that were given an id, one table a kind of name. */
class Names {
  readonly #ids = new Map<Foreign, number>();
  readonly tag: number;
  /** Ids that no packet has said yet. */
  pending: (readonly [iid: number, name: Foreign])[] = [];

  constructor(tag: number) {
    this.tag = tag;
  }

  iid(name: Foreign): number {
    let iid = this.#ids.get(name);
    if (iid === undefined) {
      iid = this.#ids.size + 1;
      this.#ids.set(name, iid);
      this.pending.push([iid, name]);
    }
    return iid;
  }

  forget(): void {
    this.#ids.clear();
    this.pending = [];
  }
}

/** An event is begun by begin, end, instant or counter, then gets its facts and flows, then close(). */
export class PacketSequence {
  readonly #out: PacketStream;
  readonly #id: number;
  readonly #categories = new Names(TAG.interned.categories);
  readonly #names = new Names(TAG.interned.names);
  readonly #annotations = new Names(TAG.interned.annotations);

  /** @param id 1 or more, its own */
  constructor(out: PacketStream, id: number) {
    this.#out = out;
    this.#id = id;
    this.#restart().uint32(TAG.packet.firstOnSequence).bool(true).ldelim();
  }

  /** Says that packets are missing before this one. */
  dropped(): void {
    this.#restart().uint32(TAG.packet.previousPacketDropped).uint32(1).ldelim();
  }

  /** A packet, still open, after which nothing said before holds: a reader may come in here. */
  #restart() {
    for (const names of [this.#categories, this.#names, this.#annotations]) names.forget();
    const { cleared, needsState } = SEQUENCE_FLAG;
    this.#packet(cleared | needsState)
      .uint32(TAG.packet.defaults)
      .fork()
      .uint32(TAG.defaults.timestampClockId)
      .uint32(CLOCK.monotonic)
      .ldelim();
    return this.#out.writer;
  }

  #packet(flags: number) {
    return this.#out.writer
      .uint32(TAG.trace.packet)
      .fork()
      .uint32(TAG.packet.sequenceId)
      .uint32(this.#id)
      .uint32(TAG.packet.sequenceFlags)
      .uint32(flags);
  }

  /** Uuid 0: the root, which orders the others by their ranks. */
  describeRoot(): void {
    this.#packet(SEQUENCE_FLAG.needsState)
      .uint32(TAG.packet.trackDescriptor)
      .fork()
      .uint32(TAG.track.uuid)
      .uint32(0)
      .uint32(TAG.track.childOrdering)
      .uint32(ORDER.children)
      .uint32(TAG.track.processOrdering)
      .uint32(ORDER.processes)
      .uint32(TAG.track.threadOrdering)
      .uint32(ORDER.threads)
      .ldelim()
      .ldelim();
  }

  describe(track: TrackDescription): void {
    const { uuid, name, parent, rank, time, process: life, thread, unit } = track;
    const out = this.#out;
    const writer = this.#packet(SEQUENCE_FLAG.needsState);
    writer.uint32(TAG.packet.timestamp).uint64(out.absolute(time));
    writer.uint32(TAG.packet.trackDescriptor).fork().uint32(TAG.track.uuid).uint64(uuid);
    writer.uint32(TAG.track.name).string(wellFormed(name));
    if (parent !== undefined) writer.uint32(TAG.track.parent).uint64(parent);
    writer.uint32(TAG.track.rank).int32(rank);
    if (life !== undefined) {
      writer.uint32(TAG.track.process).fork().uint32(TAG.processDescriptor.pid).int32(life.pid);
      for (const argument of life.cmdline) {
        writer.uint32(TAG.processDescriptor.cmdline).string(wellFormed(argument));
      }
      writer.uint32(TAG.processDescriptor.name).string(wellFormed(name));
      if (life.start !== undefined) {
        writer.uint32(TAG.processDescriptor.start).int64(out.absolute(life.start));
      }
      writer.ldelim();
    } else if (thread !== undefined) {
      writer.uint32(TAG.track.thread).fork().uint32(TAG.threadDescriptor.pid).int32(thread.pid);
      writer.uint32(TAG.threadDescriptor.tid).int64(thread.tid);
      writer.uint32(TAG.threadDescriptor.name).string(wellFormed(name)).ldelim();
    } else {
      writer.uint32(TAG.track.childOrdering).uint32(ORDER.children);
      writer.uint32(TAG.track.mergeBehavior).uint32(NEVER_MERGE);
    }
    if (unit !== undefined) {
      writer
        .uint32(TAG.track.counter)
        .fork()
        .uint32(TAG.counterDescriptor.unit)
        .uint32(unit)
        .ldelim();
    }
    writer.ldelim().ldelim();
  }

  begin(track: number, time: number, name: Foreign, category: string): this {
    return this.#event(EVENT_TYPE.begin, track, time).#named(name, category);
  }

  /** Closes the newest open slice of the track. */
  end(track: number, time: number): this {
    return this.#event(EVENT_TYPE.end, track, time);
  }

  instant(track: number, time: number, name: Foreign, category: string): this {
    return this.#event(EVENT_TYPE.instant, track, time).#named(name, category);
  }

  counter(track: number, time: number, value: number): this {
    this.#event(EVENT_TYPE.counter, track, time);
    this.#out.writer.uint32(TAG.event.counterValue).int64(value);
    return this;
  }

  #event(type: number, track: number, time: number): this {
    const out = this.#out;
    this.#packet(SEQUENCE_FLAG.needsState)
      .uint32(TAG.packet.timestamp)
      .uint64(out.absolute(time))
      .uint32(TAG.packet.trackEvent)
      .fork()
      .uint32(TAG.event.type)
      .uint32(type)
      .uint32(TAG.event.track)
      .uint32(track);
    return this;
  }

  #named(name: Foreign, category: string): this {
    this.#out.writer
      .uint32(TAG.event.nameIid)
      .uint32(this.#names.iid(name))
      .uint32(TAG.event.categoryIid)
      .uint32(this.#categories.iid(category));
    return this;
  }

  /** A fact about the event that is begun; nothing for undefined, '' and empty lists. */
  fact(name: Foreign, value: Fact | undefined): this {
    if (value === undefined || value === '') return this;
    if (value instanceof Map ? value.size === 0 : Array.isArray(value) && value.length === 0) {
      return this;
    }
    const { writer } = this.#out;
    writer.uint32(TAG.event.annotation).fork();
    writer.uint32(TAG.annotation.nameIid).uint32(this.#annotations.iid(name));
    this.#value(value);
    writer.ldelim();
    return this;
  }

  #value(value: Fact): void {
    const { writer } = this.#out;
    if (typeof value === 'number') {
      writer.uint32(TAG.annotation.int).int64(Math.trunc(value));
    } else if (isText(value)) {
      writer.uint32(TAG.annotation.string).string(wellFormed(value));
    } else if (typeof value === 'boolean') {
      writer.uint32(TAG.annotation.bool).bool(value);
    } else if (Array.isArray(value)) {
      for (const item of value as readonly (number | Foreign)[]) {
        writer.uint32(TAG.annotation.items).fork();
        this.#value(item);
        writer.ldelim();
      }
    } else {
      for (const [name, text] of value as ReadonlyMap<Foreign, Foreign>) {
        writer.uint32(TAG.annotation.entries).fork();
        writer.uint32(TAG.annotation.name).string(wellFormed(name));
        this.#value(text);
        writer.ldelim();
      }
    }
  }

  /** An arrow begins here. */
  flow(id: number): this {
    this.#out.writer.uint32(TAG.event.flow).fixed64(id);
    return this;
  }

  /** An arrow ends here. */
  terminate(id: number): this {
    this.#out.writer.uint32(TAG.event.terminatingFlow).fixed64(id);
    return this;
  }

  /** Ends the event; names that it used for the first time are said in its packet. */
  close(): void {
    const { writer } = this.#out;
    writer.ldelim();
    if (this.#hasPending()) {
      writer.uint32(TAG.packet.internedData).fork();
      for (const names of [this.#categories, this.#names, this.#annotations]) {
        for (const [iid, name] of names.pending) {
          writer.uint32(names.tag).fork().uint32(TAG.entry.iid).uint32(iid);
          writer.uint32(TAG.entry.name).string(wellFormed(name)).ldelim();
        }
        names.pending = [];
      }
      writer.ldelim();
    }
    writer.ldelim();
  }

  #hasPending(): boolean {
    return (
      this.#names.pending.length > 0 ||
      this.#annotations.pending.length > 0 ||
      this.#categories.pending.length > 0
    );
  }
}

/** A lone half of a surrogate pair has no UTF-8, and a protobuf string must be UTF-8. */
function wellFormed(foreign: Foreign): string {
  const text = raw(foreign);
  return /[\ud800-\udfff]/.test(text) ? text.replace(/\p{Cs}/gu, '\ufffd') : text;
}
