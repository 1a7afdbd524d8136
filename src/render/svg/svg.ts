/**
 * A start as a picture for slides and READMEs: one self-contained SVG, without script, style sheet or font of its own.
 *
 *   dit-builtin:1
 *   264.113 ms, create requested → entrypoint exec
 *   critical path  ██▓▓▓██▒▒▒██······██████████▒▒██   264.1 ms
 *   client         █┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈     1.2 ms
 *   …              ├─────────┼─────────┼─────────┼
 *                  1    2 3  4 6      7      8   9
 *   phases with their sums                  milestones by number
 *   engine, kernel, source, certainty, loss
 */

import { escapeText } from '../../base/escape.js';
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import { shortId } from '../../base/ids.js';
import { phaseTotals } from '../../model/trace/totals.js';
import {
  type ContainerRun,
  type Milestone,
  type Span,
  type Trace,
  windowLength,
} from '../../model/trace/trace.js';
import { cut } from '../common/columns.js';
import { formatMs, formatPercent } from '../common/format.js';
import { SANS } from '../look/style.js';
import { Canvas, columnsIn, LINE_HEIGHT, MARGIN, STRONG, TEXT_SIZE } from './svg-canvas.js';
import { element, xmlText } from './svg-markup.js';
import { DARK, LIGHT, patternsOf } from './svg-paint.js';
import { cautionsOf, provenanceOf } from './svg-provenance.js';
import { drawTables } from './svg-tables.js';
import { drawTimeline } from './svg-timeline.js';

/** What the picture does not say, in plain words. */
export const leavesOut: readonly string[] = [
  'single threads and system calls: a lane is an actor',
  'what is shorter than a pixel: each column of pixels shows what fills most of it',
  'wake-ups, copied files, findings and their evidence',
  "what came after the entrypoint's exec, except its milestones",
];

export interface SvgOptions {
  /** Pixels, from 640 on; 1200 unless told. */
  readonly width?: number;
  readonly dark?: boolean;
}

const LEAST_WIDTH = 640;
const DEFAULT_WIDTH = 1200;
const TITLE_SIZE = 18;
const RESULT_SIZE = 14;

/**
 * A whole document that ends with a newline; the same for the same trace.
 * @param run one of the trace's
 */
export function renderSvg(trace: Trace, run: ContainerRun, options: SvgOptions = {}): string {
  const width = Math.max(LEAST_WIDTH, Math.round(options.width ?? DEFAULT_WIDTH));
  const dark = options.dark === true;
  const id = shortId(run.containerId).replace(/[^0-9A-Za-z]/g, '-');
  const prefix = `dit-${id}-${dark ? 'dark' : 'light'}`;
  const canvas = new Canvas(width, dark ? DARK : LIGHT, prefix);
  const milestones = [...run.milestones].sort((a, b) => a.time - b.time);
  const span = run.window ?? observed(milestones);

  drawHead(canvas, trace, run);
  if (span !== undefined) drawTimeline(canvas, trace, run, span, milestones);
  drawTables(canvas, run, milestones, span);
  drawFoot(canvas, trace, run);

  const height = Math.ceil(canvas.y);
  const svg = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-labelledby': `${prefix}-title ${prefix}-desc`,
      'font-family': SANS,
      'font-size': TEXT_SIZE,
    },
    [
      element(
        'title',
        { id: `${prefix}-title` },
        xmlText(quoting`${titleOf(run)}: ${resultOf(run)}`),
      ),
      element('desc', { id: `${prefix}-desc` }, xmlText(inWords(trace, run, milestones))),
      element('defs', {}, patternsOf(canvas.palette, prefix)),
      element('rect', { width, height, fill: canvas.palette.background }),
      ...canvas.parts,
    ],
  );
  return `${svg}\n`;
}

const titleOf = ({ image }: ContainerRun): Foreign => image || 'a container';

/** "186.683 ms, create requested → entrypoint exec" */
function resultOf({ window }: ContainerRun): string {
  if (window === undefined) return 'no whole start was recorded';
  return `${formatMs(windowLength(window))} ms, ${window.from} → ${window.to}`;
}

/** What there is to draw of a start that never reached its entrypoint. */
function observed(milestones: readonly Milestone[]): Span | undefined {
  const start = milestones[0]?.time;
  const end = milestones.at(-1)?.time;
  return start === undefined || end === undefined || end <= start ? undefined : { start, end };
}

/** The picture for those who do not see it. */
function inWords(trace: Trace, run: ContainerRun, milestones: readonly Milestone[]): Foreign {
  const begin = milestones[0]?.time ?? 0;
  const reached = milestones.map(({ name, time, certainty }) => {
    return `${name} ${formatMs(time - begin)}${certainty === 'inferred' ? ' (inferred)' : ''}`;
  });
  const { window } = run;
  const sums =
    window === undefined
      ? []
      : phaseTotals(run.segments)
          .filter(({ ns }) => ns > 0)
          .map(({ phase, ns }) => {
            return `${phase} ${formatMs(ns)} ms (${formatPercent(ns / windowLength(window))})`;
          });
  const sentences = [
    sums.length === 0 ? '' : `Critical path: ${sums.join(', ')}.`,
    reached.length === 0 ? '' : `Milestones, ms after the first: ${reached.join(', ')}.`,
    ...provenanceOf(trace, run).map((parts) => joinForeign(parts, ', ')),
    ...cautionsOf(trace),
  ].filter((sentence) => sentence !== '');
  return joinForeign(sentences, ' ');
}

function drawHead(canvas: Canvas, trace: Trace, run: ContainerRun): void {
  const { containerId, name, failure } = run;
  const { command } = trace.recording.header.target;
  const { dim, warning } = canvas.palette;
  canvas.y += TITLE_SIZE - 6;
  const title = cut(escapeText(titleOf(run)), columnsIn(canvas.room, TITLE_SIZE));
  canvas.text(MARGIN, title, { 'font-size': TITLE_SIZE, ...STRONG });
  canvas.y += LINE_HEIGHT + 5;
  canvas.text(MARGIN, resultOf(run), { 'font-size': RESULT_SIZE });
  canvas.y += LINE_HEIGHT + 1;
  const who = [shortId(containerId), name, joinForeign(command, ' ')].filter((part) => part !== '');
  canvas.line(who.map(escapeText).join(' · '), dim);
  if (failure !== '') canvas.paragraph(quoting`The start failed: ${failure}`, warning);
}

function drawFoot(canvas: Canvas, trace: Trace, run: ContainerRun): void {
  const { dim, line, warning } = canvas.palette;
  const y = canvas.y - 4;
  const ends = { x1: MARGIN, x2: canvas.width - MARGIN, y1: y, y2: y };
  canvas.parts.push(element('line', { ...ends, stroke: line }));
  canvas.y += LINE_HEIGHT - 2;
  for (const parts of provenanceOf(trace, run)) canvas.list(parts, dim);
  for (const text of cautionsOf(trace)) canvas.paragraph(text, warning);
}
