/** What docs/style.md bans is found, and what it recommends is not. */
import ts from 'typescript';
import { expect, test } from 'vitest';
import { bannedTurns, styleProblems } from '../../../scripts/lint/style.js';

test.each([
  "'x' is no value for --until",
  'tells requests alone',
  'warm-up starts; 1 when absent',
  'every start, a line each',
  '--keep-all says something only with --runs',
  'dit doctor says what is missing',
  'a benchmark that is gone on with',
  'and 2 more of such',
  'check that it is well: docker info',
  'go on with it: dit bench --out DIR',
  'processes that were there before, but for what they did',
  'what the engine said of its own accord',
  'its durations compare with none of others',
  'one file a table and recording',
  'tens of thousands of rows a start',
  'ping tells no round trip',
])('%s', (text) => {
  expect(bannedTurns(text)).toHaveLength(1);
});

test.each([
  "invalid value 'x' for --until",
  'records only API requests',
  'warm-up starts (default: 1)',
  'print one line for every start',
  '--keep-all requires --runs',
  'see what is missing: dit doctor',
  'there is no engine',
  'is no longer there',
  'one file per table and recording',
  'all tables except the requested one',
])('%s is fine', (text) => {
  expect(bannedTurns(text)).toEqual([]);
});

test.each([
  ['src/export/csv.ts', 1],
  ['src/bench/journal.ts', 1],
  ['src/page/timeline/keys.ts', 1],
  ['src/stats/ranks.ts', 0],
])('strings of %s: %i found', (path, count) => {
  const text = 'const text = "all columns, but for the rest"; // but for the rest';
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  expect(styleProblems(source, path)).toHaveLength(count);
});
