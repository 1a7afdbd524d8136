/**
 * Colours and patterns of pictures. The three hues are told apart by people with any of the common kinds of colour
 * blindness (Okabe and Ito's palette), and each has a pattern besides, for those who see none, and for printers.
 */
import type { PhaseName } from '../../model/trace/totals.js';
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
}

export const LIGHT: Palette = {
  background: '#ffffff',
  text: '#1b1f24',
  dim: '#57606a',
  line: '#d0d7de',
  busy: '#c3cad2',
  warning: '#b3261e',
  fill: {
    runtime: '#0072b2',
    waiting: '#cfe6f5',
    kernel: '#e69f00',
    storage: '#009e73',
    unattributed: '#f0f0f0',
  },
  mark: {
    runtime: '#0072b2',
    waiting: '#0072b2',
    kernel: '#7a4f00',
    storage: '#d9f5ec',
    unattributed: '#555555',
  },
};

export const DARK: Palette = {
  background: '#0d1117',
  text: '#e6edf3',
  dim: '#9aa4af',
  line: '#30363d',
  busy: '#444c56',
  warning: '#ff8a80',
  fill: {
    runtime: '#56b4e9',
    waiting: '#17344a',
    kernel: '#e69f00',
    storage: '#1fa37c',
    unattributed: '#2b2b2b',
  },
  mark: {
    runtime: '#56b4e9',
    waiting: '#56b4e9',
    kernel: '#5c3b00',
    storage: '#d9f5ec',
    unattributed: '#bbbbbb',
  },
};

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
