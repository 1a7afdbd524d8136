import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  firstAbove,
  type SpanList,
  spanAt,
  spanList,
  visitVisible,
} from '../../../../src/page/data/span-list.js';

/** Gaps and lengths, alternating: spans in order and apart. */
const arbitraryList: fc.Arbitrary<SpanList> = fc
  .array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 400 })), { maxLength: 80 })
  .map((pieces) => {
    let at = 0;
    const spans = pieces.map(([gap, length], id) => {
      const start = at + gap;
      at = start + length;
      return { start, end: at, id };
    });
    return spanList(spans.length, (index) => spans[index] as (typeof spans)[number]);
  });

describe('visitVisible', () => {
  test('every span in view is in one group, in order; groups of several begin in one pixel', () => {
    fc.assert(
      fc.property(
        arbitraryList,
        fc.nat({ max: 8000 }),
        fc.integer({ min: 1, max: 9000 }),
        fc.integer({ min: 1, max: 300 }),
        (list, from, length, pixelNs) => {
          const to = from + length;
          const seen: number[] = [];
          let groups = 0;
          visitVisible(list, from, to, pixelNs, (first, last) => {
            groups++;
            for (let index = first; index <= last; index++) seen.push(index);
            if (last === first) return;
            const pixel = (index: number): number =>
              Math.floor(((list.start[index] as number) - from) / pixelNs);
            // The last one may begin on the border itself.
            expect(pixel(last) - pixel(first)).toBeLessThanOrEqual(1);
          });
          const inView = Array.from({ length: list.length }, (_, index) => index).filter(
            (index) => (list.end[index] as number) > from && (list.start[index] as number) < to,
          );
          expect(seen.filter((index) => (list.start[index] as number) < to)).toEqual(inView);
          expect(seen).toEqual([...seen].sort((a, b) => a - b));
          // A wide span, and what is smaller between two of them: no more than two a pixel.
          expect(groups).toBeLessThanOrEqual(2 * (Math.ceil(length / pixelNs) + 2));
        },
      ),
    );
  });
});

describe('spanAt', () => {
  test('is the nearest span within reach, as a look at each finds it', () => {
    fc.assert(
      fc.property(
        arbitraryList,
        fc.nat({ max: 8000 }),
        fc.nat({ max: 200 }),
        (list, time, reach) => {
          const away = (index: number): number =>
            Math.max(0, (list.start[index] as number) - time, time - (list.end[index] as number));
          const found = spanAt(list, time, reach);
          const nearest = Math.min(
            ...Array.from({ length: list.length }, (_, index) => away(index)),
            Number.POSITIVE_INFINITY,
          );
          if (nearest > reach) expect(found).toBe(-1);
          else expect(away(found)).toBe(nearest);
        },
      ),
    );
  });
});

describe('firstAbove', () => {
  test('is the first larger value, or the end', () => {
    const values = [1, 3, 3, 7];
    expect([0, 1, 3, 6, 7].map((value) => firstAbove(values, value, 0, 4))).toEqual([
      0, 1, 3, 3, 4,
    ]);
  });
});
