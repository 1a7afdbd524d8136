import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findJournal, Journal, readJournal } from '../../../src/bench/journal.js';
import { failedStep, HEAD, measuredStep } from '../../support/benches.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-journal-'));
  path = join(folder, 'samples.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(): void {
  const journal = Journal.begin(folder, HEAD, undefined);
  journal.step(measuredStep(0));
  journal.note('the page cache is not dropped');
  journal.note('the page cache is not dropped');
  journal.step(failedStep(1, 'no luck'));
  journal.close();
}

const GIVEN = { dimension: 'startup', group: 'cold' };
const planned = (plan: object) => ({
  ...HEAD,
  measurements: [{ ...HEAD.measurements[0], ...plan }],
});

describe('the journal', () => {
  it('gives back what was written, notes once', () => {
    write();
    expect(findJournal(folder)?.content).toEqual({
      head: HEAD,
      steps: [measuredStep(0), failedStep(1, 'no luck')],
      notes: ['the page cache is not dropped'],
    });
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(4);
  });

  it('has every line in the file when the call returns', () => {
    const journal = Journal.begin(folder, HEAD, undefined);
    journal.step(measuredStep(0));
    expect(findJournal(folder)?.content.steps).toEqual([measuredStep(0)]);
    journal.close();
  });

  it('is what its whole lines say, wherever the writer was killed', () => {
    write();
    const whole = readFileSync(path);
    const first = whole.indexOf('\n') + 1;
    for (let end = 0; end < first; end++) {
      writeFileSync(path, whole.subarray(0, end));
      expect(findJournal(folder)).toBeUndefined();
    }
    for (let end = first; end <= whole.length; end++) {
      writeFileSync(path, whole.subarray(0, end));
      const lines = whole.subarray(0, end).toString().split('\n').length - 1;
      const { steps, notes } = findJournal(folder)?.content ?? { steps: [], notes: [] };
      expect(steps.length + notes.length).toBe(lines - 1);
    }
  });

  it('goes on behind the last whole line', () => {
    write();
    const whole = readFileSync(path, 'utf8');
    appendFileSync(path, '{"place":2,"measurem');
    const found = findJournal(folder);
    expect(found?.content.steps).toHaveLength(2);
    const journal = Journal.goOn(folder, found as NonNullable<typeof found>);
    journal.step(measuredStep(2));
    journal.close();
    expect(readFileSync(path, 'utf8')).toBe(`${whole}${JSON.stringify(measuredStep(2))}\n`);
  });

  it('keeps what was there when the disk is full', () => {
    const journal = Journal.begin(folder, HEAD, undefined);
    journal.step(measuredStep(0));
    const before = readFileSync(path);
    expect(() => Journal.begin('/proc/self', HEAD, undefined)).toThrow(
      expect.objectContaining({ code: 'bench-unwritable', exitCode: 2 }),
    );
    expect(readFileSync(path)).toEqual(before);
    journal.close();
  });

  it.each([
    ['no JSON', 'what'],
    ['another file', '{"schema":"dit.bench/1"}'],
    ['a head without settings', JSON.stringify({ ...HEAD, settings: {} })],
    ['a head with broken measurements', JSON.stringify({ ...HEAD, measurements: [{ name: 1 }] })],
    ['a head without facts', JSON.stringify({ ...HEAD, facts: { startup: 'ms' } })],
    ['more iterations than can be asked for', JSON.stringify(planned({ iterations: 2 ** 53 }))],
    [
      'more groups than a benchmark has',
      JSON.stringify(planned({ gives: Array(501).fill(GIVEN) })),
    ],
    ['a step first', JSON.stringify(measuredStep(0))],
  ])('is refused where it begins with %s', (_what, line) => {
    expect(() => readJournal([line], 'f')).toThrow(
      expect.objectContaining({
        code: 'bench-journal',
        exitCode: 2,
        message: '"f" line 1 was not written by dit',
      }),
    );
  });

  it.each([
    ['another head', JSON.stringify(HEAD)],
    ['a time that is no date', JSON.stringify({ ...measuredStep(0), at: 1e300 })],
    ['no number', JSON.stringify(measuredStep(0)).replace('0.5', '"much"')],
    ['nothing', ''],
  ])('is refused where %s follows', (_what, line) => {
    expect(() => readJournal([JSON.stringify(HEAD), line], 'f')).toThrow(
      '"f" line 2 was not written by dit',
    );
  });

  it.each([
    ['more than dit reads', () => Buffer.alloc(33 << 20, '\n'), /has 34603008 bytes, more/],
    ['more lines than steps', () => '\n'.repeat(200_001), /has more lines, more/],
    [
      'more values than are compared',
      () => {
        const gives = Array(500).fill(GIVEN);
        const step = JSON.stringify({ ...measuredStep(0), readings: [] });
        return `${[JSON.stringify(planned({ gives })), ...Array(201).fill(step)].join('\n')}\n`;
      },
      /holds 100500 values, more/,
    ],
  ])('is refused where it holds %s', (_what, content, message) => {
    writeFileSync(path, content());
    expect(() => findJournal(folder)).toThrow(
      expect.objectContaining({ code: 'bench-journal', message: expect.stringMatching(message) }),
    );
  });
});
