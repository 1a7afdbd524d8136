/** Assertions about dit itself: a failure is a bug of ours, never of the input. */
import { safeJson } from './escape.js';

export function assertUnreachable(value: never): never {
  throw new Error(`unexpected value ${safeJson(value)}`);
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
