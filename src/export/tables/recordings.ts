/** The tables of whole recordings: slices, syscalls, losses. */
import { joinForeign } from '../../base/foreign.js';
import type { ContainerId } from '../../base/ids.js';
import { KIND, SYSCALL_FLAG } from '../../model/recording/event-kinds.js';
import { actorLookup } from '../../model/trace/actor-lookup.js';
import type { Trace } from '../../model/trace/trace.js';
import { SLICE_KINDS, type Track, type Tracks } from '../../model/trace/tracks.js';
import { cellsOfRecording, originOf } from './origin.js';
import type { CellsOf, TableRows } from './schema.js';

export function sliceRows(trace: Trace, { tracks, names, slices }: Tracks): TableRows {
  const at = (column: ArrayLike<number>, row: number): number => column[row] as number;
  const track = (row: number): Track => tracks[at(slices.track, row)] as Track;
  const isRequest = (row: number): boolean => SLICE_KINDS[at(slices.kind, row)] === 'request';
  return {
    table: 'slices',
    length: slices.length,
    cells: {
      ...cellsOfRecording(originOf(trace), (row) => track(row).containerId),
      track: (row) => at(slices.track, row),
      depth: (row) => at(slices.depth, row),
      kind: (row) => SLICE_KINDS[at(slices.kind, row)] ?? '',
      name: (row) => names[at(slices.name, row)] ?? '',
      start_ns: (row) => at(slices.start, row),
      duration_ns: (row) => at(slices.end, row) - at(slices.start, row),
      cut: (row) => at(slices.cut, row) !== 0,
      actor: (row) => track(row).actor,
      tid: (row) => track(row).tid,
      pid: (row) => track(row).pid,
      thread: (row) => track(row).name,
      event: (row) => {
        const event = at(slices.event, row);
        return event < 0 || isRequest(row) ? null : event;
      },
    } satisfies CellsOf<'slices'>,
  };
}

/** The kernel returns errors as -4095 to -1. */
const MAX_ERRNO = 4095;

export function syscallRows(trace: Trace): TableRows {
  const { events, strings } = trace.recording;
  const rows = trace.order.filter((event) => events.kind.at(event) === KIND.syscall);
  const table = events.table('syscall');
  const names = table.column('names');
  const flags = table.column('flags');
  const results = table.column('results');
  const spanOf = actorLookup(trace.processes);
  const event = (row: number): number => rows[row] as number;
  const own = (row: number): number => events.row.at(event(row));
  const pid = (row: number): number => events.pid.at(event(row));
  const span = (row: number) => spanOf(pid(row), events.time.at(event(row)));
  const returned = (row: number): boolean => (flags.at(own(row)) & SYSCALL_FLAG.unfinished) === 0;
  return {
    table: 'syscalls',
    length: rows.length,
    cells: {
      ...cellsOfRecording(
        originOf(trace),
        (row): ContainerId | undefined => span(row)?.containerId,
      ),
      event,
      name: (row) => strings.text(names.at(own(row))),
      start_ns: (row) => events.time.at(event(row)),
      duration_ns: (row) => (returned(row) ? table.column('durations_ns').at(own(row)) : null),
      result: (row) => (returned(row) ? results.at(own(row)) : null),
      error: (row) => {
        const result = results.at(own(row));
        return returned(row) && result < 0 && result >= -MAX_ERRNO ? -result : null;
      },
      texts: (row) =>
        joinForeign(
          table.list('texts', own(row)).map((text) => strings.text(text)),
          ' ',
        ),
      actor: (row) => span(row)?.actor ?? 'other',
      tid: (row) => events.tid.at(event(row)),
      pid,
      cpu: (row) => events.cpu.at(event(row)),
    } satisfies CellsOf<'syscalls'>,
  };
}

export function lossRows(trace: Trace): TableRows {
  const losses = trace.recording.loss?.losses ?? [];
  return {
    table: 'losses',
    length: losses.length,
    cells: {
      ...cellsOfRecording(originOf(trace), () => undefined),
      place: (row) => losses[row]?.where ?? '',
      records: (row) => losses[row]?.records ?? 0,
    } satisfies CellsOf<'losses'>,
  };
}
