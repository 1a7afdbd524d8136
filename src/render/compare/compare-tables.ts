/** The tables of a comparison, as cells of plain text: what text, Markdown, LaTeX and HTML print is the same. */
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import {
  type BenchComparison,
  type Bounds,
  type DataFinding,
  type GateOutcome,
  type GroupSummary,
  isSignificant,
  type Platform,
  type TestOutcome,
} from '../../model/bench/bench-comparison.js';
import { formatCount, plural } from '../common/format.js';

interface CompareColumn {
  readonly head: string;
  readonly align: 'left' | 'right';
  /** Of terminals: a table drops its highest ones where it does not fit; 0 stays. */
  readonly dropped: number;
}

export type Tone = 'good' | 'bad' | 'plain';

export interface CompareTable {
  readonly title: string;
  /** What the columns are, in a sentence. */
  readonly caption: string;
  readonly columns: readonly CompareColumn[];
  /** Untrusted where they hold names. */
  readonly rows: readonly (readonly Foreign[])[];
  /** Rows that say that something is different. */
  readonly marked: readonly boolean[];
  /** What the column "verdict" says of each row, for those who look at colours; absent: nothing. */
  readonly tones?: readonly Tone[];
}

export const left = (head: string, dropped = 0): CompareColumn => ({
  head,
  align: 'left',
  dropped,
});
export const right = (head: string, dropped = 0): CompareColumn => ({
  head,
  align: 'right',
  dropped,
});

/** The table of all tests between platforms, which others refer to. */
export const DIFFERENCES = 'Differences between platforms';

/** "A", "B" …: platforms have long names. */
export const letterOf = (platform: number): string => String.fromCharCode(65 + platform);

export function platformTable({ platforms }: BenchComparison): CompareTable {
  return withoutEmptyColumns({
    title: 'Platforms',
    caption: '',
    columns: [
      left(''),
      left('platform'),
      right('values'),
      left('started', 1),
      left('seed', 3),
      left('engine', 2),
      left('host', 4),
    ],
    rows: platforms.map(({ name, bench }, index) => [
      letterOf(index),
      name,
      formatCount(bench.dimensions.reduce((sum, { samples }) => sum + samples.length, 0)),
      bench.started === '' ? '-' : bench.started,
      bench.seed === null ? '-' : String(bench.seed),
      labelled(bench.environment.engine),
      labelled(bench.environment.host),
    ]),
    marked: platforms.map(() => false),
  });
}

function withoutEmptyColumns(table: CompareTable): CompareTable {
  const told = table.columns.map((_, index) => table.rows.some((row) => row[index] !== '-'));
  return {
    ...table,
    columns: table.columns.filter((_, index) => told[index]),
    rows: table.rows.map((row) => row.filter((_, index) => told[index])),
  };
}

const labelled = (labels: Readonly<Record<string, Foreign>>): Foreign =>
  joinForeign(
    Object.entries(labels).map(([label, value]) => quoting`${label} ${value}`),
    ', ',
  ) || '-';

export const SUMMARY_CAPTION =
  "Interval of the mean: 95 %, Student's t. Interval of the median: 95 %, bootstrap. Outliers: modified z-score above 3.5; they are part of every figure.";
/** The columns that a narrow line has no room for. */
export const STUDY_CAPTION =
  'Study (in wide lines): median and ± as the study of 2026 computes them.';

/** One a dimension. */
export function summaryTables({ groups }: BenchComparison): CompareTable[] {
  const dimensions = [...new Set(groups.map(({ dimension }) => dimension))];
  return dimensions.map((dimension) => {
    const own = groups.filter((each) => each.dimension === dimension);
    const rows = own.flatMap(({ group, summaries }) =>
      summaries.flatMap((summary, platform) =>
        summary === undefined ? [] : [summaryRow(group, platform, summary)],
      ),
    );
    return {
      title: `${dimension}, ${own[0]?.unit}`,
      caption: '',
      columns: [
        left('group'),
        left(''),
        right('n'),
        right('mean'),
        right('± 95 %', 1),
        right('median'),
        right('95 % of median', 2),
        right('sd'),
        right('min', 4),
        right('max', 4),
        right('outliers', 3),
        right("study's median", 5),
        right("study's ±", 5),
      ],
      rows,
      marked: rows.map(() => false),
    };
  });
}

function summaryRow(group: Foreign, platform: number, summary: GroupSummary): Foreign[] {
  const { samples, missing, mean, meanBounds, median, medianBounds, sd, outliers } = summary;
  if (samples.length === 0) {
    const none = new Array<string>(10).fill('-');
    return [group, letterOf(platform), `0 of ${missing}`, ...none];
  }
  return [
    group,
    letterOf(platform),
    missing === 0 ? String(samples.length) : `${samples.length} of ${samples.length + missing}`,
    formatValue(mean),
    formatValue(meanBounds.high - mean),
    formatValue(median),
    formatBounds(medianBounds),
    formatValue(sd),
    formatValue(summary.min),
    formatValue(summary.max),
    String(outliers.length),
    formatValue(summary.study.median),
    formatValue(summary.study.margin),
  ];
}

export function platformTests({ tests, platforms }: BenchComparison): CompareTable {
  return {
    ...testTable(tests, (test) => [
      quoting`${test.dimension} ${test.first.group}`,
      `${letterOf(test.first.platform)}→${letterOf(test.second.platform)}`,
    ]),
    title: DIFFERENCES,
    caption: testCaption(tests, platforms.length < 2),
  };
}

export function modeTests({ modes }: BenchComparison): CompareTable {
  return {
    ...testTable(modes, (test) => [
      quoting`${test.dimension} ${test.first.group}→${test.second.group}`,
      letterOf(test.first.platform),
    ]),
    title: 'Differences between modes, on one platform',
    caption: testCaption(modes, false),
  };
}

function testCaption(tests: readonly TestOutcome[], single: boolean): string {
  if (single) return 'Only one platform: nothing to compare with.';
  if (tests.length === 0) return 'No group has values on both sides.';
  const found = tests.filter(isSignificant).length;
  const suspect = tests.filter((test) => isSignificant(test) && test.suspect).length;
  const doubt = suspect === 0 ? '' : `, ${suspect} of them in suspect data, where it means nothing`;
  return `${formatCount(found)} of ${plural(tests.length, 'test')} ${tests.length === 1 ? 'differs' : 'differ'} after correction${doubt}. Mann-Whitney U, two-sided; p corrected by Benjamini-Hochberg over all tests of this table (* below 0.05, ? of suspect data); shift: Hodges-Lehmann with 95 % interval; delta: Cliff's.`;
}

function markOf(test: TestOutcome): string {
  if (test.suspect) return '?';
  return isSignificant(test) ? '*' : ' ';
}

function testTable(
  tests: readonly TestOutcome[],
  names: (test: TestOutcome) => readonly [Foreign, string],
): Pick<CompareTable, 'columns' | 'rows' | 'marked'> {
  return {
    columns: [
      left('group'),
      left(''),
      right('shift'),
      left('unit'),
      right('95 % of shift', 2),
      right('U', 4),
      right('p', 3),
      right('corrected p'),
      right('delta', 1),
      left('effect'),
    ],
    rows: tests.map((test) => [
      ...names(test),
      signed(test.shift),
      test.unit,
      formatBounds(test.shiftBounds),
      String(test.u),
      formatP(test.p),
      `${formatP(test.corrected)}${markOf(test)}`,
      test.delta.toFixed(3),
      test.magnitude,
    ]),
    marked: tests.map((test) => isSignificant(test) && !test.suspect),
  };
}

export function gateTable({ gates }: BenchComparison): CompareTable {
  return {
    title: 'Gates',
    caption:
      'A gate fails where all of the 95 % interval of the change from A lies beyond its limit.',
    columns: [
      left('gate'),
      left('group'),
      left(''),
      right('change'),
      right('95 %'),
      left('verdict'),
    ],
    rows: gates.map((outcome) => [
      outcome.gate.text,
      outcome.group,
      `A→${letterOf(outcome.platform)}`,
      signedPercent(outcome.share),
      `[${signedPercent(outcome.bounds.low)}, ${signedPercent(outcome.bounds.high)}]`,
      verdictOf(outcome),
    ]),
    marked: gates.map(({ verdict }) => verdict === 'failed'),
    tones: gates.map(({ verdict }) =>
      verdict === 'failed' ? 'bad' : verdict === 'held' ? 'good' : 'plain',
    ),
  };
}

const verdictOf = ({ verdict, reason }: GateOutcome): Foreign =>
  reason === '' ? verdict.toUpperCase() : quoting`${verdict.toUpperCase()}: ${reason}`;

export interface OutlierLine {
  readonly where: Foreign;
  readonly values: string;
}

/** Named, one line a group; all of them. */
export function outlierLines({ groups }: BenchComparison): OutlierLine[] {
  return groups.flatMap(({ dimension, group, unit, summaries }) =>
    summaries.flatMap((summary, platform) =>
      summary === undefined || summary.outliers.length === 0
        ? []
        : [
            {
              where: quoting`${dimension} ${group}, ${letterOf(platform)}`,
              values: summary.outliers
                .map(({ iteration, value }) => `#${iteration}: ${formatValue(value)}`)
                .join(', ')
                .concat(` ${unit}`),
            },
          ],
    ),
  );
}

/** "A write "overlayfs", "volume"". */
export function findingPlace(finding: DataFinding, platforms: readonly Platform[]): Foreign {
  const groups = joinForeign(
    finding.groups.map((group) => quoting`"${group}"`),
    ', ',
  );
  return quoting`${letterOf(finding.platform)} (${platforms[finding.platform]?.name ?? ''}), ${finding.dimension} ${groups}`;
}

/** What is said of a platform besides its figures. */
export const platformNotes = ({ platforms }: BenchComparison): Foreign[] =>
  platforms.flatMap(({ bench }, index) =>
    bench.notes.map((note) => quoting`${letterOf(index)}: ${note}`),
  );

/** Two decimals as far as they tell something; small values keep three digits. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value === 0 || Math.abs(value) >= 0.995) return value.toFixed(2);
  return value.toFixed(Math.min(9, 2 - Math.floor(Math.log10(Math.abs(value)))));
}

export function formatBounds({ low, high }: Bounds, format = formatValue): string {
  const bound = (value: number): string =>
    Math.abs(value) === Number.POSITIVE_INFINITY ? (value < 0 ? '-∞' : '∞') : format(value);
  return `[${bound(low)}, ${bound(high)}]`;
}
export const signed = (value: number, format = formatValue): string =>
  (value > 0 ? '+' : '') + format(value);
export function signedPercent(share: number): string {
  if (!Number.isFinite(share)) return '-';
  const text = (100 * share).toFixed(1);
  return `${Number(text) === 0 ? '0.0' : share > 0 ? `+${text}` : text} %`;
}

/** "0.0123"; never a false 0. */
export function formatP(p: number): string {
  if (Number.isNaN(p)) return '-';
  return p < 0.0001 ? '<0.0001' : p.toFixed(4);
}
