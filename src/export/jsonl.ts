/**
 * A trace as JSON Lines: its analysis and every event, one object a line, told apart by "record". Fields are those of
 * docs/json.md; what docs/json.md nests in a run is a line of its own with the run's container_id.
 *
 *   {"record":"trace","schema":"dit.lines/1","trace_id":"031109d7…",…}
 *   {"record":"run","container_id":"5fbded33…","name":"eager_lamport",…}
 *   {"record":"milestone","container_id":"5fbded33…","name":"create requested","time_ns":50000000,…}
 *   {"record":"event","event":4711,"time_ns":72102999,"kind":"syscall",…}
 */

import { safeJson } from '../base/escape.js';
import { own } from '../base/own.js';
import { inChunks } from './chunks.js';

const JSON_LINES_SCHEMA = 'dit.lines/1';

export const leavesOut: readonly string[] = [
  'clock snapshots, and the times at which probes were attached',
  'details of the requests to the engine',
  'processes that existed before the recording, except what they did',
  'the last bits of syscall arguments beyond 2^53',
];

/** The lists of a run, and what a line of each is called. */
const RECORDS: Readonly<Record<string, string>> = {
  milestones: 'milestone',
  absent: 'absent_milestone',
  categories: 'category',
  shares: 'share',
  findings: 'finding',
  copy_ups: 'copy_up',
  segments: 'segment',
};

type Fields = Readonly<Record<string, unknown>>;

/**
 * @param document that of `dit trace show --json`
 * @param events the lines of `dit trace events --json`, each an object with its newline
 */
export function jsonLines(document: Fields, events: Iterable<string>): Iterable<string> {
  return inChunks(lines(document, events));
}

function* lines({ runs, marks, ...trace }: Fields, events: Iterable<string>): Generator<string> {
  yield line('trace', { ...trace, schema: JSON_LINES_SCHEMA });
  for (const mark of marks as readonly Fields[]) yield line('mark', mark);
  for (const run of runs as readonly Fields[]) {
    const rest = Object.entries(run).filter(([key]) => !Object.hasOwn(RECORDS, key));
    yield line('run', Object.fromEntries(rest));
    for (const [list, record] of Object.entries(RECORDS)) {
      for (const fields of own(run, list) as readonly Fields[]) {
        yield line(record, { container_id: run.container_id, ...fields });
      }
    }
  }
  // Events are text already: a million of them are not parsed to be written again.
  for (const event of events) yield `{"record":"event",${event.slice(1)}`;
}

const line = (record: string, fields: Fields): string => `${safeJson({ record, ...fields })}\n`;
