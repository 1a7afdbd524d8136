/**
 * What the toolkit tests found, for a terminal.
 *
 *   PASS  cpu  12.4 s
 *         how much CPU containers get: by quota, …
 *         the share at 0.5 CPUs is within 0.06 points of its quota
 *         fail: a share of more than 1 percentage point over its quota, …
 *
 *         quota of 0.5 CPUs
 *           share of one CPU      49.9 %
 *           throttled periods         51
 *           by cpuacct.usage and cpu.stat of the container's cgroup
 */

import { escapeText } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import { quoting } from '../../base/foreign.js';
import { NS_PER_MS } from '../../base/time.js';
import {
  CHECK_NAMES,
  type CheckFinding,
  type CheckReport,
  type Figure,
  type Verdict,
} from '../../model/checks/check.js';
import { alignLeft, alignRight, columnsOf, cut, pageOf, wrap } from '../common/columns.js';
import { formatBytes, formatDuration } from '../common/format.js';
import type { Paint, Theme } from '../common/theme.js';

const INDENT = ' '.repeat(6);
const NAME_COLUMNS = Math.max(...CHECK_NAMES.map((name) => name.length)) + 2;
const FIGURE_INDENT = '  ';
const SEVERITY_COLUMNS = 8;
/** Of one line of evidence. */
const EVIDENCE_LINES = 3;
/** Trees of processes are deep. */
const MOST_INDENT = 20;

function paintOf(verdict: Verdict, theme: Theme): Paint {
  switch (verdict) {
    case 'pass':
      return theme.good;
    case 'warn':
      return theme.warning;
    case 'fail':
      return theme.bad;
    case 'skipped':
      return theme.dim;
  }
}

const WORDS: Readonly<Record<Verdict, string>> = {
  pass: 'PASS',
  warn: 'WARN',
  fail: 'FAIL',
  skipped: 'SKIP',
};

/** @param width columns of the terminal */
export function renderCheck(report: CheckReport, theme: Theme, width: number): string {
  const { name, ms, verdict, shows, reason, thresholds, remedy, figures, findings, evidence } =
    report;
  const room = width - INDENT.length;
  const indented = (lines: readonly string[], paint: Paint = (text) => text): string[] =>
    lines.map((line) => INDENT + paint(line));
  const lines = [
    `${paintOf(verdict, theme)(WORDS[verdict])}  ${theme.strong(name)}  ${theme.dim(formatSeconds(ms))}`,
    ...indented(wrapped(shows, room), theme.dim),
    ...indented(wrapped(reason, room)),
    ...indented(remedy === '' ? [] : wrapped(quoting`try: ${remedy}`, room)),
    ...indented(wrapped(thresholds, room), theme.dim),
  ];
  for (const [group, own] of grouped(figures)) {
    lines.push('', ...indented(figureTable(group, own, theme, room)));
  }
  if (findings.length > 0) {
    lines.push('', ...indented(findings.flatMap((finding) => findingLines(finding, theme, room))));
  }
  if (evidence.length > 0) {
    lines.push('', INDENT + theme.strong('evidence'));
    for (const line of evidence) lines.push(...indented(evidenceLines(line, room), theme.dim));
  }
  return pageOf(lines, width);
}

const formatSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/**
 * The end of several tests: a line each, and how many of each verdict.
 *
 *   PASS  cpu         the shares at 0.1, 0.5, 1, 1.5 CPUs are within 0.06 points of …
 *   8 pass, 1 warn, 1 skipped in 140.2 s
 */
export function renderVerdicts(
  reports: readonly CheckReport[],
  theme: Theme,
  width: number,
): string {
  const each = reports.map(({ verdict, name, reason }) => {
    const title = `${paintOf(verdict, theme)(WORDS[verdict])}  ${theme.strong(alignLeft(name, NAME_COLUMNS))}`;
    return title + cut(escapeText(reason), width - INDENT.length - NAME_COLUMNS);
  });
  const words = (['pass', 'warn', 'fail', 'skipped'] as const).flatMap((verdict) => {
    const count = reports.filter((report) => report.verdict === verdict).length;
    return count === 0 ? [] : [paintOf(verdict, theme)(`${count} ${verdict}`)];
  });
  const ms = reports.reduce((sum, report) => sum + report.ms, 0);
  return `${[...each, `${words.join(', ')} in ${formatSeconds(ms)}`].join('\n')}\n`;
}

/** Figures by their group, in the order of their first. */
export function grouped(figures: readonly Figure[]): Map<Foreign, Figure[]> {
  const groups = new Map<Foreign, Figure[]>();
  for (const figure of figures) {
    const own = groups.get(figure.group ?? '');
    if (own === undefined) groups.set(figure.group ?? '', [figure]);
    else own.push(figure);
  }
  return groups;
}

/** "49.9 %", "1.52 ms", "10.0 MiB" */
export function figureText({ value, unit, certainty }: Figure): string {
  const text = valueText(value, unit);
  return certainty === 'inferred' ? `~${text}` : text;
}

function valueText(value: number, unit: Figure['unit']): string {
  switch (unit) {
    case 'ns':
      return formatDuration(value);
    case 'ms':
      return formatDuration(value * NS_PER_MS);
    case 'bytes':
      return formatBytes(value);
    case 'count':
      return value.toLocaleString('en-US');
    default:
      return `${value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 1 })} ${unit}`;
  }
}

/** @param width room for a line */
function figureTable(
  group: Foreign,
  figures: readonly Figure[],
  theme: Theme,
  width: number,
): string[] {
  const names = figures.map(({ name }) => escapeText(name));
  const values = figures.map(figureText);
  const sources = [...new Set(figures.map(({ source }) => source))];
  const isOne = sources.length === 1;
  const mark = (source: Foreign): string => (isOne ? '' : ` [${sources.indexOf(source) + 1}]`);
  const valueColumns = Math.max(...values.map(columnsOf)) + 2;
  const markColumns = Math.max(...sources.map((source) => mark(source).length));
  const nameColumns = Math.min(
    width - FIGURE_INDENT.length - valueColumns - markColumns,
    Math.max(...names.map(columnsOf)),
  );
  return [
    ...(group === '' ? [] : wrapped(group, width).map(theme.strong)),
    ...figures.flatMap(({ source }, index) => {
      const [first = '', ...more] = wrapped(names[index] ?? '', nameColumns);
      const value = alignRight(values[index] ?? '', valueColumns);
      return [
        FIGURE_INDENT + alignLeft(first, nameColumns) + value + theme.dim(mark(source)),
        ...more.map((line) => `${FIGURE_INDENT}  ${cut(line, nameColumns - 2)}`),
      ];
    }),
    ...sources.flatMap((source) =>
      wrapped(
        quoting`${isOne ? 'by' : mark(source).trim()} ${source}`,
        width - FIGURE_INDENT.length,
      ).map((line) => FIGURE_INDENT + theme.dim(line)),
    ),
  ];
}

/** @param width room for a line */
function findingLines(finding: CheckFinding, theme: Theme, width: number): string[] {
  const paint = finding.severity === 'high' ? theme.bad : theme.warning;
  const room = width - SEVERITY_COLUMNS;
  const under = ' '.repeat(SEVERITY_COLUMNS);
  const [first = '', ...more] = wrapped(finding.title, room);
  return [
    paint(alignLeft(finding.severity, SEVERITY_COLUMNS)) + first,
    ...more.map((line) => under + line),
    ...wrapped(quoting`→ ${finding.remedy}`, room).map((line) => under + theme.dim(line)),
  ];
}

/**
 * As the kernel writes it, its columns and indentation with it, over a few lines at most: the paths of layers are endless.
 * @param width room for a line
 */
function evidenceLines(text: Foreign, width: number): string[] {
  const escaped = escapeText(text);
  const indent = FIGURE_INDENT + (/^ */.exec(escaped)?.[0] ?? '').slice(0, MOST_INDENT);
  const first = width - indent.length;
  if (columnsOf(escaped.trimStart()) <= first) return [indent + escaped.trimStart()];
  const lines = wrapped(escaped.trimStart(), first - 2);
  const kept = lines.slice(0, EVIDENCE_LINES);
  if (lines.length > kept.length) kept.push(`${kept.pop()?.slice(0, -2)} …`);
  return kept.map((line, index) => (index === 0 ? indent : `${indent}  `) + line);
}

/** Untrusted text over lines. */
const wrapped = (text: Foreign, columns: number): string[] => wrap(escapeText(text), columns);
