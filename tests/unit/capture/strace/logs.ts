/** Recorded strace logs, decoded, and what of them tests look at. */

import { readFileSync } from 'node:fs';
import { raw } from '../../../../src/base/foreign.js';
import { type StraceDecodeOptions, StraceDecoder } from '../../../../src/capture/strace/events.js';
import { type PlainName, SYSCALL_FLAG } from '../../../../src/model/recording/event-kinds.js';
import { EventTable } from '../../../../src/model/recording/event-table.js';
import { StringInterner } from '../../../../src/model/recording/strings.js';

const FIXTURES = new URL('../../../fixtures/strace/', import.meta.url);

export const VERSIONS = ['5.10', '6.1', '6.13', '7.2'] as const;

export const readLog = (name: string): string[] =>
  readFileSync(new URL(`${name}.strace`, FIXTURES), 'latin1')
    .split('\n')
    .filter(Boolean);

export const readFixture = (name: string): string => readFileSync(new URL(name, FIXTURES), 'utf8');

/** Like the kernel of a host with both versions of cgroups. */
export const CGROUPS = [
  'cpuset',
  'cpu',
  'cpuacct',
  'blkio',
  'memory',
  'devices',
  'freezer',
  'pids',
  'systemd',
  'unified',
].map((name, index) => ({
  root: `/sys/fs/cgroup/${name}`,
  id: name === 'unified' ? 0 : index + 1,
}));

/** One decoded log. Times are ns since its first second. */
export class Decoded {
  readonly table = new EventTable();
  readonly strings = new StringInterner();

  constructor(lines: readonly string[], options: Partial<StraceDecodeOptions> = {}) {
    const first = Number(/(\d+)\.\d+ /.exec(lines.join('\n'))?.[1] ?? 0);
    const decoder = new StraceDecoder({
      machine: 'x86_64',
      strings: this.strings,
      redact: false,
      toTrace: ({ seconds, nanos }) => (seconds - first) * 1e9 + nanos,
      known: [],
      cgroups: CGROUPS,
      ...options,
    });
    for (const line of lines) decoder.decode(line, this.table);
    decoder.finish(this.table);
  }

  /** Rows of a kind, in time order. */
  rows(kind: string, where: (row: number) => boolean = () => true): number[] {
    const { table } = this;
    return Array.from({ length: table.length }, (_, row) => row)
      .filter((row) => table.kindName(row) === kind && where(row))
      .sort((a, b) => table.time.at(a) - table.time.at(b));
  }

  text(row: number, column: PlainName): string {
    return raw(this.strings.text(this.table.value(row, column)));
  }

  argv(row: number): string[] {
    return this.table.values(row, 'arguments').map((id) => raw(this.strings.text(id)));
  }

  /** The calls of one name, in time order. */
  calls(name: string): Call[] {
    return this.rows('syscall', (row) => this.text(row, 'names') === name).map((row) =>
      this.#call(row),
    );
  }

  #call(row: number): Call {
    const { table, strings } = this;
    const positions = table.values(row, 'text_positions');
    const texts = table.values(row, 'texts').map((id) => raw(strings.text(id)));
    const flags = table.value(row, 'flags');
    return {
      pid: table.pid.at(row),
      tid: table.tid.at(row),
      start: table.time.at(row),
      durationNs: table.value(row, 'durations_ns'),
      result: table.value(row, 'results'),
      arguments: table.values(row, 'arguments'),
      texts: Object.fromEntries(positions.map((position, index) => [position, texts[index]])),
      unfinished: (flags & SYSCALL_FLAG.unfinished) !== 0,
      cut: (flags & SYSCALL_FLAG.textCut) !== 0,
    };
  }
}

export interface Call {
  readonly pid: number;
  readonly tid: number;
  readonly start: number;
  readonly durationNs: number;
  readonly result: number;
  readonly arguments: readonly number[];
  readonly texts: Readonly<Record<number, string | undefined>>;
  readonly unfinished: boolean;
  readonly cut: boolean;
}
