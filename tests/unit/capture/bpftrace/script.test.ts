/** The recorder as it is made ready for a recording, a kernel and a version. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { recorderScript, type ScriptOptions } from '../../../../src/capture/bpftrace/script.js';

const SOURCE = readFileSync(
  new URL('../../../../bpf/bpftrace/recorder.bt', import.meta.url),
  'utf8',
);

const script = (options: Partial<ScriptOptions> = {}): string =>
  recorderScript(SOURCE, {
    version: [0, 27],
    machine: 'x86_64',
    kernelRelease: '6.1.0-18-amd64',
    token: 'abcdef0123',
    watchedPid: 99,
    devices: [254 * 2 ** 20],
    pageBytes: 65_536,
    participants: [
      { pid: 10, followChildren: true, tids: [10, 11] },
      { pid: 20, followChildren: false, tids: [20] },
      { pid: 99, followChildren: false, onlyTid: 99, tids: [99] },
    ],
    ...options,
  });

test('whom to follow, and how', () => {
  const made = script();
  expect(made).toContain('@watched[(uint64)99] = (uint64)1;');
  expect(made).toContain('@device[(uint64)266338304] = (uint64)1;');
  expect(made).toContain('@page_bytes = (uint64)65536;');
  expect(made).toContain('@process[(uint64)10] = (uint64)1;');
  expect(made).toContain('@thread[(uint64)11] = (uint64)10;');
  expect(made).toContain('@process[(uint64)20] = (uint64)2;');
  expect(made).toContain('@process[(uint64)99] = (uint64)3;');
  expect(made).not.toContain('$1');
});

test("the machine's own syscall numbers", () => {
  // mount, with texts 0, 1 and 2
  expect(script()).toContain('@detail[(uint64)165] = (uint64)16391;');
  const arm = script({ machine: 'aarch64' });
  expect(arm).toContain('@detail[(uint64)40] = (uint64)16391;');
  expect(arm).not.toContain('@detail[(uint64)165] = (uint64)16391;');
});

test('each line begins with the token, and each text ends with it', () => {
  const formats = [...script().matchAll(/printf\("([^"]*)"/g)].map(([, format = '']) => format);
  expect(formats.length).toBeGreaterThan(20);
  for (const format of formats) {
    expect(format).toMatch(/^abcdef0123 \w /);
    expect(format).not.toMatch(/%[sr]\\n$/);
  }
});

test('frequent lines become entries of maps where printf is dear, and only there', () => {
  const old = script({ version: [0, 17] });
  expect(old).not.toMatch(/printf\("abcdef0123 [swkeAT] /);
  for (const kind of 'swkeAT') {
    expect(old).toContain(`@${kind}0_abcdef0123[`);
    expect(old).toContain(`print(@${kind}1_abcdef0123); clear(@${kind}1_abcdef0123);`);
  }
  expect(script({ version: [0, 18] })).not.toContain('@s0_');
});

test("0.23 reads a tracepoint's strings at four times their offset", () => {
  expect(script({ version: [0, 23] })).toContain('str(kptr((uint64)args->dst_path - 108))');
  for (const minor of [17, 22, 24]) {
    expect(script({ version: [0, minor] })).toContain('str(args->dst_path)');
  }
});

test('the tracepoint of dirtied pages has another name before 5.16', () => {
  expect(script({ kernelRelease: '5.10.0-8-amd64' })).toContain('writeback:writeback_dirty_page');
  expect(script({ kernelRelease: '5.16.0' })).toContain('writeback:writeback_dirty_folio');
});
