/** What a trace warns of. */

import { expect, test } from 'vitest';
import { warningsOf } from '../../../src/analysis/warnings.js';
import { raw } from '../../../src/base/foreign.js';
import { Stream } from '../../support/stream.js';

const codes = (stream: Stream): string[] =>
  warningsOf(stream.recording(), [])
    .map(({ code }) => code)
    .map(raw);

test.each(['io_uring_setup', 'io_uring_enter'])('%s hides what is done through it', (name) => {
  const stream = new Stream().known(10, 'daemon').syscall('read', 10, 20, 10);
  // Every name of the kernel's is in a recording's table of strings.
  stream.strings.intern(name);
  expect(codes(stream)).not.toContain('io-uring');
  expect(codes(stream.syscall(name, 30, 40, 10))).toContain('io-uring');
});
