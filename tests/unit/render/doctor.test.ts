import { describe, expect, it } from 'vitest';
import { canRecord, doctorJson, renderDoctor } from '../../../src/render/doctor.js';
import { PLAIN_THEME } from '../../../src/render/theme.js';
import { sampleCapabilities } from '../../support/capabilities.js';

describe('doctor', () => {
  it('can record without what is not required', () => {
    expect(canRecord(sampleCapabilities())).toBe(true);
    expect(renderDoctor(sampleCapabilities(), PLAIN_THEME, 80)).toMatch(/^dit can record here/);
  });

  it('cannot without what is, and says what to do', () => {
    const [kernel, ...rest] = sampleCapabilities();
    if (kernel === undefined) throw new Error('there is one');
    const lacking = [{ ...kernel, available: false, remedy: 'use a newer kernel\x1b' }, ...rest];
    const text = renderDoctor(lacking, PLAIN_THEME, 80);
    expect(text).toMatch(/^dit cannot record here/);
    expect(text).toContain(
      'missing  kernel 5.10 or later     6.12.0\n           try: use a newer kernel\\x1b\n',
    );
    expect(JSON.parse(doctorJson(lacking))).toMatchObject({ can_record: false, source: null });
  });
});
