/** One source of colours for all pages and pictures, with enough contrast, light and dark. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packagePath } from '../../../../src/platform/package-files.js';
import {
  COLOUR_NAMES,
  type ColourName,
  type Colours,
  DARK_COLOURS,
  INLINE_COLOURS,
  LIGHT_COLOURS,
  seriesColour,
} from '../../../../src/render/look/colours.js';
import { reportPage } from '../../../../src/render/look/report-page.js';
import { REPORT_STYLE } from '../../../../src/render/look/report-style.js';
import { PAGE_STYLE } from '../../../../src/render/look/style.js';
import { DARK, FILLS, LIGHT } from '../../../../src/render/svg/svg-paint.js';

const root = packagePath('src');
const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
const sources = files(root).map((path) => ({
  path: relative(root, path),
  text: readFileSync(path, 'utf8'),
}));

/** A value or a CSS function, and no private member (`#add(`) or reference. */
const COLOUR =
  /(?<![\w.&])#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})(?=['"`;,\s)}])|\b(?:rgba?|hsla?|oklch|lab)\(/gi;
const coloursIn = (text: string): string[] => text.match(COLOUR) ?? [];

test('a colour is defined in one module', () => {
  const elsewhere = sources
    .filter(({ path }) => path !== 'render/look/colours.ts' && coloursIn(text(path)).length > 0)
    .map(({ path }) => path);
  expect(elsewhere).toEqual([]);
  for (const bad of ["fill: '#fff'", 'color: #0072b2;', 'a{color:#123}', 'rgb(0 0 0 / 20%)']) {
    expect(coloursIn(bad), bad).toHaveLength(1);
  }
  expect(coloursIn('this.#add(x); #bed(y)')).toEqual([]);
});

function text(path: string): string {
  return sources.find((each) => each.path === path)?.text ?? '';
}

test('light and dark have the same names, which the style of every page declares', () => {
  expect(Object.keys(DARK_COLOURS)).toEqual(Object.keys(LIGHT_COLOURS));
  const of = (from: string, to: string): string =>
    PAGE_STYLE.slice(PAGE_STYLE.indexOf(from), PAGE_STYLE.indexOf(to));
  const light = of(':root {', ':root[data-theme="dark"]');
  const chosen = of(':root[data-theme="dark"]', '@media');
  const system = of('@media screen and (prefers-color-scheme: dark)', '* {');
  for (const name of COLOUR_NAMES) {
    expect(light).toContain(`\n--${name}: ${LIGHT_COLOURS[name]}`);
    for (const dark of [chosen, system]) {
      expect(dark).toContain(`\n--${name}: ${DARK_COLOURS[name]}`);
    }
    expect(INLINE_COLOURS[name]).toBe(`var(--${name})`);
  }
});

test('the page, the reports and the pictures use what is declared', () => {
  const styles = { 'page.css': text('page/page.css'), REPORT_STYLE, PAGE_STYLE };
  for (const [name, style] of Object.entries(styles)) {
    const declared = new Set(
      [...`${PAGE_STYLE}${style}`.matchAll(/(--[a-z0-9-]+):/g)].map(([, own]) => own),
    );
    const used = [...style.matchAll(/var\((--[a-z0-9-]+)\)/g)].map(([, own]) => own);
    expect(used.length, name).toBeGreaterThan(5);
    expect(
      used.filter((each) => !declared.has(each)),
      name,
    ).toEqual([]);
  }
  for (const [palette, colours] of [
    [LIGHT, LIGHT_COLOURS],
    [DARK, DARK_COLOURS],
  ] as const) {
    for (const fill of FILLS) expect(palette.fill[fill]).toBe(colours[fill]);
    expect([palette.text, palette.dim]).toEqual([colours.text, colours.muted]);
    expect(palette.series(1)).toBe(colours['series-2']);
  }
  expect(seriesColour(7)).toBe('series-1');
});

/** WCAG 2.2: relative luminance, and the ratio of two. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [
    number,
    number,
    number,
  ];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const TEXTS: readonly ColourName[] = ['text', 'muted', 'link', 'good', 'warning', 'bad', 'accent'];
const GROUNDS: readonly ColourName[] = ['background', 'panel', 'lane'];
const GRAPHICS: readonly ColourName[] = [
  'runtime',
  'kernel',
  'storage',
  'unattributed',
  'running',
  'notice-line',
  ...Array.from({ length: 7 }, (_, index) => seriesColour(index)),
];

describe.each([
  ['light', LIGHT_COLOURS],
  ['dark', DARK_COLOURS],
] as const)('%s', (_, colours: Colours) => {
  const of = (a: ColourName, b: ColourName): number => contrast(colours[a], colours[b]);

  test.each(TEXTS)('%s is legible on every ground', (name) => {
    for (const ground of GROUNDS) expect(of(name, ground), ground).toBeGreaterThanOrEqual(4.5);
  });

  test('text on boxes is legible, and over their patterns', () => {
    for (const box of ['call', 'program', ...FILLS] as const) {
      expect(of(`${box}-text`, box), box).toBeGreaterThanOrEqual(4.5);
    }
    for (const fill of ['kernel', 'storage', 'unattributed'] as const) {
      expect(of(`${fill}-text`, `${fill}-pattern`), fill).toBeGreaterThanOrEqual(4.5);
    }
    for (const name of ['text', 'muted'] as const) {
      expect(of(name, 'notice')).toBeGreaterThanOrEqual(4.5);
    }
  });

  test.each(GRAPHICS)('%s is seen', (name) => {
    expect(of(name, 'background')).toBeGreaterThanOrEqual(3);
  });

  test('what lanes show is seen in them, and what waits by its lines', () => {
    for (const name of ['runtime', 'kernel', 'storage', 'unattributed', 'running'] as const) {
      expect(of(name, 'lane'), name).toBeGreaterThanOrEqual(3);
    }
    expect(of('waiting-pattern', 'background')).toBeGreaterThanOrEqual(3);
    expect(of('waiting-pattern', 'waiting')).toBeGreaterThanOrEqual(3);
    expect(of('busy', 'background')).toBeGreaterThanOrEqual(3);
  });
});

test('contrast is computed as WCAG does', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});

test('a report is a page in a language, with its title as text and no program', () => {
  const html = reportPage(
    { title: '<b>&\x1b', body: ['<h1>x</h1>'] },
    (style) => `s${style.length}`,
  );
  expect(html).toMatch(/^<!doctype html>\n<html lang="en" data-made-by="dit">/);
  expect(html).toContain('<title>&lt;b&gt;&amp;\\x1b</title>');
  expect(html).toContain(
    `default-src 'none'; style-src 'sha256-s${(PAGE_STYLE + REPORT_STYLE).length}'; base-uri 'none'`,
  );
  expect(html).not.toMatch(/<script|style="/);
});
