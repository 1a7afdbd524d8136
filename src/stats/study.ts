/**
 * Figures as the study of 2026 (arXiv 2602.15214) prints them, to compare with its tables. Its formulas are read off its
 * figures: they are not those that the rest of dit uses.
 */
import { standardDeviation } from './moments.js';

/** Of an even number of values the upper one of the two in the middle, not their mean. NaN for no values. */
export function studyMedian(values: readonly number[]): number {
  return Float64Array.from(values).sort()[Math.floor(values.length / 2)] ?? Number.NaN;
}

/**
 * Half of its 95 % interval. For 50 values its factor is 1.96, the normal distribution's; for 20 values it is 2.045, which
 * is Student's with 29 degrees of freedom and not 19; for 10 values 2.262, Student's with 9. Where it changes from one to
 * the next its data do not tell. NaN for fewer than two values.
 */
export function studyMargin(values: readonly number[]): number {
  const { length } = values;
  const factor = length >= 30 ? 1.96 : length > 10 ? 2.045 : 2.262;
  return (factor * standardDeviation(values)) / Math.sqrt(length);
}
