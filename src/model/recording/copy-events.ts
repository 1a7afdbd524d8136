/** Some of a table's events into another one, with strings of its own. */
import { EVENT_KINDS, kindById } from './event-kinds.js';
import type { EventTable, EventValues } from './event-table.js';
import type { StringInterner, StringTable } from './strings.js';

/** Copies the events in `rows`, in that order. */
export function copyEvents(
  from: { readonly events: EventTable; readonly strings: StringTable },
  rows: Iterable<number>,
  into: EventTable,
  strings: StringInterner,
): void {
  const { events } = from;
  const same = from.strings === strings;
  const move = (id: number): number => (same ? id : strings.intern(from.strings.text(id)));
  for (const row of rows) {
    const kind = kindById(events.kind.at(row)) ?? EVENT_KINDS[EVENT_KINDS.length - 1];
    if (kind === undefined) continue;
    const table = events.table(kind.name);
    const own = events.row.at(row);
    const values: EventValues = Object.fromEntries(
      kind.columns.map(({ name, type, countedBy }) => {
        if (countedBy !== undefined) {
          const list = table.list(name, own);
          return [name, type === 'string' ? list.map(move) : list];
        }
        const value = table.column(name).at(own);
        return [name, type === 'string' ? move(value) : value];
      }),
    );
    into.push(
      kind.name,
      {
        time: events.time.at(row),
        cpu: events.cpu.at(row),
        pid: events.pid.at(row),
        tid: events.tid.at(row),
      },
      values,
    );
  }
}
