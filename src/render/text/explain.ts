/**
 * What `dit trace explain` prints: each rule of the table of phases, what it decided and on what evidence.
 *
 *   fsync  storage / fsync                          12 segments   3.673 ms   1.6 %
 *     inside fsync, fdatasync or another sync call, running or waiting
 *     1.24 ms  @28.914ms dockerd: blocked in fdatasync meta.db, event 1201, ended by block I/O
 */

import { escapeText, safeJson } from '../../base/escape.js';
import type { Recording } from '../../model/recording/recording.js';
import type { RuleExplanation } from '../../model/trace/summaries.js';
import { lengthOf } from '../../model/trace/totals.js';
import {
  type ContainerRun,
  type Segment,
  type Trace,
  windowLength,
} from '../../model/trace/trace.js';
import { segmentText } from '../../words/segment-text.js';
import { alignLeft, alignRight, wrap } from '../common/columns.js';
import { formatCount, formatDuration, formatMs, formatPercent, plural } from '../common/format.js';
import { type PageOptions, pagesOf, runIdentity } from '../common/subject.js';
import { shortenIds } from './findings.js';

export type ExplanationOf = (run: ContainerRun) => readonly RuleExplanation[];

export function renderExplanation(
  trace: Trace,
  explanationOf: ExplanationOf,
  options: PageOptions,
): string {
  return pagesOf(trace, options, (run) => {
    const rules = explanationOf(run);
    return [
      ...wrap(
        'Rules are tried in this order; the first that applies to a segment decides.',
        options.width,
      ).map(options.theme.dim),
      ...rules.flatMap((rule) => ['', ...ruleLines(trace.recording, rule, run, options)]),
      '',
      ...wrap(balance(rules, run), options.width).map(options.theme.dim),
    ];
  });
}

const FIGURES = 38;
/** "    1.24 ms  " */
const EXAMPLE = 12;

function ruleLines(
  recording: Recording,
  rule: RuleExplanation,
  run: ContainerRun,
  { theme, width }: PageOptions,
): string[] {
  const window = lengthOfWindow(run);
  const names = rule.categories.map(escapeText).join(', ') || 'the program';
  const head = `${rule.rule}  ${rule.phase} / ${names}`;
  const figures =
    rule.segments === 0
      ? 'nothing'
      : `${plural(rule.segments, 'segment')}  ${formatMs(rule.ns)} ms  ${alignRight(formatPercent(rule.ns / window), 6)}`;
  const paint = rule.segments === 0 ? theme.dim : theme.phase[rule.phase];
  const lines = [
    paint(alignLeft(head, width - FIGURES) + alignRight(figures, FIGURES)),
    ...wrap(escapeText(rule.because), width - 2).map((line) => theme.dim(`  ${line}`)),
  ];
  for (const segment of rule.longest) {
    const at = formatMs(segment.start - (run.window?.start ?? 0));
    const lead = alignRight(formatDuration(lengthOf(segment)), EXAMPLE - 2);
    const words = `@${at}ms ${segment.actor}: ${shortenIds(escapeText(segmentText(recording, segment)))}`;
    wrap(words, width - EXAMPLE).forEach((line, index) => {
      lines.push(`${index === 0 ? `${lead}  ` : ' '.repeat(EXAMPLE)}${line}`);
    });
  }
  return lines;
}

/** The rules shown, what is left for others or none, and the window. */
function balance(rules: readonly RuleExplanation[], run: ContainerRun): string {
  const shown = new Set(rules.map(({ rule }) => rule));
  const ruled = rules.reduce((sum, { ns }) => sum + ns, 0);
  const total = (segments: readonly Segment[]): number =>
    segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
  const unattributed = total(run.segments.filter(({ phase }) => phase === undefined));
  const others = total(
    run.segments.filter(({ phase, rule }) => phase !== undefined && !shown.has(rule)),
  );
  const window = lengthOfWindow(run);
  const sum = ruled + others + unattributed;
  return [
    `these rules ${formatCount(ruled)} ns`,
    ...(others > 0 ? [`other rules ${formatCount(others)} ns`] : []),
    `no rule ${formatCount(unattributed)} ns ${sum === window ? '=' : '≠'} window ${formatCount(window)} ns`,
  ].join(' + ');
}

const lengthOfWindow = ({ window }: ContainerRun): number =>
  window === undefined ? 0 : windowLength(window);

export function explanationJson(trace: Trace, explanationOf: ExplanationOf): string {
  return `${safeJson(
    {
      schema: 'dit.explain/1',
      runs: trace.runs.map((run) => ({
        ...runIdentity(run),
        rules: explanationOf(run).map((rule) => ({
          rule: rule.rule,
          phase: rule.phase,
          categories: rule.categories,
          because: rule.because,
          segments: rule.segments,
          ns: rule.ns,
          examples: rule.longest.map((segment) => ({
            start_ns: segment.start,
            end_ns: segment.end,
            actor: segment.actor,
            tid: segment.tid,
            certainty: segment.certainty,
            text: segmentText(trace.recording, segment),
          })),
        })),
      })),
    },
    2,
  )}\n`;
}
