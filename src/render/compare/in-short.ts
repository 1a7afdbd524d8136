/** What a comparison comes to: a few sentences and a table of the largest changes, the same in every format. */
import { safeJson } from '../../base/escape.js';
import { type Foreign, quoting } from '../../base/foreign.js';
import {
  type BenchComparison,
  type Change,
  type DataFinding,
  type Direction,
  directionOf,
  isSignificant,
} from '../../model/bench/bench-comparison.js';
import { formatCount, plural } from '../common/format.js';
import {
  type CompareTable,
  DIFFERENCES,
  formatBounds,
  formatValue,
  left,
  letterOf,
  right,
  signed,
  signedPercent,
  type Tone,
} from './compare-tables.js';

export interface InShort {
  /** One per pair of platforms, then what is wrong with the data, and gates that are undecided. Untrusted. */
  readonly sentences: readonly Foreign[];
  readonly table: CompareTable;
  /** How many changes the table has no row for, and where they are; '' where it has all. */
  readonly more: string;
}

const DIRECTIONS: readonly Direction[] = ['worse', 'better', 'neither'];

/** More is no summary. */
const MOST_ROWS = 8;

export function inShort(comparison: BenchComparison): InShort {
  const { changes, findings, gates, platforms } = comparison;
  const shown = changes.slice(0, MOST_ROWS);
  const rest = changes.length - shown.length;
  const undecided = gates.filter(({ verdict }) => verdict === 'undecided').length;
  return {
    sentences: [
      ...pairSentences(comparison),
      ...wrongData(findings),
      ...(undecided === 0 ? [] : [`${plural(undecided, 'gate')} undecided: see Gates`]),
    ],
    table: changeTable(shown, platforms.length > 2),
    more: rest === 0 ? '' : `and ${plural(rest, 'more change')}: see ${DIFFERENCES}`,
  };
}

function pairSentences(comparison: BenchComparison): string[] {
  const { platforms } = comparison;
  return platforms.flatMap((_, first) =>
    platforms
      .slice(first + 1)
      .map((_, after) => pairSentence(comparison, first, first + 1 + after)),
  );
}

/** "A→B: 16 of 21 tests differ: 11 worse, 3 better, 2 neither; not counted: 2 in suspect data" */
function pairSentence(comparison: BenchComparison, first: number, second: number): string {
  const { tests, gates, groups } = comparison;
  const pair = `${letterOf(first)}→${letterOf(second)}`;
  const own = tests.filter(
    (test) => test.first.platform === first && test.second.platform === second,
  );
  if (own.length === 0) return `${pair}: no group has values on both sides`;
  const betterOf = new Map(groups.map(({ dimension, better }) => [dimension, better]));
  const significant = own.filter(isSignificant);
  const found = significant.filter(({ suspect }) => !suspect);
  const directions = found.map(({ dimension, shift }) =>
    directionOf(betterOf.get(dimension), shift),
  );
  const counts = DIRECTIONS.map(
    (name) => [directions.filter((each) => each === name).length, name] as const,
  )
    .filter(([count]) => count !== 0)
    .map(([count, name]) => `${count} ${name}`);
  // Gates compare with the first platform only.
  const failed = gates.filter(
    ({ platform, verdict }) => first === 0 && platform === second && verdict === 'failed',
  ).length;
  const suspect = significant.length - found.length;
  const tried = plural(own.length, 'test');
  return [
    found.length === 0
      ? `${pair}: nothing differs, of ${tried}`
      : `${pair}: ${formatCount(found.length)} of ${tried} ${own.length === 1 ? 'differs' : 'differ'}`,
    counts.length === 0 ? '' : `: ${counts.join(', ')}`,
    failed === 0 ? '' : `; ${plural(failed, 'gate')} failed`,
    suspect === 0 ? '' : `; not counted: ${suspect} in suspect data`,
  ].join('');
}

function wrongData(findings: readonly DataFinding[]): string[] {
  const wrong = new Set(
    findings
      .filter(({ severity }) => severity === 'wrong')
      .flatMap(({ platform, dimension, groups }) =>
        groups.map((group) => safeJson([platform, dimension, group])),
      ),
  ).size;
  if (wrong === 0) return [];
  return [
    `${plural(wrong, 'group')} of data ${wrong === 1 ? 'is' : 'are'} wrong: see the data doctor`,
  ];
}

const CAPTION =
  "Failed gates, then the largest relative changes. From and to: medians. Change: Hodges-Lehmann shift with its 95 % interval, and as a share of the median before; p below 0.05 after correction. Effect: Cliff's delta.";
const GATE_CAPTION =
  'Of a gate: the statistic that it names, and its change with the 95 % interval (bootstrap).';

function changeTable(changes: readonly Change[], hasPairs: boolean): CompareTable {
  const all: CompareTable = {
    title: 'In short',
    caption:
      changes.length === 0
        ? ''
        : changes.some(({ gate }) => gate !== undefined)
          ? `${CAPTION} ${GATE_CAPTION}`
          : CAPTION,
    columns: [
      left('what'),
      left(''),
      right('from', 2),
      right('to', 2),
      left('unit'),
      right('change'),
      right('95 %'),
      right('share'),
      left('verdict'),
      left('effect', 3),
    ],
    rows: changes.map(changeRow),
    marked: changes.map(({ gate }) => gate !== undefined),
    tones: changes.map(toneOf),
  };
  return hasPairs ? all : withoutColumn(all, 1);
}

const withoutColumn = (table: CompareTable, column: number): CompareTable => ({
  ...table,
  columns: table.columns.filter((_, index) => index !== column),
  rows: table.rows.map((row) => row.filter((_, index) => index !== column)),
});

function changeRow(change: Change): Foreign[] {
  const { dimension, group, first, second, unit, from, to, difference } = change;
  const { by, bounds, relative } = difference;
  const own = [
    quoting`${dimension} ${group}`,
    `${letterOf(first)}→${letterOf(second)}`,
    short(from),
    short(to),
    unit,
  ];
  if (relative) {
    const interval = formatBounds(bounds, signedPercent);
    return [...own, signed(to - from, short), interval, signedPercent(by), verdictOf(change), '-'];
  }
  const share = from === 0 ? '-' : signedPercent(by / Math.abs(from));
  return [
    ...own,
    signed(by, short),
    formatBounds(bounds, short),
    share,
    verdictOf(change),
    change.magnitude ?? '-',
  ];
}

function verdictOf({ gate, direction }: Change): string {
  if (gate !== undefined) return `FAILED ${gate.text}`;
  return direction === 'neither' ? 'differs' : direction;
}

function toneOf({ gate, direction }: Change): Tone {
  if (gate !== undefined || direction === 'worse') return 'bad';
  return direction === 'better' ? 'good' : 'plain';
}

/** Three digits, and all of a whole number. */
function short(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size < 9.995) return formatValue(value);
  if (size >= 999.5) return formatCount(Math.round(value));
  return value.toFixed(size >= 99.95 ? 0 : 1);
}
