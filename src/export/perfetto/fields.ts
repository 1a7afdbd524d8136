/** Field numbers and values of Perfetto's trace format (protos/perfetto/trace), as far as they are written here. */

const varint = (field: number): number => field << 3;
const fixed64 = (field: number): number => (field << 3) | 1;
const bytes = (field: number): number => (field << 3) | 2;

/** Tags: a field's number with its wire type. */
export const TAG = {
  trace: { packet: bytes(1) },
  packet: {
    clockSnapshot: bytes(6),
    timestamp: varint(8),
    sequenceId: varint(10),
    trackEvent: bytes(11),
    internedData: bytes(12),
    sequenceFlags: varint(13),
    previousPacketDropped: varint(42),
    timestampClockId: varint(58),
    defaults: bytes(59),
    trackDescriptor: bytes(60),
    firstOnSequence: varint(87),
  },
  clocks: { clock: bytes(1), primary: varint(2), id: varint(1), timestamp: varint(2) },
  defaults: { timestampClockId: varint(58) },
  interned: { categories: bytes(1), names: bytes(2), annotations: bytes(3) },
  entry: { iid: varint(1), name: bytes(2) },
  track: {
    uuid: varint(1),
    name: bytes(2),
    process: bytes(3),
    thread: bytes(4),
    parent: varint(5),
    counter: bytes(8),
    childOrdering: varint(11),
    rank: varint(12),
    mergeBehavior: varint(15),
    processOrdering: varint(19),
    threadOrdering: varint(20),
  },
  processDescriptor: { pid: varint(1), cmdline: bytes(2), name: bytes(6), start: varint(7) },
  threadDescriptor: { pid: varint(1), tid: varint(2), name: bytes(5) },
  counterDescriptor: { unit: varint(3) },
  event: {
    categoryIid: varint(3),
    annotation: bytes(4),
    type: varint(9),
    nameIid: varint(10),
    track: varint(11),
    counterValue: varint(30),
    flow: fixed64(47),
    terminatingFlow: fixed64(48),
  },
  annotation: {
    nameIid: varint(1),
    bool: varint(2),
    int: varint(4),
    string: bytes(6),
    name: bytes(10),
    entries: bytes(11),
    items: bytes(12),
  },
} as const;

export const EVENT_TYPE = { begin: 1, end: 2, instant: 3, counter: 4 } as const;
export const SEQUENCE_FLAG = { cleared: 1, needsState: 2 } as const;
export const CLOCK = { realtime: 1, monotonic: 3, boottime: 6 } as const;
export const UNIT = { count: 2, bytes: 3 } as const;
/** By their rank: of children, of processes and of threads. */
export const ORDER = { children: 3, processes: 1, threads: 1 } as const;
/** Tracks of one name are not drawn as one. */
export const NEVER_MERGE = 2;
