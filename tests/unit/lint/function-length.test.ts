/** The check of how long functions are: what counts, what does not, and that its list of debts can only shrink. */
import ts from 'typescript';
import { expect, test } from 'vitest';
import {
  type FunctionLength,
  functionLengthProblems,
  functionLengths,
  MOST_LINES,
} from '../../../scripts/lint/function-length.js';

const sourceOf = (text: string): ts.SourceFile =>
  ts.createSourceFile('x.ts', text, ts.ScriptTarget.ES2023, true);
const lengthsOf = (text: string): FunctionLength[] => functionLengths(sourceOf(text));
const lines = (count: number, line = 'x();'): string => `${line}\n`.repeat(count);

test.each([
  ['a function', `function a() {\n${lines(3)}}`, 'a', 5],
  ['an arrow', `const a = () => {\n${lines(3)}};`, 'a', 5],
  ['an arrow without a block', 'const a = () =>\n  x(\n  1);', 'a', 3],
  ['a method', `class A {\n  #b() {\n${lines(3)}}\n}`, 'A.#b', 5],
  ['a constructor', `class A {\n  constructor() {\n${lines(3)}}\n}`, 'A.constructor', 5],
  ['a getter', 'class A {\n  get b() {\n    return 1;\n  }\n}', 'A.b', 3],
  ['a function of an object', 'const a = {\n  b: () => {\n    x();\n  },\n};', 'b', 3],
  ['a callback', `useEffect(() => {\n${lines(3)}});`, 'useEffect', 5],
  ['comments and empty lines', 'function a() {\n  // why\n\n  x();\n}', 'a', 5],
])('%s', (_what, text, name, count) => {
  expect(lengthsOf(text).map((found) => [found.name, found.lines])).toEqual([[name, count]]);
});

test('what stands before a function is not part of it', () => {
  expect(lengthsOf('/**\n * Says something.\n */\nfunction a() {\n  x();\n}')).toEqual([
    { name: 'a', line: 4, lines: 3 },
  ]);
});

test('a function in a function counts twice: for itself, and for the one that it is in', () => {
  const text = `function a() {\n  const b = () => {\n${lines(4)}  };\n}`;
  expect(lengthsOf(text).map(({ name, lines }) => [name, lines])).toEqual([
    ['a', 8],
    ['a.b', 6],
  ]);
});

test.each([
  ['an object', 'const a = () => {\n  const t = {\n    x: 1,\n    y: [2],\n  };\n};', 3],
  ['a list', "const a = () => {\n  const t = [\n    'x',\n    y.z,\n  ];\n};", 3],
  ['one that calls', 'const a = () => {\n  const t = {\n    x: f(),\n    y: 2,\n  };\n};', 6],
  ['one that decides', 'const a = () => {\n  const t = [\n    x ? 1 : 2,\n  ];\n};', 5],
])('a table has no lines, what works something out has: %s', (_what, text, count) => {
  expect(lengthsOf(text)[0]?.lines).toBe(count);
});

const functionOf = (name: string, count: number): string =>
  `function ${name}() {\n${lines(count - 2)}}\n`;

test('a function may be as long as the limit', () => {
  const sources = new Map([['src/a.ts', sourceOf(functionOf('a', MOST_LINES))]]);
  expect(functionLengthProblems(sources, {})).toEqual([]);
});

test('a longer one is reported with its place', () => {
  const text = `x();\n${functionOf('a', MOST_LINES + 1)}`;
  expect(functionLengthProblems(new Map([['src/a.ts', sourceOf(text)]]), {})).toEqual([
    { path: 'src/a.ts', line: 2, message: expect.stringContaining('a has 61 lines') },
  ]);
});

test('a known debt is let pass, in its own module only', () => {
  const long = sourceOf(functionOf('a', MOST_LINES + 1));
  const sources = new Map([
    ['src/a.ts', long],
    ['src/b.ts', long],
  ]);
  expect(functionLengthProblems(sources, { 'src/a.ts': ['a'] })).toMatchObject([
    { path: 'src/b.ts' },
  ]);
});

test.each([
  ['shorter now', functionOf('a', MOST_LINES)],
  ['gone', ''],
])('a debt that is %s has to leave the list', (_what, text) => {
  const sources = new Map([['src/a.ts', sourceOf(text)]]);
  expect(functionLengthProblems(sources, { 'src/a.ts': ['a'] })).toMatchObject([
    { path: 'src/a.ts', message: expect.stringContaining('take it off the list') },
  ]);
  expect(functionLengthProblems(new Map(), { 'src/a.ts': ['a'] })).toHaveLength(1);
});
