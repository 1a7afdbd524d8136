import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withPresentSample } from '../../scripts/docs-readme.js';
import { packagePath } from '../../src/platform/package-files.js';

test('README.md shows what the command prints now: npx tsx scripts/docs-readme.ts', () => {
  const readme = readFileSync(packagePath('README.md'), 'utf8');
  expect(readme).toBe(withPresentSample(readme));
});
