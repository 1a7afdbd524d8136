/**
 * Distributions as a picture, one dimension a picture: each group and platform a row with every value as a dot, the box of
 * its quartiles, and the median with its 95 % interval. Bars would hide what the data doctor looks for.
 */

import { escapeText } from '../../base/escape.js';
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import type {
  BenchComparison,
  ComparedGroup,
  GroupSummary,
} from '../../model/bench/bench-comparison.js';
import { cut } from '../common/columns.js';
import { plural } from '../common/format.js';
import { SANS } from '../look/style.js';
import { AT_END, Canvas, columnsIn, MARGIN, SMALL_SIZE, STRONG } from '../svg/svg-canvas.js';
import { element, xmlText } from '../svg/svg-markup.js';
import { LIGHT, type Palette } from '../svg/svg-paint.js';
import { formatBounds, formatValue, letterOf } from './compare-tables.js';

export interface Chart {
  readonly dimension: string;
  /** A whole document. */
  readonly svg: string;
}

const WIDTH = 960;
const LABELS = 250;
const FIGURES = 110;
const ROW = 34;
const DOT = 2.2;
/** Beyond this ratio a linear axis shows one heap. */
const LOG_FROM = 50;
/** More dots are one blot, and the file is large. */
const MOST_DOTS = 2000;

/** @param palette INLINE for charts on a page of dit's */
export function compareCharts(comparison: BenchComparison, palette: Palette = LIGHT): Chart[] {
  const measured = comparison.groups.filter(({ summaries }) =>
    summaries.some((summary) => (summary?.samples.length ?? 0) > 0),
  );
  return [...new Set(measured.map(({ dimension }) => dimension))].map((dimension) => ({
    dimension,
    svg: chart(
      dimension,
      measured.filter((each) => each.dimension === dimension),
      comparison,
      palette,
    ),
  }));
}

interface Row {
  readonly group: Foreign;
  readonly platform: number;
  readonly summary: GroupSummary;
}

function chart(
  dimension: string,
  groups: readonly ComparedGroup[],
  { platforms }: BenchComparison,
  palette: Palette,
): string {
  const unit = groups[0]?.unit ?? '';
  const rows = groups.flatMap(({ group, summaries }) =>
    summaries.flatMap((summary, platform): Row[] =>
      summary === undefined || summary.samples.length === 0 ? [] : [{ group, platform, summary }],
    ),
  );
  const axis = axisOf(rows, MARGIN + LABELS, WIDTH - MARGIN - FIGURES);
  const canvas = new Canvas(WIDTH, palette, `compare-${dimension}`);
  canvas.y += 8;
  canvas.text(MARGIN, `${dimension}, ${unit}${axis.logarithmic ? ', logarithmic axis' : ''}`, {
    ...STRONG,
    'font-size': 15,
  });
  canvas.y += 20;
  canvas.list(
    platforms.map(({ name }, index) => quoting`${letterOf(index)} ${name}`),
    canvas.palette.dim,
  );
  const top = canvas.y;
  const bottom = top + rows.length * ROW;
  canvas.y = top - 4;
  canvas.text(WIDTH - MARGIN, 'median', {
    ...AT_END,
    fill: canvas.palette.dim,
    'font-size': SMALL_SIZE,
  });
  for (const tick of axis.ticks) {
    const x = axis.at(tick);
    canvas.parts.push(
      element('line', { x1: x, x2: x, y1: top, y2: bottom + 4, stroke: canvas.palette.line }),
    );
    canvas.y = bottom + 18;
    canvas.text(x, tickText(tick), {
      'text-anchor': 'middle',
      fill: canvas.palette.dim,
      'font-size': SMALL_SIZE,
    });
  }
  rows.forEach((row, index) => {
    if (index > 0 && rows[index - 1]?.group !== row.group) {
      const y = top + index * ROW;
      canvas.parts.push(
        element('line', {
          x1: MARGIN,
          x2: WIDTH - MARGIN,
          y1: y,
          y2: y,
          stroke: canvas.palette.line,
        }),
      );
    }
    drawRow(canvas, row, top + index * ROW + ROW / 2, axis, rows[index - 1]?.group !== row.group);
  });
  canvas.y = bottom + 38;
  canvas.line(
    'dots: every value · box: quartiles · line: median · bar below: its 95 % interval (bootstrap)',
    canvas.palette.dim,
    SMALL_SIZE,
  );
  return document(canvas, `Distribution of ${dimension}, ${unit}`, inWords(rows));
}

function drawRow(
  canvas: Canvas,
  { group, platform, summary }: Row,
  middle: number,
  axis: Axis,
  named: boolean,
): void {
  const hue = canvas.palette.series(platform);
  canvas.y = middle + 4;
  const room = columnsIn(LABELS - 40, SMALL_SIZE);
  if (named) {
    canvas.text(MARGIN, cut(escapeText(group), room), { 'font-size': SMALL_SIZE });
  }
  canvas.text(MARGIN + LABELS - 14, letterOf(platform), {
    ...AT_END,
    ...STRONG,
    'font-size': SMALL_SIZE,
  });
  canvas.text(WIDTH - MARGIN, formatValue(summary.median), { ...AT_END, 'font-size': SMALL_SIZE });
  const values = summary.samples.map(({ value }) => value);
  const sorted = Float64Array.from(values).sort();
  const [low, high] = [quartile(sorted, 0.25), quartile(sorted, 0.75)];
  const every = Math.ceil(values.length / MOST_DOTS);
  const dots = values.flatMap((value, index) => {
    if (index % every !== 0) return [];
    const y = middle - 3 + spread(index) * (ROW / 2 - 7);
    return [element('circle', { cx: axis.at(value), cy: y, r: DOT })];
  });
  const median = axis.at(summary.median);
  canvas.parts.push(
    element('rect', {
      x: axis.at(low),
      y: middle - 11,
      width: Math.max(1, axis.at(high) - axis.at(low)),
      height: 16,
      fill: hue,
      'fill-opacity': 0.16,
      stroke: hue,
    }),
    element('g', { fill: hue, 'fill-opacity': 0.6 }, dots),
    element('line', {
      x1: median,
      x2: median,
      y1: middle - 13,
      y2: middle + 7,
      stroke: canvas.palette.text,
      'stroke-width': 2,
    }),
  );
  const { low: from, high: to } = summary.medianBounds;
  if (Number.isNaN(from)) return;
  canvas.parts.push(
    element('rect', {
      x: axis.at(from),
      y: middle + 9,
      width: Math.max(1.5, axis.at(to) - axis.at(from)),
      height: 3,
      fill: canvas.palette.text,
    }),
  );
}

/** From -1 to 1, even and the same each time: the golden ratio's multiples. */
const spread = (index: number): number => 2 * ((index * 0.6180339887) % 1) - 1;

function quartile(sorted: Float64Array, p: number): number {
  const at = (sorted.length - 1) * p;
  const below = sorted[Math.floor(at)] as number;
  return below + ((sorted[Math.ceil(at)] as number) - below) * (at - Math.floor(at));
}

interface Axis {
  readonly logarithmic: boolean;
  readonly ticks: readonly number[];
  /** Pixels. */
  readonly at: (value: number) => number;
}

function axisOf(rows: readonly Row[], left: number, right: number): Axis {
  const least = Math.min(...rows.map(({ summary }) => summary.min));
  const most = Math.max(...rows.map(({ summary }) => summary.max));
  const logarithmic = least > 0 && most / least > LOG_FROM;
  const [from, to] = logarithmic
    ? [Math.log10(least), Math.log10(most)]
    : [Math.min(least, zeroOr(least, most)), most];
  const pad = (to - from) * 0.02 || Math.abs(to) * 0.05 || 1;
  const [low, high] = [from - pad, to + pad];
  const place = (value: number): number => left + ((value - low) / (high - low)) * (right - left);
  return logarithmic
    ? {
        logarithmic,
        ticks: logTicks(low, high),
        at: (value) => place(Math.log10(value)),
      }
    : { logarithmic, ticks: linearTicks(low, high), at: place };
}

/** An axis begins at 0 unless that would press all values together. */
const zeroOr = (least: number, most: number): number => (least > 0.6 * most ? least : 0);

function linearTicks(low: number, high: number): number[] {
  const rough = (high - low) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

function logTicks(low: number, high: number): number[] {
  const factors = high - low > 2.5 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power++) {
    for (const factor of factors) {
      const at = power + Math.log10(factor);
      if (at >= low && at <= high) ticks.push(factor * 10 ** power);
    }
  }
  return ticks;
}

const tickText = (value: number): string => String(Number(value.toPrecision(6)));

/** The picture for those who do not see it. */
const inWords = (rows: readonly Row[]): Foreign =>
  joinForeign(
    rows.map(
      ({ group, platform, summary }) =>
        quoting`${letterOf(platform)} ${group}: median ${formatValue(summary.median)}, 95 % ${formatBounds(summary.medianBounds)}, ${plural(summary.samples.length, 'value')}`,
    ),
    '; ',
  );

function document(canvas: Canvas, title: string, description: Foreign): string {
  const size = { width: canvas.width, height: canvas.y };
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${size.width} ${Math.ceil(size.height)}`,
      ...size,
      role: 'img',
      'aria-labelledby': `${canvas.prefix}-title ${canvas.prefix}-desc`,
      'font-family': SANS,
      'font-size': 12,
    },
    [
      element('title', { id: `${canvas.prefix}-title` }, xmlText(title)),
      element('desc', { id: `${canvas.prefix}-desc` }, xmlText(description)),
      element('rect', { ...size, fill: canvas.palette.background }),
      ...canvas.parts,
    ],
  );
}
