/** What a file claims is checked where it comes in: numbers by their range, texts by what they may cost. */

import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse.js';
import type { Foreign } from '../../../src/base/foreign.js';
import { traceTimeOf } from '../../../src/base/time.js';
import { EventTable } from '../../../src/model/recording/event-table.js';
import type { ApiMark, KnownProcess } from '../../../src/model/recording/recording.js';
import { StringInterner } from '../../../src/model/recording/strings.js';
import {
  MOST_OF_A_KIND,
  REFERRED_CHARACTERS,
  TEXT_CHARACTERS,
} from '../../../src/tracefile/limits.js';
import { decodeTraceFile } from '../../../src/tracefile/reader.js';
import { sampleHeader, traceFileBytes } from '../../support/recordings.js';

const ID = 'c'.repeat(64);
const createMark = (detail: Record<string, string>): ApiMark => ({
  name: 'create',
  start: traceTimeOf(1),
  end: traceTimeOf(2),
  containerId: ID,
  status: 201,
  error: '',
  wallClock: false,
  detail: new Map(Object.entries(detail)),
});
const header = {
  ...sampleHeader(),
  target: { ...sampleHeader().target, scope: '', containerId: '' },
};
const messagesOf = (bytes: Uint8Array): Foreign[] =>
  decodeTraceFile(bytes).problems.map(({ message }) => message);

describe('numbers of a trace', () => {
  it.each([
    'NaN',
    'Infinity',
    '1.5',
    '',
    '1e9',
    '-',
    '99999999999',
  ])('takes %j for no exit code', (code) => {
    const bytes = traceFileBytes((writer) => writer.mark(createMark({ exit_code: code })), header);
    expect(analyse(decodeTraceFile(bytes)).runs[0]?.exitCode).toBeUndefined();
    expect(messagesOf(bytes)).toEqual(['1 exit codes are not numbers; left out']);
  });

  it.each(['0', '137', '-9'])('takes %j for an exit code', (code) => {
    const bytes = traceFileBytes((writer) => writer.mark(createMark({ exit_code: code })), header);
    expect(analyse(decodeTraceFile(bytes)).runs[0]?.exitCode).toBe(Number(code));
    expect(messagesOf(bytes)).toEqual([]);
  });

  it.each([
    ['exit', { codes: 1e9 }],
    ['exit', { codes: -200 }],
    ['fork', { child_pids: 2 ** 40 }],
    ['syscall', { durations_ns: 2 ** 60 }],
    ['switch', { next_tids: 2 ** 31 }],
    ['copy_up', { bytes: 2 ** 63 }],
  ] as const)('makes an event %s of %j a malformed one', (kind, values) => {
    const table = new EventTable();
    table.push(kind, { time: 5, pid: 7 }, values);
    table.push('rename', { time: 6, pid: 7 }, { comms: 0 });
    const bytes = traceFileBytes((w) => w.events(table, 0, 2, new StringInterner()));
    const { events, problems } = decodeTraceFile(bytes);
    expect([events.kindName(0), events.kindName(1)]).toEqual(['malformed', 'rename']);
    expect(events.count('malformed')).toBe(1);
    expect(problems).toHaveLength(1);
  });

  it('does not believe a role that no recorder gives', () => {
    const process = { pid: 1, parentPid: 0, comm: 'x', arguments: [], start: traceTimeOf(0) };
    const hostile = { ...process, role: '\u001b[2J', tids: [1] } as unknown as KnownProcess;
    const far = { ...process, pid: 2 ** 40, role: '', tids: [] } as KnownProcess;
    const bytes = traceFileBytes((w) => w.processes(traceTimeOf(1), [hostile, far]));
    expect(decodeTraceFile(bytes).processes.map(({ pid, role }) => [pid, role])).toEqual([[1, '']]);
    expect(messagesOf(bytes)).toEqual([
      '1 processes have an unknown role; ignored',
      '1 processes have a pid that makes no sense; left out',
    ]);
  });

  it('refuses a header whose numbers are none', () => {
    const host = { ...header.host, loadAverage1m: Number.NaN };
    expect(() => decodeTraceFile(traceFileBytes(() => {}, { ...header, host }))).toThrow(
      'is not a trace of dit',
    );
  });
});

describe('small things of a trace', () => {
  it('are no more than a recording has, and what is left out is said', () => {
    const bytes = traceFileBytes((writer) => {
      for (let i = 0; i < MOST_OF_A_KIND + 7; i++) writer.mark(createMark({}));
    }, header);
    const { marks, unread } = decodeTraceFile(bytes);
    expect(marks).toHaveLength(MOST_OF_A_KIND);
    expect(unread).toBe('it holds more marks than are read');
    expect(messagesOf(bytes)).toEqual(['7 marks are left out: more than 50000 are not read']);
  });
});

describe('texts of a trace', () => {
  it('are cut where they are longer than any that is recorded', () => {
    const strings = new StringInterner();
    const table = new EventTable();
    const id = strings.intern('x'.repeat(1 << 20));
    table.push('exec', { time: 1, pid: 1 }, { filenames: id, arguments: [id] });
    const bytes = traceFileBytes((writer) => writer.events(table, 0, 1, strings));
    expect(decodeTraceFile(bytes).strings.text(id)).toHaveLength(TEXT_CHARACTERS + 1);
    expect(messagesOf(bytes)).toEqual(['1 texts are longer than 16 KiB; cut']);
  });

  it('cost no more than a limit, however often they are referred to', () => {
    const strings = new StringInterner();
    const table = new EventTable();
    const id = strings.intern('x'.repeat(TEXT_CHARACTERS));
    for (let i = 0; i < 10_000; i++) {
      table.push('exec', { time: i, pid: 1 }, { filenames: id, arguments: [id] });
    }
    const bytes = traceFileBytes((writer) => writer.events(table, 0, table.length, strings));
    const { events, problems } = decodeTraceFile(bytes);
    const referred = events
      .table('exec')
      .column('filenames')
      .view()
      .filter((each) => each === id);
    expect(referred.length * TEXT_CHARACTERS).toBeLessThanOrEqual(REFERRED_CHARACTERS);
    expect(events.length).toBe(10_000);
    expect(problems[0]?.message).toMatch(/^\d+ texts are left out: events refer to more than/);
  });
});

describe('a file that is not read whole', () => {
  it('does not say of what it does not show that it did not happen', () => {
    const table = new EventTable();
    for (let i = 0; i < 20_000; i++) table.push('syscall', { time: i, pid: 1 }, { names: 0 });
    const bytes = traceFileBytes((writer) => {
      writer.mark(createMark({}));
      writer.events(table, 0, table.length, new StringInterner());
    }, header);
    const absent = (memoryBytes: number) =>
      analyse(decodeTraceFile(bytes, { memoryBytes })).runs[0]?.absent.find(
        ({ name }) => name === 'exited',
      )?.reason;
    expect(absent(256 << 20)).toBe('the container did not exit while it was recorded');
    expect(absent(1 << 20)).toBe(
      'the file was not read whole (its events take more than 1 MiB of memory): ' +
        'as far as it was, the container did not exit while it was recorded',
    );
  });
});
