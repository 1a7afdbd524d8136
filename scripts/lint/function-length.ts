/**
 * Finds functions that are longer than a person takes in at a glance. A function's lines are those from its name to its
 * closing brace, with those of the functions inside it, without those of tables: literals that only list values.
 */
import ts from 'typescript';
import type { Problem } from './problem.js';

export const MOST_LINES = 60;

/** Functions that are longer still, by module: each goes off the list when it is mended, none is added. */
const DEBTS: Readonly<Record<string, readonly string[]>> = {
  'src/cli/actions/trace/watch.ts': ['traceWatch'],
  'src/cli/commands/trace/run.ts': ['define'],
  'src/cli/common/start-recorder.ts': ['prepareStarts'],
  'src/export/perfetto/notes.ts': ['writeNotes'],
  'src/model/bench/bench-json.ts': ['readBenchJson'],
  'src/page/app.ts': ['App'],
  'src/page/data/lanes.ts': ['lanesOf'],
  'src/page/panels/differences.ts': ['Differences'],
  'src/page/panels/events.ts': ['Rows'],
  'src/page/panels/phases.ts': ['Phases'],
  'src/page/panels/recording.ts': ['RecordingFacts'],
  'src/page/timeline/keys.ts': ['pressKey'],
  'src/page/timeline/timeline.ts': ['Timeline'],
  'src/render/checks/checks-chart.ts': ['phaseChart'],
  'src/render/compare/compare-json.ts': ['compareJson'],
  'src/render/text/report.ts': ['header'],
};

export interface FunctionLength {
  /** "decode", "LineDecoder.decode", "start.then": a callback is called after who takes it. */
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** Whether something is worked out in it, or done. */
const computes = (node: ts.Node): boolean =>
  ts.isFunctionLike(node) ||
  ts.isCallExpression(node) ||
  ts.isNewExpression(node) ||
  ts.isConditionalExpression(node) ||
  ts.isBinaryExpression(node) ||
  ts.forEachChild(node, computes) === true;

const isTable = (node: ts.Node): boolean =>
  (ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node)) && !computes(node);

function ownName(node: ts.Node, source: ts.SourceFile): string | undefined {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  const { name } = node as ts.NamedDeclaration;
  if (name !== undefined) return name.getText(source);
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) {
    return parent.name.getText(source);
  }
  if (!ts.isCallExpression(parent)) return undefined;
  const { expression } = parent;
  return (ts.isPropertyAccessExpression(expression) ? expression.name : expression).getText(source);
}

/** All functions of a module, in the order of the text. @param source with the parents of its nodes */
export function functionLengths(source: ts.SourceFile): FunctionLength[] {
  const found: FunctionLength[] = [];
  const lineOf = (at: number): number => source.getLineAndCharacterOfPosition(at).line;
  const tableLines = (node: ts.Node): number => {
    if (isTable(node)) return lineOf(node.end) - lineOf(node.getStart(source));
    let lines = 0;
    ts.forEachChild(node, (child) => {
      lines += tableLines(child);
    });
    return lines;
  };
  const visit = (node: ts.Node, within: string): void => {
    let name = within;
    if (ts.isClassLike(node)) name = ownName(node, source) ?? within;
    else if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const own = ownName(node, source) ?? '(anonymous)';
      name = within === '' ? own : `${within}.${own}`;
      const begin = lineOf(node.getStart(source));
      const lines = lineOf(node.end) - begin + 1 - tableLines(node);
      found.push({ name, line: begin + 1, lines });
    }
    ts.forEachChild(node, (child) => visit(child, name));
  };
  visit(source, '');
  return found;
}

/**
 * @param sources by path from the project's folder, as in DEBTS
 * @returns functions that are too long and no debt, and debts that there are no longer
 */
export function functionLengthProblems(
  sources: ReadonlyMap<string, ts.SourceFile>,
  debts: Readonly<Record<string, readonly string[]>> = DEBTS,
): Problem[] {
  const long = [...sources].flatMap(([path, source]) =>
    functionLengths(source)
      .filter(({ lines }) => lines > MOST_LINES)
      .map((found) => ({ path, ...found })),
  );
  const known = Object.entries(debts).flatMap(([path, names]) =>
    names.map((name) => ({ path, name })),
  );
  const isSame = (a: { path: string; name: string }) => (b: { path: string; name: string }) =>
    a.path === b.path && a.name === b.name;
  return [
    ...long
      .filter((found) => !known.some(isSame(found)))
      .map(({ path, line, name, lines }) => ({
        path,
        line,
        message: `${name} has ${lines} lines, more than ${MOST_LINES}: name its steps, or make a table of them`,
      })),
    ...known
      .filter((debt) => !long.some(isSame(debt)))
      .map(({ path, name }) => ({
        path,
        line: 1,
        message: `${name} is a debt of scripts/lint/function-length.ts and long no more: take it off the list`,
      })),
  ];
}
