// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is code that is looked at
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, test } from 'vitest';
import { foreignTextProblems } from '../../../scripts/lint/foreign-text.js';
import { packagePath } from '../../../src/platform/package-files.js';

const folder = mkdtempSync(join(tmpdir(), 'dit-lint-'));
symlinkSync(packagePath('src/base'), join(folder, 'base'));
afterAll(() => rmSync(folder, { recursive: true }));

const HEAD = `
import { type Foreign, quoting, raw } from './base/foreign.js';
import { escapeText } from './base/escape.js';
export declare const text: Foreign;
export declare const texts: readonly Foreign[];
export declare const maybe: Foreign | undefined;
export declare const table: Readonly<Record<string, number>>;
export declare const anything: (value: any) => void;
void [quoting, raw, escapeText];
`;

/** What is said of lines of code that stand in `path`. */
function problemsOf(code: string, path = 'src/analysis/x.ts'): string[] {
  const file = join(folder, 'x.ts');
  writeFileSync(file, HEAD + code);
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    noEmit: true,
    types: [],
    preserveSymlinks: true,
  });
  const source = program.getSourceFile(file) as ts.SourceFile;
  return foreignTextProblems(program, source, path).map(({ message }) => message);
}

describe('foreign text that becomes a string without an escape is found', () => {
  test.each([
    ['a template', 'export const a = `${text}`;'],
    ['a template with what may be absent', "export const a = `${maybe ?? ''}`;"],
    ['a sum', "export const a = 'x' + text;"],
    ['a sum that grows', "let a = ''; a += text; export { a };"],
    ['a join', "export const a = texts.join(', ');"],
    ['a list in a template', 'export const a = `${texts}`;'],
    ['String()', 'export const a = String(text);'],
    ['toString()', 'export const a = text.toString();'],
    ['a question for its type', "export const a = typeof text === 'string' ? text : '';"],
    ['a cast', 'export const a = text as string;'],
    ['a function that takes anything', 'anything(text);'],
    ['the console', 'declare const console: { log(x: unknown): void }; console.log(text);'],
  ])('%s', (_what, code) => {
    expect(problemsOf(code)).toHaveLength(1);
  });

  test('what is escaped, quoted or only asked is fine', () => {
    const code = `
      export const a = \`\${escapeText(text)}\`;
      export const b: Foreign = quoting\`x \${text} y \${3}\`;
      export const c = text === 'x' || text.startsWith('y') || text.length > 3;
      export const d = texts.map(escapeText).join(', ');`;
    expect(problemsOf(code)).toEqual([]);
  });
});

test('raw() is for what does not print', () => {
  const code = 'export const a = raw(text);';
  expect(problemsOf(code, 'src/analysis/x.ts')).toEqual([]);
  for (const path of ['src/render/x.ts', 'src/export/x.ts', 'src/cli/x.ts', 'src/page/x.ts']) {
    expect(problemsOf(code, path)).toEqual(['raw() where things are printed: escape instead']);
  }
});

test("an error's message is foreign text where things are printed", () => {
  const code = 'export const a = `${new Error().message}`;';
  expect(problemsOf(code, 'src/cli/x.ts')).toContainEqual(
    expect.stringContaining('without an escape'),
  );
});

test('JSON is written by safeJson', () => {
  expect(problemsOf('export const a = JSON.stringify({});')).toEqual([
    'JSON that is not written by safeJson',
  ]);
});

test('a look-up by a key from outside is found, one by a known name is not', () => {
  expect(problemsOf('declare const key: string; export const a = table[key];')).toHaveLength(1);
  expect(problemsOf("export const a = table['known'];")).toEqual([]);
});
