import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DitError } from '../../../src/base/errors.js';
import { traceTimeOf } from '../../../src/base/time.js';
import type { ColumnName } from '../../../src/model/recording/event-kinds.js';
import { EventTable } from '../../../src/model/recording/event-table.js';
import { StringInterner } from '../../../src/model/recording/strings.js';
import { decodeTraceFile, readTraceFile } from '../../../src/tracefile/reader.js';
import { TraceFileWriter } from '../../../src/tracefile/writer.js';
import { sampleFooter, sampleHeader, traceFileBytes } from '../../support/recordings.js';
import { lacks } from '../../support/requirements.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-writer-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string): string => join(folder, name);

function errorOf(run: () => unknown): DitError {
  try {
    run();
  } catch (error) {
    if (error instanceof DitError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** `count` events that no encoding makes small. */
function bulkyTable(count: number): EventTable {
  const table = new EventTable();
  for (let i = 0; i < count; i++) {
    table.push('dirty', { time: i * 1e9, pid: i % 1000 }, { inodes: 2 ** 50 - i * 999_983 });
  }
  return table;
}

describe('the file', () => {
  test('is for its owner alone, whatever the umask', () => {
    const before = process.umask(0);
    try {
      new TraceFileWriter(inFolder('mode.dit')).header(sampleHeader());
    } finally {
      process.umask(before);
    }
    expect(statSync(inFolder('mode.dit')).mode & 0o777).toBe(0o600);
  });

  test('is not replaced', () => {
    const path = inFolder('there.dit');
    writeFileSync(path, 'precious, and longer than a header would be'.repeat(100), { mode: 0o644 });
    const error = errorOf(() => new TraceFileWriter(path));
    expect(error).toMatchObject({ code: 'trace-exists', exitCode: 2 });
    expect(readFileSync(path, 'utf8')).toMatch(/^precious/);
  });

  test('that is given up is gone', () => {
    const path = inFolder('given-up.dit');
    const writer = new TraceFileWriter(path);
    writer.header(sampleHeader());
    writer.discard();
    writer.close();
    expect(existsSync(path)).toBe(false);
  });

  test('is whole after every call', () => {
    const path = inFolder('growing.dit');
    const writer = new TraceFileWriter(path);
    writer.header(sampleHeader());
    for (let count = 1; count <= 3; count++) {
      writer.events(bulkyTable(10), 0, 10, new StringInterner());
      const { events, problems, footer } = readTraceFile(path);
      expect([events.length, problems, footer]).toEqual([10 * count, [], undefined]);
    }
    writer.footer(sampleFooter(writer.eventCount));
    writer.close();
    writer.close();
    expect(readTraceFile(path).footer?.events).toBe(30);
  });

  test('that got no frame is removed', () => {
    const path = inFolder('nothing.dit');
    new TraceFileWriter(path).close();
    expect(existsSync(path)).toBe(false);
  });

  test('in a folder that is missing: the remedy makes it', () => {
    const path = inFolder("no 'such/x.dit");
    const error = errorOf(() => new TraceFileWriter(path));
    expect(error).toMatchObject({ code: 'trace-unwritable', exitCode: 2 });
    execFileSync('sh', ['-c', error.remedy as string]);
    new TraceFileWriter(path).close();
  });

  test('cannot be a folder or a pipe that nobody reads', () => {
    mkdirSync(inFolder('folder'));
    execFileSync('mkfifo', [inFolder('fifo')]);
    for (const name of ['folder', 'fifo']) {
      const error = errorOf(() => new TraceFileWriter(inFolder(name)));
      expect(error).toMatchObject({ code: 'trace-unwritable', exitCode: 2 });
    }
  });
});

describe('when writing fails', () => {
  test('the error comes once; then the writer is failed and quiet', () => {
    const writer = new TraceFileWriter('/dev/full');
    const error = errorOf(() => writer.header(sampleHeader()));
    expect(error).toMatchObject({ code: 'trace-unwritable', exitCode: 2 });
    expect(error.message).toMatch(/^cannot write the trace "\/dev\/full": ENOSPC/);
    expect(error.remedy).toContain('df -h /dev');
    expect(writer.failed).toBe(true);
    writer.events(bulkyTable(10), 0, 10, new StringInterner());
    writer.diagnostic({ at: traceTimeOf(1), code: 'x', message: '', remedy: '' });
    writer.footer(sampleFooter(10));
    writer.close();
    expect(existsSync('/dev/full')).toBe(true);
  });

  test.skipIf(lacks('root'))(
    'on a full disk the file ends with its last whole frame (mounting needs root)',
    () => {
      const mountPoint = inFolder('small');
      mkdirSync(mountPoint);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', mountPoint]);
      try {
        const path = join(mountPoint, 'full.dit');
        const writer = new TraceFileWriter(path);
        writer.header(sampleHeader());
        const table = bulkyTable(2_000);
        let batches = 0;
        const error = errorOf(() => {
          for (; batches < 1_000; batches++) writer.events(table, 0, 2_000, new StringInterner());
        });
        expect(error).toMatchObject({ code: 'trace-unwritable', exitCode: 2 });
        expect(batches).toBeGreaterThan(3);
        expect(writer.failed).toBe(true);
        expect(writer.eventCount).toBe(batches * 2_000);
        writer.close();
        const { events, problems } = readTraceFile(path);
        expect(problems).toEqual([]);
        expect(events.length).toBe(batches * 2_000);
      } finally {
        execFileSync('umount', [mountPoint]);
      }
    },
  );

  test('kill -9 leaves whole frames', { timeout: 30_000 }, async () => {
    const path = inFolder('killed.dit');
    const script = fileURLToPath(new URL('../../support/endless-recording.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, path], { stdio: 'inherit' });
    const exited = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    while (!existsSync(path) || statSync(path).size < 500_000) {
      if (child.exitCode !== null) throw new Error('the recorder ended by itself');
      await sleep(10);
    }
    child.kill('SIGKILL');
    expect(await exited).toBe('SIGKILL');
    const { events, strings, problems, footer } = readTraceFile(path);
    expect(problems).toEqual([]);
    expect(footer).toBeUndefined();
    expect(events.length).toBeGreaterThan(10_000);
    expect(events.length % 5_000).toBe(0);
    const lastName = events.value(events.length - 1, 'names');
    expect(strings.text(lastName)).toMatch(/^syscall \d+$/);
  });
});

describe('values that no source should give', () => {
  test('do not end a recording', () => {
    const table = new EventTable();
    const durations = [Number.NaN, -5, 1.5, Number.POSITIVE_INFINITY, 2 ** 53];
    for (const durations_ns of durations) {
      table.push('syscall', { time: 10.4, pid: 1 }, { durations_ns, results: durations_ns });
    }
    const bytes = traceFileBytes((writer) => {
      writer.events(table, 0, table.length, new StringInterner());
    });
    const { events, problems } = decodeTraceFile(bytes);
    expect(problems).toMatchObject([
      { message: '2 events hold a number that makes no sense; taken for malformed ones' },
    ]);
    expect(events.count('malformed')).toBe(2);
    expect([...events.time.view()]).toEqual([10, 10, 10, 10, 10]);
    const column = (name: ColumnName<'syscall'>): number[] => [
      ...events.table('syscall').column(name).view(),
    ];
    expect(column('durations_ns').join()).toBe([0, 0, 1, 2 ** 64 - 2 ** 11, 2 ** 53].join());
    expect(column('results').join()).toBe([0, -5, 1, 2 ** 63 - 2 ** 10, 2 ** 53].join());
  });

  test('text with an unpaired surrogate is written as U+FFFD', () => {
    const interner = new StringInterner();
    interner.intern('a\ud800b');
    const bytes = traceFileBytes((writer) => {
      writer.events(new EventTable(), 0, 0, interner);
    });
    expect(decodeTraceFile(bytes).strings.text(1)).toBe('a\ufffdb');
  });

  test('an event before the clock began keeps its time', () => {
    const table = new EventTable();
    for (const time of [-100, 50]) table.push('malformed', { time, pid: 1 });
    const bytes = traceFileBytes(
      (writer) => writer.events(table, 0, 2, new StringInterner()),
      sampleHeader({ startNs: 10n }),
    );
    expect([...decodeTraceFile(bytes).events.time.view()]).toEqual([-100, 50]);
  });
});

test('a frame before the header is a bug', () => {
  const writer = new TraceFileWriter({ write() {}, close() {} });
  expect(() => writer.footer(sampleFooter(0))).toThrow('the header comes first');
});
