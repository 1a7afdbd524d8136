/** What a benchmark measured, a line a group: the middle and the range; what they tell is dit compare's to say. */

import { escapeText } from '../../../base/escape.js';
import type { Foreign } from '../../../base/foreign.js';
import type { Bench, BenchDimension } from '../../../model/bench/bench.js';
import { plural } from '../../../render/common/format.js';
import {
  number,
  type TableColumn,
  tableHead,
  tableRow,
  word,
} from '../../../render/common/table.js';
import type { Theme } from '../../../render/common/theme.js';
import { quantile } from '../../../stats/summary.js';

/**
 * ```
 * dimension        group                              n    median       low      high
 * startup          dit-builtin/warm                  50     201.3     188.0     260.9 ms
 * ```
 */
export function renderBench(bench: Bench, theme: Theme, width: number): string {
  const rows = bench.dimensions.flatMap((dimension) =>
    dimension.groups.map((group) => rowOf(dimension, group)),
  );
  const columns: readonly TableColumn[] = [
    word('dimension', widest(rows, 0, 'dimension')),
    word('group', widest(rows, 1, 'group')),
    ...['n', 'median', 'low', 'high'].map((head) => number(head, 10)),
  ];
  const missing = bench.dimensions.flatMap((dimension) => dimension.missing ?? []);
  return [
    theme.heading(tableHead(columns, '', width)),
    ...rows.map((cells) => {
      const row = tableRow(columns, cells, width);
      return row.cells + theme.dim(row.rest);
    }),
    '',
    ...(missing.length === 0
      ? []
      : [theme.warning(`${plural(missing.length, 'value')} missing; why is in bench.json`)]),
    ...bench.notes.map((note) => theme.warning(`note: ${escapeText(note)}`)),
    '',
  ].join('\n');
}

function rowOf({ name, unit, samples }: BenchDimension, group: Foreign): string[] {
  const values = samples.filter((sample) => sample.group === group).map(({ value }) => value);
  const at = (p: number): string =>
    values.length === 0 ? '' : Number(quantile(values, p).toPrecision(4)).toString();
  return [name, escapeText(group), String(values.length), at(0.5), at(0), at(1), ` ${unit}`];
}

const widest = (rows: readonly string[][], cell: number, head: string): number =>
  2 + Math.max(head.length, ...rows.map((row) => row[cell]?.length ?? 0));
