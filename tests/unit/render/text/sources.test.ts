/** docs/sources.md is the table that `dit doctor --sources` prints. */
import { readFileSync } from 'node:fs';
import { expect, it, test } from 'vitest';
import { sourcesDocument } from '../../../../scripts/docs-sources.js';
import { generalSourceTable } from '../../../../src/cli/common/source-table.js';
import { packagePath } from '../../../../src/platform/package-files.js';
import { columnsOf } from '../../../../src/render/common/columns.js';
import { PLAIN_THEME } from '../../../../src/render/common/theme.js';
import { renderSources, sourcesJson } from '../../../../src/render/text/sources.js';

test('docs/sources.md is made from it: npx tsx scripts/docs-sources.ts > docs/sources.md', () => {
  expect(readFileSync(packagePath('docs/sources.md'), 'utf8')).toBe(sourcesDocument());
});

test('text and JSON say the same, and what is missing with its remedy', () => {
  const table = {
    ...generalSourceTable(),
    missing: [{ source: 'strace', reason: 'it is \x1b[1mnot there', remedy: 'apt install it' }],
  };
  const text = renderSources(table, PLAIN_THEME, 80);
  expect(text).toMatch(/^entrypoint exec +exact +exact +order +no$/m);
  expect(text).toContain('no strace here: it is \\x1b[1mnot there\n  try: apt install it');
  const { gives } = JSON.parse(sourcesJson(table));
  expect(gives).toContainEqual({
    what: 'entrypoint exec',
    ebpf: 'exact',
    bpftrace: 'exact',
    strace: 'order',
    api: 'no',
  });
});

it.each([40, 41, 60, 69, 70, 120])('keeps to %i columns', (width) => {
  const missing = [
    { source: 'strace', reason: 'x'.repeat(99), remedy: `install ${'y '.repeat(99)}` },
  ];
  const text = renderSources({ ...generalSourceTable(), missing }, PLAIN_THEME, width);
  expect(Math.max(...text.split('\n').map(columnsOf))).toBeLessThanOrEqual(width);
  expect(text.match(/inferred/g)?.length).toBeGreaterThan(5);
});
