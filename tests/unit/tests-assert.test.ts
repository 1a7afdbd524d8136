/** A test that asserts nothing cannot fail: each looks at something, itself or by a function of its file that does. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { packagePath } from '../../src/platform/package-files.js';

const root = packagePath('tests');
const testFiles = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return testFiles(path);
    return name.endsWith('.test.ts') ? [path] : [];
  });

const ASSERTS = /\bexpect\w*[.(]|\bassert\w*\(/;

/** Functions that assert; one ends where a line as far to the left ends it. */
function assertingFunctions(text: string): string[] {
  // Looked for at every line, so that a function within another is found too.
  const declared = /^(?=( *)(?:async )?(?:function|const) (\w+)([\s\S]*?^\1(?:\}|\S.*;$)))/gm;
  return [...text.matchAll(declared)].flatMap(([, , name = '', body = '']) =>
    ASSERTS.test(body) ? [name] : [],
  );
}

/** What stands between the beginning of a test and that of the next one. */
function silentTests(text: string): string[] {
  const helpers = assertingFunctions(text);
  const begins = [...text.matchAll(/^ *(?:it|test)(?:\.\w+|\n *\.\w+)*[(\n]/gm)].map(
    ({ index }) => index,
  );
  return begins
    .map((begin, at) => text.slice(begin, begins[at + 1]))
    .filter((body) => !ASSERTS.test(body))
    .filter((body) => !helpers.some((name) => new RegExp(`\\b${name}\\(`).test(body)))
    .map((body) => body.slice(0, body.indexOf('\n')).trim());
}

it.each(testFiles(root).map((path) => relative(root, path)))('%s: every test asserts', (path) => {
  expect(silentTests(readFileSync(join(root, path), 'utf8'))).toEqual([]);
});

it('finds a test that asserts nothing', () => {
  const looks = "const same = (a) => expect(a).toBe(1);\n\nit('looks', () => same(1));\n";
  expect(silentTests(`${looks}it('does not', () => {\n  run();\n});\n`)).toEqual([
    "it('does not', () => {",
  ]);
});

/** Less, and a loaded machine decides: ten starts at once beside eight busy programs took more than a minute. */
const LEAST_BOUND_MS = 60_000;
const BOUND =
  /\btimeout: *([\d_]+)|^ *\}, ([\d_]+)\);|\bLIMIT_MS = ([\d_]+)|\beventually\(.*, ([\d_]+)\)/gm;

function tightBounds(text: string): string[] {
  return [...text.matchAll(BOUND)]
    .filter(([, ...found]) => Number(found.find(Boolean)?.replaceAll('_', '')) < LEAST_BOUND_MS)
    .map(([bound]) => bound.trim());
}

it.each(
  ['live', 'native', 'cli'].flatMap((folder) => testFiles(join(root, folder))),
)('%s: no bound that a loaded machine exceeds', (path) => {
  expect(tightBounds(readFileSync(path, 'utf8'))).toEqual([]);
});

it('a bound of seconds is found, however it is written', () => {
  const text = [
    "test('x', { timeout: 20_000 }, run);",
    '}, 30_000);',
    'const LIMIT_MS = 9000;',
    'await eventually(isThere, 500);',
    'const LIMIT_MS = 300_000;',
  ].join('\n');
  expect(tightBounds(text)).toEqual([
    'timeout: 20_000',
    '}, 30_000);',
    'LIMIT_MS = 9000',
    'eventually(isThere, 500)',
  ]);
});
