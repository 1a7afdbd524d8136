/** bpf/dit_events.h and src/capture/ebpf/wire.ts state the same layouts: the compiler is asked. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  LOSS_COUNTERS,
  OFFSET,
  PATH_NAMES,
  RECORD_KIND,
  SIZE,
} from '../../src/capture/ebpf/wire.js';
import { MAX_CONTAINERS, MAX_SYSCALLS } from '../../src/measure/syscall-counter.js';
import { WAKE_FLAG } from '../../src/model/recording/event-kinds.js';
import { ROOT } from '../support/dit.js';
import { lacks } from '../support/requirements.js';

const snake = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const upper = (name: string): string => snake(name).toUpperCase();

/** Sizes that are no struct's. */
const CONSTANTS: Readonly<Record<string, string>> = {
  comm: 'DIT_COMM_BYTES',
  syscalls: 'DIT_SYSCALLS',
};

/** What wire.ts says, by the C expression that must have the same value. */
function expectations(): Map<string, number> {
  const expected = new Map<string, number>();
  for (const [name, size] of Object.entries(SIZE)) {
    expected.set(CONSTANTS[name] ?? `sizeof(struct dit_${snake(name)})`, size);
  }
  for (const [name, fields] of Object.entries(OFFSET)) {
    for (const [field, offset] of Object.entries(fields)) {
      expected.set(`offsetof(struct dit_${snake(name)}, ${field})`, offset);
    }
  }
  for (const [name, kind] of Object.entries(RECORD_KIND)) expected.set(`DIT_${upper(name)}`, kind);
  for (const [index, name] of LOSS_COUNTERS.entries()) {
    expected.set(`DIT_PROGRAM_${upper(name)}`, index);
  }
  for (const [name, bit] of Object.entries(WAKE_FLAG)) expected.set(`DIT_WAKE_${upper(name)}`, bit);
  return expected.set('DIT_PROGRAM_COUNT', LOSS_COUNTERS.length).set('DIT_PATH_NAMES', PATH_NAMES);
}

/** The values of C expressions over the header. */
function compiled(expressions: Iterable<string>): Map<string, number> {
  const folder = mkdtempSync(join(tmpdir(), 'dit-layouts-'));
  try {
    const prints = [...expressions].map(
      (each) => `printf("%s=%zu\\n", "${each}", (size_t)(${each}));`,
    );
    const includes = ['<stddef.h>', '<stdio.h>', '"dit_events.h"'].map(
      (file) => `#include ${file}`,
    );
    const source = join(folder, 'layouts.c');
    writeFileSync(
      source,
      [...includes, 'int main(void) {', ...prints, 'return 0; }', ''].join('\n'),
    );
    const program = join(folder, 'layouts');
    execFileSync('cc', ['-Wall', '-Werror', '-I', join(ROOT, 'bpf'), '-o', program, source]);
    const lines = execFileSync(program, { encoding: 'utf8' }).trim().split('\n');
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf('=');
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.skipIf(lacks('compiler'))('C and TypeScript agree on every size, offset and number', () => {
  const expected = expectations();
  expect(expected.size).toBeGreaterThan(60);
  expect(compiled(expected.keys())).toEqual(expected);
});

test('every byte of what user space writes into maps has a name', () => {
  const header = readFileSync(join(ROOT, 'bpf/dit_events.h'), 'utf8');
  for (const name of ['participant', 'syscallDetail', 'settings'] as const) {
    const body = new RegExp(`struct dit_${snake(name)} \\{([^}]*)\\}`).exec(header)?.[1] ?? '';
    const fields = [...body.matchAll(/^\t[\w ]+ (\w+);/gm)].map(([, field]) => field);
    expect(fields.filter((field) => field !== 'reserved')).toEqual(Object.keys(OFFSET[name]));
  }
});

test('the counter of syscalls has room for as many as its user believes', () => {
  const program = readFileSync(join(ROOT, 'bpf/syscall_counts.bpf.c'), 'utf8');
  const defined = (name: string): number =>
    Number(new RegExp(`#define ${name} (\\d+)`).exec(program)?.[1]);
  expect(defined('COUNTED_CONTAINERS')).toBe(MAX_CONTAINERS);
  expect(defined('COUNTED_SYSCALLS')).toBe(MAX_SYSCALLS);
});
