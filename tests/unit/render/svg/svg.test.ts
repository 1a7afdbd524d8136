import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { analyse } from '../../../../src/analysis/analyse.js';
import { phaseTotals } from '../../../../src/model/trace/totals.js';
import type { ContainerRun, Trace } from '../../../../src/model/trace/trace.js';
import { packagePath } from '../../../../src/platform/package-files.js';
import { columnsOf } from '../../../../src/render/common/columns.js';
import { formatMs } from '../../../../src/render/common/format.js';
import { renderSvg, type SvgOptions } from '../../../../src/render/svg/svg.js';
import { readTraceFile } from '../../../../src/tracefile/reader.js';
import {
  cutTrace,
  failedTrace,
  hostileTrace,
  sampleRun,
  startedTrace,
} from '../../../support/traces.js';

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

const TOKEN = /<(\/?)([a-z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
const ENTITY = /&(?:amp|lt|gt|quot|#39);/g;
const DECODED: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

/** A strict reader of the little XML that a picture is made of; throws at whatever else there is. */
function parse(xml: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const decode = (text: string): string => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
    if (/[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/u.test(text)) throw new Error(text);
    if (text.replace(ENTITY, '').includes('&')) throw new Error(`bare & in ${text}`);
    return text.replace(ENTITY, (entity) => DECODED[entity] as string);
  };
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < xml.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(xml);
    if (token === null) throw new Error(`not XML: ${xml.slice(at, at + 80)}`);
    const [, closes, name = '', written = '', empty, text] = token;
    const parent = open.at(-1) as Element;
    if (text !== undefined) parent.text += decode(text);
    else if (closes === '/') {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes something else`);
    } else {
      const pairs = [...written.matchAll(/([\w:-]+)="([^"]*)"/g)];
      const attributes = Object.fromEntries(
        pairs.map(([, key, value]) => [key, decode(value ?? '')]),
      );
      if (Object.keys(attributes).length < pairs.length) throw new Error(`twice in <${name}>`);
      const element: Element = { name, attributes, children: [], text: '' };
      parent.children.push(element);
      if (empty !== '/') open.push(element);
    }
  }
  if (open.length !== 1 || root.children.length !== 1) throw new Error('not one whole element');
  return root.children[0] as Element;
}

const all = (element: Element): Element[] => [element, ...element.children.flatMap(all)];
const number = (element: Element, name: string): number => Number(element.attributes[name]);
const textsOf = (picture: Element): string[] =>
  all(picture)
    .filter(({ name }) => name === 'text')
    .map(({ text }) => text);

const samples = packagePath('traces/samples');
const recorded = readdirSync(samples).flatMap((engine) =>
  readdirSync(join(samples, engine)).map(
    (name) =>
      [`${engine}/${name}`, () => analyse(readTraceFile(join(samples, engine, name)))] as const,
  ),
);
const cases: readonly (readonly [name: string, trace: () => Trace])[] = [
  ...recorded,
  ['a whole start', startedTrace],
  ['a start that failed', failedTrace],
  ['a recording that was cut', cutTrace],
  ['hostile text', hostileTrace],
];
const LOOKS: readonly SvgOptions[] = [
  {},
  { width: 640, dark: true },
  { width: 1900 },
  { width: 10 },
];

describe.each(cases)('%s', (_name, make) => {
  const trace = make();
  const run = trace.runs[0] as ContainerRun;
  const pictures = LOOKS.map((options) => parse(renderSvg(trace, run, options)));
  const [picture] = pictures as [Element];

  test('is self-contained XML: no script, no link, nothing from elsewhere', () => {
    for (const each of pictures) {
      const names = new Set(all(each).map(({ name }) => name));
      expect([...names].filter((name) => !ALLOWED.has(name))).toEqual([]);
      const ids = new Set(all(each).map(({ attributes }) => attributes.id));
      for (const { attributes } of all(each)) {
        for (const [key, value] of Object.entries(attributes)) {
          expect(key).not.toMatch(/^(on|href|xlink|style)/);
          if (value.includes('url(')) expect(ids).toContain(/^url\(#(.*)\)$/.exec(value)?.[1]);
        }
      }
    }
  });

  test('is titled and described for those who do not see it', () => {
    const { attributes, children } = picture;
    expect(attributes.role).toBe('img');
    const named = attributes['aria-labelledby']?.split(' ');
    expect(children.slice(0, 2).map(({ name, attributes: { id } }) => [name, id])).toEqual([
      ['title', named?.[0]],
      ['desc', named?.[1]],
    ]);
    expect(children[0]?.text.length).toBeGreaterThan(10);
    for (const { name } of run.milestones) expect(children[1]?.text).toContain(name);
  });

  test('has lanes that keep apart, and in each lane slices that do', () => {
    for (const each of pictures) {
      const lanes = all(each).filter((element) => element.attributes.class === 'lane');
      const bounds = lanes.map(({ children }) => {
        const bars = children.filter(({ name }) => name === 'rect');
        const height = Math.max(...bars.map((bar) => number(bar, 'height')));
        // The thinner ones are what is drawn behind: who was there, who was busy.
        const slices = bars.filter((bar) => number(bar, 'height') === height);
        slices.reduce((end, slice) => {
          expect(number(slice, 'x')).toBeGreaterThanOrEqual(end);
          return number(slice, 'x') + number(slice, 'width');
        }, 0);
        const tops = bars.map((bar) => number(bar, 'y'));
        const ends = bars.map((bar) => number(bar, 'y') + number(bar, 'height'));
        return [Math.min(...tops), Math.max(...ends)] as const;
      });
      bounds.reduce((before, [top, bottom]) => {
        expect(top).toBeGreaterThan(before);
        return bottom;
      }, 0);
    }
  });

  test('keeps text and bars inside', () => {
    for (const each of pictures) {
      const [width, height] = [number(each, 'width'), number(each, 'height')];
      for (const element of all(each)) {
        if (element.name === 'text') {
          const size = Number(element.attributes['font-size'] ?? 12);
          const length = columnsOf(element.text) * size * 0.62;
          const x = number(element, 'x');
          const anchor = element.attributes['text-anchor'] ?? 'start';
          const left = anchor === 'end' ? x - length : anchor === 'middle' ? x - length / 2 : x;
          expect(left, element.text).toBeGreaterThanOrEqual(0);
          expect(left + length, element.text).toBeLessThanOrEqual(width);
          expect(number(element, 'y')).toBeLessThan(height);
        }
        if (element.name === 'rect' && element.attributes.x !== undefined) {
          expect(number(element, 'x') + number(element, 'width')).toBeLessThanOrEqual(width);
        }
      }
    }
  });

  test('says the sums of the report', () => {
    const totals = phaseTotals(run.segments).filter(({ ns }) => ns > 0);
    const texts = textsOf(picture);
    for (const { phase, ns, waitingNs } of totals) {
      const at = texts.indexOf(phase, texts.indexOf('Critical path'));
      expect(texts[at + 1]).toBe(formatMs(ns));
      expect(texts[at + 3]).toBe(formatMs(waitingNs));
    }
    expect(texts.includes('sum = window')).toBe(run.window !== undefined);
  });

  test('numbers the milestones in the order of time, and keeps their numbers apart', () => {
    for (const each of pictures) {
      const [marks] = all(each).filter((element) => element.attributes.class === 'milestones');
      const circles = all(marks as Element).filter(({ name }) => name === 'circle');
      expect(circles.length).toBeGreaterThan(5);
      circles.reduce((before, circle) => {
        expect(number(circle, 'cx') - before).toBeGreaterThanOrEqual(17.9);
        return number(circle, 'cx');
      }, 0);
    }
    const texts = textsOf(picture);
    const listed = [...run.milestones].sort((a, b) => a.time - b.time);
    listed.forEach(({ name, certainty }, index) => {
      const label = certainty === 'inferred' ? `${name} *` : name;
      expect(texts[texts.indexOf(label) - 1]).toBe(String(index + 1));
    });
  });
});

const ALLOWED = new Set([
  ...['svg', 'title', 'desc', 'defs', 'pattern', 'g'],
  ...['rect', 'line', 'path', 'circle', 'text'],
]);

describe('renderSvg', () => {
  const hostileName = `<img src=x onerror=alert(1)>"'&amp;\x1b[31m]]>`;

  test('shows markup and escapes of others as text', () => {
    const trace = startedTrace();
    const run = sampleRun({ name: hostileName, image: hostileName, failure: hostileName });
    const picture = parse(renderSvg(trace, run));
    const shown = textsOf(picture).filter((text) => text.includes('<img src=x onerror=alert(1)>'));
    expect(shown.length).toBeGreaterThanOrEqual(3);
    for (const text of shown) expect(text).toContain(`"'&amp;\\x1b[31m]]>`);
  });

  test('says what makes its figures doubtful', () => {
    const trace = startedTrace();
    const { recording } = trace;
    const source = { ...recording.header.source, name: 'strace', perturbed: true };
    const slow = { ...trace, recording: { ...recording, header: { ...recording.header, source } } };
    const texts = textsOf(parse(renderSvg(slow, trace.runs[0] as ContainerRun)));
    expect(texts.filter((text) => text.includes('slows what it measures')).length).toBe(2);
    const lost = textsOf(parse(renderSvg(failedTrace(), failedTrace().runs[0] as ContainerRun)));
    expect(lost).toContain('1,234 events were lost: figures are incomplete');
    const cut = textsOf(parse(renderSvg(cutTrace(), cutTrace().runs[0] as ContainerRun)));
    expect(cut).toContain('The recording ends early');
  });

  test('says how much of the path is inferred', () => {
    const run = sampleRun();
    const [first, ...rest] = run.segments;
    if (first === undefined) throw new Error('no segment');
    const inferred = [{ ...first, certainty: 'inferred' as const }, ...rest];
    const texts = textsOf(parse(renderSvg(startedTrace(), { ...run, segments: inferred })));
    expect(texts.join('\n')).toContain('critical path 98.9 % exact, 1.1 % inferred');
  });

  test('fills a lane where its actor is on the path, with the pattern of what it did', () => {
    const picture = parse(renderSvg(startedTrace(), sampleRun(), { width: 1228 }));
    const lanes = all(picture).filter((element) => element.attributes.class === 'lane');
    const lane = lanes.find(({ children }) => children[0]?.text.startsWith('containerd'));
    const slices = (lane as Element).children.filter((bar) => bar.attributes.height === '18');
    expect(slices).toHaveLength(1);
    expect(slices[0]?.attributes.fill).toMatch(/-waiting\)$/);
    // 8 of 264.1 ms after 40.0 ms, on 976 pixels that begin at 136.
    expect(number(slices[0] as Element, 'x')).toBeCloseTo(136 + (40 / 264.113) * 976, -0.5);
    expect(number(slices[0] as Element, 'width')).toBeCloseTo((8 / 264.113) * 976, -0.5);
  });

  test('is there for a run of which nothing but the container is known', () => {
    const run = sampleRun({ milestones: [], segments: [], window: undefined });
    const texts = textsOf(parse(renderSvg(startedTrace(), run)));
    expect(texts).toContain('no whole start was recorded');
  });
});
