/**
 * The flame-style timeline: a lane for each actor, the critical path drawn into the lanes, milestones
 * numbered below the axis.
 *
 *   stage          ├create──├engine─├shim──├hooks──
 *   critical path  ██▓▓▓██▒▒▒██······██████████▒▒██   264.1 ms
 *   client         █┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈     1.2 ms
 *   dockerd        ─█▓▓▓┈┈┈┈┈┈┈······███──┈┈┈┈┈┈┈┈┈   141.0 ms
 *   runc create                ▒▒██───────█████▒▒      88.6 ms
 *                  ├─────────┼─────────┼─────────┼
 *                  0        100       200       300 ms
 *                  1    2 3  4 6      7      8   9
 *                            5
 */

import type { EventTable } from '../../model/recording/event-table.js';
import { ACTORS, type ActorKind } from '../../model/trace/actor-kind.js';
import { actorLookup } from '../../model/trace/actor-lookup.js';
import { isWaiting, lengthOf, PHASES, phaseOf } from '../../model/trace/totals.js';
import type {
  ContainerRun,
  Milestone,
  MilestoneName,
  Span,
  Trace,
} from '../../model/trace/trace.js';
import { alignLeft, alignRight } from '../common/columns.js';
import { formatMs } from '../common/format.js';
import type { Paint, Theme } from '../common/theme.js';

const GLYPH = {
  runtime: '█',
  storage: '▓',
  kernel: '▒',
  unattributed: '?',
  waiting: '·',
  busy: '─',
  idle: '┈',
} as const;

const PATH_LABEL = 'critical path';
/** Files that overlayfs copies up, on the path or beside it. */
const COPY_UP_LABEL = 'copy-ups';
const LABEL_COLUMNS = PATH_LABEL.length + 2;
/** "  1,264.1 ms" */
const TOTAL_COLUMNS = 11;
/** A slice is drawn where it fills this share of a column, or where nothing is larger there. */
const VISIBLE_SHARE = 1 / 8;
const MILESTONE_ROWS = 4;

/** @param span what is drawn: the run's window, or what there is of a start that failed */
export function renderTimeline(
  trace: Trace,
  run: ContainerRun,
  span: Span,
  milestones: readonly Milestone[],
  theme: Theme,
  width: number,
): string[] {
  const columns = Math.max(10, width - LABEL_COLUMNS - TOTAL_COLUMNS);
  const scale: Scale = { span, columns };
  const slices = sliceColumns(run, scale);
  const activity = activityOf(trace, run, scale);
  const indent = ' '.repeat(LABEL_COLUMNS);

  const lanes = ACTORS.filter(
    (actor) => slices.has(actor) || (actor !== 'other' && activity.has(actor)),
  );
  const stages = stageRow(milestones, scale);
  const lines = stages === '' ? [] : [theme.dim(alignLeft('stage', LABEL_COLUMNS) + stages)];
  if (run.segments.length > 0) {
    lines.push(lane(PATH_LABEL, theme.strong, slices.get('path'), undefined, scale, theme, true));
  }
  for (const actor of lanes) {
    lines.push(lane(actor, identity, slices.get(actor), activity.get(actor), scale, theme, false));
  }
  const copied = run.copyUps.map(({ start, duration }) => ({ start, end: start + duration }));
  const copying = spanCells(
    copied.filter(({ start }) => start < span.end),
    scale,
  ).join('');
  if (copying.trim() !== '') {
    lines.push(alignLeft(COPY_UP_LABEL, LABEL_COLUMNS) + theme.phase.storage(copying.trimEnd()));
  }
  const axis = axisOf(scale);
  lines.push(indent + theme.dim(axis.line), indent + theme.dim(axis.labels));
  for (const row of milestoneRows(milestones, scale)) lines.push(indent + row);
  lines.push('', ...legend(run, theme, width));
  return lines;
}

/**
 * One line with spans drawn where they are, then the axis and its labels.
 * @param columns of each line; the labels may take as many as a lane's total more
 */
export function drawSpans(
  spans: readonly { readonly start: number; readonly end: number }[],
  window: Span,
  columns: number,
): string[] {
  const scale: Scale = { span: window, columns: columns - AXIS_UNIT };
  return [spanCells(spans, scale).join('').trimEnd(), ...Object.values(axisOf(scale))];
}

/** " ms" behind the last label. */
const AXIS_UNIT = 3;

function spanCells(
  spans: readonly { readonly start: number; readonly end: number }[],
  scale: Scale,
): string[] {
  const cells = Array.from({ length: scale.columns }, () => ' ');
  for (const { start, end } of spans) {
    if (end < scale.span.start || start > scale.span.end) continue;
    for (let column = columnOf(scale, start); column <= columnOf(scale, end); column++) {
      cells[column] = GLYPH.storage;
    }
  }
  return cells;
}

interface Scale {
  readonly span: Span;
  readonly columns: number;
}

const identity: Paint = (text) => text;
const columnNs = ({ span, columns }: Scale): number => (span.end - span.start) / columns;

function columnOf(scale: Scale, time: number): number {
  const column = Math.floor((time - scale.span.start) / columnNs(scale));
  return Math.min(Math.max(column, 0), scale.columns - 1);
}

/** Time of one lane in each column, by what it is drawn as. */
interface LaneSlices {
  /** [class][column], ns; the classes are PHASES and, last, waiting. */
  readonly ns: readonly Float64Array[];
  total: number;
}

const WAITING = PHASES.length;

function sliceColumns(run: ContainerRun, scale: Scale): Map<ActorKind | 'path', LaneSlices> {
  const lanes = new Map<ActorKind | 'path', LaneSlices>();
  const laneOf = (name: ActorKind | 'path'): LaneSlices => {
    let found = lanes.get(name);
    if (found === undefined) {
      const ns = Array.from({ length: WAITING + 1 }, () => new Float64Array(scale.columns));
      found = { ns, total: 0 };
      lanes.set(name, found);
    }
    return found;
  };
  const size = columnNs(scale);
  for (const segment of run.segments) {
    const phase = phaseOf(segment);
    // Waiting for the kernel or the disk is what these are made of; of the runtime it is worth telling.
    const drawnAs = phase === 'runtime' && isWaiting(segment) ? WAITING : PHASES.indexOf(phase);
    const last = columnOf(scale, segment.end);
    for (let column = columnOf(scale, segment.start); column <= last; column++) {
      const begin = scale.span.start + column * size;
      const ns = Math.min(segment.end, begin + size) - Math.max(segment.start, begin);
      if (ns <= 0) continue;
      for (const name of ['path', segment.actor] as const) {
        const cells = laneOf(name).ns[drawnAs] as Float64Array;
        cells[column] = (cells[column] ?? 0) + ns;
      }
    }
    laneOf('path').total += lengthOf(segment);
    laneOf(segment.actor).total += lengthOf(segment);
  }
  keepVisible(lanes, size, scale.columns);
  return lanes;
}

/** Empties the columns of a lane in which other lanes leave it next to nothing. */
function keepVisible(
  lanes: Map<ActorKind | 'path', LaneSlices>,
  size: number,
  columns: number,
): void {
  const actors = [...lanes].filter(([name]) => name !== 'path').map(([, slices]) => slices);
  const inColumn = ({ ns }: LaneSlices, column: number): number =>
    ns.reduce((sum, cells) => sum + (cells[column] ?? 0), 0);
  for (let column = 0; column < columns; column++) {
    const largest = Math.max(...actors.map((slices) => inColumn(slices, column)));
    for (const slices of actors) {
      const ns = inColumn(slices, column);
      if (ns < largest && ns < size * VISIBLE_SHARE) {
        for (const cells of slices.ns) cells[column] = 0;
      }
    }
  }
}

/** The stages of a start: each lasts from its milestone to the next stage's. */
const STAGES: readonly (readonly [name: string, from: MilestoneName])[] = [
  ['create', 'create requested'],
  ['engine', 'start requested'],
  ['shim', 'shim exec'],
  ['runc', 'runc exec'],
  ['hooks', 'hooks began'],
  ['init', 'hooks ended'],
  ['start', 'runc exited'],
];

/** "├create─├engine──├shim─├runc──": a name is written where there is room for it. */
function stageRow(milestones: readonly Milestone[], scale: Scale): string {
  const starts = STAGES.flatMap(([name, from]) => {
    const time = milestones.find((milestone) => milestone.name === from)?.time;
    const within = time !== undefined && time >= scale.span.start && time < scale.span.end;
    return within ? [{ name, column: columnOf(scale, time) }] : [];
  });
  return starts
    .map(({ name, column }, index) => {
      const columns = (starts[index + 1]?.column ?? scale.columns) - column;
      const label = name.length < columns ? `├${name}` : '├';
      return columns <= 0 ? '' : label.padEnd(columns, '─');
    })
    .join('');
}

/** For each actor and column: 0 not there, 1 alive, 2 with events. */
type Activity = Map<ActorKind, Uint8Array>;

function activityOf(trace: Trace, run: ContainerRun, scale: Scale): Activity {
  const lanes: Activity = new Map();
  const mark = (actor: ActorKind, from: number, to: number, level: number): void => {
    let cells = lanes.get(actor);
    if (cells === undefined) {
      cells = new Uint8Array(scale.columns);
      lanes.set(actor, cells);
    }
    const last = columnOf(scale, to);
    for (let column = columnOf(scale, from); column <= last; column++) {
      if ((cells[column] ?? 0) < level) cells[column] = level;
    }
  };
  const { start, end } = scale.span;
  const concerns = (containerId: string | undefined): boolean =>
    containerId === undefined || containerId === run.containerId;

  for (const life of trace.processes) {
    life.actors.forEach((span, index) => {
      const from = Math.max(span.from, start);
      const to = Math.min(life.actors[index + 1]?.from ?? life.end ?? end, end);
      if (concerns(span.containerId) && to > from) mark(span.actor, from, to, 1);
    });
  }
  const { events } = trace.recording;
  const actorOf = actorLookup(trace.processes);
  for (const row of rowsIn(events, trace.order, scale.span)) {
    const time = events.time.at(row);
    const span = actorOf(events.pid.at(row), time);
    if (span !== undefined && concerns(span.containerId)) mark(span.actor, time, time, 2);
  }
  return lanes;
}

function* rowsIn(events: EventTable, order: Uint32Array, span: Span): Generator<number> {
  for (const row of order) {
    const time = events.time.at(row);
    if (time >= span.end) return;
    if (time >= span.start) yield row;
  }
}

function lane(
  label: string,
  paintLabel: Paint,
  slices: LaneSlices | undefined,
  activity: Uint8Array | undefined,
  scale: Scale,
  theme: Theme,
  strong: boolean,
): string {
  const cells: (readonly [glyph: string, paint: Paint])[] = [];
  for (let column = 0; column < scale.columns; column++) {
    cells.push(slice(slices, column, theme) ?? bystander(activity?.[column] ?? 0, theme));
  }
  const total = slices === undefined ? '' : `${formatMs(slices.total, 1)} ms`;
  const right = alignRight(total, TOTAL_COLUMNS);
  return (
    paintLabel(alignLeft(label, LABEL_COLUMNS)) +
    paintRuns(cells) +
    (strong ? theme.strong(right) : right)
  );
}

function slice(
  slices: LaneSlices | undefined,
  column: number,
  theme: Theme,
): readonly [string, Paint] | undefined {
  let most = 0;
  let drawnAs = -1;
  slices?.ns.forEach((cells, index) => {
    if ((cells[column] ?? 0) > most) {
      most = cells[column] ?? 0;
      drawnAs = index;
    }
  });
  if (drawnAs < 0) return undefined;
  if (drawnAs === WAITING) return [GLYPH.waiting, theme.phase.runtime];
  const phase = PHASES[drawnAs] ?? 'unattributed';
  return [GLYPH[phase], theme.phase[phase]];
}

function bystander(level: number, theme: Theme): readonly [string, Paint] {
  if (level === 0) return [' ', identity];
  return [level === 1 ? GLYPH.idle : GLYPH.busy, theme.dim];
}

/** One escape sequence for a run of like cells. */
function paintRuns(cells: readonly (readonly [glyph: string, paint: Paint])[]): string {
  let text = '';
  for (let start = 0; start < cells.length; ) {
    const paint = cells[start]?.[1] ?? identity;
    let end = start;
    let glyphs = '';
    while (end < cells.length && cells[end]?.[1] === paint) glyphs += cells[end++]?.[0];
    text += paint(glyphs);
    start = end;
  }
  return text;
}

/** Ticks at 1, 2 or 5 times a power of ten, with room for their labels. */
function axisOf(scale: Scale): { line: string; labels: string } {
  const { columns } = scale;
  const size = columnNs(scale);
  const stepNs = niceStep(9 * size);
  const line = Array.from({ length: columns }, () => '─');
  const labels = Array.from({ length: columns + TOTAL_COLUMNS }, () => ' ');
  const decimals = Math.max(0, -Math.floor(Math.log10(stepNs / 1e6) + 1e-9));
  for (let tick = 0; tick * stepNs < columns * size; tick++) {
    const column = Math.round((tick * stepNs) / size);
    if (column >= columns) break;
    line[column] = tick === 0 ? '├' : '┼';
    const last = (tick + 1) * stepNs >= columns * size;
    const label = formatMs(tick * stepNs, decimals) + (last ? ' ms' : '');
    const at = Math.max(0, tick === 0 ? 0 : column - Math.floor(label.length / 2));
    for (let i = 0; i < label.length; i++) labels[at + i] = label[i] as string;
  }
  return { line: line.join(''), labels: labels.join('').trimEnd() };
}

export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
}

/** The milestones' numbers at their columns, on as many rows as they need to keep apart. */
function milestoneRows(milestones: readonly Milestone[], scale: Scale): string[] {
  const rows: string[] = [];
  milestones.forEach(({ time }, index) => {
    if (time < scale.span.start || time > scale.span.end) return;
    const label = String(index + 1);
    const column = columnOf(scale, time);
    let row = rows.findIndex((text) => text.length === 0 || text.length < column);
    if (row < 0) row = rows.length;
    if (row >= MILESTONE_ROWS) return;
    rows[row] = (rows[row] ?? '').padEnd(column) + label;
  });
  return rows;
}

function legend(run: ContainerRun, theme: Theme, width: number): string[] {
  const entries: string[] = [];
  const plain: number[] = [];
  const add = (glyph: string, paint: Paint, meaning: string): void => {
    entries.push(`${paint(glyph)} ${meaning}`);
    plain.push(2 + meaning.length);
  };
  if (run.segments.length > 0) {
    add(GLYPH.runtime, theme.phase.runtime, 'runtime');
    add(GLYPH.waiting, theme.phase.runtime, 'runtime, waiting');
    add(GLYPH.kernel, theme.phase.kernel, 'kernel');
    add(GLYPH.storage, theme.phase.storage, 'storage');
    if (run.segments.some((segment) => segment.phase === undefined)) {
      add(GLYPH.unattributed, theme.phase.unattributed, 'unattributed');
    }
  }
  add(GLYPH.busy, theme.dim, run.segments.length > 0 ? 'busy beside the path' : 'busy');
  add(GLYPH.idle, theme.dim, 'idle');
  const lines: string[] = [];
  let used = Number.POSITIVE_INFINITY;
  entries.forEach((entry, index) => {
    const columns = plain[index] ?? 0;
    if (used + 3 + columns > width) {
      lines.push(entry);
      used = columns;
    } else {
      lines[lines.length - 1] += `   ${entry}`;
      used += 3 + columns;
    }
  });
  return lines;
}
