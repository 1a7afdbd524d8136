/** The regular expressions of src/, and texts that make one go back and try again, where it can. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

export interface Literal {
  /** "src/base/escape.ts:14". */
  readonly place: string;
  readonly pattern: RegExp;
}

export function regexpLiterals(root: string): Literal[] {
  return filesBelow(join(root, 'src')).flatMap((path) => {
    const source = ts.createSourceFile(
      path,
      readFileSync(path, 'utf8'),
      ts.ScriptTarget.ES2023,
      true,
    );
    const found: Literal[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
        const end = node.text.lastIndexOf('/');
        const pattern = new RegExp(node.text.slice(1, end), node.text.slice(end + 1));
        found.push({ place: `${relative(root, path)}:${line + 1}`, pattern });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : path.endsWith('.ts') ? [path] : [];
  });

/** An escape, a class, or any other character: what a pattern is made of, without its groups and numbers. */
const ATOM =
  /\\u\{[^}]*\}|\\[pP]\{[^}]*\}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\.|\[(?:\\.|[^\]\\])*\]|\(\?<?[=!:]|\{\d*,?\d*\}|./giu;
/** One of these is taken by nearly every class. */
const CHARACTERS = [
  'a',
  '0',
  ' ',
  '\n',
  '/',
  ':',
  '.',
  '-',
  ',',
  'Z',
  '_',
  '\u0301',
  '"',
  '\t',
  '<',
  '\0',
];

/** A character for each atom, in their order. */
function samples(pattern: RegExp): string[] {
  return (pattern.source.match(ATOM) ?? []).flatMap((atom) => {
    if (/^[()|^$*+?]$|^\(\?|^\{/.test(atom)) return [];
    const one = new RegExp(`^${atom}$`, pattern.flags.replace(/[gym]/g, ''));
    const character = CHARACTERS.find((each) => one.test(each));
    return character ?? (atom.length === 1 ? atom : atom.startsWith('\\') ? atom.slice(-1) : []);
  });
}

const MOST_SAMPLES = 24;

/** A part of the pattern's own text again and again, behind what comes before it, and an end that nothing takes. */
export function* hardTexts(pattern: RegExp, length: number): Generator<string> {
  const all = samples(pattern).slice(0, MOST_SAMPLES);
  const seen = new Set<string>();
  for (let from = 0; from < all.length; from++) {
    for (let to = from + 1; to <= all.length; to++) {
      const part = all.slice(from, to).join('');
      if (seen.has(part)) continue;
      seen.add(part);
      const repeated = part.repeat(Math.ceil(length / part.length));
      yield `${repeated}\u0001`;
      // Blanks may be ends of lines as well.
      if (part.includes(' ')) yield `${repeated.replaceAll(' ', '\n')}\u0001`;
      if (from > 0 && to - from <= 2) yield `${all.slice(0, from).join('')}${repeated}\u0001`;
    }
  }
}
