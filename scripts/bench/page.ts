/**
 * How fluid the page of a large trace is: a real sample repeated until it has 100,000 slices, panned by dragging in
 * headless Chromium without a GPU, with all threads shown, at several zooms. Prints the frames' distances, and how
 * long a frame's work takes from its beginning until the browser has painted it.
 *
 *   npx tsx scripts/bench/page.ts [--slices 100000] [--sample traces/samples/docker-28.5/bridge.dit]
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { deflateSync } from 'node:zlib';
import { chromium, type Page } from 'playwright-core';
import { analyse } from '../../src/analysis/analyse.js';
import { buildTracks } from '../../src/analysis/tracks/tracks.js';
import { traceTimeOf } from '../../src/base/time.js';
import { renderHtml } from '../../src/export/html.js';
import { pageData } from '../../src/export/page-data.js';
import type { ContainerRun, Trace } from '../../src/model/trace/trace.js';
import type { Tracks } from '../../src/model/trace/tracks.js';
import { packagePath } from '../../src/platform/package-files.js';
import { median, quantile } from '../../src/stats/summary.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import { chromiumPath } from '../../tests/support/chromium.js';

const { values: options } = parseArgs({
  options: {
    slices: { type: 'string', default: '100000' },
    sample: { type: 'string', default: packagePath('traces/samples/docker-28.5/bridge.dit') },
  },
});

/** The columns one after the other `times` times, each later by the span; sorted by track again. */
function repeat(tracks: Tracks, times: number): Tracks {
  const { span, slices, wakeUps } = tracks;
  const length = span.end - span.start;
  const order: { index: number; round: number }[] = [];
  for (let index = 0; index < slices.length; ) {
    const track = slices.track[index];
    let end = index;
    while (end < slices.length && slices.track[end] === track) end++;
    for (let round = 0; round < times; round++) {
      for (let own = index; own < end; own++) order.push({ index: own, round });
    }
    index = end;
  }
  const column = <A extends Float64Array | Int32Array | Uint8Array>(
    from: A,
    rows: readonly { index: number; round: number }[],
    isTime: boolean,
  ): A => {
    const to = new (from.constructor as new (length: number) => A)(rows.length);
    rows.forEach(({ index, round }, at) => {
      to[at] = (from[index] as number) + (isTime ? round * length : 0);
    });
    return to;
  };
  const table = <T extends { readonly length: number }>(
    of: T,
    rows: readonly { index: number; round: number }[],
    times: readonly string[],
  ): T => {
    const columns = Object.entries(of).filter(([name]) => name !== 'length');
    return {
      length: rows.length,
      ...Object.fromEntries(
        columns.map(([name, from]) => [
          name,
          column(from as unknown as Float64Array, rows, times.includes(name)),
        ]),
      ),
    } as unknown as T;
  };
  const woken = Array.from({ length: times * wakeUps.length }, (_, at) => ({
    index: at % wakeUps.length,
    round: Math.floor(at / wakeUps.length),
  }));
  return {
    ...tracks,
    span: { start: span.start, end: span.start + times * length } as Tracks['span'],
    slices: table(slices, order, ['start', 'end']),
    wakeUps: table(wakeUps, woken, ['fromTime', 'toTime']),
  };
}

/** The run's path again and again, with the pauses between two rounds given to nobody. */
function repeatPath(run: ContainerRun, times: number, length: number): ContainerRun {
  const { window, segments } = run;
  if (window === undefined) throw new Error('the sample has no whole start');
  const rounds = Array.from({ length: times }, (_, round) =>
    segments.map((segment) => ({
      ...segment,
      start: traceTimeOf(segment.start + round * length),
      end: traceTimeOf(segment.end + round * length),
    })),
  );
  const end = traceTimeOf(window.end + (times - 1) * length);
  return { ...run, segments: rounds.flat(), window: { ...window, end } };
}

interface Frames {
  readonly distances: number[];
  readonly work: number[];
}

/** Runs in the page; as text, for what compiles this file would add names of its own to functions. */
const NOTE_FRAMES = `
  const noted = { distances: [], work: [], stop: false };
  let before = performance.now();
  let began = 0;
  const painted = new MessageChannel();
  painted.port1.onmessage = () => noted.work.push(performance.now() - began);
  const frame = (now) => {
    noted.distances.push(now - before);
    before = now;
    began = performance.now();
    painted.port2.postMessage(0);
    if (!noted.stop) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  window.noted = noted;
`;

/** Drags to and fro with the mouse while the page notes its frames. */
async function pan(page: Page): Promise<Frames> {
  const box = await page.locator('.body-canvas').boundingBox();
  if (box === null) throw new Error('the page shows no timeline');
  const y = box.y + box.height / 2;
  const left = box.x + box.width * 0.2;
  const reach = box.width * 0.6;
  await page.mouse.move(left, y);
  await page.mouse.down();
  await page.evaluate(NOTE_FRAMES);
  for (let step = 0; step < 300; step++) {
    await page.mouse.move(left + reach * (0.5 - 0.5 * Math.cos(step / 12)), y);
  }
  const noted = await page.evaluate(() => {
    const { noted } = window as unknown as { noted: Frames & { stop: boolean } };
    noted.stop = true;
    return noted;
  });
  await page.mouse.up();
  return noted;
}

const say = (name: string, { distances, work }: Frames): void => {
  const ms = (values: readonly number[], share?: number): string =>
    (share === undefined
      ? median(values)
      : quantile(
          [...values].sort((a, b) => a - b),
          share,
        )
    )
      .toFixed(1)
      .padStart(6);
  console.log(
    `${name.padEnd(16)} ${String(distances.length).padStart(4)} frames: median ${ms(distances)} ms, ` +
      `95 % ${ms(distances, 0.95)} ms; work median ${ms(work)} ms, 95 % ${ms(work, 0.95)} ms`,
  );
};

const sample: Trace = analyse(readTraceFile(options.sample));
const tracks = buildTracks(sample);
const times = Math.ceil(Number(options.slices) / tracks.slices.length);
const length = tracks.span.end - tracks.span.start;
const large = repeat(tracks, times);
const trace: Trace = { ...sample, runs: sample.runs.map((run) => repeatPath(run, times, length)) };
const folder = mkdtempSync(join(tmpdir(), 'dit-page-'));
const browser = await chromium.launch({
  executablePath: chromiumPath(),
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const file = join(folder, 'page.html');
  const text = (name: string): string => readFileSync(packagePath(`dist/page/${name}`), 'utf8');
  const page = {
    title: 'bench',
    script: text('page.js'),
    style: text('page.css'),
    traces: [deflateSync(pageData(trace, large, 'bench.dit'))],
    ditVersion: 'bench',
  };
  const sum = (all: string): string => createHash('sha256').update(all).digest('base64');
  writeFileSync(file, renderHtml(page, sum));
  const tab = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  const begin = performance.now();
  await tab.goto(`file://${file}`);
  await tab.waitForSelector('.body-canvas');
  console.log(
    `${large.slices.length} slices, ${trace.runs[0]?.segments.length} segments, ` +
      `${(statSync(file).size / 1e6).toFixed(1)} MB, shown after ${(performance.now() - begin).toFixed(0)} ms`,
  );
  await tab.keyboard.press('t');
  await tab.keyboard.press('9');
  for (const [name, zooms] of [
    ['all of it', 0],
    ['a tenth', 6],
    ['a hundredth', 7],
  ] as const) {
    for (let zoom = 0; zoom < zooms; zoom++) await tab.keyboard.press('w');
    say(name, await pan(tab));
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
