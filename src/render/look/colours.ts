/**
 * Every colour of dit's pages and pictures, light and dark: custom properties in style sheets, values in pictures that
 * stand alone. Phases and series are told apart by people with any of the common kinds of colour blindness (Okabe and
 * Ito's hues, darkened where they are faint on white); a pattern, a letter or a word says the same besides.
 *
 * Text has a contrast of 4.5 or more to what it stands on, what a picture is made of has 3 or more (WCAG 2.2).
 */

const LIGHT_VALUES = {
  background: '#ffffff',
  panel: '#f7f8f9',
  text: '#1a1f26',
  /** Second to the text. */
  muted: '#5a6572',
  link: '#005a8f',
  /** Between rows, around parts: they order, and mean nothing. */
  rule: '#e3e6ea',
  line: '#d3d8de',
  good: '#00694c',
  warning: '#8a5a00',
  bad: '#b3261e',
  /** What the reader has chosen or looks for. */
  accent: '#b5367e',
  notice: '#fff6e0',
  'notice-line': '#b97c00',
  /** What floats above the page. */
  shadow: '#00000030',

  runtime: '#0072b2',
  'runtime-text': '#ffffff',
  'runtime-pattern': '#0072b2',
  kernel: '#b97c00',
  'kernel-text': '#1a1f26',
  'kernel-pattern': '#f0dcb4',
  storage: '#009e73',
  'storage-text': '#00130d',
  'storage-pattern': '#c4eee1',
  unattributed: '#7d8791',
  'unattributed-text': '#0f1318',
  'unattributed-pattern': '#d8dbde',
  /** The runtime that waits: the lines are what is seen of it. */
  waiting: '#cfe6f5',
  'waiting-text': '#1a1f26',
  'waiting-pattern': '#0072b2',

  /** The timeline's: what happened beside the critical path. */
  lane: '#f1f3f5',
  program: '#e4e8ec',
  'program-text': '#4d5763',
  call: '#bcc5cf',
  'call-text': '#1a1f26',
  running: '#4d5763',
  /** A process of a picture, at work or there. */
  busy: '#8a949e',
  /** Over what is not measured. */
  shade: '#1a1f260a',

  /** Platforms of a comparison, in their order. */
  'series-1': '#0072b2',
  'series-2': '#d55e00',
  'series-3': '#009e73',
  'series-4': '#b5558c',
  'series-5': '#3a8fc0',
  'series-6': '#b97c00',
  'series-7': '#7a4f00',
} as const;

export type ColourName = keyof typeof LIGHT_VALUES;
/** "#rrggbb", or "#rrggbbaa" for what lies over others. */
export type Colours = Readonly<Record<ColourName, string>>;

export const LIGHT_COLOURS: Colours = LIGHT_VALUES;

export const DARK_COLOURS: Colours = {
  background: '#14171b',
  panel: '#1b1f24',
  text: '#e4e8ec',
  muted: '#98a3af',
  link: '#7cc4f0',
  rule: '#262b31',
  line: '#353c44',
  good: '#4fcfa5',
  warning: '#f0b050',
  bad: '#ff8a80',
  accent: '#ee8bc0',
  notice: '#2d2617',
  'notice-line': '#b98a2a',
  shadow: '#00000080',

  runtime: '#56b4e9',
  'runtime-text': '#06131c',
  'runtime-pattern': '#56b4e9',
  kernel: '#e69f00',
  'kernel-text': '#1c1300',
  'kernel-pattern': '#ffdf9e',
  storage: '#1fb98c',
  'storage-text': '#00130d',
  'storage-pattern': '#b5f0dd',
  unattributed: '#7b858f',
  'unattributed-text': '#0b0e11',
  'unattributed-pattern': '#c3c9cf',
  waiting: '#17344a',
  'waiting-text': '#e4e8ec',
  'waiting-pattern': '#56b4e9',

  lane: '#1d2126',
  program: '#2b3138',
  'program-text': '#aab4bf',
  call: '#4a545f',
  'call-text': '#e4e8ec',
  running: '#98a3af',
  busy: '#6b7683',
  shade: '#00000038',

  'series-1': '#56b4e9',
  'series-2': '#ff8a4c',
  'series-3': '#1fb98c',
  'series-4': '#ee8bc0',
  'series-5': '#9ad0f5',
  'series-6': '#e69f00',
  'series-7': '#c9a25a',
};

export const COLOUR_NAMES = Object.keys(LIGHT_COLOURS) as readonly ColourName[];

const SERIES = 7;

/** Of a platform by its place; after seven they begin again, and the letter beside them does not. */
export const seriesColour = (index: number): ColourName =>
  `series-${(index % SERIES) + 1}` as ColourName;

/** For pictures that stand on a page with the style of look.ts: its colours follow the reader's choice. */
export const INLINE_COLOURS = Object.fromEntries(
  COLOUR_NAMES.map((name) => [name, `var(--${name})`]),
) as Colours;
