/** What the toolkit tests found, as Markdown for an issue or a wiki. */
import { escapeText, markdownText } from '../../base/escape.js';
import type { CheckReport } from '../../model/checks/check.js';
import { figureText, grouped } from './checks.js';
import { type ChecksDocument, whereAndWhen } from './checks-json.js';

export function checksMarkdown(document: ChecksDocument): string {
  const { reports, leftBehind } = document;
  const lines = [
    '# dit test',
    '',
    markdownText(whereAndWhen(document)),
    '',
    ...(leftBehind.length === 0
      ? []
      : [`**Left behind:** ${leftBehind.map(markdownText).join('; ')}`, '']),
    '| test | verdict | why |',
    '|---|---|---|',
    ...reports.map(
      ({ name, verdict, reason }) => `| ${name} | ${verdict} | ${markdownText(reason)} |`,
    ),
    '',
  ];
  return [...lines, ...reports.flatMap(section)].join('\n');
}

function section(report: CheckReport): string[] {
  const lines = [
    `## ${report.name}: ${report.verdict}`,
    '',
    markdownText(report.shows),
    '',
    markdownText(report.reason),
  ];
  if (report.remedy !== '') lines.push('', `**Try:** ${markdownText(report.remedy)}`);
  lines.push('', `*Decided by:* ${markdownText(report.thresholds)}`);
  for (const [group, figures] of grouped(report.figures)) {
    lines.push('', `| ${markdownText(group || 'figure')} | value | source |`, '|---|--:|---|');
    for (const figure of figures) {
      lines.push(
        `| ${markdownText(figure.name)} | ${figureText(figure)} | ${markdownText(figure.source)} |`,
      );
    }
  }
  if (report.findings.length > 0) {
    lines.push('', '| severity | finding | remedy |', '|---|---|---|');
    for (const { severity, title, remedy } of report.findings) {
      lines.push(`| ${severity} | ${markdownText(title)} | ${markdownText(remedy)} |`);
    }
  }
  if (report.evidence.length > 0) {
    // Indented, because no text can end such a block.
    lines.push('', ...report.evidence.map((line) => `    ${escapeText(line)}`));
  }
  return [...lines, ''];
}
