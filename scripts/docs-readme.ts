/** Brings the sample in README.md up to date: `npx tsx scripts/docs-readme.ts`. A test compares the two. */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { analyse } from '../src/analysis/analyse.js';
import { packagePath } from '../src/platform/package-files.js';
import { PLAIN_THEME } from '../src/render/common/theme.js';
import { renderReport } from '../src/render/text/report.js';
import { readTraceFile } from '../src/tracefile/reader.js';

/** A command that shows a recording of the repository, and the block of what it prints. */
const SAMPLE = /(?<=^scripts\/dit trace show (\S+\.dit)\n```\n\n```text\n)[^`]*(?=```$)/m;

/** @throws where the text has no sample */
export function withPresentSample(readme: string): string {
  const [, file] = SAMPLE.exec(readme) ?? [];
  if (file === undefined) throw new Error('README.md shows no command with its output');
  return readme.replace(SAMPLE, () => timelineOf(file));
}

function timelineOf(file: string): string {
  const trace = analyse(readTraceFile(packagePath(file)));
  const report = renderReport(trace, { theme: PLAIN_THEME, width: 80, all: false });
  return report.slice(report.indexOf('TIMELINE'), report.indexOf('\nPHASES'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const path = packagePath('README.md');
  writeFileSync(path, withPresentSample(readFileSync(path, 'utf8')));
}
