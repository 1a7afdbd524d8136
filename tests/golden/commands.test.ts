/** What the commands print about a trace, as people see it: look at the files when they change. */
import { describe, expect, it } from 'vitest';
import { PLAIN_THEME } from '../../src/render/common/theme.js';
import { renderBlame } from '../../src/render/text/blame.js';
import { renderChain } from '../../src/render/text/chain.js';
import { renderDiff } from '../../src/render/text/diff.js';
import { renderExplanation } from '../../src/render/text/explain.js';
import { renderRuns } from '../../src/render/text/runs.js';
import {
  explainedTrace,
  sampleChain,
  sampleDiff,
  sampleExplanation,
  sampleRunsSummary,
} from '../support/summaries.js';
import { startedTrace } from '../support/traces.js';

describe.each([80, 120])('at %i columns', (width) => {
  const page = { theme: PLAIN_THEME, width };

  it.each([
    ['blame', () => renderBlame(startedTrace(), page)],
    [
      'chain',
      () => renderChain(startedTrace(), sampleChain, { ...page, leastNs: 1e6, all: false }),
    ],
    ['diff', () => renderDiff(sampleDiff(), { ...page, leastNs: 1e6 })],
    ['explain', () => renderExplanation(explainedTrace(), sampleExplanation, page)],
    ['runs', () => renderRuns(sampleRunsSummary(), page)],
  ])('dit trace %s', async (name, render) => {
    await expect(render()).toMatchFileSnapshot(`${name}-${width}.txt`);
  });
});
