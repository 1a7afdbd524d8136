/** `dit test [NAMES…]`: the ten toolkit tests on an engine, a verdict each. */

import { DitError, EXIT } from '../../base/errors.js';
import { escapeText } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import { quoting } from '../../base/foreign.js';
import { CHECKS } from '../../checks/all-checks.js';
import { runCheck } from '../../checks/run-checks.js';
import { CHECK_NAMES, type CheckName, type CheckReport } from '../../model/checks/check.js';
import { readHostInfo } from '../../platform/host-info.js';
import { packageVersion } from '../../platform/package-files.js';
import { renderCheck, renderVerdicts } from '../../render/checks/checks.js';
import { type ChecksDocument, checksJson } from '../../render/checks/checks-json.js';
import { type CheckOptions, prepareChecks } from '../common/check-context.js';
import type { CommandContext } from '../common/context.js';
import { errorLines } from '../common/report-error.js';
import { sha256 } from '../common/sha256.js';
import { themeFor } from '../common/theme.js';
import { needWritable, writeToFile } from '../common/write-export.js';

export interface TestOptions extends CheckOptions {
  readonly list?: true;
  readonly skip: readonly string[];
  readonly json?: true;
  /** FILE.md or FILE.html */
  readonly report?: string;
}

export async function test(
  asked: readonly string[],
  options: TestOptions,
  context: CommandContext,
): Promise<number> {
  if (options.list === true) {
    await listChecks(context);
    return EXIT.ok;
  }
  const names = chosen(asked, options.skip);
  if (options.pull === true && options.image === undefined) {
    throw usage('pull-what', '--pull requires --image', 'name one: --image IMAGE --pull');
  }
  refuseReport(options.report, context);
  const { stdout, stderr } = context;
  const prepared = await prepareChecks(options, context);
  const begun = new Date().toISOString();
  const reports: CheckReport[] = [];
  const leftBehind: Foreign[] = [];
  try {
    for (const name of names) {
      await stderr.line(`dit: ${name} (${reports.length + 1} of ${names.length})`);
      const run = await runCheck(await CHECKS[name](), prepared.context);
      leftBehind.push(...run.leftBehind);
      if (run.report === undefined) break;
      reports.push(run.report);
      if (options.json !== true) {
        await stdout.write(`${renderCheck(run.report, themeFor(stdout), stdout.width)}\n`);
      }
    }
  } finally {
    await prepared.close();
    for (const what of leftBehind) {
      await stderr.write(
        errorLines(
          quoting`clean-up is not complete: ${what}`,
          'docker ps -a --filter label=dev.dit.run',
        ),
      );
    }
  }
  // What minutes of work have found is kept.
  const interrupted = reports.length < names.length;
  const document: ChecksDocument = {
    begun,
    interrupted,
    ditVersion: packageVersion(),
    host: readHostInfo(),
    engine: prepared.context.engine,
    reports,
    leftBehind,
  };
  if (options.report !== undefined) await writeReport(options.report, document, context);
  if (options.json === true) await stdout.write(checksJson(document));
  else if (reports.length > 0)
    await stdout.write(renderVerdicts(reports, themeFor(stdout), stdout.width));
  if (interrupted) throw context.signal.reason;
  return reports.some(({ verdict }) => verdict === 'fail') ? EXIT.gate : EXIT.ok;
}

const usage = (code: string, message: string, remedy: string): DitError =>
  new DitError({ code, exitCode: EXIT.usage, message, remedy });

/** @throws DitError where there is no such test */
function chosen(asked: readonly string[], skip: readonly string[]): CheckName[] {
  const unknown = [...asked, ...skip].find((name) => !CHECK_NAMES.includes(name as CheckName));
  if (unknown !== undefined) {
    throw usage(
      'test-unknown',
      `there is no test '${escapeText(unknown)}'`,
      `use some of: ${CHECK_NAMES.join(', ')}`,
    );
  }
  const wanted = CHECK_NAMES.filter((name) => asked.length === 0 || asked.includes(name));
  const left = wanted.filter((name) => !skip.includes(name));
  if (left.length > 0) return left;
  throw usage('test-none', '--skip leaves no test to run', 'leave --skip out');
}

/** Before minutes of work for a report that nobody gets. */
function refuseReport(report: string | undefined, { env }: CommandContext): void {
  if (report === undefined) return;
  if (!/\.(?:md|html)$/.test(report)) {
    throw usage(
      'report-kind',
      `unknown report format: '${escapeText(report)}'`,
      'name a FILE.md or a FILE.html; --json is the machine-readable one',
    );
  }
  needWritable(report, env);
}

async function writeReport(
  path: string,
  document: ChecksDocument,
  { env, stderr }: CommandContext,
): Promise<void> {
  const text = path.endsWith('.md')
    ? (await import('../../render/checks/checks-markdown.js')).checksMarkdown(document)
    : (await import('../../render/checks/checks-html.js')).checksHtml(document, sha256);
  await writeToFile(path, [text], env);
  await stderr.line(`dit: report: ${escapeText(path)}`);
}

async function listChecks({ stdout }: CommandContext): Promise<void> {
  const theme = themeFor(stdout);
  for (const name of CHECK_NAMES) {
    const { shows, thresholds } = await CHECKS[name]();
    await stdout.line(`${theme.strong(name.padEnd(12))}${shows}`);
    await stdout.line(`${' '.repeat(12)}${theme.dim(thresholds)}`);
  }
}
