import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECK_NAMES } from '../../src/model/checks/check.js';
import { packagePath } from '../../src/platform/package-files.js';

/** What each folder of src/ may import from, besides itself: the order of the layers. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  stats: ['base'],
  platform: ['base', 'model'],
  tracefile: ['base', 'model', 'platform'],
  analysis: ['base', 'model', 'stats'],
  words: ['base', 'model'],
  render: ['base', 'model', 'words'],
  export: ['base', 'model', 'words', 'render'],
  compare: ['base', 'model', 'stats'],
  /** Runs in a browser. */
  page: ['base', 'model', 'analysis', 'words', 'render'],
  query: ['base', 'model', 'platform'],
  engine: ['base', 'model', 'platform'],
  container: ['base', 'model', 'platform'],
  doctor: ['base', 'model', 'platform', 'engine'],
  capture: ['base', 'model', 'platform', 'tracefile', 'engine', 'doctor'],
  store: ['base', 'model', 'platform', 'tracefile', 'analysis', 'export', 'query'],
  watch: ['base', 'model', 'platform', 'engine', 'capture', 'analysis', 'render'],
  measure: ['base', 'model', 'platform', 'stats', 'engine', 'container', 'capture'],
  checks: [
    'base',
    'model',
    'platform',
    'stats',
    'engine',
    'container',
    'analysis',
    'words',
    'measure',
  ],
  bench: ['base', 'model', 'platform', 'stats', 'engine', 'measure'],
  cli: [
    'base',
    'model',
    'stats',
    'platform',
    'tracefile',
    'analysis',
    'words',
    'render',
    'export',
    'compare',
    'query',
    'engine',
    'doctor',
    'capture',
    'store',
    'watch',
    'measure',
    'checks',
    'bench',
  ],
};

/** Folders of pure functions: no files, no processes, no clock. */
const PURE = ['base', 'model', 'analysis', 'stats', 'words', 'render', 'export', 'compare'];
const IMPURE = /(?<!')\bprocess\.|\bDate\.now\(|new Date\(\)|performance\.now\(|Math\.random\(/;

const root = packagePath('src');
const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : path.endsWith('.ts') ? [path] : [];
  });
/** Paths in src/ of the modules that a text imports, their types too. */
const importsOf = (path: string, text: string): string[] =>
  [...text.matchAll(/(?:from|import\(|import)\s*'(\.[^']*)'/g)].map(([, target]) =>
    relative(root, join(root, path, '..', target as string)).replace(/\.js$/, '.ts'),
  );
const sources = files(root).map((absolute) => {
  const path = relative(root, absolute);
  const text = readFileSync(absolute, 'utf8');
  return { path, folder: path.split('/')[0] as string, text, imports: importsOf(path, text) };
});

const byPath = new Map(sources.map(({ path, text }) => [path, text]));

/** Those of a graph that lead back to themselves. */
function onCycles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const left = new Map([...graph].map(([from, to]) => [from, new Set(to)]));
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const [from, to] of left) {
      for (const each of to) if (!left.has(each)) to.delete(each);
      if (to.size === 0) left.delete(from);
    }
  }
  return [...left.keys()];
}

function graphOf(roomOf: (path: string) => string): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const { path, imports } of sources) {
    const from = roomOf(path);
    const to = graph.get(from) ?? new Set();
    graph.set(from, to);
    for (const each of imports.map(roomOf)) if (each !== from) to.add(each);
  }
  return graph;
}

/** Files of tests, scripts and docs whose names fit. */
const outside = (names: RegExp): string[] =>
  ['tests', 'scripts', 'docs'].flatMap((folder) =>
    readdirSync(packagePath(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => names.test(name) && !/fixtures|lint\//.test(name))
      .map((name) => packagePath(`${folder}/${name}`))
      .filter((path) => statSync(path).isFile()),
  );

describe('the layout', () => {
  it('has a rule for every folder', () => {
    expect(
      [...new Set(sources.map(({ folder }) => folder))].filter((folder) => !(folder in MAY_IMPORT)),
    ).toEqual([]);
  });

  it.each(
    sources.map((source) => [source.path, source] as const),
  )('lets %s import only what it may', (_path, { folder, imports }) => {
    const imported = imports.map((each) => each.split('/')[0]);
    const allowed = [folder, ...(MAY_IMPORT[folder] ?? [])];
    expect(imported.filter((target) => !allowed.includes(target as string))).toEqual([]);
  });

  it('has no cycles, among modules or among rooms', () => {
    expect(onCycles(graphOf((path) => path))).toEqual([]);
    expect(onCycles(graphOf(dirname))).toEqual([]);
    const [a, b, c] = [new Set('b'), new Set(['c']), new Set('b')];
    expect(onCycles(new Map(Object.entries({ a, b, c, d: new Set<string>() })))).toEqual([
      'a',
      'b',
      'c',
    ]);
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

  it('has three parts for each test of dit test', () => {
    const parts = (name: string) =>
      ['check', 'judge', 'text'].map((part) => `checks/${name}/${part}.ts`);
    const paths = new Set(sources.map(({ path }) => path));
    expect(CHECK_NAMES.flatMap(parts).filter((path) => !paths.has(path))).toEqual([]);
  });

  it.each(
    sources
      .map(({ path }) => path)
      .filter((path) => /^checks\/\w+\/(judge|[\w-]*text)\.ts$/.test(path)),
  )('keeps %s and all that it runs free of files, processes and clocks', (path) => {
    const needed = new Set([path]);
    const impure: string[] = [];
    for (const each of needed) {
      // Types are gone when it runs.
      const text = (byPath.get(each) ?? '').replace(/\bimport type [^;]*;/g, '');
      for (const imported of importsOf(each, text)) needed.add(imported);
      for (const [, module = ''] of text.matchAll(/from '(node:[^']*)'/g)) {
        if (module !== 'node:path') impure.push(`${each}: ${module}`);
      }
      for (const line of text.split('\n')) {
        if (IMPURE.test(line) && !/^\s*(\*|\/\*|\/\/)/.test(line)) impure.push(`${each}: ${line}`);
      }
    }
    expect(needed.size).toBeGreaterThan(1);
    expect(impure).toEqual([]);
  });

  it('is named rightly by tests, scripts and documents', () => {
    // What a test has another process load is a text to the compiler.
    const named = /(?<![\w./-])(?:\$\{ROOT\}\/|\.\/|\.\.\/)*(src|dist)\/([\w/-]+)\.(?:ts|js)\b/g;
    const here = new Set(sources.map(({ path }) => path));
    const read = outside(/\.(ts|mjs|cjs|md)$|^[\w/-]+$/);
    const missing = [...read, packagePath('ARCHITECTURE.md'), packagePath('README.md')].flatMap(
      (path) =>
        [...readFileSync(path, 'utf8').matchAll(named)]
          .map(([text, , file]) => [text, `${file}.ts`] as const)
          .filter(([, file]) => !here.has(file) && file !== 'page/page.ts')
          .map(([text]) => `${relative(packagePath('.'), path)}: ${text}`),
    );
    expect(missing).toEqual([]);
  });

  it('exports what programs that nothing compiles import', () => {
    const imported =
      /(?:import|const)\s*\{([^{}]*)\}\s*(?:from|=\s*await import)\s*\(?\s*['"`][^'"`]*(?:src|dist)\/([\w/-]+)\.(?:ts|js)/g;
    const exported = (file: string): Set<string> => {
      const text = byPath.get(file) ?? '';
      const own = text.matchAll(
        /^export (?:async )?(?:const|let|function\*?|class|interface|type|enum) (\w+)/gm,
      );
      const lists = text.matchAll(/^export (?:type )?\{([^}]*)\}/gm);
      return new Set([
        ...[...own].map(([, name = '']) => name),
        ...[...lists].flatMap(([, names = '']) => names.split(',').map((name) => name.trim())),
      ]);
    };
    const read = outside(/\.(ts|mjs|cjs)$/);
    let found = 0;
    const missing = read.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(imported)].flatMap(([, names = '', file]) => {
        const there = exported(`${file}.ts`);
        return names
          .split(',')
          .map(
            (name) =>
              name
                .trim()
                .replace(/^type /, '')
                .split(/ as |:/)[0]
                ?.trim() ?? '',
          )
          .filter((name) => name !== '')
          .filter((name) => {
            found++;
            return !there.has(name);
          })
          .map((name) => `${relative(packagePath('.'), path)}: ${name} of ${file}`);
      }),
    );
    expect(found).toBeGreaterThan(1000);
    expect(missing).toEqual([]);
  });
});
