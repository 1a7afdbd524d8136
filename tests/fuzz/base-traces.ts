/** What is mutated: recordings that are cut so small that a case takes milliseconds, and now and then a whole one. */
import { readFileSync } from 'node:fs';
import { copyEvents } from '../../src/model/recording/copy-events.js';
import { KIND, SYSCALL_FLAG } from '../../src/model/recording/event-kinds.js';
import { EventTable } from '../../src/model/recording/event-table.js';
import type { Recording } from '../../src/model/recording/recording.js';
import { StringInterner } from '../../src/model/recording/strings.js';
import { decodeTraceFile } from '../../src/tracefile/reader.js';
import { MemorySink } from '../../src/tracefile/trace-sink.js';
import { TraceFileWriter } from '../../src/tracefile/writer.js';
import { SAMPLES, samplePath } from '../support/samples.js';
import { startedContainer } from '../support/stream.js';

export interface BaseTraces {
  readonly small: readonly Uint8Array[];
  readonly whole: readonly Uint8Array[];
}

export function baseTraces(): BaseTraces {
  const whole = SAMPLES.map((name) => readFileSync(samplePath(name)));
  const recordings = whole.map((bytes) => decodeTraceFile(bytes));
  const small = recordings.flatMap((recording) => [
    bytesOf(thinned(recording)),
    bytesOf(scoped(thinned(recording), 'command')),
    bytesOf(scoped(thinned(recording), 'host')),
  ]);
  return { small: [...small, bytesOf(synthetic())], whole };
}

const KEPT: ReadonlySet<number> = new Set([
  KIND.fork,
  KIND.exec,
  KIND.exit,
  KIND.rename,
  KIND.cgroup_mkdir,
  KIND.cgroup_attach,
  KIND.copy_up,
  KIND.malformed,
]);

/** What makes a start whole, a twentieth of the calls with arguments and a fiftieth of all else. */
function thinned(recording: Recording): Recording {
  const { events, strings } = recording;
  const texts = new StringInterner();
  const table = new EventTable();
  const flags = events.table('syscall').column('flags');
  const names = new Set(
    ['pivot_root', 'unshare', 'clone', 'clone3', 'mount'].map(
      (name) => strings.find(name) as number,
    ),
  );
  const rows: number[] = [];
  for (let row = 0; row < events.length; row++) {
    const kind = events.kind.at(row);
    const isCall = kind === KIND.syscall;
    const own = events.row.at(row);
    const isNamed = isCall && names.has(events.table('syscall').column('names').at(own));
    const hasArguments = isCall && (flags.at(own) & SYSCALL_FLAG.hasArguments) !== 0;
    if (KEPT.has(kind) || isNamed || row % (hasArguments ? 20 : 50) === 0) rows.push(row);
  }
  copyEvents(recording, rows, table, texts);
  return { ...recording, events: table, strings: texts };
}

const scoped = (recording: Recording, scope: string): Recording => ({
  ...recording,
  header: { ...recording.header, target: { ...recording.header.target, scope } },
});

const synthetic = (): Recording =>
  startedContainer({ shim: 2_000, runc: 3_000, init: 4_000, entrypoint: 10_000 })
    .mark('create', 100, 500)
    .mark('start', 600, 9_000, {
      detail: new Map([
        ['name', '/web'],
        ['exit_code', '0'],
      ]),
    })
    .recording();

function bytesOf({
  header,
  clocks,
  strings,
  events,
  marks,
  processes,
  ...rest
}: Recording): Uint8Array {
  const sink = new MemorySink();
  const writer = new TraceFileWriter(sink);
  writer.header(header);
  for (const clock of clocks) writer.clock(clock);
  writer.processes(header.startNs === 0n ? (0 as never) : (1 as never), processes);
  for (const mark of marks) writer.mark(mark);
  writer.events(events, 0, events.length, strings as StringInterner);
  for (const diagnostic of rest.diagnostics) writer.diagnostic(diagnostic);
  if (rest.loss !== undefined) writer.loss(rest.loss);
  if (rest.footer !== undefined) writer.footer({ ...rest.footer, events: events.length });
  writer.close();
  return sink.bytes();
}
