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
