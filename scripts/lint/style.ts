/** Finds turns that docs/style.md bans in what users read: README, docs, strings of the program, and scripts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Problem } from './problem.js';

/** What is banned, and what to write instead. */
const BANNED: readonly (readonly [RegExp, string])[] = [
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
  [/\bgo on with (?:it|the same)\b/, '"resume"'],
  [/\bbut for (?:its|the|their|what|containers)\b/, '"except …"'],
  [/\bof its own accord\b/, 'name who does it'],
  [/\bnone of others?\b/, '"not …"'],
  [/\b(?:one|a) (?:row|file|object) a (?:start|table|test|line|host)\b/, 'rule 5: "one … per …"'],
  [/\b(?:rows|spans|ms|KiB|values|lines) a (?:start|stack|thread|day)\b/, 'rule 5: "per"'],
  [/\bis told by\b|\btells (?:of|no)\b/, 'rule 7: "reports", "shows"'],
];

/** Rooms whose strings users read. */
const SPOKEN: ReadonlySet<string> = new Set([
  ...['cli', 'store', 'watch', 'engine', 'capture', 'doctor', 'container', 'platform', 'tracefile'],
  ...['export', 'query', 'page', 'measure', 'bench', 'checks', 'compare'],
  ...['render'],
]);
const isSpoken = (path: string): boolean => SPOKEN.has(/^src\/([^/]+)\//.exec(path)?.[1] ?? '');

/** Scripts whose heads and messages users read. */
const SCRIPTS = [
  'dit',
  'engines',
  'fresh-check',
  'kernels',
  'matrix',
  'set-up',
  'test',
  'try-fresh',
];

export function bannedTurns(text: string): string[] {
  return BANNED.flatMap(([turn, instead]) => {
    const found = turn.exec(text)?.[0];
    return found === undefined ? [] : [`"${found}": ${instead}`];
  });
}

/** The strings of a module; a template with its values as "…". */
export function styleProblems(source: ts.SourceFile, path: string): Problem[] {
  if (!isSpoken(path)) return [];
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

/** README.md, ARCHITECTURE.md, scripts, and the pages of docs/, except the one that shows what not to write. */
export function documentProblems(root: string): Problem[] {
  const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const paths = [
    ...['README.md', 'ARCHITECTURE.md'],
    ...SCRIPTS.map((name) => `scripts/${name}`),
    ...pages.map((name) => `docs/${name}`),
  ];
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
