/** What pictures are painted with: the colours of all pages, and a pattern for each phase. */
import type { PhaseName } from '../../model/trace/totals.js';
import {
  type Colours,
  DARK_COLOURS,
  INLINE_COLOURS,
  LIGHT_COLOURS,
  seriesColour,
} from '../look/colours.js';
import { element } from './svg-markup.js';

export type Fill = PhaseName | 'waiting';

export const FILLS: readonly Fill[] = ['runtime', 'waiting', 'kernel', 'storage', 'unattributed'];

export const FILL_NAMES: Readonly<Record<Fill, string>> = {
  runtime: 'runtime',
  waiting: 'runtime, waiting',
  kernel: 'kernel',
  storage: 'storage',
  unattributed: 'unattributed',
};

export interface Palette {
  readonly background: string;
  readonly text: string;
  /** Second to the text; readable all the same. */
  readonly dim: string;
  readonly line: string;
  readonly busy: string;
  readonly warning: string;
  readonly fill: Readonly<Record<Fill, string>>;
  readonly mark: Readonly<Record<Fill, string>>;
  /** Of platforms, by their place. */
  readonly series: (index: number) => string;
}

function paletteOf(colours: Colours): Palette {
  const byFill = (of: (fill: Fill) => string): Record<Fill, string> =>
    Object.fromEntries(FILLS.map((fill) => [fill, of(fill)])) as Record<Fill, string>;
  return {
    background: colours.background,
    text: colours.text,
    dim: colours.muted,
    line: colours.line,
    busy: colours.busy,
    warning: colours.bad,
    fill: byFill((fill) => colours[fill]),
    mark: byFill((fill) => colours[`${fill}-pattern`]),
    series: (index) => colours[seriesColour(index)],
  };
}

export const LIGHT = paletteOf(LIGHT_COLOURS);
export const DARK = paletteOf(DARK_COLOURS);
/** On a page, whose colours follow the reader's choice. */
export const INLINE = paletteOf(INLINE_COLOURS);

/** Side of a pattern's tile, px. */
const TILE = 6;

/** Runtime is plain; kernel has stripes, storage dots, waiting thin upright lines, unattributed a cross hatch. */
const DRAWN: Readonly<Record<Fill, string | undefined>> = {
  runtime: undefined,
  waiting: 'M1.5 0V6M4.5 0V6',
  kernel: 'M-1 1L1 -1M0 6L6 0M5 7L7 5',
  storage: 'M1 2h1.6M4 5h1.6',
  unattributed: 'M0 0L6 6M0 6L6 0',
};

/** @param prefix of the patterns' ids: several pictures may stand on one page */
export function patternsOf(palette: Palette, prefix: string): string[] {
  return FILLS.map((fill) => {
    const path = DRAWN[fill];
    const tile = element('rect', { width: TILE, height: TILE, fill: palette.fill[fill] });
    const lines = {
      d: path,
      stroke: palette.mark[fill],
      'stroke-width': fill === 'storage' ? 1.6 : 1,
    };
    return element(
      'pattern',
      { id: `${prefix}-${fill}`, width: TILE, height: TILE, patternUnits: 'userSpaceOnUse' },
      path === undefined ? tile : tile + element('path', lines),
    );
  });
}
