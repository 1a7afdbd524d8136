/** `dit trace watch --filter`. */
import { expect, test } from 'vitest';
import { parseFilter } from '../../../src/cli/common/option-values.js';
import { startLine } from '../../../src/render/text/watch.js';
import { passes, type WatchFilter } from '../../../src/watch/watch-filter.js';
import { sampleRun } from '../../support/traces.js';

const line = startLine(0, sampleRun({ name: 'web-1', image: 'nginx:1.29' }), undefined);
const told = (...filters: readonly string[]): boolean =>
  passes(
    line,
    filters.map((text): WatchFilter => parseFilter(text)),
  );

test('a pattern is the whole name, an id its beginning', () => {
  expect(told()).toBe(true);
  expect(told('name=web-*')).toBe(true);
  expect(told('name=web')).toBe(false);
  expect(told('id=0123456789ab')).toBe(true);
  expect(told('slower=1000000')).toBe(false);
});

test('one of those with the same key is enough, and every key counts', () => {
  expect(told('image=redis*', 'image=nginx*')).toBe(true);
  expect(told('image=redis*', 'image=alpine')).toBe(false);
  expect(told('image=redis*', 'image=nginx*', 'name=db-*')).toBe(false);
  expect(told('image=redis*', 'name=web-*', 'image=nginx*')).toBe(true);
});
