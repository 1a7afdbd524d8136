import { expect, it } from 'vitest';
import { countCopied } from '../../../../src/model/trace/copy-ups.js';
import { copiedText } from '../../../../src/words/copied-text.js';
import { sampleRun } from '../../../support/traces.js';

const [sample] = sampleRun().copyUps;

it.each([
  [[5], '1 file'],
  [[5, 6, 0], '2 files and 1 folder or file without data'],
  [[0, 0], '2 folders or files without data'],
])('copy-ups of %j bytes are %s', (sizes, words) => {
  const copyUps = sizes.flatMap((bytes) => (sample === undefined ? [] : { ...sample, bytes }));
  expect(copiedText(countCopied(copyUps))).toBe(words);
});

it('counts as the report does', () => {
  const copyUps = sample === undefined ? [] : Array.from({ length: 1200 }, () => sample);
  expect(copiedText(countCopied(copyUps))).toMatch(/^1,200 /);
});
