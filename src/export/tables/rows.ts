/** A trace as rows of any of the tables. */
import { assertUnreachable } from '../../base/assert.js';
import type { Trace } from '../../model/trace/trace.js';
import type { Tracks } from '../../model/trace/tracks.js';
import { lossRows, sliceRows, syscallRows } from './recordings.js';
import type { TableName, TableRows } from './schema.js';
import { copyUpRows, milestoneRows, phaseRows, runRows, segmentRows } from './starts.js';

export interface RowOptions {
  /** The trace file as it is to be named; '': there is none. */
  readonly file: string;
  /** Asked for when slices are: they are dear. */
  readonly tracks: () => Tracks;
}

/** Rows in the order of the trace; cells read it when they are asked for. */
export function rowsOf(table: TableName, trace: Trace, options: RowOptions): TableRows {
  switch (table) {
    case 'runs':
      return runRows(trace, options);
    case 'milestones':
      return milestoneRows(trace);
    case 'phases':
      return phaseRows(trace);
    case 'segments':
      return segmentRows(trace);
    case 'slices':
      return sliceRows(trace, options.tracks());
    case 'syscalls':
      return syscallRows(trace);
    case 'copyups':
      return copyUpRows(trace);
    case 'losses':
      return lossRows(trace);
    default:
      return assertUnreachable(table);
  }
}
