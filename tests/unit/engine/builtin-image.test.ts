import { extract } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { builtinRoot, isStatic } from '../../../src/engine/builtin-image.js';
import { lacks } from '../../support/requirements.js';

test('a program that asks for a loader is not static, and neither is a script', () => {
  expect(isStatic(Buffer.from('#!/bin/sh\nexit 0\n'.padEnd(100)))).toBe(false);
  expect(isStatic(Buffer.alloc(0))).toBe(false);
  const elf = Buffer.alloc(200);
  elf.write('\x7fELF', 'latin1');
  elf.writeBigUInt64LE(64n, 32);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(2, 56);
  elf.writeUInt32LE(1, 64);
  expect(isStatic(elf)).toBe(true);
  elf.writeUInt32LE(3, 64 + 56);
  expect(isStatic(elf)).toBe(false);
  elf.writeUInt16LE(9, 56);
  expect(isStatic(elf.subarray(0, 100))).toBe(false);
});

describe.skipIf(lacks('busybox'))('the root', () => {
  test('holds busybox, its applets, and a writable /tmp', async () => {
    const entries = new Map<
      string,
      { type?: string | null; mode?: number; linkname?: string | null }
    >();
    const reader = extract();
    (await builtinRoot()).pipe(reader);
    for await (const entry of reader) {
      entries.set(entry.header.name.replace(/\/$/, ''), entry.header);
      entry.resume();
    }
    expect(entries.get('bin/busybox')).toMatchObject({ type: 'file', mode: 0o755 });
    expect(entries.get('bin/sh')).toMatchObject({ type: 'symlink', linkname: '/bin/busybox' });
    expect(entries.get('bin/echo')?.type).toBe('symlink');
    expect(entries.get('tmp')).toMatchObject({ type: 'directory', mode: 0o1777 });
    expect(entries.get('etc/passwd')?.type).toBe('file');
  });
});
