import { describe, expect, it } from 'vitest';
import { DitError } from '../../../../src/base/errors.js';
import { reportError } from '../../../../src/cli/common/report-error.js';

const known = new DitError({
  code: 'x',
  exitCode: 3,
  message: "'a\x1b[2J' is missing",
  remedy: 'get \u202ea',
  cause: new Error('deep'),
});

describe('a failure that dit knows', () => {
  it('is a fact and a remedy, escaped', () => {
    expect(reportError(known, false)).toBe("dit: 'a\\x1b[2J' is missing\n  try: get \\u202ea\n");
  });

  it('shows where it came from when debugging', () => {
    expect(reportError(known, true)).toMatch(
      /\nDitError: .*\n {4}at [\s\S]*\nError: deep\n {4}at /,
    );
  });
});

describe('a bug', () => {
  it.each([
    [new TypeError('x is not a function'), 'dit: bug: TypeError: x is not a function\n'],
    ['a string\n', 'dit: bug: a string\\n\n'],
    [undefined, 'dit: bug: undefined\n'],
  ])('%s', (error, first) => {
    expect(reportError(error, false)).toBe(
      `${first}  try: run it again with DIT_DEBUG=1, and report what it prints\n`,
    );
  });
});
