import { describe, expect, it } from 'vitest';
import type { Feature } from '../../../../src/model/checks/feature.js';
import { columnsOf } from '../../../../src/render/common/columns.js';
import { PLAIN_THEME } from '../../../../src/render/common/theme.js';
import {
  bestSource,
  canRecord,
  doctorJson,
  renderDoctor,
} from '../../../../src/render/text/doctor.js';
import { sampleCapabilities } from '../../../support/capabilities.js';

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

  it.each([40, 41, 69, 70, 80, 120])('keeps to %i columns, and tells all', (width) => {
    const [kernel, ...rest] = sampleCapabilities();
    if (kernel === undefined) throw new Error('there is one');
    const long = {
      ...kernel,
      available: false,
      evidence: 'q'.repeat(200),
      remedy: 'do it '.repeat(30),
    };
    const text = renderDoctor([long, { ...kernel, evidence: '' }, ...rest], PLAIN_THEME, width);
    expect(Math.max(...text.split('\n').map(columnsOf))).toBeLessThanOrEqual(width);
    expect(text.match(/q/g)).toHaveLength(200);
    expect(text.match(/^(ok|missing|absent) /gm)).toHaveLength(2 + rest.length);
  });

  /** What has these, of all that a machine may have. */
  const machineWith = (...available: string[]): Feature[] =>
    ['btf', 'docker', 'bpftrace', 'strace', 'api'].map((id) => ({
      id,
      title: id,
      available: available.includes(id),
      required: id === 'btf' || id === 'docker',
      evidence: '',
      remedy: '',
    }));

  it.each([
    ['ebpf', ['btf', 'docker', 'bpftrace', 'strace', 'api']],
    ['bpftrace', ['docker', 'bpftrace', 'strace', 'api']],
    ['strace', ['docker', 'strace', 'api']],
    ['api', ['docker', 'api']],
    // The engine is on another machine.
    ['api', ['btf', 'bpftrace', 'strace', 'api']],
    [undefined, ['btf', 'bpftrace', 'strace']],
  ])('names the best source: %s', (source, available) => {
    const capabilities = machineWith(...available);
    expect(bestSource(capabilities)).toBe(source);
    expect(canRecord(capabilities)).toBe(source !== undefined);
  });

  it('says how little the engine’s API tells', () => {
    expect(renderDoctor(machineWith('api'), PLAIN_THEME, 80)).toMatch(
      /^dit can record here, with the api source: only API requests and responses\n/,
    );
  });
});
