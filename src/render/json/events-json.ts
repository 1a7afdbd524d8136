/**
 * Events for programs: one JSON object a line; docs/json.md describes every field.
 *
 *   {"event":4711,"time_ns":72102999,"absolute_ns":"2159541487220","kind":"syscall","cpu":1,"pid":1817,"tid":1830,
 *    "actor":"dockerd","container":null,"name":"mount","duration_ns":812345,"result":0,…}
 *
 * Text is put together by hand: a million events take a second or two, not ten.
 */

import { safeJson } from '../../base/escape.js';
import { own } from '../../base/own.js';
import {
  COPY_UP_FLAG,
  EVENT_KINDS,
  type EventKindName,
  EXIT_FLAG,
  type ListSchema,
  SWITCH_FLAG,
  SYSCALL_FLAG,
  WAKE_CONTEXT,
  WAKE_FLAG,
} from '../../model/recording/event-kinds.js';
import type { KindTable, NumberColumn } from '../../model/recording/event-table.js';
import type { Recording } from '../../model/recording/recording.js';
import type { Trace } from '../../model/trace/trace.js';
import { errorName } from '../../words/errno.js';
import type { SelectedEvent } from '../common/select-events.js';

/** A column holds one value of many events; a line holds one event: its fields are singular. */
const FIELD_NAMES: Readonly<Record<string, string>> = {
  names: 'name',
  durations_ns: 'duration_ns',
  results: 'result',
  child_pids: 'child_pid',
  child_tids: 'child_tid',
  child_comms: 'child_comm',
  filenames: 'filename',
  old_tids: 'old_tid',
  cgroup_ids: 'cgroup_id',
  codes: 'code',
  comms: 'comm',
  hierarchy_ids: 'hierarchy_id',
  paths: 'path',
  target_pids: 'target_pid',
  target_tids: 'target_tid',
  previous_states: 'previous_state',
  next_pids: 'next_pid',
  next_tids: 'next_tid',
  contexts: 'context',
  vectors: 'vector',
  waker_comms: 'waker_comm',
  inodes: 'inode',
  devices: 'device',
};

const FLAG_NAMES: Partial<Record<EventKindName, Readonly<Record<string, number>>>> = {
  syscall: SYSCALL_FLAG,
  exit: EXIT_FLAG,
  switch: SWITCH_FLAG,
  waking: WAKE_FLAG,
  copy_up: COPY_UP_FLAG,
};

const CONTEXT_NAMES = Object.fromEntries(
  Object.entries(WAKE_CONTEXT).map(([name, value]) => [value, snakeCase(name)]),
);

/** A function from an event to its line, newline included. */
export function eventJson(trace: Trace): (event: SelectedEvent) => string {
  const { recording } = trace;
  const { events, header } = recording;
  const strings = stringCache(recording);
  const encoders = new Map(
    EVENT_KINDS.map((kind) => [kind.id, kindEncoder(events.table(kind.name), strings)]),
  );
  const starts = new Map(EVENT_KINDS.map(({ id, name }) => [id, `"kind":"${name}"`]));
  const { startNs } = header;
  return ({ row, actor }) => {
    const time = events.time.at(row);
    const kind = events.kind.at(row);
    const who = actor === undefined ? 'null' : `"${actor.actor}"`;
    const container = actor?.containerId === undefined ? 'null' : `"${actor.containerId}"`;
    return (
      `{"event":${row},"time_ns":${time},"absolute_ns":"${startNs + BigInt(Math.round(time))}",${starts.get(kind)}` +
      `,"cpu":${events.cpu.at(row)},"pid":${events.pid.at(row)},"tid":${events.tid.at(row)}` +
      `,"actor":${who},"container":${container}${encoders.get(kind)?.(events.row.at(row)) ?? ''}}\n`
    );
  };
}

type RowEncoder = (row: number) => string;

/** Everything after the common fields: ',"name":"mount","duration_ns":812345…' */
function kindEncoder(table: KindTable, text: (id: number) => string): RowEncoder {
  const parts: RowEncoder[] = [];
  const counts = new Set<string>(table.schema.columns.flatMap(({ countedBy }) => countedBy ?? []));
  for (const schema of table.schema.columns) {
    const { name, type } = schema;
    const column = table.column(name);
    // Texts go with their positions, counts with their lists.
    if (counts.has(name) || name === 'text_positions') continue;
    const key = `,"${own(FIELD_NAMES, name) ?? name}":`;
    const encode = type === 'string' ? text : String;
    if (name === 'texts') parts.push(textsEncoder(table, text));
    else if (schema.countedBy !== undefined) parts.push(listEncoder(table, schema, key, encode));
    else if (name === 'flags') parts.push(flagsEncoder(table, column, key));
    else if (name === 'contexts') {
      parts.push((row) => `${key}"${CONTEXT_NAMES[column.at(row)] ?? column.at(row)}"`);
    } else if (name === 'results') {
      parts.push((row) => {
        const error = errorName(column.at(row));
        const value = `${key}${column.at(row)}`;
        return error === undefined ? value : `${value},"error":"${error}"`;
      });
    } else parts.push((row) => key + encode(column.at(row)));
  }
  return (row) => {
    let line = '';
    for (const part of parts) line += part(row);
    return line;
  };
}

function listEncoder(
  table: KindTable,
  { name, countedBy }: ListSchema,
  key: string,
  encode: (value: number) => string,
): RowEncoder {
  const counts = table.column(countedBy);
  return (row) => {
    if (counts.at(row) === 0) return `${key}[]`;
    return `${key}[${table.list(name, row).map(encode).join(',')}]`;
  };
}

/** Texts by the argument that they belong to: {"0":"overlay","1":"/merged"}; "file2": behind descriptor 2. */
function textsEncoder(table: KindTable, text: (id: number) => string): RowEncoder {
  const counts = table.column('text_counts');
  return (row) => {
    if (counts.at(row) === 0) return ',"texts":{}';
    const positions = table.list('text_positions', row);
    const entries = table.list('texts', row).map((id, index) => {
      const position = positions[index] ?? 0;
      return `"${position < 8 ? position : `file${position - 8}`}":${text(id)}`;
    });
    return `,"texts":{${entries.join(',')}}`;
  };
}

function flagsEncoder(table: KindTable, column: NumberColumn, key: string): RowEncoder {
  const names = Object.entries(FLAG_NAMES[table.schema.name] ?? {});
  const known = new Map<number, string>();
  return (row) => {
    const flags = column.at(row);
    let encoded = known.get(flags);
    if (encoded === undefined) {
      const set = names.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => snakeCase(name));
      encoded = key + safeJson(set);
      known.set(flags, encoded);
    }
    return encoded;
  };
}

/** The same few strings come again and again: each is encoded once. */
function stringCache({ strings }: Recording): (id: number) => string {
  const encoded: (string | undefined)[] = [];
  return (id) => {
    if (id >= strings.size) return '""';
    encoded[id] ??= safeJson(strings.text(id));
    return encoded[id];
  };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
