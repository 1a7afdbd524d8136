import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packagePath } from '../../src/platform/package-files.js';

/** What each folder of src/ may import from, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  platform: ['base', 'model'],
  tracefile: ['base', 'model', 'platform'],
  stats: ['base'],
  analysis: ['base', 'model', 'stats'],
  render: ['base', 'model'],
  export: ['base', 'model', 'render'],
  /** Runs in a browser. */
  page: ['base', 'model', 'analysis', 'render'],
  query: ['base', 'model', 'platform'],
  sources: ['base', 'model', 'platform'],
  record: ['base', 'model', 'platform', 'tracefile', 'sources'],
  compare: ['base', 'model', 'stats'],
  toolkit: ['base', 'model', 'platform', 'tracefile', 'analysis', 'stats', 'sources', 'record'],
  bench: ['base', 'model', 'platform', 'stats', 'toolkit', 'record'],
  cli: [
    'base',
    'model',
    'platform',
    'tracefile',
    'analysis',
    'stats',
    'render',
    'export',
    'query',
    'sources',
    'record',
    'compare',
    'toolkit',
    'bench',
  ],
};

/** Folders of pure functions: no files, no processes, no clock. */
const PURE = ['base', 'model', 'analysis', 'stats', 'render', 'export', 'compare'];
const IMPURE = /(?<!')\bprocess\.|\bDate\.now\(|new Date\(\)|performance\.now\(|Math\.random\(/;

const root = packagePath('src');
const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : path.endsWith('.ts') ? [path] : [];
  });
const sources = files(root).map((path) => ({
  path: relative(root, path),
  folder: relative(root, path).split('/')[0] as string,
  text: readFileSync(path, 'utf8'),
}));

describe('the layout', () => {
  it('has a rule for every folder', () => {
    expect(
      [...new Set(sources.map(({ folder }) => folder))].filter((folder) => !(folder in MAY_IMPORT)),
    ).toEqual([]);
  });

  it.each(
    sources.map((source) => [source.path, source] as const),
  )('lets %s import only what it may', (_path, { path, folder, text }) => {
    const imported = [...text.matchAll(/(?:from|import\()\s*'(\.[^']*)'/g)].map(
      ([, target]) => relative(root, join(root, path, '..', target as string)).split('/')[0],
    );
    const allowed = [folder, ...(MAY_IMPORT[folder] ?? [])];
    expect(imported.filter((target) => !allowed.includes(target as string))).toEqual([]);
  });

  it.each(
    sources.map((source) => [source.path, source] as const),
  )('lets %s swallow no failure without a reason', (_path, { text }) => {
    const lines = text.split('\n');
    const swallowed = lines.filter((line, at) => {
      if (!/\bcatch \{|\.catch\(\(\) =>/.test(line)) return false;
      const around = [lines[at - 1], line, lines[at + 1]];
      return !around.some((each) => /(^|\s)\/\/ \S/.test(each ?? ''));
    });
    // For what may be absent there is unlessAbsent(); else a comment beside it says why nobody need know.
    expect(swallowed).toEqual([]);
  });

  it.each(
    sources
      .filter(({ folder }) => PURE.includes(folder))
      .map((source) => [source.path, source] as const),
  )('keeps %s pure', (_path, { text }) => {
    expect(
      [...text.matchAll(/from '(node:[^']*)'/g)]
        .map(([, name]) => name)
        .filter((name) => name !== 'node:util'),
    ).toEqual([]);
    expect(
      text.split('\n').filter((line) => IMPURE.test(line) && !/^\s*(\*|\/\*|\/\/)/.test(line)),
    ).toEqual([]);
  });
});
