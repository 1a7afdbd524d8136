/** The picture's lanes with their axis, the milestones' numbers below it, and the legend. */

import { ACTORS } from '../../model/trace/actor-kind.js';
import type { ContainerRun, Milestone, Span, Trace } from '../../model/trace/trace.js';
import { formatMs } from '../common/format.js';
import { niceStep } from '../text/timeline.js';
import {
  AT_END,
  type Canvas,
  LINE_HEIGHT,
  MARGIN,
  SMALL_SIZE,
  STRONG,
  TEXT_SIZE,
  widthOf,
} from './svg-canvas.js';
import { type Lane, type Presence, pathLanes, presenceOf, type Raster } from './svg-lanes.js';
import { element, xmlText } from './svg-markup.js';
import { FILL_NAMES, FILLS, type Fill } from './svg-paint.js';

const LABEL_WIDTH = 112;
const TOTAL_WIDTH = 92;
const LEFT = MARGIN + LABEL_WIDTH;
const LANE_HEIGHT = 18;
const PATH_HEIGHT = 26;
const LANE_GAP = 8;
/** Between two ticks, at least. */
const TICK_STEP = 84;
/** Between the middles of two milestones' numbers, at least. */
const NUMBER_STEP = 18;
const NUMBER_SIZE = 10;
const NUMBER_RADIUS = 8;
const SWATCH_WIDTH = 18;

/**
 * @param span what is drawn: the run's window, or what there is of a start that failed
 * @param milestones by time; their places are their numbers
 */
export function drawTimeline(
  canvas: Canvas,
  trace: Trace,
  run: ContainerRun,
  span: Span,
  milestones: readonly Milestone[],
): void {
  const raster: Raster = { span, columns: canvas.width - LEFT - TOTAL_WIDTH - MARGIN };
  const lanes = new Map(pathLanes(run, raster).map((lane) => [lane.name, lane]));
  const presence = presenceOf(trace, run, raster);
  const top = canvas.y;
  const behind = canvas.parts.length;
  const path = lanes.get('path');
  if (path !== undefined) drawLane(canvas, 'critical path', PATH_HEIGHT, path, undefined);
  for (const actor of ACTORS) {
    const lane = lanes.get(actor);
    if (lane === undefined && (actor === 'other' || !presence.has(actor))) continue;
    drawLane(canvas, actor, LANE_HEIGHT, lane, presence.get(actor));
  }
  canvas.parts.splice(behind, 0, gridLines(canvas, raster, top));
  drawAxis(canvas, raster);
  drawNumbers(canvas, raster, milestones, top);
  drawLegend(canvas, run);
}

function drawLane(
  canvas: Canvas,
  label: string,
  height: number,
  lane: Lane | undefined,
  presence: Presence | undefined,
): void {
  const { busy, text, dim } = canvas.palette;
  const middle = canvas.y + height / 2;
  const bar = (from: number, columns: number, thickness: number, fill: string): string =>
    element('rect', {
      x: LEFT + from,
      y: middle - thickness / 2,
      width: columns,
      height: thickness,
      fill,
    });
  const isPath = lane?.name === 'path';
  const baseline = { y: middle + 4, ...AT_END, ...(isPath ? STRONG : {}) };
  const total = lane === undefined ? '' : `${formatMs(lane.total, 1)} ms`;
  const role = isPath || total === '' ? '' : `: ${total} on the critical path`;
  const parts = [
    element('title', {}, xmlText(label + role)),
    element('text', { x: LEFT - 10, fill: text, ...baseline }, xmlText(label)),
    ...(presence?.alive ?? []).map(({ from, columns }) => bar(from, columns, 1.5, busy)),
    ...(presence?.busy ?? []).map(({ from, columns }) => bar(from, columns, 6, busy)),
    ...(lane?.stretches ?? []).map(({ from, columns, fill }) =>
      bar(from, columns, height, canvas.fill(fill)),
    ),
  ];
  if (total !== '') {
    const place = { x: canvas.width - MARGIN, fill: isPath ? text : dim, ...baseline };
    parts.push(element('text', place, total));
  }
  canvas.parts.push(element('g', { class: 'lane' }, parts));
  canvas.y += height + LANE_GAP;
}

function ticksOf({ span, columns }: Raster): { readonly x: number; readonly label: string }[] {
  const length = span.end - span.start;
  const step = niceStep((TICK_STEP * length) / columns);
  const decimals = Math.max(0, -Math.floor(Math.log10(step / 1e6) + 1e-9));
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, tick) => ({
    x: LEFT + (tick * step * columns) / length,
    label: formatMs(tick * step, decimals),
  }));
}

function gridLines(canvas: Canvas, raster: Raster, top: number): string {
  const ends = { y1: top, y2: canvas.y, stroke: canvas.palette.line };
  const lines = ticksOf(raster).map(({ x }) => element('line', { x1: x, x2: x, ...ends }));
  return element('g', { class: 'grid' }, lines);
}

function drawAxis(canvas: Canvas, raster: Raster): void {
  const { dim } = canvas.palette;
  const { y } = canvas;
  const right = LEFT + raster.columns;
  const label = { y: y + 15, fill: dim, 'font-size': SMALL_SIZE };
  const parts = ticksOf(raster).map(({ x, label: text }) =>
    element('text', { x, ...label, 'text-anchor': 'middle' }, text),
  );
  canvas.parts.push(
    element('g', { class: 'axis' }, [
      element('line', { x1: LEFT, x2: right, y1: y, y2: y, stroke: dim }),
      ...parts,
      element('text', { x: canvas.width - MARGIN, ...label, ...AT_END }, 'ms'),
    ]),
  );
  canvas.y += 20;
}

/** Numbers in one row, moved apart where they are close, each with a line up to its time. */
function drawNumbers(
  canvas: Canvas,
  { span, columns }: Raster,
  milestones: readonly Milestone[],
  top: number,
): void {
  const { text, dim, background } = canvas.palette;
  const shown = milestones.flatMap(({ name, time }, index) => {
    const share = (time - span.start) / (span.end - span.start);
    return share < 0 || share > 1 ? [] : [{ name, number: index + 1, x: LEFT + share * columns }];
  });
  const places = moveApart(
    shown.map(({ x }) => x),
    LEFT + columns,
  );
  const lanesEnd = canvas.y - 20;
  const row = canvas.y + 22;
  const stroke = { stroke: dim, 'stroke-width': 0.75, fill: 'none' };
  const marks = shown.map(({ name, number, x }, index) => {
    const at = places[index] ?? x;
    const from = Math.round(x * 10) / 10;
    const to = Math.round(at * 10) / 10;
    const up = { d: `M${from} ${top}V${lanesEnd}`, ...stroke, 'stroke-dasharray': '2 3' };
    const down = { d: `M${from} ${canvas.y}L${to} ${row - NUMBER_RADIUS}`, ...stroke };
    const label = { x: at, y: row + 3.5, fill: text, 'text-anchor': 'middle' };
    return element('g', {}, [
      element('title', {}, xmlText(`${number} ${name}`)),
      element('path', up),
      element('path', down),
      element('circle', { cx: at, cy: row, r: NUMBER_RADIUS, ...stroke, fill: background }),
      element('text', { ...label, 'font-size': NUMBER_SIZE }, String(number)),
    ]);
  });
  canvas.parts.push(element('g', { class: 'milestones' }, marks));
  canvas.y = row + 34;
}

/** Places in the same order, no two closer than NUMBER_STEP, none right of `end`. */
function moveApart(wanted: readonly number[], end: number): number[] {
  const places = [...wanted];
  places.forEach((place, index) => {
    const before = places[index - 1];
    if (before !== undefined) places[index] = Math.max(place, before + NUMBER_STEP);
  });
  let limit = end;
  for (let index = places.length - 1; index >= 0; index--) {
    places[index] = Math.min(places[index] as number, limit);
    limit = (places[index] as number) - NUMBER_STEP;
  }
  return places;
}

function drawLegend(canvas: Canvas, { segments }: ContainerRun): void {
  const { busy, dim } = canvas.palette;
  const hasPath = segments.length > 0;
  const hasUnattributed = segments.some(({ phase }) => phase === undefined);
  const fills: readonly Fill[] = hasPath
    ? FILLS.filter((fill) => fill !== 'unattributed' || hasUnattributed)
    : [];
  const entries = [
    ...fills.map((fill) => ({ name: FILL_NAMES[fill], height: 11, fill: canvas.fill(fill) })),
    { name: hasPath ? 'busy beside the path' : 'busy', height: 6, fill: busy },
    { name: 'there, idle', height: 1.5, fill: busy },
  ];
  const parts: string[] = [];
  let x = MARGIN;
  for (const { name, height, fill } of entries) {
    const end = x + SWATCH_WIDTH + 6 + widthOf(name, TEXT_SIZE);
    if (end > canvas.width - MARGIN && x > MARGIN) {
      x = MARGIN;
      canvas.y += LINE_HEIGHT;
    }
    const swatch = { x, y: canvas.y - 4 - height / 2, width: SWATCH_WIDTH, height, fill };
    parts.push(element('rect', swatch));
    const place = { x: x + SWATCH_WIDTH + 6, y: canvas.y, fill: dim };
    parts.push(element('text', place, xmlText(name)));
    x += SWATCH_WIDTH + 6 + widthOf(name, TEXT_SIZE) + 16;
  }
  canvas.parts.push(element('g', { class: 'legend' }, parts));
  canvas.y += LINE_HEIGHT + 14;
}
