/** What a trace warns of. */

import { expect, test } from 'vitest';
import { warningsOf } from '../../../../src/analysis/findings/warnings.js';
import { raw } from '../../../../src/base/foreign.js';
import type { TraceTime } from '../../../../src/base/time.js';
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

test('what was lost, refused or left out is said, each under its code and in one order', () => {
  const whole = new Stream().recording();
  const { source } = whole.header;
  const probe = { attachPoint: 'x', refusal: 'no\nmore', attachedNs: 0n };
  const recording = {
    ...whole,
    footer: undefined,
    problems: [{ offset: 7, message: 'gap' }],
    loss: { at: 0 as TraceTime, losses: [{ where: 'ring', records: 3 }] },
    diagnostics: [
      { code: 'strace-attached', message: 'm', remedy: 'r', at: 0 as TraceTime },
      { code: 'of-no-source', message: 'm', remedy: 'r', at: 0 as TraceTime },
    ],
    header: {
      ...whole.header,
      source: {
        ...source,
        perturbed: true,
        perturbation: 'much',
        probes: [
          { ...probe, program: 'sys_exit', attached: false },
          // One tier of copy-up is enough.
          { ...probe, program: 'ovl_copy_up_one_entry', attached: false },
          { ...probe, program: 'writeback_dirty_folio', attached: true },
        ],
      },
    },
  };
  const warnings = warningsOf(recording, [], { reused: ['name'], leftOut: 2 });
  expect(warnings.map(({ code, message }) => [code, message])).toEqual([
    ['incomplete', expect.stringContaining('has no end')],
    ['damaged', 'at byte 7: gap'],
    ['lost', 'records were lost (ring 3): figures are incomplete'],
    ['probe-refused', 'x was refused: no'],
    ['perturbed', 'this recording slowed what it measured: much'],
    ['strace-attached', 'm'],
    ['starts-left-out', expect.stringContaining('the last 2 are left out')],
    ['id-reused', expect.stringContaining("the name 'name'")],
  ]);
});

test('of one kind some are shown, and how many more there are', () => {
  const problems = Array.from({ length: 30 }, (_, offset) => ({ offset, message: 'gap' }));
  const warnings = warningsOf({ ...new Stream().recording(), problems }, []);
  expect(warnings.filter(({ code }) => code === 'damaged')).toHaveLength(26);
  expect(warnings.at(-1)?.message).toBe('and 5 more of this kind');
});
