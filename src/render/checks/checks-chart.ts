/**
 * Figures of one unit as bars, with the range of what was measured repeatedly, and phases as a stack. Places are shares of
 * the width and text has a size of its own, so that a chart is as legible in 300 pixels as in 1,000.
 */

import { escapeText } from '../../base/escape.js';
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import type { Figure } from '../../model/checks/check.js';
import { PHASES, type PhaseName } from '../../model/trace/totals.js';
import { wrap } from '../common/columns.js';
import { element, xmlText } from '../svg/svg-markup.js';
import { FILL_NAMES, INLINE, patternsOf } from '../svg/svg-paint.js';
import { figureText } from './checks.js';

const TEXT_SIZE = 12;
const LINE = 16;
const BAR = 12;
/** From the bottom of a bar to the next label. */
const GAP = 10;
const RANGE = 6;
/** Columns of a label beside its value, in the narrowest window. */
const LABEL_COLUMNS = 30;
/** More are a list: the table has all. */
const MOST_ROWS = 16;
/** Beyond the largest value, so that the end of a range is seen. */
const HEADROOM = 1.02;

interface Bar {
  readonly name: Foreign;
  readonly figure: Figure;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** Figures of one unit; '' where bars would say nothing: fewer than two, all 0, or negative ones. */
export function barChart(title: Foreign, id: string, figures: readonly Figure[]): string {
  const bars = barsOf(figures).slice(0, MOST_ROWS);
  const values = bars.flatMap(({ figure, low, high }) => [figure.value, low ?? 0, high ?? 0]);
  const most = Math.max(...values) * HEADROOM;
  if (bars.length < 2 || !(most > 0) || !Number.isFinite(most) || Math.min(...values) < 0)
    return '';
  const share = (value: number): string => `${((100 * value) / most).toFixed(2)}%`;
  const parts: string[] = [];
  let y = 0;
  for (const { name, figure, low, high } of bars) {
    const range = rangeText(figure, low, high);
    y = label(parts, y, name, figureText(figure) + range);
    parts.push(
      track(y),
      element('rect', {
        y,
        width: share(figure.value),
        height: BAR,
        fill: INLINE.fill.runtime,
      }),
    );
    if (low !== undefined || high !== undefined) {
      const [from, to] = [share(low ?? figure.value), share(high ?? figure.value)];
      const middle = y + BAR / 2;
      const stroke = { stroke: INLINE.text, 'stroke-width': 1.5 };
      parts.push(
        element('line', { x1: from, x2: to, y1: middle, y2: middle, ...stroke }),
        ...[low === undefined ? [] : [from], high === undefined ? [] : [to]]
          .flat()
          .map((x) =>
            element('line', { x1: x, x2: x, y1: middle - RANGE, y2: middle + RANGE, ...stroke }),
          ),
      );
    }
    y += BAR + GAP;
  }
  const words = bars.map(
    ({ name, figure, low, high }) =>
      quoting`${name} ${figureText(figure)}${rangeText(figure, low, high)}`,
  );
  return picture(title, joinForeign(words, '; '), id, y, parts);
}

/** What was measured repeatedly is one bar with its range. */
function barsOf(figures: readonly Figure[]): Bar[] {
  const end = (kind: 'low' | 'high', of: string): number | undefined =>
    figures.find(({ part }) => part?.kind === kind && part.of === of)?.value;
  return figures.flatMap((figure): Bar[] => {
    const { part, name } = figure;
    if (part?.kind === 'typical') {
      return [{ name, figure, low: end('low', part.of), high: end('high', part.of) }];
    }
    return part === undefined ? [{ name, figure, low: undefined, high: undefined }] : [];
  });
}

function rangeText(figure: Figure, low: number | undefined, high: number | undefined): string {
  const text = (value: number): string => figureText({ ...figure, value });
  if (low !== undefined && high !== undefined) return ` (${text(low)} to ${text(high)})`;
  if (high !== undefined) return ` (to ${text(high)})`;
  return low === undefined ? '' : ` (from ${text(low)})`;
}

export interface Stack {
  readonly name: Foreign;
  /** Of phases. */
  readonly figures: readonly Figure[];
}

/** Stretches of time below one another, each of its phases; '' without any. */
export function phaseChart(title: Foreign, id: string, stacks: readonly Stack[]): string {
  const totals = stacks.map(({ figures }) => figures.reduce((sum, { value }) => sum + value, 0));
  const most = Math.max(0, ...totals);
  if (!(most > 0) || !Number.isFinite(most)) return '';
  const share = (value: number): string => `${((100 * value) / most).toFixed(2)}%`;
  const parts = [element('defs', {}, patternsOf(INLINE, id))];
  const fill = (phase: PhaseName): string =>
    phase === 'runtime' ? INLINE.fill.runtime : `url(#${id}-${phase})`;
  let y = 0;
  const words: Foreign[] = [];
  stacks.forEach(({ name, figures }, row) => {
    const [first] = figures;
    if (first === undefined) return;
    const total = figureText({ ...first, value: totals[row] as number });
    y = label(parts, y, name, total);
    parts.push(track(y));
    let from = 0;
    for (const { part, value } of figures) {
      if (part?.kind !== 'phase') continue;
      parts.push(
        element('rect', {
          x: share(from),
          y,
          width: share(value),
          height: BAR,
          fill: fill(part.phase),
          stroke: INLINE.background,
          'stroke-width': 1,
        }),
      );
      from += value;
    }
    y += BAR + GAP;
    words.push(
      quoting`${name} ${total}: ${joinForeign(
        figures.map((each) => quoting`${each.name} ${figureText(each)}`),
        ', ',
      )}`,
    );
  });
  const seen = PHASES.filter((phase) =>
    stacks.some(({ figures }) =>
      figures.some(
        ({ part, value }) => part?.kind === 'phase' && part.phase === phase && value > 0,
      ),
    ),
  );
  y += 6;
  seen.forEach((phase, place) => {
    const x = `${place * 25}%`;
    parts.push(
      element('rect', { x, y: y - 1, width: 12, height: 12, fill: fill(phase) }),
      // A nested picture: text 18 pixels beside a place that is a share.
      element('svg', { x, y: y - 1, overflow: 'visible' }, [
        element(
          'text',
          { x: 17, y: 10, fill: INLINE.text, 'font-size': TEXT_SIZE },
          FILL_NAMES[phase],
        ),
      ]),
    );
  });
  return picture(title, joinForeign(words, '; '), id, y + LINE + 4, parts);
}

/** A name in as many lines as it takes, with its value. @returns where the bar begins */
function label(parts: string[], top: number, name: Foreign, value: string): number {
  const isWide = value.length > 12;
  const lines = wrap(escapeText(name), isWide ? LABEL_COLUMNS - 10 : LABEL_COLUMNS);
  const text = { fill: INLINE.text, 'font-size': TEXT_SIZE };
  let y = top;
  for (const line of lines) {
    y += LINE;
    parts.push(element('text', { x: 0, y: y - 4, ...text }, xmlText(line)));
  }
  parts.push(
    element('text', { x: '100%', y: y - 4, 'text-anchor': 'end', ...text }, xmlText(value)),
  );
  return y;
}

const track = (y: number): string =>
  element('rect', { y, width: '100%', height: BAR, fill: INLINE.line, 'fill-opacity': 0.45 });

const picture = (
  title: Foreign,
  words: Foreign,
  id: string,
  height: number,
  parts: readonly string[],
): string =>
  element(
    'svg',
    { width: '100%', height, role: 'img', 'aria-labelledby': `${id}-title ${id}-desc` },
    [
      element('title', { id: `${id}-title` }, xmlText(title)),
      element('desc', { id: `${id}-desc` }, xmlText(words)),
      ...parts,
    ],
  );
