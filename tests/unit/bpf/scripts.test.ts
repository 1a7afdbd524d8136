/** The bundled bpftrace scripts explain themselves: the same head on each, with real output. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packagePath } from '../../../src/platform/package-files.js';

const folder = packagePath('bpf/bpftrace');
const scripts = readdirSync(folder).filter((name) => name.endsWith('.bt'));

describe.each(scripts)('%s', (name) => {
  const text = readFileSync(join(folder, name), 'utf8');
  const head = text.slice(0, text.search(/^[^/\n]/m));

  test('has a head that says what it is', () => {
    expect(head).toMatch(new RegExp(`^// ${name}: [a-z].*\\.?\n`));
    for (const part of ['What', 'How', 'Run', 'Caveat', 'Sample']) {
      expect(head).toMatch(new RegExp(`^// ${part} +\\S`, 'm'));
    }
    const sample = head.slice(head.indexOf('// Sample'));
    expect(sample.match(/^\/\/ {3,}\S/gm)?.length).toBeGreaterThan(1);
  });

  test('is in the list of docs/bpftrace.md', () => {
    expect(readFileSync(packagePath('docs/bpftrace.md'), 'utf8')).toContain(`[${name}]`);
  });
});
