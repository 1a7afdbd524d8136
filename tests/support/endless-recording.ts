/** Writes a trace without end to the path in argv: what a kill -9 in the middle leaves is a test's. */
import { EventTable } from '../../src/model/recording/event-table.js';
import { StringInterner } from '../../src/model/recording/strings.js';
import { TraceFileWriter } from '../../src/tracefile/writer.js';
import { sampleHeader } from './recordings.js';

const writer = new TraceFileWriter(process.argv[2] as string);
writer.header(sampleHeader());
const interner = new StringInterner();
for (let time = 0; ; ) {
  const table = new EventTable();
  const names = interner.intern(`syscall ${time}`);
  for (let i = 0; i < 5_000; i++) {
    time += 1_000;
    table.push('syscall', { time, pid: 7 + (i % 5) }, { names, durations_ns: 900 });
  }
  writer.events(table, 0, table.length, interner);
}
