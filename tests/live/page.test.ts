import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.js';
import { traceView } from '../../src/cli/actions/trace/view.js';
import { pageOf } from '../../src/cli/export/page-file.js';
import { copyEvents } from '../../src/model/recording/copy-events.js';
import { EventTable } from '../../src/model/recording/event-table.js';
import { StringInterner, type StringTable } from '../../src/model/recording/strings.js';
import { packagePath } from '../../src/platform/package-files.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import { TraceFileWriter } from '../../src/tracefile/writer.js';
import buildProgram from '../support/build.js';
import { chromiumPath } from '../support/chromium.js';
import { lacks } from '../support/requirements.js';
import { samplePath } from '../support/samples.js';

const BRIDGE = samplePath('docker-28.5/bridge.dit');
const OLD = samplePath('docker-20.10/bridge.dit');
const SLOW = samplePath('docker-20.10/slow-runtime.dit');
const NAME = '<img src=x onerror=alert(1)>';
const ARGUMENT = '\x1b[2J\x1b]0;owned\x07</script><script>alert(2)</script>';

describe.skipIf(lacks('chromium'))('the page', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'dit-page-'));
  let browser: Browser;
  let page: Page;
  /** What no page may do. */
  const wrong: string[] = [];

  beforeAll(async () => {
    buildProgram();
    browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });
  afterEach(async () => {
    await page?.close();
    expect(wrong.splice(0)).toEqual([]);
  });

  async function open(
    files: readonly string[],
    options: Parameters<Browser['newPage']>[0] = {},
  ): Promise<Page> {
    const path = join(folder, 'page.html');
    const traces = files.map((file) => ({ path: file, read: () => analyse(readTraceFile(file)) }));
    writeFileSync(path, pageOf(traces));
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 }, ...options });
    page.on('console', (message) => wrong.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('dialog', (dialog) => {
      wrong.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (request.url() !== `file://${path}`) wrong.push(`request: ${request.url()}`);
    });
    await page.goto(`file://${path}`);
    await page.locator('.body-canvas').first().waitFor();
    return page;
  }

  /** "195 ms shown" as ms. */
  const shown = async (): Promise<number> => {
    const text = (await page.locator('.readout').first().textContent()) ?? '';
    const [, value, unit] = /^([\d.,]+) (ns|µs|ms|s) shown/.exec(text) ?? [];
    return Number(value) * { ns: 1e-6, µs: 1e-3, ms: 1, s: 1000 }[unit as 'ms'];
  };
  const section = (title: string): Locator =>
    page.locator('section').filter({ has: page.locator('h2', { hasText: title }) });
  const box = async (
    which: Locator,
  ): Promise<{ x: number; y: number; width: number; height: number }> => {
    const found = await which.boundingBox();
    if (found === null) throw new Error('it is not there');
    return found;
  };
  /** How many pixels of the lanes differ from what they were. */
  const picture = (): Promise<string> =>
    page
      .locator('.body-canvas')
      .first()
      .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  /** After what was asked for has been drawn. */
  const drawn = (): Promise<void> =>
    page.evaluate(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))',
    );

  test('is one small file, and tells what the trace tells', async () => {
    await open([BRIDGE]);
    const program = ['page.js', 'page.css'].map((name) =>
      readFileSync(packagePath(`dist/page/${name}`)),
    );
    expect(program.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(400 * 1024);
    await expect(page.title()).resolves.toContain('bridge.dit');
    const heading = await page.locator('header').textContent();
    expect(heading).toContain('186.683 ms from “create requested” to “entrypoint exec”');
    expect(heading).toContain('lost events: 0 of 21,585');
    const lanes = await page.locator('.lane-name b').allTextContents();
    expect(lanes.slice(0, 5)).toEqual(['client', 'dockerd', 'containerd', 'shim', 'runc create']);
    const phases = await section('Phases').textContent();
    expect(phases).toContain('network set-up');
    expect(phases).toContain('100.0 % exact');
    expect(await section('Milestones').locator('tbody tr').count()).toBe(18);
    expect(await section('Milestones').textContent()).toContain('fork of pid 1914');
    expect(await section('Findings').locator('li').count()).toBe(3);
    expect(await section('Recording').textContent()).toContain('CLOCK_MONOTONIC');
  });

  test('zooms and pans by keys, wheel, buttons and dragging', async () => {
    await open([BRIDGE]);
    await drawn();
    const whole = await shown();
    expect(whole).toBeCloseTo(194, 0);
    await page.keyboard.press('w');
    await drawn();
    expect(await shown()).toBeCloseTo(whole * 0.7, -1);
    await page.keyboard.press('-');
    await drawn();
    expect(await shown()).toBe(whole);
    await page.getByRole('button', { name: 'zoom in (w)' }).click();
    await page.getByRole('button', { name: 'zoom in (w)' }).click();
    await drawn();
    const near = await shown();
    expect(near).toBeLessThan(whole * 0.5);

    const lanes = await box(page.locator('.body-canvas'));
    const before = await picture();
    await page.mouse.move(lanes.x + 500, lanes.y + 100);
    await page.mouse.down();
    await page.mouse.move(lanes.x + 350, lanes.y + 100, { steps: 5 });
    await page.mouse.up();
    await drawn();
    expect(await picture()).not.toBe(before);
    expect(await shown()).toBe(near);
    // A drag is no click.
    expect(await section('Selection').textContent()).toContain('Click on a slice');

    for (const key of ['a', 'd', 'ArrowLeft', 'ArrowRight']) {
      const was = await picture();
      if (key.startsWith('Arrow')) await page.locator('.body-canvas').focus();
      await page.keyboard.press(key);
      await drawn();
      expect(await picture(), key).not.toBe(was);
      expect(await shown()).toBe(near);
    }
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -400);
    await page.keyboard.up('Control');
    await expect.poll(shown).toBeLessThan(near * 0.6);
    await page.keyboard.press('9');
    await drawn();
    expect(await shown()).toBeGreaterThan(400);
    await page.keyboard.press('0');
    await drawn();
    expect(await shown()).toBe(whole);
  });

  test('a click selects; details, events and the announcement tell of it', async () => {
    await open([BRIDGE]);
    // The critical path in dockerd's lane.
    const lane = await box(page.locator('.lane-name', { hasText: 'dockerd' }));
    const lanes = await box(page.locator('.body-canvas'));
    const fit = await shown();
    const x = lanes.x + ((12 + fit * 0.02) / fit) * lanes.width;
    await page.mouse.click(x, lane.y + 12);
    const details = section('Selection');
    expect(await details.locator('h2').textContent()).toContain('critical path');
    const facts = await details.locator('dt').allTextContents();
    expect(facts).toEqual(
      expect.arrayContaining(['Phase', 'Actor', 'Thread', 'State', 'Certainty']),
    );
    expect(await details.textContent()).toContain('dockerd');
    const status = page.locator('[role=status]').last();
    expect(await status.textContent()).toMatch(/^critical path .*dockerd/);
    const note = (): Promise<string | null> => section('Events').locator('h2 small').textContent();
    const few = Number((await note())?.trim().split(' ')[0]?.replace(/,/g, ''));
    expect(few).toBeLessThan(100);
    await section('Events').locator('select').first().selectOption('all');
    await section('Events').locator('select').nth(1).selectOption('init');
    const inits = Number((await note())?.trim().split(' ')[0]?.replace(/,/g, ''));
    expect(inits).toBeGreaterThan(1000);
    const actors = await section('Events').locator('tbody tr td:nth-child(2)').allTextContents();
    expect(new Set(actors.filter((text) => text !== ''))).toEqual(new Set(['init']));
    // Only what is in sight exists.
    expect(actors.length).toBeLessThan(60);
    await section('Events')
      .locator('.event-rows')
      .evaluate((rows) => rows.scrollTo(0, 1e9));
    await expect
      .poll(() => section('Events').locator('tbody tr').last().getAttribute('aria-hidden'))
      .toBe(null);

    await section('Events').locator('select').nth(2).selectOption('exec');
    await section('Events').locator('tbody tr button').first().click();
    expect(await details.locator('h2').textContent()).toContain('program');
    expect(await details.textContent()).toContain('Arguments');
    await page.keyboard.press('Escape');
    expect(await details.textContent()).toContain('Click on a slice');
    expect(await status.textContent()).toBe('');
  });

  test('slices are reached by keys alone', async () => {
    await open([BRIDGE]);
    await page.locator('.body-canvas').focus();
    await page.keyboard.press('Enter');
    const status = page.locator('[role=status]').last();
    const first = await status.textContent();
    expect(first).toMatch(/^critical path /);
    await page.keyboard.press('ArrowRight');
    const second = await status.textContent();
    expect(second).not.toBe(first);
    await page.keyboard.press('ArrowLeft');
    expect(await status.textContent()).toBe(first);
    await page.keyboard.press('ArrowDown');
    expect(await status.textContent()).not.toBe(first);
    const before = await shown();
    await page.keyboard.press('f');
    await expect.poll(shown).toBeLessThan(before);
  });

  test('a stretch of time is marked by dragging along the axis', async () => {
    await open([BRIDGE]);
    const head = await box(page.locator('.head-canvas'));
    await page.mouse.move(head.x + 200, head.y + head.height - 6);
    await page.mouse.down();
    await page.mouse.move(head.x + 400, head.y + head.height - 6, { steps: 4 });
    await page.mouse.up();
    const details = section('Selection');
    expect(await details.textContent()).toContain('a stretch of time');
    const part = (200 / head.width) * (await shown());
    expect(Number.parseFloat((await details.locator('.title').textContent()) ?? '')).toBeCloseTo(
      part,
      0,
    );
    const note = await section('Events').locator('h2 small').textContent();
    expect(note).not.toMatch(/21,585 of/);
  });

  test('searches: the next match, the one before, and none', async () => {
    await open([BRIDGE]);
    await page.keyboard.press('/');
    await page.keyboard.type('pivot_root');
    const output = page.locator('.search output');
    const [, count] = /^(\d+)$/.exec((await output.textContent()) ?? '') ?? [];
    expect(Number(count)).toBeGreaterThan(1);
    await page.keyboard.press('Enter');
    expect(await output.textContent()).toBe(`1 of ${count}`);
    await page.keyboard.press('Enter');
    expect(await output.textContent()).toBe(`2 of ${count}`);
    await page.keyboard.press('Escape');
    await page.keyboard.press('p');
    expect(await output.textContent()).toBe(`1 of ${count}`);
    await page.keyboard.press('p');
    expect(await output.textContent()).toBe(`${count} of ${count}`);
    expect(await section('Selection').textContent()).toContain('pivot_root');
    await page.locator('.search input').fill('no such thing');
    expect(await output.textContent()).toBe('0');
    // In the field letters are letters.
    const before = await shown();
    await page.locator('.search input').press('w');
    expect(await shown()).toBe(before);
  });

  test('threads unfold, wake-ups appear, help opens and closes', async () => {
    await open([BRIDGE]);
    const rows = page.locator('.row-name');
    const main = await rows.count();
    await page.locator('.lane-name', { hasText: 'containerd' }).click();
    const more = await rows.count();
    expect(more).toBeGreaterThan(main);
    await page.locator('.lane-name', { hasText: 'containerd' }).click();
    expect(await rows.count()).toBeLessThan(main);
    await page.keyboard.press('t');
    expect(await rows.count()).toBeGreaterThan(more);
    await drawn();
    const before = await picture();
    await page.keyboard.press('r');
    await drawn();
    expect(await picture()).not.toBe(before);
    expect(await page.locator('button', { hasText: 'Wake-ups' }).getAttribute('aria-pressed')).toBe(
      'true',
    );
    await page.keyboard.press('?');
    expect(await page.locator('dialog').isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    expect(await page.locator('dialog').isVisible()).toBe(false);
  });

  test('two traces stand one above the other on one scale, with what changed', async () => {
    await open([OLD, SLOW]);
    expect(await page.locator('.timeline').count()).toBe(2);
    const differences = await section('Differences').textContent();
    expect(differences).toContain('+158.487 ms');
    expect(differences).toContain('sleep');
    expect(differences).toContain('new');
    expect(differences).toContain('runtime: not given before, "sleepy" after');
    await page.keyboard.press('w');
    await drawn();
    const [a, b] = await page.locator('.readout').allTextContents();
    expect(a).toBe(b);
    const second = page.locator('.timeline').nth(1);
    const lane = await box(second.locator('.lane-name', { hasText: 'runc create' }));
    const lanes = await box(second.locator('.body-canvas'));
    await page.mouse.click(lanes.x + lanes.width / 2, lane.y + 12);
    expect(await section('Selection').textContent()).toContain('sleep');
    expect(await section('Recording').textContent()).toContain('slow-runtime.dit');
    await page.locator('.side-choice button', { hasText: 'A' }).click();
    expect(await section('Recording').textContent()).toContain('bridge.dit');
    // One of them alone, and another one.
    await page.locator('.choosers select').nth(1).selectOption('');
    expect(await page.locator('.timeline').count()).toBe(1);
    await page.locator('.choosers select').first().selectOption('1');
    expect(await page.locator('header').textContent()).toContain('392.415 ms');
  });

  test('is light, dark, narrow and on paper as the reader has it', async () => {
    await open([BRIDGE], { colorScheme: 'dark', viewport: { width: 400, height: 800 } });
    const background = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await background();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBe(400);
    await page.getByLabel('Theme').selectOption('light');
    expect(await background()).not.toBe(dark);
    await page.getByLabel('Theme').selectOption('system');
    expect(await background()).toBe(dark);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await expect.poll(background).toBe('rgb(255, 255, 255)');
    expect(await page.locator('.toolbar').isVisible()).toBe(false);
    expect(await section('Milestones').isVisible()).toBe(true);
  });

  test('names, arguments and paths are text, whatever they hold', async () => {
    const file = join(folder, 'hostile.dit');
    writeHostile(file);
    await open([file]);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('header').textContent()).toContain(NAME);
    expect(await page.title()).toContain('hostile.dit');
    await page.keyboard.press('/');
    await page.keyboard.type('owned');
    await page.keyboard.press('Enter');
    const text = (await page.locator('body').textContent()) ?? '';
    expect(await section('Selection').textContent()).toContain(
      '\\x1b[2J\\x1b]0;owned\\x07</script><script>alert(2)</script>',
    );
    expect(text).not.toContain('\x1b');
    await page.locator('.search input').fill('');
    await page.keyboard.press('Escape');
    await page.mouse.move(600, 300);
    expect(await page.locator('img').count()).toBe(0);
  });

  describe('the command', () => {
    const written: string[] = [];
    const output = {
      line: async (text: string) => {
        written.push(text);
      },
    };
    const context = { stdout: output, stderr: output, env: {} } as never;

    test('writes beside the trace, again over its own page, and over nothing else', async () => {
      const trace = join(folder, 'a.dit');
      writeFileSync(trace, readFileSync(BRIDGE));
      const path = join(folder, 'a.html');
      await traceView([trace], {}, context);
      await traceView([trace], {}, context);
      expect(written.splice(0)).toEqual([path, path]);
      expect(readFileSync(path, 'utf8')).toContain('x-dit-trace');
      writeFileSync(path, '<!doctype html>my own');
      await expect(traceView([trace], {}, context)).rejects.toMatchObject({
        code: 'output-exists',
        exitCode: 2,
      });
      expect(readFileSync(path, 'utf8')).toBe('<!doctype html>my own');
      await traceView([trace], { output: path }, context);
      expect(readFileSync(path, 'utf8')).toContain('x-dit-trace');
    });

    test('refuses what is no trace, and an output that cannot be written', async () => {
      const none = join(folder, 'none.dit');
      await expect(traceView([none], {}, context)).rejects.toMatchObject({ exitCode: 2 });
      const other = join(folder, 'other.dit');
      writeFileSync(other, 'not a trace');
      await expect(traceView([other], {}, context)).rejects.toMatchObject({ exitCode: 2 });
      const output = join(folder, 'missing', 'page.html');
      await expect(traceView([BRIDGE], { output }, context)).rejects.toMatchObject({
        code: 'output-unwritable',
        exitCode: 2,
      });
      expect(existsSync(output)).toBe(false);
    });
  });
});

/** A sample whose container is called NAME, and whose entrypoint was given ARGUMENT. */
function writeHostile(path: string): void {
  const recording = readTraceFile(BRIDGE);
  const name = recording.marks.find(({ detail }) => detail.has('name'))?.detail.get('name') ?? '';
  const exec = [...Array(recording.events.length).keys()].findLast(
    (row) =>
      recording.events.kindName(row) === 'exec' &&
      recording.events.values(row, 'arguments').length > 1,
  );
  if (exec === undefined) throw new Error('the sample executes something');
  const argument = recording.events.values(exec, 'arguments').at(-1);
  const changed: StringTable = {
    ...recording.strings,
    size: recording.strings.size,
    find: (text) => recording.strings.find(text),
    text: (id) => (id === argument ? ARGUMENT : recording.strings.text(id)),
  };
  const strings = new StringInterner();
  const events = new EventTable();
  const rows = Array.from({ length: recording.events.length }, (_, row) => row);
  copyEvents({ events: recording.events, strings: changed }, rows, events, strings);
  const writer = new TraceFileWriter(path);
  const { header } = recording;
  writer.header({ ...header, target: { ...header.target, containerName: NAME, image: NAME } });
  for (const clock of recording.clocks) writer.clock(clock);
  writer.processes(recording.clocks[0]?.trace ?? (0 as never), recording.processes);
  for (const mark of recording.marks) {
    const detail = new Map(
      Array.from(mark.detail, ([key, value]) => [key, value === name ? NAME : value]),
    );
    writer.mark({ ...mark, detail });
  }
  writer.events(events, 0, events.length, strings);
  if (recording.loss !== undefined) writer.loss(recording.loss);
  if (recording.footer !== undefined) writer.footer(recording.footer);
  writer.close();
}
