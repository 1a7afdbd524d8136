/** A real container start under strace: every milestone that the kernel's side has, in the order of its causes. */

import { expect, test } from 'vitest';
import { analyse } from '../../../../src/analysis/analyse.js';
import type { TraceTime } from '../../../../src/base/time.js';
import type { KnownThreads } from '../../../../src/capture/strace/threads.js';
import type { ProcessRole } from '../../../../src/model/recording/recording.js';
import type { MilestoneName } from '../../../../src/model/trace/trace.js';
import { decodeTraceFile } from '../../../../src/tracefile/reader.js';
import { MemorySink } from '../../../../src/tracefile/trace-sink.js';
import { TraceFileWriter } from '../../../../src/tracefile/writer.js';
import { sampleHeader } from '../../../support/recordings.js';
import { Decoded, readFixture, readLog } from './logs.js';

const { containerId, known } = JSON.parse(readFixture('container-start.json')) as {
  containerId: string;
  known: KnownThreads[];
};

/** Those that do not come from the client. */
const SEEN: readonly MilestoneName[] = [
  'rootfs mounted',
  'shim exec',
  'runc exec',
  'cgroup attached',
  'first namespace',
  'init cloned',
  'hooks began',
  'hooks ended',
  'pivot_root',
  'runc exited',
  'exec FIFO opened',
  'entrypoint exec',
  'exited',
];

test('a recorded container start has its milestones in order', () => {
  const log = new Decoded(readLog('container-start'), { known });
  expect(log.table.count('malformed')).toBe(0);

  const sink = new MemorySink();
  const writer = new TraceFileWriter(sink);
  writer.header(sampleHeader());
  writer.processes(
    0 as TraceTime,
    known.map(({ pid, comm, tids }) => ({
      pid,
      parentPid: 1,
      comm,
      arguments: [comm],
      start: 0 as TraceTime,
      role: comm as ProcessRole,
      tids,
    })),
  );
  const mark = (name: string, start: number, end: number): void =>
    writer.mark({
      name,
      start: start as TraceTime,
      end: end as TraceTime,
      containerId,
      status: 200,
      error: '',
      wallClock: false,
      detail: new Map(),
    });
  const rootfs = log
    .calls('mount')
    .find(({ texts }) => texts[1]?.endsWith('-init/merged') === false);
  mark('create', 1, 2);
  mark('start', (rootfs?.start ?? 0) - 1, log.table.time.at(log.table.length - 1));
  writer.events(log.table, 0, log.table.length, log.strings);

  const [run] = analyse(decodeTraceFile(sink.bytes())).runs;
  const found = (run?.milestones ?? []).filter(({ name }) => SEEN.includes(name));
  expect(found.map(({ name }) => name)).toEqual(SEEN);
  // runc create's exit and the wait at the FIFO overlap.
  const causal = found.filter(({ name }) => name !== 'runc exited').map(({ time }) => time);
  expect(causal).toEqual(causal.toSorted((a, b) => a - b));
  expect(run?.exitCode).toBe(3);
});
