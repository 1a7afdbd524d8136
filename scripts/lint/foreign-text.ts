/**
 * What the type checker lets pass: foreign text (src/base/foreign.ts) that becomes part of a string without an
 * escape, the text itself taken where things are printed, JSON that is not written by safeJson, and a look-up in
 * an object by a key from outside, which finds what every object inherits ("constructor").
 */
import ts from 'typescript';
import type { Problem } from './problem.js';

/** Folders that print: they escape, and never take a text as it is. */
const PRINTS = ['words', 'render', 'export', 'cli', 'page'];

/** Where the text is data in a format that counts its bytes, or is only compared. */
const TAKES_RAW: Readonly<Record<string, string>> = {
  'src/export/parquet.ts': 'data of a binary format',
  'src/export/perfetto/packet-sequence.ts': 'data of a binary format',
  'src/export/otlp/ids.ts': 'hashed',
  'src/page/data/decode.ts': "words of dit's own among the texts",
};

/** Where JSON is not an output. */
const WRITES_JSON: Readonly<Record<string, string>> = {
  'src/base/escape.ts': 'safeJson itself',
  'src/export/page-data.ts': 'bytes that are deflated, and read by the page alone',
};

/** They make no text of what they are given. */
const TAKES_ANYTHING: ReadonlySet<string> = new Set(['Number', 'Array.isArray']);

/** @param path from the project's folder: "src/cli/main.ts" */
export function foreignTextProblems(
  program: ts.Program,
  source: ts.SourceFile,
  path: string,
): Problem[] {
  const checker = program.getTypeChecker();
  const problems: Problem[] = [];
  const prints = PRINTS.includes(path.split('/')[1] ?? '');
  const report = (node: ts.Node, message: string): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    problems.push({ path, line: line + 1, message });
  };

  const isForeign = (type: ts.Type): boolean =>
    type.isUnion()
      ? type.types.some(isForeign)
      : type.getProperties().some(({ escapedName }) => /^__@foreign@/.test(String(escapedName)));
  const elementOf = (type: ts.Type): ts.Type | undefined =>
    checker.getIndexTypeOfType(type, ts.IndexKind.Number);
  const holdsForeign = (type: ts.Type): boolean => {
    if (isForeign(type)) return true;
    const element = type.flags & ts.TypeFlags.StringLike ? undefined : elementOf(type);
    return element !== undefined && isForeign(element);
  };
  const typeOf = (node: ts.Node): ts.Type => checker.getTypeAtLocation(node);
  /** Node types it as a string, and it holds what a file, an engine or a server is called or says. */
  const isMessageOfError = (node: ts.Expression): boolean =>
    prints &&
    ts.isPropertyAccessExpression(node) &&
    ['message', 'stack'].includes(node.name.text) &&
    typeOf(node.expression).getProperty('stack') !== undefined;
  const unescaped = (node: ts.Expression): void => {
    if (holdsForeign(typeOf(node)) || isMessageOfError(node)) {
      report(node, `foreign text without an escape: ${node.getText(source).slice(0, 60)}`);
    }
  };

  const visitCall = (call: ts.CallExpression): void => {
    const callee = call.expression;
    const name = callee.getText(source);
    if (name === 'String' || name.startsWith('console.')) {
      call.arguments.forEach(unescaped);
      return;
    }
    if (ts.isPropertyAccessExpression(callee)) {
      const method = callee.name.text;
      if (['join', 'toString', 'toLocaleString', 'concat'].includes(method)) {
        unescaped(callee.expression);
      }
      if (name === 'JSON.stringify' && !Object.hasOwn(WRITES_JSON, path)) {
        report(call, 'JSON that is not written by safeJson');
      }
    }
    if (TAKES_ANYTHING.has(name)) return;
    const signature = checker.getResolvedSignature(call);
    signature?.parameters.forEach((parameter, index) => {
      const argument = call.arguments[index];
      if (argument === undefined || !isForeign(typeOf(argument))) return;
      const wanted = checker.getTypeOfSymbolAtLocation(parameter, call);
      if (wanted.flags & ts.TypeFlags.Any) {
        report(argument, `foreign text where anything is taken: ${argument.getText(source)}`);
      }
    });
  };

  const visit = (node: ts.Node): void => {
    if (ts.isTemplateExpression(node) && !ts.isTaggedTemplateExpression(node.parent)) {
      for (const span of node.templateSpans) unescaped(span.expression);
    } else if (
      ts.isBinaryExpression(node) &&
      (node.operatorToken.kind === ts.SyntaxKind.PlusToken ||
        node.operatorToken.kind === ts.SyntaxKind.PlusEqualsToken)
    ) {
      unescaped(node.left);
      unescaped(node.right);
    } else if (ts.isCallExpression(node)) visitCall(node);
    else if (ts.isTypeOfExpression(node)) {
      // Of the other words none makes a string of it.
      const compared = ts.isBinaryExpression(node.parent) ? node.parent.right : undefined;
      const isAsked = compared === undefined || compared.getText(source) === "'string'";
      if (isAsked && isForeign(typeOf(node.expression))) {
        report(node, 'typeof makes a string of foreign text: isText() does not');
      }
    } else if (ts.isAsExpression(node) && !path.startsWith('src/base/')) {
      if (isForeign(typeOf(node.expression)) && !isForeign(typeOf(node))) {
        report(node, 'a cast makes a string of foreign text');
      }
    } else if (ts.isElementAccessExpression(node) && path !== 'src/base/own.ts') {
      const key = typeOf(node.argumentExpression);
      const object = checker.getNonNullableType(typeOf(node.expression));
      if (
        (key.flags & ts.TypeFlags.String) !== 0 &&
        checker.getIndexTypeOfType(object, ts.IndexKind.String) !== undefined
      ) {
        report(node, 'a look-up by a key from outside: use a Map, or own() of base/own.ts');
      }
    } else if (ts.isImportSpecifier(node)) {
      const imported = (node.propertyName ?? node.name).text;
      const from = (node.parent.parent.parent.moduleSpecifier as ts.StringLiteral).text;
      if (
        imported === 'raw' &&
        from.endsWith('/foreign.js') &&
        prints &&
        !Object.hasOwn(TAKES_RAW, path)
      ) {
        report(node, 'raw() where things are printed: escape instead');
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return problems;
}
