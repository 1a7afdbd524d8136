/** What a trace warns of. */

import { expect, test } from 'vitest';
import { warningsOf } from '../../../../src/analysis/findings/warnings.js';
import { raw } from '../../../../src/base/foreign.js';
import { Stream } from '../../../support/stream.js';

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

test('the io_uring of dit’s own event loop hides nothing: its requests are marks', () => {
  const stream = new Stream().known(10, 'client').known(20, 'dockerd').mark('create', 0, 10);
  expect(codes(stream.syscall('io_uring_enter', 30, 40, 10))).not.toContain('io-uring');
  expect(codes(stream.syscall('io_uring_enter', 50, 60, 20))).toContain('io-uring');
});

test('the io_uring of a command that is recorded hides its requests', () => {
  const stream = new Stream().known(10, 'client');
  expect(codes(stream.syscall('io_uring_enter', 30, 40, 10))).toContain('io-uring');
});
