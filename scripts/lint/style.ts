/** Finds turns that docs/style.md bans, in what users read: README, docs, help and messages of the command line. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Problem } from './problem.js';

/** What is banned, and what to write instead. */
export const BANNED: readonly (readonly [RegExp, string])[] = [
  [
    /(?<!\b[Tt]here )\b(?:is|are) no (?!longer\b|more\b|less\b)\w+ (?:for|of)\b/,
    'rule 2: "invalid …", "is not a …"',
  ],
  [/\bthat is none\b/, 'rule 2: "is not …"'],
  [/\b(?!left\b)\w+ alone\b(?= ?[:;,.)]|$)/, 'rule 3: "only …"'],
  [/\b(?:when|if|where) absent\b/, 'rule 4: "(default: …)"'],
  [/\b(?:a|one) line each\b|\bone JSON object a line\b/, 'rule 5: "one line per …"'],
  [/\bsays something only\b/, 'rule 6: "requires …"'],
  [/\bdoctor(?:`| --sources`?)? (?:says|tells)\b/, 'rule 7: "see …: dit doctor"'],
  [/\bgone on with\b/, '"resumed"'],
  [/\b(?:more )?of such\b/, '"and N more"'],
  [/\bfor want of\b/, '"because … is missing"'],
  [/\b(?:has|have) it not\b/, '"is missing"'],
  [/\b(?:it|that) is well\b/, '"is healthy"'],
];

/** Folders whose strings are read by users. */
const SPOKEN = /^src\/(?:cli|store|watch|engine|capture|doctor|container|measure|checks|bench)\//;

export function bannedTurns(text: string): string[] {
  return BANNED.flatMap(([turn, instead]) => {
    const found = turn.exec(text)?.[0];
    return found === undefined ? [] : [`"${found}": ${instead}`];
  });
}

/** The strings of a module; a template with its values as "…". */
export function styleProblems(source: ts.SourceFile, path: string): Problem[] {
  if (!SPOKEN.test(path)) return [];
  const problems: Problem[] = [];
  const visit = (node: ts.Node): void => {
    const text = ts.isStringLiteralLike(node)
      ? node.text
      : ts.isTemplateExpression(node)
        ? node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('')
        : '';
    for (const message of bannedTurns(text)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      problems.push({ path, line: line + 1, message });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return problems;
}

/** README.md and the pages of docs/, but for the one that shows what not to write. */
export function documentProblems(root: string): Problem[] {
  const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const paths = ['README.md', ...pages.map((name) => `docs/${name}`)];
  return paths
    .filter((path) => path !== 'docs/style.md')
    .flatMap((path) =>
      readFileSync(join(root, path), 'utf8')
        .split('\n')
        .flatMap((text, at) =>
          bannedTurns(text).map((message) => ({ path, line: at + 1, message })),
        ),
    );
}
