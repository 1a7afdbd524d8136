/** The picture's tables: where the time on the critical path went, and the milestones by number. */

import { escapeText } from '../../base/escape.js';
import { phaseTotals, type Total } from '../../model/trace/totals.js';
import {
  type ContainerRun,
  type Milestone,
  type Span,
  windowLength,
} from '../../model/trace/trace.js';
import { cut } from '../common/columns.js';
import { formatCount, formatMs, formatPercent } from '../common/format.js';
import {
  AT_END,
  type Canvas,
  columnsIn,
  LINE_HEIGHT,
  MARGIN,
  STRONG,
  TEXT_SIZE,
} from './svg-canvas.js';
import { type Attributes, element } from './svg-markup.js';

/** Between the middle of a phase's table and the milestones' one. */
const TABLE_GAP = 40;
/** Narrower pictures have the tables one below the other. */
const LEAST_BESIDE = 900;
const PHASES_SHARE = 0.46;
const SHOWN_CATEGORIES = 4;
const INDENT = 22;
const NUMBER_WIDTH = 84;

/** @param span what the timeline shows: milestones outside are dimmed */
export function drawTables(
  canvas: Canvas,
  run: ContainerRun,
  milestones: readonly Milestone[],
  span: Span | undefined,
): void {
  const { room } = canvas;
  if (run.window === undefined) {
    drawMilestones(canvas, milestones, span, MARGIN, room);
    return;
  }
  if (room < LEAST_BESIDE) {
    drawPhases(canvas, run, room);
    drawMilestones(canvas, milestones, span, MARGIN, room);
    return;
  }
  const top = canvas.y;
  const left = Math.floor(room * PHASES_SHARE);
  drawPhases(canvas, run, left);
  const bottom = canvas.y;
  canvas.y = top;
  drawMilestones(canvas, milestones, span, MARGIN + left + TABLE_GAP, room - left - TABLE_GAP);
  canvas.y = Math.max(canvas.y, bottom);
}

function drawPhases(canvas: Canvas, { segments, window }: ContainerRun, width: number): void {
  if (window === undefined) return;
  const { dim, text } = canvas.palette;
  const length = windowLength(window);
  const totals = phaseTotals(segments);
  const right = MARGIN + width;
  const cells = (texts: readonly string[], attributes: Attributes): void => {
    texts.forEach((each, index) => {
      const x = right - (2 - index) * NUMBER_WIDTH;
      canvas.text(x, each, { ...AT_END, ...attributes });
    });
  };
  const row = (name: string, { ns, waitingNs }: Total, attributes: Attributes): void => {
    const room = width - 3 * NUMBER_WIDTH - INDENT;
    canvas.text(MARGIN + INDENT, cut(name, columnsIn(room, TEXT_SIZE)), attributes);
    cells([formatMs(ns), formatPercent(ns / length), formatMs(waitingNs)], attributes);
    canvas.y += LINE_HEIGHT;
  };

  canvas.text(MARGIN, 'Critical path', STRONG);
  cells(['ms', 'share', 'waiting ms'], { fill: dim });
  canvas.y += LINE_HEIGHT + 2;
  for (const { phase, categories, ...total } of totals) {
    if (phase === 'unattributed' && total.ns === 0) continue;
    const swatch = { x: MARGIN, y: canvas.y - 10, width: 14, height: 11, fill: canvas.fill(phase) };
    canvas.parts.push(element('rect', swatch));
    row(phase, total, { fill: text, ...STRONG });
    if (phase === 'unattributed') continue;
    for (const category of categories.slice(0, SHOWN_CATEGORIES)) {
      row(escapeText(category.category), category, { fill: dim });
    }
    const rest = categories.slice(SHOWN_CATEGORIES);
    if (rest.length > 0) row(`${formatCount(rest.length)} more`, sumOf(rest), { fill: dim });
  }
  const sum = sumOf(totals);
  row(sum.ns === length ? 'sum = window' : 'sum', sum, { fill: dim });
  canvas.y += 6;
}

const sumOf = (totals: readonly Total[]): Total => ({
  ns: totals.reduce((sum, { ns }) => sum + ns, 0),
  waitingNs: totals.reduce((sum, { waitingNs }) => sum + waitingNs, 0),
});

function drawMilestones(
  canvas: Canvas,
  milestones: readonly Milestone[],
  span: Span | undefined,
  x: number,
  width: number,
): void {
  const { dim, text } = canvas.palette;
  const begin = milestones[0]?.time;
  if (begin === undefined) return;
  const columns = width >= 480 ? 2 : 1;
  const columnWidth = (width - TABLE_GAP * (columns - 1)) / columns;
  const rows = Math.ceil(milestones.length / columns);
  canvas.text(x, 'Milestones', STRONG);
  for (let column = 0; column < columns; column++) {
    const right = x + column * (columnWidth + TABLE_GAP) + columnWidth;
    canvas.text(right, '+ms', { fill: dim, ...AT_END });
  }
  const top = canvas.y + LINE_HEIGHT + 2;
  const room = columnsIn(columnWidth - INDENT - NUMBER_WIDTH, TEXT_SIZE);
  milestones.forEach(({ name, time, certainty }, index) => {
    const left = x + Math.floor(index / rows) * (columnWidth + TABLE_GAP);
    canvas.y = top + (index % rows) * LINE_HEIGHT;
    const isDrawn = span !== undefined && time >= span.start && time <= span.end;
    const fill = isDrawn ? text : dim;
    const label = certainty === 'inferred' ? `${cut(name, room - 2)} *` : cut(name, room);
    canvas.text(left + INDENT - 8, String(index + 1), { fill, ...AT_END });
    canvas.text(left + INDENT, label, { fill });
    canvas.text(left + columnWidth, formatMs(time - begin), { fill, ...AT_END });
  });
  canvas.y = top + rows * LINE_HEIGHT;
  if (milestones.some(({ certainty }) => certainty === 'inferred')) {
    canvas.text(x + INDENT, '* inferred', { fill: dim });
    canvas.y += LINE_HEIGHT;
  }
  canvas.y += 6;
}
