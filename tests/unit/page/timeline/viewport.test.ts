import { describe, expect, test } from 'vitest';
import type { Span } from '../../../../src/model/trace/trace.js';
import { ticksOf } from '../../../../src/page/timeline/ticks.js';
import { Viewport } from '../../../../src/page/timeline/viewport.js';

const span = (start: number, end: number): Span => ({ start, end }) as Span;

function viewport(): Viewport {
  const view = new Viewport();
  view.reset(span(-1e6, 9e6), span(0, 2e6));
  return view;
}

describe('Viewport', () => {
  test('begins with what fits, and a margin', () => {
    const view = viewport();
    expect([view.from, view.to]).toEqual([-40_000, 2_040_000]);
  });

  test('what is under the pointer stays there while zooming', () => {
    const view = viewport();
    const at = 500_000;
    const share = (): number => (at - view.from) / view.length;
    const before = share();
    view.zoom(0.5, at);
    expect(view.length).toBeCloseTo(1_040_000);
    expect(share()).toBeCloseTo(before);
    view.zoom(2, at);
    expect([view.from, view.to]).toEqual([-40_000, 2_040_000]);
  });

  test('stays within what was recorded and a margin, whatever is asked', () => {
    const view = viewport();
    view.zoom(1e9);
    expect([view.from, view.to]).toEqual([-1.5e6, 9.5e6]);
    view.zoom(1e-12);
    expect(view.length).toBe(500);
    view.pan(-1e9);
    expect(view.from).toBe(-1.5e6);
    view.pan(1e9);
    expect(view.to).toBe(9.5e6);
  });

  test('reveals without zooming where there is room, and tells its listeners', () => {
    const view = viewport();
    let told = 0;
    const undo = view.onChange(() => told++);
    view.reveal(100, 200);
    expect(told).toBe(0);
    view.reveal(5e6, 5.1e6);
    expect(view.length).toBe(2_080_000);
    expect((view.from + view.to) / 2).toBe(5.05e6);
    view.reveal(0, 8e6);
    expect(view.from).toBeLessThan(0);
    expect(view.to).toBeGreaterThan(8e6);
    expect(told).toBe(2);
    undo();
    view.showAll();
    expect(told).toBe(2);
  });
});

describe('ticksOf', () => {
  test('has round steps that leave room for the labels', () => {
    expect(ticksOf(0, 200e6, 900).map(({ label }) => label)).toEqual([
      '0 ms',
      '20 ms',
      '40 ms',
      '60 ms',
      '80 ms',
      '100 ms',
      '120 ms',
      '140 ms',
      '160 ms',
      '180 ms',
      '200 ms',
    ]);
    expect(ticksOf(-3000, 7000, 300).map(({ label }) => label)).toEqual(['0.000 ms', '0.005 ms']);
  });
});
