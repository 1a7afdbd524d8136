/** Copied events are the same events, whatever table of strings they come to. */
import { expect, test } from 'vitest';
import { copyEvents } from '../../../../src/model/recording/copy-events.js';
import { EVENT_KINDS } from '../../../../src/model/recording/event-kinds.js';
import { EventTable } from '../../../../src/model/recording/event-table.js';
import { StringInterner } from '../../../../src/model/recording/strings.js';
import { CONTAINER, PID, startedContainer } from '../../../support/stream.js';

const stream = startedContainer({ shim: 20, runc: 30, init: 40, entrypoint: 90 })
  .syscall('mount', 50, 60, PID.init, PID.init, {
    result: -1,
    arguments: [1, 2],
    texts: { 0: 'proc', 8: `/sys/${CONTAINER}` },
  })
  .switch(61, { pid: 0 }, { pid: PID.init })
  .wake(62, { pid: PID.runc }, { pid: PID.init })
  .cacheFill(63, 64, PID.init);

/** Everything of an event, with texts for the ids of strings. */
function plain(events: EventTable, strings: StringInterner, row: number): unknown {
  const kind = EVENT_KINDS.find(({ id }) => id === events.kind.at(row));
  const values = kind?.columns.map(({ name, type, countedBy }) => {
    const all = countedBy === undefined ? [events.value(row, name)] : events.values(row, name);
    return [name, type === 'string' ? all.map((id) => strings.text(id)) : all];
  });
  const { time, cpu, pid, tid } = events;
  return [kind?.name, time.at(row), cpu.at(row), pid.at(row), tid.at(row), values];
}

test.each([
  ['other strings', new StringInterner()],
  ['the same strings', stream.strings],
])('rows are copied in the order asked for, with %s', (_, strings) => {
  strings.intern('something else first');
  const { events } = stream;
  const rows = Array.from({ length: events.length }, (__, row) => events.length - 1 - row);
  const into = new EventTable();
  copyEvents({ events, strings: stream.strings }, rows, into, strings);
  expect(into.length).toBe(events.length);
  for (const [copied, row] of rows.entries()) {
    expect(plain(into, strings, copied)).toEqual(plain(events, stream.strings, row));
  }
});
