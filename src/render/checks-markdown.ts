/** What the toolkit tests found, as Markdown for an issue or a wiki. */
import { escapeText } from '../base/escape.js';
import type { CheckReport } from '../model/check.js';
import { figureText, grouped } from './checks.js';
import { type ChecksDocument, whereAndWhen } from './checks-json.js';

export function checksMarkdown(document: ChecksDocument): string {
  const { reports, leftBehind } = document;
  const lines = [
    '# dit test',
    '',
    text(whereAndWhen(document)),
    '',
    ...(leftBehind.length === 0 ? [] : [`**Left behind:** ${leftBehind.map(text).join('; ')}`, '']),
    '| test | verdict | why |',
    '|---|---|---|',
    ...reports.map(({ name, verdict, reason }) => `| ${name} | ${verdict} | ${text(reason)} |`),
    '',
  ];
  return [...lines, ...reports.flatMap(section)].join('\n');
}

function section(report: CheckReport): string[] {
  const lines = [
    `## ${report.name}: ${report.verdict}`,
    '',
    text(report.shows),
    '',
    text(report.reason),
  ];
  if (report.remedy !== '') lines.push('', `**Try:** ${text(report.remedy)}`);
  lines.push('', `*Decided by:* ${text(report.thresholds)}`);
  for (const [group, figures] of grouped(report.figures)) {
    lines.push('', `| ${text(group || 'figure')} | value | source |`, '|---|--:|---|');
    for (const figure of figures) {
      lines.push(`| ${text(figure.name)} | ${figureText(figure)} | ${text(figure.source)} |`);
    }
  }
  if (report.findings.length > 0) {
    lines.push('', '| severity | finding | remedy |', '|---|---|---|');
    for (const { severity, title, remedy } of report.findings) {
      lines.push(`| ${severity} | ${text(title)} | ${text(remedy)} |`);
    }
  }
  if (report.evidence.length > 0) {
    // Indented, because no text can end such a block.
    lines.push('', ...report.evidence.map((line) => `    ${escapeText(line)}`));
  }
  return [...lines, ''];
}

/** One line that Markdown takes for words alone. */
const text = (words: string): string =>
  escapeText(words).replace(/[\\`*_[\]<>|#~]/g, (character) => `\\${character}`);
