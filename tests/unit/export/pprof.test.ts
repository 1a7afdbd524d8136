import { Profile } from 'pprof-format';
import { describe, expect, it } from 'vitest';
import { pprofProfile } from '../../../src/export/pprof.js';
import type { Trace } from '../../../src/model/trace/trace.js';
import { SAMPLES, sampleTrace } from '../../support/samples.js';
import { failedTrace, sampleRun, startedTrace } from '../../support/traces.js';

function decode(trace: Trace) {
  const profile = Profile.decode(pprofProfile(trace));
  const text = (index: number | bigint): string => profile.stringTable.strings[Number(index)] ?? '';
  const functions = new Map(profile.function.map(({ id, name }) => [Number(id), text(name)]));
  const frames = new Map(
    profile.location.map(({ id, line }) => [
      Number(id),
      functions.get(Number(line[0]?.functionId)) ?? '',
    ]),
  );
  const samples = profile.sample.map(({ locationId, value, label }) => ({
    stack: locationId.map((id) => frames.get(Number(id))),
    value: value.map(Number),
    labels: Object.fromEntries(label.map(({ key, str }) => [text(key), text(str)])),
  }));
  return { profile, text, samples };
}

describe('the pprof profile', () => {
  it.each(SAMPLES)('of %s sums up to the window', (name) => {
    const trace = sampleTrace(name);
    const { profile, samples } = decode(trace);
    const { window, segments } = trace.runs[0] as Trace['runs'][0];
    const length = (window?.end ?? 0) - (window?.start ?? 0);
    expect(samples.reduce((sum, { value }) => sum + (value[1] ?? 0), 0)).toBe(length);
    expect(samples.reduce((sum, { value }) => sum + (value[0] ?? 0), 0)).toBe(segments.length);
    expect(Number(profile.durationNanos)).toBe(length);
  });

  it('names its values, and shows the time first', () => {
    const { profile, text } = decode(startedTrace());
    expect(profile.sampleType.map(({ type, unit }) => [text(type), text(unit)])).toEqual([
      ['pieces', 'count'],
      ['critical_path', 'nanoseconds'],
    ]);
    expect(text(profile.defaultSampleType)).toBe('critical_path');
  });

  it('begins when the window did, to the ns', () => {
    const { profile } = decode(startedTrace());
    expect(BigInt(profile.timeNanos)).toBe(1_700_000_000_123_456_789n + 50_000_000n);
  });

  it('has the innermost frame first, and labels', () => {
    expect(decode(startedTrace()).samples[0]).toEqual({
      stack: ['hooks (runtime)', 'user code', '(unknown program)', 'hook', 'eager_lamport'],
      value: [1, 61e6],
      labels: {
        phase: 'runtime',
        certainty: 'exact',
        state: 'user code',
        container: '0123456789ab',
      },
    });
  });

  it('keeps what is inferred apart', () => {
    const [first, ...rest] = sampleRun().segments;
    const segments = [{ ...first, certainty: 'inferred' as const }, ...rest] as typeof rest;
    const { samples } = decode(startedTrace({ runs: [sampleRun({ segments })] }));
    expect(samples.filter(({ labels }) => labels.certainty === 'inferred')).toMatchObject([
      { value: [1, 3_000_201] },
    ]);
  });

  it('remarks what to know before trusting it', () => {
    const { profile, text } = decode(startedTrace());
    expect(profile.comment.map(text)).toEqual([
      'dit 0.1.0, trace 00112233445566778899aabbccddeeff',
      'recorded by ebpf',
      'inferred 0 ns of 264113201 ns',
      'probe-refused: fentry/ovl_copy_up_flags was refused: Operation not supported',
    ]);
  });

  it('needs a start that was seen whole', () => {
    expect(() => pprofProfile(failedTrace())).toThrow(/no critical path for pprof/);
  });
});
