/** The fields of an event, as facts of the slice or instant that stands for it. */
import {
  COPY_UP_FLAG,
  type ColumnName,
  type EventKindName,
  FILE_OF_ARGUMENT,
  SYSCALL_FLAG,
  WAKE_CONTEXT,
} from '../../model/recording/event-kinds.js';
import type { Recording } from '../../model/recording/recording.js';
import type { PacketSequence } from './packet-sequence.js';

/** Of events that have nothing but values of one column each: fact and column. */
const PLAIN: {
  readonly [K in EventKindName]?: readonly (readonly [fact: string, column: ColumnName<K>])[];
} = {
  fork: [
    ['child_pid', 'child_pids'],
    ['child_tid', 'child_tids'],
    ['child_comm', 'child_comms'],
  ],
  exec: [
    ['filename', 'filenames'],
    ['arguments', 'arguments'],
    ['argument_bytes', 'argument_bytes'],
    ['old_tid', 'old_tids'],
    ['cgroup_id', 'cgroup_ids'],
  ],
  exit: [['code', 'codes']],
  rename: [['comm', 'comms']],
  cgroup_mkdir: [
    ['cgroup_id', 'cgroup_ids'],
    ['hierarchy_id', 'hierarchy_ids'],
    ['path', 'paths'],
  ],
  cgroup_attach: [
    ['cgroup_id', 'cgroup_ids'],
    ['hierarchy_id', 'hierarchy_ids'],
    ['path', 'paths'],
    ['target_pid', 'target_pids'],
    ['target_tid', 'target_tids'],
  ],
  dirty: [
    ['inode', 'inodes'],
    ['device', 'devices'],
    ['folios', 'folios'],
    ['bytes', 'bytes'],
    ['last_offset_ns', 'last_offset_ns'],
  ],
  cache_fill: [
    ['folios', 'folios'],
    ['last_offset_ns', 'last_offset_ns'],
  ],
};

const CONTEXT_NAMES = new Map<number, string>(
  Object.entries(WAKE_CONTEXT).map(([name, value]) => [value, name]),
);

/** Writes facts onto the event that the sequence has begun. Rows are rows of Recording.events. */
export class EventFacts {
  readonly #recording: Recording;
  readonly #packets: PacketSequence;

  constructor(recording: Recording, packets: PacketSequence) {
    this.#recording = recording;
    this.#packets = packets;
  }

  syscall(row: number): void {
    const { events, strings } = this.#recording;
    const table = events.table('syscall');
    const own = events.row.at(row);
    const flags = table.column('flags').at(own);
    if ((flags & SYSCALL_FLAG.unfinished) === 0) {
      this.#packets.fact('result', table.column('results').at(own));
    } else this.#packets.fact('unfinished', true);
    if ((flags & SYSCALL_FLAG.hasArguments) === 0) return;
    this.#packets.fact('arguments', table.list('arguments', own));
    const positions = table.list('text_positions', own);
    const texts = table.list('texts', own).map((id, index) => {
      const position = positions[index] ?? 0;
      const isFile = position >= FILE_OF_ARGUMENT;
      const name = isFile ? `file ${position - FILE_OF_ARGUMENT}` : `text ${position}`;
      return [name, strings.text(id)] as const;
    });
    this.#packets.fact('texts', new Map(texts));
    if ((flags & SYSCALL_FLAG.textCut) !== 0) this.#packets.fact('text_cut', true);
  }

  copyUp(row: number): void {
    const { events, strings } = this.#recording;
    const table = events.table('copy_up');
    const own = events.row.at(row);
    this.#packets
      .fact('path', strings.text(table.column('paths').at(own)))
      .fact('bytes', table.column('bytes').at(own))
      .fact('result', table.column('results').at(own))
      .fact('exact', (table.column('flags').at(own) & COPY_UP_FLAG.exact) !== 0);
  }

  wakeUp(row: number): void {
    const { events, strings } = this.#recording;
    const table = events.table('waking');
    const own = events.row.at(row);
    const context = table.column('contexts').at(own);
    this.#packets
      .fact('target_pid', table.column('target_pids').at(own))
      .fact('target_tid', table.column('target_tids').at(own))
      .fact('context', CONTEXT_NAMES.get(context) ?? String(context))
      .fact('cpu', events.cpu.at(row));
    if (context === WAKE_CONTEXT.task) return;
    this.#packets
      .fact('vector', table.column('vectors').at(own))
      .fact('interrupted', strings.text(table.column('waker_comms').at(own)));
  }

  /** Events without a duration. */
  plain(row: number): void {
    const { events, strings } = this.#recording;
    const kind = events.kindName(row);
    const columns = events.table(kind).schema.columns;
    for (const [fact, name] of PLAIN[kind] ?? []) {
      const column = columns.find((candidate) => candidate.name === name);
      if (column === undefined) continue;
      const isText = column.type === 'string';
      if (column.countedBy !== undefined) {
        const values = events.values(row, column.name);
        this.#packets.fact(fact, isText ? values.map((id) => strings.text(id)) : values);
      } else {
        const value = events.value(row, column.name);
        this.#packets.fact(fact, isText ? strings.text(value) : value);
      }
    }
    this.#packets.fact('cpu', events.cpu.at(row));
  }

  running(row: number): void {
    if (row >= 0) this.#packets.fact('cpu', this.#recording.events.cpu.at(row));
  }

  /** @param mark index in Recording.marks */
  request(mark: number): void {
    const request = this.#recording.marks[mark];
    if (request === undefined) return;
    this.#packets
      .fact('status', request.status)
      .fact('error', request.error)
      .fact('container', request.containerId)
      .fact('detail', request.detail);
  }
}
