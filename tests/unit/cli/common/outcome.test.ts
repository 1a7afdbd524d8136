/** What decides the exit code, whichever comes first. */
import { describe, expect, it } from 'vitest';
import { DitError, EXIT } from '../../../../src/base/errors.js';
import { exitCodeOf, Outcome } from '../../../../src/cli/common/outcome.js';

const failure = (exitCode: number): DitError =>
  new DitError({ code: 'x', exitCode, message: 'failed' });

describe('the exit code', () => {
  it('is that of the command', () => {
    const outcome = new Outcome();
    outcome.ended(EXIT.gate);
    expect(outcome.exitCode).toBe(EXIT.gate);
  });

  it.each([
    ['of what it threw', failure(EXIT.engine), EXIT.engine],
    ['of a signal', failure(130), 130],
    ['of a bug where that is not foreseen', new TypeError('boom'), EXIT.bug],
    ['of a bug where that is not even an error', undefined, EXIT.bug],
  ])('is that %s', (_what, error, exitCode) => {
    const outcome = new Outcome();
    expect(outcome.endedBy(error)).toBe(true);
    expect(outcome.exitCode).toBe(exitCode);
    expect(exitCodeOf(error)).toBe(exitCode);
  });

  it.each([
    [
      'before',
      (outcome: Outcome, end: () => void) => [() => outcome.failedBeside(failure(2)), end],
    ],
    ['after', (outcome: Outcome, end: () => void) => [end, () => outcome.failedBeside(failure(2))]],
  ])('is that of a failure beside the command, %s its end', (_when, inOrder) => {
    const ends: ((outcome: Outcome) => unknown)[] = [
      (outcome) => outcome.ended(EXIT.ok),
      (outcome) => outcome.ended(EXIT.gate),
      (outcome) => outcome.endedBy(failure(EXIT.engine)),
      (outcome) => outcome.endedBy(new TypeError('boom')),
    ];
    for (const end of ends) {
      const outcome = new Outcome();
      for (const step of inOrder(outcome, () => end(outcome))) step();
      expect(outcome.exitCode).toBe(2);
    }
  });

  it('is that of the first of several failures beside it', () => {
    const outcome = new Outcome();
    outcome.failedBeside(failure(EXIT.usage));
    outcome.failedBeside(new Error('because of that'));
    expect(outcome.exitCode).toBe(EXIT.usage);
    const other = new Outcome();
    other.failedBeside(undefined);
    other.failedBeside(failure(EXIT.usage));
    expect(other.exitCode).toBe(EXIT.bug);
  });

  it('is that of a bug as long as nothing has ended', () => {
    const outcome = new Outcome();
    expect(outcome.exitCode).toBe(EXIT.bug);
    expect(outcome.hasEnded).toBe(false);
    outcome.failedBeside(failure(EXIT.usage));
    expect(outcome.hasEnded).toBe(false);
    outcome.ended(EXIT.ok);
    expect(outcome.hasEnded).toBe(true);
  });
});

describe('what a command throws', () => {
  it('is not told again where it is what the command was broken off with', () => {
    const outcome = new Outcome();
    const full = failure(EXIT.usage);
    outcome.failedBeside(full);
    expect(outcome.endedBy(full)).toBe(false);
    expect(outcome.endedBy(failure(EXIT.usage))).toBe(true);
  });

  it('is told where nothing else failed, even if it is nothing', () => {
    expect(new Outcome().endedBy(undefined)).toBe(true);
  });
});
