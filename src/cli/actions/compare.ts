/** `dit compare DIR…`: benchmark directories side by side, the data doctor first; gates for CI. */

import { join } from 'node:path';
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { escapeText } from '../../base/escape.js';
import { quoting } from '../../base/foreign.js';
import { compareBenches } from '../../compare/compare-benches.js';
import { parseGate } from '../../compare/gate.js';
import type { BenchComparison } from '../../model/bench/bench-comparison.js';
import { makeFolders } from '../../platform/files/folders.js';
import { sudoUser } from '../../platform/files/owner.js';
import { plural } from '../../render/common/format.js';
import type { PageOptions } from '../../render/common/subject.js';
import { PLAIN_THEME } from '../../render/common/theme.js';
import { readBenchFolder } from '../../store/read-bench-folder.js';
import type { CommandContext } from '../common/context.js';
import { sha256 } from '../common/sha256.js';
import { themeFor } from '../common/theme.js';
import { writeToFile } from '../common/write-export.js';

export interface CompareOptions {
  readonly format: 'text' | 'markdown' | 'latex' | 'json' | 'html';
  /** A file; standard output when absent, or "-". */
  readonly output?: string;
  /** A folder for the charts. */
  readonly svg?: string;
  readonly failOn: readonly string[];
  readonly width?: number;
}

/** Every two are compared: more would be thousands of tests, and letters run out. */
const MOST_FOLDERS = 12;

export async function compare(
  folders: readonly string[],
  options: CompareOptions,
  context: CommandContext,
): Promise<number> {
  if (folders.length > MOST_FOLDERS) {
    throw new DitError({
      code: 'compare-many',
      exitCode: EXIT.usage,
      message: `${folders.length} directories are too many to compare`,
      remedy: `name ${MOST_FOLDERS} at most`,
    });
  }
  const gates = options.failOn.map(parseGate);
  const comparison = compareBenches(folders.map(readBenchFolder), gates);
  await write(comparison, options, context);
  if (options.svg !== undefined) await writeCharts(comparison, options.svg, context);
  return sayGates(comparison, context);
}

async function write(
  comparison: BenchComparison,
  options: CompareOptions,
  { stdout, env }: CommandContext,
): Promise<void> {
  const { output } = options;
  const toFile = output !== undefined && output !== '-';
  const page = {
    theme: toFile ? PLAIN_THEME : themeFor(stdout),
    width: options.width ?? stdout.width,
  };
  const text = await rendered(comparison, options.format, page);
  if (!toFile) return stdout.write(text);
  await writeToFile(output, [text], env);
}

async function rendered(
  comparison: BenchComparison,
  format: CompareOptions['format'],
  page: PageOptions,
): Promise<string> {
  switch (format) {
    case 'text':
      return (await import('../../render/compare/compare-text.js')).renderCompareText(
        comparison,
        page,
      );
    case 'markdown':
      return (await import('../../render/compare/compare-markdown.js')).renderCompareMarkdown(
        comparison,
      );
    case 'latex':
      return (await import('../../render/compare/compare-latex.js')).renderCompareLatex(comparison);
    case 'json':
      return (await import('../../render/compare/compare-json.js')).compareJson(comparison);
    case 'html':
      return (await import('../../render/compare/compare-html.js')).renderCompareHtml(
        comparison,
        sha256,
      );
  }
}

async function writeCharts(
  comparison: BenchComparison,
  folder: string,
  { stderr, env }: CommandContext,
): Promise<void> {
  const { compareCharts } = await import('../../render/compare/compare-chart.js');
  try {
    makeFolders(folder, { mode: 0o777, owner: sudoUser(env) });
  } catch (error) {
    throw new DitError({
      code: 'output-unwritable',
      exitCode: EXIT.usage,
      message: quoting`the folder "${folder}" cannot be made: ${messageOf(error)}`,
      remedy: 'name another with --svg DIR',
      cause: error,
    });
  }
  const charts = compareCharts(comparison);
  for (const { dimension, svg } of charts) {
    const path = join(folder, `${dimension}.svg`);
    await writeToFile(path, [svg], env);
  }
  await stderr.line(`dit: "${escapeText(folder)}": ${plural(charts.length, 'chart')}`);
}

/** What decided the exit code is said on standard error too, whatever the format. @returns the exit code */
async function sayGates(
  { gates, platforms }: BenchComparison,
  { stderr }: CommandContext,
): Promise<number> {
  for (const { gate, group, platform, verdict, share, bounds, reason } of gates) {
    if (verdict === 'held') continue;
    const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
    const change = Number.isNaN(share) ? '' : ` changes by ${percent(share)}`;
    const interval = Number.isNaN(bounds.low)
      ? ''
      : ` (95 %: ${percent(bounds.low)} to ${percent(bounds.high)})`;
    const name = escapeText(platforms[platform]?.name ?? '');
    const why = reason === '' ? '' : `: ${escapeText(reason)}`;
    await stderr.line(
      `dit: ${verdict}: ${escapeText(gate.text)}: ${escapeText(group)} on ${name}${change}${interval}${why}`,
    );
  }
  return gates.some(({ verdict }) => verdict === 'failed') ? EXIT.gate : EXIT.ok;
}
