/** What inputs of tests are read within. */
import type { InputLimit } from '../../src/platform/files/input-files.js';

export const SMALL_INPUT: InputLimit = {
  bytes: 1 << 20,
  refusal: (size) => new Error(`${size} bytes are more than this test reads`),
};
