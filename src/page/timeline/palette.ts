/** The canvas's colours, read from the page's style, and the patterns that tell phases apart without colour. */
import { PHASES, type PhaseName } from '../../model/trace/totals.js';
import type { ColourName } from '../../render/look/colours.js';

export interface Palette {
  readonly text: string;
  readonly muted: string;
  readonly rule: string;
  readonly background: string;
  readonly lane: string;
  readonly program: string;
  readonly programText: string;
  readonly call: string;
  readonly callText: string;
  readonly running: string;
  readonly accent: string;
  readonly shade: string;
  readonly font: string;
  readonly smallFont: string;
  readonly phase: Readonly<Record<PhaseName, string>>;
  readonly phaseText: Readonly<Record<PhaseName, string>>;
  /** Drawn over the colour; undefined: plain. */
  readonly pattern: Readonly<Record<PhaseName, CanvasPattern | undefined>>;
}

const TILE = 6;

export function readPalette(element: Element, context: CanvasRenderingContext2D): Palette {
  const style = getComputedStyle(element);
  const property = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const colour = (name: ColourName): string => property(name);
  const byPhase = <T>(of: (phase: PhaseName) => T): Record<PhaseName, T> =>
    Object.fromEntries(PHASES.map((phase) => [phase, of(phase)])) as Record<PhaseName, T>;
  const family = property('mono');
  return {
    text: colour('text'),
    muted: colour('muted'),
    rule: colour('rule'),
    background: colour('background'),
    lane: colour('lane'),
    program: colour('program'),
    programText: colour('program-text'),
    call: colour('call'),
    callText: colour('call-text'),
    running: colour('running'),
    accent: colour('accent'),
    shade: colour('shade'),
    font: `11px ${family}`,
    smallFont: `10px ${family}`,
    phase: byPhase((phase) => colour(phase)),
    phaseText: byPhase((phase) => colour(`${phase}-text`)),
    pattern: byPhase((phase) => patternOf(phase, colour(`${phase}-pattern`), context)),
  };
}

function patternOf(
  phase: PhaseName,
  colour: string,
  context: CanvasRenderingContext2D,
): CanvasPattern | undefined {
  const draw = DRAWN[phase];
  if (draw === undefined) return undefined;
  const tile = document.createElement('canvas');
  tile.width = TILE;
  tile.height = TILE;
  const pen = tile.getContext('2d');
  if (pen === null) return undefined;
  pen.strokeStyle = colour;
  pen.fillStyle = colour;
  draw(pen);
  return context.createPattern(tile, 'repeat') ?? undefined;
}

/** As in the style sheet's swatches. */
const DRAWN: Partial<Record<PhaseName, (pen: CanvasRenderingContext2D) => void>> = {
  kernel: (pen) => {
    pen.lineWidth = 1.2;
    for (const shift of [-TILE, 0, TILE]) line(pen, shift, TILE, shift + TILE, 0);
  },
  storage: (pen) => {
    for (const [x, y] of [
      [1, 1],
      [4, 4],
    ] as const) {
      pen.fillRect(x, y, 1.6, 1.6);
    }
  },
  unattributed: (pen) => {
    pen.lineWidth = 1;
    line(pen, 0, TILE, TILE, 0);
    line(pen, 0, 0, TILE, TILE);
  },
};

function line(pen: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}
