/**
 * The lanes on a canvas: slices in rows, the critical path through the lanes' heads, wake-ups, what is selected.
 * Grey is what happened; colour is the critical path, by phase. On the path a high bar runs and a low one waits.
 */

import { escapeText } from '../../base/escape.js';
import { isWaiting, type PhaseName, phaseOf } from '../../model/trace/totals.js';
import type { Segment } from '../../model/trace/trace.js';
import { SLICE_KINDS } from '../../model/trace/tracks.js';
import type { Lane, Row } from '../data/lanes.js';
import { type SpanList, visitVisible } from '../data/span-list.js';
import type { Start } from '../data/starts.js';
import { Batch } from './batch.js';
import {
  boxesOf,
  depthY,
  LANE_HEIGHT,
  type Layout,
  type Placed,
  RUNNING_HEIGHT,
  SLICE_HEIGHT,
  STRIP,
} from './layout.js';
import type { Palette } from './palette.js';
import type { Found } from './search.js';
import { milestonesOf, placeOf, rowOfTrack, spanOf, type Target } from './target.js';
import { ticksOf } from './ticks.js';

export interface Scene {
  readonly start: Start;
  readonly layout: Layout;
  /** Trace time. */
  readonly from: number;
  readonly to: number;
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** What has been scrolled away above. */
  readonly scroll: number;
  readonly palette: Palette;
  readonly selected: Target | undefined;
  readonly hovered: Target | undefined;
  readonly found: Found;
  /** Trace time. */
  readonly range: { readonly from: number; readonly to: number } | undefined;
  /** All of them, not those of what is selected alone. */
  readonly wakeUps: boolean;
}

/** Narrower bars have no room for a letter. */
const TEXT_LEAST = 26;
const TEXT_MARGIN = 4;
/** Of a name that is cut. */
const LETTERS_LEAST = 4;
/** Of a bar that stands for a thread that runs. */
const WAITING_HEIGHT = 0.5;
/** The path is drawn no finer: it flickers between threads that run and wait. */
const PATH_PX = 2;
/** A stay of the path in a lane that is narrower is passed over by the line. */
const STAY_LEAST = 4;
/** More arrows than these are a carpet. */
export const MOST_ARROWS = 1500;
/** So many can stand out. */
const FEW_ARROWS = 40;
const MOST_MATCHES = 2000;
/** A pixel less filled than this is drawn lighter. */
const SPARSE = 0.3;
const COPY_UP = SLICE_KINDS.indexOf('copy-up');
const REQUEST = SLICE_KINDS.indexOf('request');
const PROGRAM = SLICE_KINDS.indexOf('program');
const THREAD = SLICE_KINDS.indexOf('thread');

/** Draws all of it. Returns how many wake-ups there were to draw: more than MOST_ARROWS are not all drawn. */
export function drawLanes(context: CanvasRenderingContext2D, scene: Scene): number {
  return new LanePainter(context, scene).draw();
}

interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly colour: string;
}

class LanePainter {
  readonly #pen: CanvasRenderingContext2D;
  readonly #scene: Scene;
  readonly #under = new Batch();
  readonly #soft = new Batch();
  readonly #over = new Batch();
  readonly #patterns = new Batch();
  /** Below the path, and above it. */
  readonly #outerLabels: Label[] = [];
  readonly #labels: Label[] = [];
  readonly #scale: number;
  readonly #pixelNs: number;

  constructor(context: CanvasRenderingContext2D, scene: Scene) {
    this.#pen = context;
    this.#scene = scene;
    this.#scale = scene.width / (scene.to - scene.from);
    this.#pixelNs = 1 / this.#scale;
  }

  draw(): number {
    const { width, height, scroll, layout, palette } = this.#scene;
    this.#pen.clearRect(0, 0, width, height);
    this.#drawBackground();
    for (const placed of layout.placed) {
      if (placed.y + placed.height < scroll || placed.y > scroll + height) continue;
      if (placed.row === undefined) this.#drawHead(placed);
      else this.#drawRow(placed, placed.row);
    }
    this.#under.fill(this.#pen);
    this.#drawLabels(this.#outerLabels);
    this.#pen.globalAlpha = 0.55;
    this.#soft.fill(this.#pen);
    this.#pen.globalAlpha = 1;
    this.#over.fill(this.#pen);
    this.#patterns.fill(this.#pen);
    this.#drawLabels(this.#labels);
    this.#drawPathLine();
    this.#drawMilestones();
    this.#drawMatches();
    const arrows = this.#drawWakeUps();
    this.#drawOutline(this.#scene.hovered, palette.muted, 1);
    this.#drawOutline(this.#scene.selected, palette.text, 2);
    this.#drawRange();
    return arrows;
  }

  #x(time: number): number {
    return (time - this.#scene.from) * this.#scale;
  }

  #drawBackground(): void {
    const { layout, palette, width, height, scroll, start, from, to } = this.#scene;
    this.#pen.fillStyle = palette.lane;
    for (const { y, row } of layout.placed) {
      if (row === undefined && y + LANE_HEIGHT >= scroll && y <= scroll + height) {
        this.#pen.fillRect(0, y - scroll, width, LANE_HEIGHT);
      }
    }
    this.#pen.fillStyle = palette.rule;
    for (const { time } of ticksOf(from - start.origin, to - start.origin, width)) {
      this.#pen.fillRect(Math.round(this.#x(time + start.origin)), 0, 1, height);
    }
    const window = start.run?.window;
    if (window === undefined) return;
    // What is not measured is not as bright.
    this.#pen.fillStyle = palette.shade;
    const before = Math.min(Math.max(this.#x(window.start), 0), width);
    const after = Math.min(Math.max(this.#x(window.end), 0), width);
    this.#pen.fillRect(0, 0, before, height);
    this.#pen.fillRect(after, 0, width - after, height);
  }

  #drawHead({ y, lane }: Placed): void {
    const { from, to } = this.#scene;
    this.#drawRunning(lane.busy, from, to, y + STRIP.y + STRIP.height + 1);
    if (lane.path !== undefined) {
      this.#drawPath(lane.path, from, to, y + STRIP.y, STRIP.height, true);
    }
  }

  #drawRunning(list: SpanList, from: number, to: number, y: number): void {
    const { palette, scroll } = this.#scene;
    visitVisible(list, from, to, this.#pixelNs, (first, last) => {
      const [x, width] = this.#box(list, first, last, from, to);
      this.#over.add(palette.running, x, y - scroll, width, RUNNING_HEIGHT - 1);
    });
  }

  #drawRow({ y }: Placed, row: Row): void {
    const from = Math.max(this.#scene.from, row.from);
    const to = Math.min(this.#scene.to, row.to);
    if (to < from) return;
    row.depths.forEach((list, depth) => {
      this.#drawSlices(row, list, from, to, y + depthY(depth));
    });
    if (row.running !== undefined) {
      this.#drawRunning(row.running, from, to, y + depthY(row.depths.length));
    }
    if (row.path !== undefined) {
      this.#drawPath(row.path, from, to, y, SLICE_HEIGHT, false);
      this.#drawCallsOnPath(row.path, from, to, y + depthY(1));
    }
  }

  /** Where a group of spans is drawn: x and width, at least a pixel wide. */
  #box(list: SpanList, first: number, last: number, from: number, to: number): [number, number] {
    const x = this.#x(Math.max(list.start[first] as number, from));
    const right = this.#x(Math.min(list.end[last] as number, to));
    const width = right - x;
    // A gap shows where one ends and the next begins.
    return [x, width >= 3 ? width - 1 : Math.max(width, 1)];
  }

  #drawSlices(row: Row, list: SpanList, from: number, to: number, y: number): void {
    const { palette, start, scroll } = this.#scene;
    const { slices, names } = start.tracks;
    const top = y - scroll;
    visitVisible(list, from, to, this.#pixelNs, (first, last) => {
      const id = list.id[first] as number;
      const kind = slices.kind[id] as number;
      const [x, width] = this.#box(list, first, last, from, to);
      if (kind === COPY_UP) {
        this.#over.add(palette.phase.storage, x, top, width, SLICE_HEIGHT);
        const { storage } = palette.pattern;
        if (storage !== undefined) this.#patterns.add(storage, x, top, width, SLICE_HEIGHT);
      } else {
        const isOuter = kind === PROGRAM || kind === THREAD || kind === REQUEST;
        const colour = isOuter ? palette.program : palette.call;
        const filled =
          ((list.lengthBefore[last + 1] as number) - (list.lengthBefore[first] as number)) *
          this.#scale;
        const batch = filled < SPARSE ? this.#soft : this.#under;
        batch.add(colour, x, top, width, SLICE_HEIGHT);
      }
      if (width < TEXT_LEAST) return;
      const name = names[slices.name[id] as number] ?? '';
      // The row's own name stands beside it.
      const isNamed = (kind === PROGRAM || kind === THREAD) && name === row.name;
      if (isNamed) return;
      const labels = kind === PROGRAM || kind === THREAD ? this.#outerLabels : this.#labels;
      const colour = kind === COPY_UP ? palette.phaseText.storage : palette.callText;
      this.#label(labels, escapeText(name), x, top, width, colour);
    });
  }

  #drawPath(
    list: SpanList,
    from: number,
    to: number,
    y: number,
    height: number,
    named: boolean,
  ): void {
    const { palette, start, scroll } = this.#scene;
    const segments = start.run?.segments ?? [];
    const top = y - scroll;
    visitVisible(list, from, to, PATH_PX * this.#pixelNs, (first, last) => {
      const { phase, ran, segment } = lookOf(list, first, last, segments);
      const [x, width] = this.#box(list, first, last, from, to);
      const high = Math.round(height * (WAITING_HEIGHT + (1 - WAITING_HEIGHT) * ran));
      const y0 = top + height - high;
      this.#over.add(palette.phase[phase], x, y0, width, high);
      const pattern = palette.pattern[phase];
      if (pattern !== undefined) this.#patterns.add(pattern, x, y0, width, high);
      if (!named || ran < 1 || width < TEXT_LEAST || segment === undefined) return;
      const category = escapeText(segment.category);
      this.#label(this.#labels, category, x, top, width, palette.phaseText[phase]);
    });
  }

  /** The syscalls that the path goes through have its colour. */
  #drawCallsOnPath(list: SpanList, from: number, to: number, y: number): void {
    const { palette, start, scroll } = this.#scene;
    const segments = start.run?.segments ?? [];
    visitVisible(list, from, to, this.#pixelNs, (first, last) => {
      const { phase, segment } = lookOf(list, first, last, segments);
      if (segment?.syscall === undefined) return;
      const [x, width] = this.#box(list, first, last, from, to);
      this.#soft.add(palette.phase[phase], x, y - scroll, width, SLICE_HEIGHT);
    });
  }

  #label(labels: Label[], text: string, x: number, y: number, width: number, colour: string): void {
    const left = Math.max(x, 0);
    const right = Math.min(x + width, this.#scene.width);
    if (right - left >= TEXT_LEAST) {
      labels.push({ text, x: left, y, width: right - left, colour });
    }
  }

  #drawLabels(labels: readonly Label[]): void {
    const pen = this.#pen;
    pen.font = this.#scene.palette.font;
    pen.textBaseline = 'middle';
    pen.textAlign = 'left';
    const letter = pen.measureText('m').width;
    for (const { text, x, y, width, colour } of labels) {
      const room = Math.floor((width - 2 * TEXT_MARGIN) / letter);
      if (room < LETTERS_LEAST && text.length > room) continue;
      pen.fillStyle = colour;
      const shown = text.length <= room ? text : `${text.slice(0, room - 1)}…`;
      pen.fillText(shown, x + TEXT_MARGIN, y + SLICE_HEIGHT / 2 + 0.5);
    }
  }

  /** From lane to lane, where the path stays long enough to be seen. */
  #drawPathLine(): void {
    const { start, layout, from, to, scroll, palette, height } = this.#scene;
    const lanes = new Map<string, number>();
    for (const { y, lane, row } of layout.placed) {
      if (row === undefined) lanes.set(lane.actor, y + STRIP.y + STRIP.height / 2 - scroll);
    }
    const segments = start.run?.segments ?? [];
    const stays: { actor: string; x: number; right: number }[] = [];
    const { whole } = start.path;
    visitVisible(whole, from, to, this.#pixelNs, (first, last) => {
      const actor = mostlyOf(whole, first, last, segments);
      const x = this.#x(whole.start[first] as number);
      const right = this.#x(whole.end[last] as number);
      const before = stays.at(-1);
      if (before?.actor === actor) {
        before.right = right;
        return;
      }
      // Too short a stay is as if the path had not been there.
      if (before !== undefined && before.right - before.x < STAY_LEAST) {
        stays.pop();
        const earlier = stays.at(-1);
        if (earlier?.actor === actor) {
          earlier.right = right;
          return;
        }
      }
      stays.push({ actor, x, right });
    });
    const pen = this.#pen;
    pen.beginPath();
    for (let index = 1; index < stays.length; index++) {
      const stay = stays[index] as (typeof stays)[number];
      const y0 = lanes.get((stays[index - 1] as typeof stay).actor);
      const y1 = lanes.get(stay.actor);
      if (y0 === undefined || y1 === undefined || stay.right - stay.x < STAY_LEAST) continue;
      if (Math.max(y0, y1) < 0 || Math.min(y0, y1) > height) continue;
      const x = Math.round(stay.x) + 0.5;
      pen.moveTo(x, y0);
      pen.lineTo(x, y1);
    }
    pen.strokeStyle = palette.text;
    pen.lineWidth = 1;
    pen.globalAlpha = 0.5;
    pen.stroke();
    pen.globalAlpha = 1;
  }

  #drawMilestones(): void {
    const { start, palette, height, width } = this.#scene;
    const pen = this.#pen;
    pen.beginPath();
    for (const { time } of milestonesOf(start)) {
      const x = Math.round(this.#x(time)) + 0.5;
      if (x < 0 || x > width) continue;
      pen.moveTo(x, 0);
      pen.lineTo(x, height);
    }
    pen.strokeStyle = palette.muted;
    pen.globalAlpha = 0.35;
    pen.lineWidth = 1;
    pen.setLineDash([2, 3]);
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  #drawMatches(): void {
    const { found, from, to, palette } = this.#scene;
    let drawn = 0;
    for (let index = 0; index < found.targets.length && drawn < MOST_MATCHES; index++) {
      if ((found.starts[index] as number) > to) break;
      if ((found.ends[index] as number) < from) continue;
      drawn++;
      this.#drawOutline(found.targets[index], palette.accent, 1.5);
    }
  }

  #drawOutline(target: Target | undefined, colour: string, lineWidth: number): void {
    if (target === undefined) return;
    const { start, height } = this.#scene;
    const span = spanOf(start, target);
    const x = this.#x(span.start);
    const width = Math.max(this.#x(span.end) - x, 2);
    if (x > this.#scene.width || x + width < 0) return;
    const pen = this.#pen;
    pen.strokeStyle = colour;
    pen.lineWidth = lineWidth;
    if (target.kind === 'milestone') {
      pen.strokeRect(Math.round(x) + 0.5, -2, 0, height + 4);
      return;
    }
    for (const box of boxesOf(this.#scene.layout, start, target)) {
      pen.strokeRect(x - 0.5, box.y - this.#scene.scroll - 0.5, width, box.height + 1);
    }
  }

  #drawWakeUps(): number {
    const { start, selected, wakeUps: all } = this.#scene;
    const { wakeUps } = start.tracks;
    const chosen = wakeUpsOf(start, selected);
    let count = chosen.length;
    for (const index of chosen) this.#drawArrow(index, chosen.length <= FEW_ARROWS);
    if (!all) return count;
    const { from, to } = this.#scene;
    for (let index = 0; index < wakeUps.length; index++) {
      const begin = wakeUps.fromTime[index] as number;
      if (begin > to) break;
      if ((wakeUps.toTime[index] as number) < from) continue;
      count++;
      if (count <= MOST_ARROWS) this.#drawArrow(index, false);
    }
    return count;
  }

  #drawArrow(index: number, strong: boolean): void {
    const { start, palette, scroll, height } = this.#scene;
    const { wakeUps } = start.tracks;
    const to = this.#yOf(wakeUps.to[index] as number, wakeUps.toTime[index] as number);
    if (to === undefined) return;
    const source = wakeUps.from[index] as number;
    const from = source < 0 ? to - 14 : this.#yOf(source, wakeUps.fromTime[index] as number);
    if (from === undefined) return;
    const [y0, y1] = [from - scroll, to - scroll];
    if (Math.max(y0, y1) < 0 || Math.min(y0, y1) > height) return;
    const x0 = this.#x(wakeUps.fromTime[index] as number);
    const x1 = this.#x(wakeUps.toTime[index] as number);
    const pen = this.#pen;
    pen.globalAlpha = strong ? 1 : 0.45;
    pen.strokeStyle = palette.accent;
    pen.fillStyle = palette.accent;
    pen.lineWidth = strong ? 1.5 : 1;
    pen.beginPath();
    pen.moveTo(x0, y0);
    const bend = Math.min(30, 6 + Math.abs(x1 - x0) / 3);
    pen.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
    pen.stroke();
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(x1 - 6, y1 - 3);
    pen.lineTo(x1 - 6, y1 + 3);
    pen.fill();
    pen.beginPath();
    pen.arc(x0, y0, 2, 0, 7);
    pen.fill();
    pen.globalAlpha = 1;
  }

  /** The middle of a thread's row, or of its lane's head where the row is not shown. */
  #yOf(track: number, time: number): number | undefined {
    const place = rowOfTrack(this.#scene.start, track, time);
    if (place === undefined) return undefined;
    const { yOf } = this.#scene.layout;
    const row = yOf.get(place.row);
    if (row !== undefined) return row + SLICE_HEIGHT / 2;
    const head = yOf.get(place.lane);
    return head === undefined ? undefined : head + STRIP.y + STRIP.height / 2;
  }

  #drawRange(): void {
    const { range, palette, height } = this.#scene;
    if (range === undefined) return;
    const x = this.#x(range.from);
    const width = this.#x(range.to) - x;
    this.#pen.globalAlpha = 0.12;
    this.#pen.fillStyle = palette.accent;
    this.#pen.fillRect(x, 0, width, height);
    this.#pen.globalAlpha = 1;
    this.#pen.fillRect(x, 0, 1, height);
    this.#pen.fillRect(x + width, 0, 1, height);
  }
}

/** Of several segments, what they are for most of their time, and in what share of it a thread ran. */
function lookOf(
  list: SpanList,
  first: number,
  last: number,
  segments: readonly Segment[],
): { phase: PhaseName; ran: number; segment: Segment | undefined } {
  const only = segments[list.id[first] as number];
  if (first === last || only === undefined) {
    const phase = only === undefined ? 'unattributed' : phaseOf(only);
    return { phase, ran: only !== undefined && isWaiting(only) ? 0 : 1, segment: only };
  }
  const sums: Partial<Record<PhaseName, number>> = {};
  let waiting = 0;
  let whole = 0;
  let longest = only;
  for (let index = first; index <= last; index++) {
    const segment = segments[list.id[index] as number] as Segment;
    const ns = segment.end - segment.start;
    const phase = phaseOf(segment);
    sums[phase] = (sums[phase] ?? 0) + ns;
    if (isWaiting(segment)) waiting += ns;
    whole += ns;
    if (ns > longest.end - longest.start) longest = segment;
  }
  let phase: PhaseName = 'unattributed';
  for (const [name, ns] of Object.entries(sums) as [PhaseName, number][]) {
    if (ns > (sums[phase] ?? -1)) phase = name;
  }
  return { phase, ran: whole === 0 ? 1 : 1 - waiting / whole, segment: longest };
}

function mostlyOf(
  list: SpanList,
  first: number,
  last: number,
  segments: readonly Segment[],
): Lane['actor'] | '' {
  if (first === last) return segments[list.id[first] as number]?.actor ?? '';
  const sums = new Map<Lane['actor'], number>();
  for (let index = first; index <= last; index++) {
    const segment = segments[list.id[index] as number];
    if (segment === undefined) continue;
    sums.set(segment.actor, (sums.get(segment.actor) ?? 0) + segment.end - segment.start);
  }
  let most: Lane['actor'] | '' = '';
  for (const [actor, ns] of sums) if (most === '' || ns > (sums.get(most) ?? 0)) most = actor;
  return most;
}

/** Wake-ups that ended or happened in what is selected, on its thread. */
function wakeUpsOf(start: Start, selected: Target | undefined): number[] {
  if (selected === undefined || selected.kind === 'milestone') return [];
  const row = placeOf(start, selected)?.row;
  if (row === undefined) return [];
  const { wakeUps } = start.tracks;
  const span = spanOf(start, selected);
  const inside = (time: number): boolean => time >= span.start && time <= span.end;
  const segment = selected.kind === 'segment' ? start.run?.segments[selected.index] : undefined;
  const to = (start.index.wakeUpsTo.get(row.track) ?? []).filter(
    (index) =>
      inside(wakeUps.toTime[index] as number) ||
      (segment?.wokenBy !== undefined && wakeUps.event[index] === segment.wokenBy),
  );
  const from = (start.index.wakeUpsFrom.get(row.track) ?? []).filter((index) =>
    inside(wakeUps.fromTime[index] as number),
  );
  return [...to, ...from].slice(0, MOST_ARROWS);
}
