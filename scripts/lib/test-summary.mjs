/**
 * The last lines of scripts/test: the counts, and of what was skipped why.
 *   test-summary.mjs TESTS-JSON SKIPS     vitest's JSON report; the lines that tests/support/requirements.ts wrote
 * Plain JavaScript: it runs whatever became of the rest.
 */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [report = '', skips = ''] = process.argv.slice(2);
const tests = JSON.parse(readFileSync(report, 'utf8'));
const { numPassedTests, numFailedTests, numPendingTests } = tests;
console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);

/** By file: "qemu: QEMU is needed …". */
const reasons = new Map();
for (const line of existsSync(skips) ? readFileSync(skips, 'utf8').split('\n').filter(Boolean) : []) {
  const { file, requirement, reason } = JSON.parse(line);
  reasons.set(file, (reasons.get(file) ?? new Set()).add(`${requirement}: ${reason}`));
}

/** By file, those that were skipped by no condition: with a filter by name all others. */
const unexplained = [];
for (const { name, assertionResults } of tests.testResults) {
  const file = relative(process.cwd(), name);
  const skipped = assertionResults.filter(({ status }) =>
    ['pending', 'skipped', 'todo', 'disabled'].includes(status),
  );
  if (skipped.length === 0) continue;
  for (const reason of reasons.get(file) ?? []) {
    console.log(`skipped: ${reason} (${skipped.length} in ${file})`);
  }
  if (!reasons.has(file)) unexplained.push(`${skipped.length} in ${file}`);
}
if (unexplained.length > 0) {
  const more = unexplained.length > 5 ? `, and in ${unexplained.length - 5} more files` : '';
  console.log(`skipped: none: no reason is given (${unexplained.slice(0, 5).join(', ')}${more})`);
}
