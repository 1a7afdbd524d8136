/** What docs/style.md bans is found, and what it recommends is not. */
import { expect, test } from 'vitest';
import { bannedTurns } from '../../../scripts/lint/style.js';

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
])('%s is fine', (text) => {
  expect(bannedTurns(text)).toEqual([]);
});
