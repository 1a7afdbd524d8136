/** What BPF programs do when the kernel lets them down, called on this machine without a kernel. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../support/dit.js';
import { lacks } from '../support/requirements.js';

function run(program: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'dit-bpf-faults-'));
  try {
    const built = join(folder, program);
    const source = join(ROOT, 'tests/support/bpf', `${program}.c`);
    // The headers have more than one program needs.
    const flags = [
      '-std=gnu11',
      '-Wall',
      '-Werror',
      '-Wno-unused',
      '-Wno-unknown-pragmas',
      '-I',
      join(ROOT, 'bpf'),
    ];
    execFileSync('cc', [...flags, '-o', built, source]);
    return execFileSync(built, { encoding: 'utf8' }).trimEnd().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.skipIf(lacks('compiler'))('no copy-up leaves an entry, whatever becomes of its record', () => {
  expect(run('copy_up_faults')).toEqual([
    'as it should be: 50 sent, 0 left',
    'the ring is full: 0 sent, 0 left',
    'the buffers are held: 0 sent, 0 left',
    'as it should be: 50 sent, 0 left',
  ]);
});
