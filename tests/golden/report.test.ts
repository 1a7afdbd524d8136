/** The report as people see it, at two widths: look at the files when they change. */
import { describe, expect, it } from 'vitest';
import { PLAIN_THEME } from '../../src/render/common/theme.js';
import { renderDoctor } from '../../src/render/text/doctor.js';
import { renderReport } from '../../src/render/text/report.js';
import { sampleCapabilities } from '../support/capabilities.js';
import { cutTrace, failedTrace, startedTrace } from '../support/traces.js';

describe.each([80, 120])('at %i columns', (width) => {
  it.each([
    ['started', startedTrace()],
    ['failed', failedTrace()],
    ['cut', cutTrace()],
  ])('a trace that %s', async (name, trace) => {
    const text = renderReport(trace, { theme: PLAIN_THEME, width });
    await expect(text).toMatchFileSnapshot(`report-${name}-${width}.txt`);
  });

  it('what the doctor finds', async () => {
    const text = renderDoctor(sampleCapabilities(), PLAIN_THEME, width);
    await expect(text).toMatchFileSnapshot(`doctor-${width}.txt`);
  });
});
