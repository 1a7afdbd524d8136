/**
 * No regular expression of src/ takes more than linear time: what it is given may come from a container. A text of
 * 20,000 characters takes a linear one a fraction of a millisecond, and one that tries again from each character hundreds.
 */
import { describe, expect, test } from 'vitest';
import { packagePath } from '../../../src/platform/package-files.js';
import { hardTexts, regexpLiterals } from './regexp-literals.js';

const CHARACTERS = 20_000;
/** For a machine that does other things too: the quickest of some tries counts. */
const LIMIT_MS = 50;
const TRIES = 3;

/** The beginning of a text that takes too long; undefined: there is none. */
function hardText(pattern: RegExp, characters = CHARACTERS): string | undefined {
  for (const text of hardTexts(pattern, characters)) {
    const times = Array.from({ length: TRIES }).map(() => Number.POSITIVE_INFINITY);
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const begin = performance.now();
      text.replace(pattern, '');
      times[attempt] = performance.now() - begin;
      if ((times[attempt] as number) < LIMIT_MS) break;
    }
    if (Math.min(...times) >= LIMIT_MS) return text.slice(0, 40);
  }
  return undefined;
}

describe('a regular expression that tries again and again is found', () => {
  test.each([
    /seq=(\d+) .*time=([\d.]+) ms/g,
    /\s*\n\s*/g,
    /^(\d+\.?\d*|\.\d+)$/,
    /[\0\n]+$/,
    /^\s*([^\s:|]+):/gm,
  ])('%s', (pattern) => {
    // However fast the machine: four times as long takes sixteen times as much.
    expect(hardText(pattern) ?? hardText(pattern, 4 * CHARACTERS)).toBeDefined();
  }, 120_000);
});

test('none of src/ is one', () => {
  const slow = regexpLiterals(packagePath('.')).flatMap(({ place, pattern }) => {
    const text = hardText(pattern);
    return text === undefined ? [] : [`${place} ${pattern}: ${JSON.stringify(text)}`];
  });
  expect(slow).toEqual([]);
}, 300_000);
