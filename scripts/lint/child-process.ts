/**
 * Finds where a module starts another program past src/platform/processes/child-process.ts, which gives each its limit of time
 * and ends it by the command's signal.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packagePath } from '../../src/platform/package-files.js';

/** Who may, and why. */
const MAY_START: Readonly<Record<string, string>> = {
  'platform/processes/child-process.ts': 'the one module that does',
};

/** Modules by which programs are started. */
const STARTERS = '(?:node:)?(?:child_process|cluster)|execa|cross-spawn|shelljs|zx';
const IMPORT = new RegExp(
  String.raw`\bfrom\s+['"](?:${STARTERS})['"]|\bimport\s+['"](?:${STARTERS})['"]`,
);
const AT_RUN_TIME = new RegExp(
  String.raw`\b(?:import|require|getBuiltinModule)\(\s*['"](?:${STARTERS})['"]`,
);

const codeOf = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !/^\s*(?:\*|\/\*|\/\/)/.test(line))
    .join('\n');

const starts = (text: string): boolean =>
  IMPORT.test(codeOf(text)) || AT_RUN_TIME.test(codeOf(text));

/** @param path below src/ @returns what it must not do, a sentence each */
export const childProcessFaults = (path: string, text: string): string[] =>
  path in MAY_START || !starts(text)
    ? []
    : [`${path} starts programs by itself: use platform/processes/child-process.ts`];

export function allChildProcessFaults(): string[] {
  const src = packagePath('src');
  const texts = new Map(
    readdirSync(src, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(src, path), readFileSync(path, 'utf8')]),
  );
  const stale = Object.keys(MAY_START)
    .filter((path) => !starts(texts.get(path) ?? ''))
    .map((path) => `${path} is excused and needs no excuse: take it off the list`);
  return [...[...texts].flatMap(([path, text]) => childProcessFaults(path, text)), ...stale];
}
