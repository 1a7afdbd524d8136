/** The head of a timeline on a canvas: all that was recorded in small, the milestones, the axis. */
import { phaseOf } from '../../model/trace/totals.js';
import { visitVisible } from '../data/span-list.js';
import type { Start } from '../data/starts.js';
import { Batch } from './batch.js';
import type { Palette } from './palette.js';
import { milestonesOf, type Target } from './target.js';
import { ticksOf } from './ticks.js';

export interface HeadScene {
  readonly start: Start;
  /** ns since the origin: what the lanes show, and all that the reader can go to. */
  readonly view: { readonly from: number; readonly to: number };
  readonly whole: { readonly from: number; readonly to: number };
  readonly width: number;
  readonly palette: Palette;
  readonly selected: Target | undefined;
  readonly range: { readonly start: number; readonly end: number } | undefined;
}

export const OVERVIEW_HEIGHT = 22;
const FLAG_HEIGHT = 15;
const FLAG_ROWS = 2;
const FLAGS_Y = OVERVIEW_HEIGHT + 4;
export const AXIS_Y = FLAGS_Y + FLAG_ROWS * FLAG_HEIGHT + 2;
export const HEAD_HEIGHT = AXIS_Y + 18;
const NUMBER_WIDTH = 16;

export function drawHead(pen: CanvasRenderingContext2D, scene: HeadScene): void {
  pen.clearRect(0, 0, scene.width, HEAD_HEIGHT);
  drawOverview(pen, scene);
  drawAxis(pen, scene);
  for (const flag of flagsOf(pen, scene)) drawFlag(pen, scene, flag);
}

function drawOverview(pen: CanvasRenderingContext2D, scene: HeadScene): void {
  const { start, whole, view, width, palette } = scene;
  const scale = width / (whole.to - whole.from);
  const x = (time: number): number => (time - whole.from) * scale;
  pen.fillStyle = palette.lane;
  pen.fillRect(0, 0, width, OVERVIEW_HEIGHT);
  const batch = new Batch();
  const segments = start.run?.segments ?? [];
  const { whole: path } = start.path;
  const from = whole.from + start.origin;
  visitVisible(path, from, whole.to + start.origin, 1 / scale, (first, last) => {
    let longest = first;
    const length = (index: number): number =>
      (path.end[index] as number) - (path.start[index] as number);
    for (let index = first + 1; index <= last; index++) {
      if (length(index) > length(longest)) longest = index;
    }
    const segment = segments[path.id[longest] as number];
    const left = x((path.start[first] as number) - start.origin);
    const right = x((path.end[last] as number) - start.origin);
    if (segment !== undefined) {
      batch.add(palette.phase[phaseOf(segment)], left, 6, Math.max(1, right - left), 10);
    }
  });
  batch.fill(pen);
  const left = Math.max(0, x(view.from));
  const right = Math.min(width, x(view.to));
  pen.fillStyle = palette.background;
  pen.globalAlpha = 0.65;
  pen.fillRect(0, 0, left, OVERVIEW_HEIGHT);
  pen.fillRect(right, 0, width - right, OVERVIEW_HEIGHT);
  pen.globalAlpha = 1;
  pen.strokeStyle = palette.muted;
  pen.lineWidth = 1;
  pen.strokeRect(left + 0.5, 0.5, Math.max(2, right - left - 1), OVERVIEW_HEIGHT - 1);
  pen.fillStyle = palette.muted;
  for (const edge of [left, right - 3]) pen.fillRect(edge, 7, 3, 8);
}

function drawAxis(pen: CanvasRenderingContext2D, scene: HeadScene): void {
  const { view, width, palette, range } = scene;
  const scale = width / (view.to - view.from);
  pen.fillStyle = palette.muted;
  pen.font = palette.smallFont;
  pen.textBaseline = 'alphabetic';
  for (const { time, label } of ticksOf(view.from, view.to, width)) {
    const x = Math.round((time - view.from) * scale);
    pen.fillRect(x, AXIS_Y + 12, 1, 6);
    const half = pen.measureText(label).width / 2;
    const left = Math.min(Math.max(x - half, 0), width - 2 * half);
    pen.fillText(label, left, AXIS_Y + 9);
  }
  pen.fillRect(0, HEAD_HEIGHT - 1, width, 1);
  if (range === undefined) return;
  pen.fillStyle = palette.accent;
  const left = (range.start - view.from) * scale;
  pen.fillRect(left, HEAD_HEIGHT - 4, (range.end - range.start) * scale, 3);
}

interface Flag {
  readonly index: number;
  readonly name: string;
  readonly x: number;
  readonly row: number;
  /** '' where there is no room for it. */
  readonly label: string;
}

/** The milestones in view on as few rows as keep them apart; those without room have only a tick. */
function flagsOf(pen: CanvasRenderingContext2D, scene: HeadScene): Flag[] {
  const { start, view, width } = scene;
  const scale = width / (view.to - view.from);
  const rightOf = Array.from({ length: FLAG_ROWS }, () => Number.NEGATIVE_INFINITY);
  const flags: { index: number; name: string; x: number; row: number }[] = [];
  milestonesOf(start).forEach(({ name, time }, index) => {
    const x = (time - start.origin - view.from) * scale;
    if (x < 0 || x > width) return;
    const left = Math.min(x, width - NUMBER_WIDTH);
    const row = rightOf.findIndex((right) => right <= left);
    if (row >= 0) rightOf[row] = left + NUMBER_WIDTH;
    flags.push({ index, name, x: left, row });
  });
  pen.font = scene.palette.smallFont;
  return flags.map((flag) => {
    const next = flags.find(({ x, row }) => row === flag.row && x > flag.x);
    const room = (next?.x ?? width) - flag.x - NUMBER_WIDTH - 6;
    const label = flag.row >= 0 && pen.measureText(flag.name).width <= room ? flag.name : '';
    return { ...flag, label };
  });
}

function drawFlag(pen: CanvasRenderingContext2D, scene: HeadScene, flag: Flag): void {
  const { palette, selected } = scene;
  const { index, x, row, label } = flag;
  const isSelected = selected?.kind === 'milestone' && selected.index === index;
  const colour = isSelected ? palette.accent : palette.muted;
  pen.fillStyle = colour;
  pen.globalAlpha = isSelected ? 1 : 0.5;
  const y = FLAGS_Y + Math.max(row, 0) * FLAG_HEIGHT;
  pen.fillRect(Math.round(x), row < 0 ? AXIS_Y : y, 1, HEAD_HEIGHT - (row < 0 ? AXIS_Y : y));
  pen.globalAlpha = 1;
  if (row < 0) return;
  pen.font = palette.smallFont;
  pen.textBaseline = 'middle';
  const number = String(index + 1);
  const middle = y + FLAG_HEIGHT / 2;
  const wide = number.length > 1 ? 15 : 11;
  pen.fillStyle = isSelected ? palette.accent : palette.text;
  pen.fillRect(x, y + 1, wide, FLAG_HEIGHT - 3);
  pen.fillStyle = palette.background;
  pen.fillText(number, x + (wide - pen.measureText(number).width) / 2, middle);
  if (label === '') return;
  pen.fillStyle = isSelected ? palette.accent : palette.text;
  pen.fillText(label, x + wide + 4, middle);
}

/** The milestone whose flag is there. */
export function flagAt(
  pen: CanvasRenderingContext2D,
  scene: HeadScene,
  x: number,
  y: number,
): Target | undefined {
  const hit = flagsOf(pen, scene).find((flag) => {
    const top = FLAGS_Y + flag.row * FLAG_HEIGHT;
    const wide = NUMBER_WIDTH + (flag.label === '' ? 0 : pen.measureText(flag.label).width + 4);
    return flag.row >= 0 && x >= flag.x && x <= flag.x + wide && y >= top && y < top + FLAG_HEIGHT;
  });
  return hit === undefined ? undefined : { kind: 'milestone', index: hit.index };
}
