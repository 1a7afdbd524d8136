import { describe, expect, it } from 'vitest';
import { traceTimeOf } from '../../../../src/base/time.js';
import { type OtlpOptions, otlpRequest } from '../../../../src/export/otlp/otlp.js';
import type { Trace } from '../../../../src/model/trace/trace.js';
import { keyOf, livesOf } from '../../../support/lives.js';
import { decodeOtlp, type OtlpRequest, type OtlpSpan } from '../../../support/otlp-schema.js';
import { SAMPLES, sampleTrace } from '../../../support/samples.js';
import {
  cutTrace,
  failedTrace,
  hostileTrace,
  SAMPLE_ID,
  sampleRun,
  segmentsFrom,
  startedTrace,
} from '../../../support/traces.js';

const exported = (trace: Trace, options?: OtlpOptions): OtlpRequest =>
  decodeOtlp(otlpRequest(trace, options));

const of = ({ spans }: OtlpRequest, span: string): OtlpSpan[] =>
  spans.filter(({ attributes }) => attributes['dit.span'] === span);

const rootOf = (request: OtlpRequest): OtlpSpan => of(request, 'start')[0] as OtlpSpan;

/** 1970 to the session base, and from there to the create request of the sample traces. */
const REQUEST_UNIX = 1_700_000_000_123_456_789n + 50_000_000n;

describe.each(SAMPLES)('the OTLP request of %s', (name) => {
  const trace = sampleTrace(name);
  const request = exported(trace);
  const window = trace.runs[0]?.window ?? { start: 0, end: 0 };
  const byId = new Map(request.spans.map((span) => [span.spanId, span]));

  it('has one root: the window, to the ns', () => {
    const roots = request.spans.filter(({ parentSpanId }) => parentSpanId === '');
    expect(roots).toHaveLength(1);
    const [root] = roots as [OtlpSpan];
    expect(root.start).toBe(trace.recording.header.startRealtimeNs + BigInt(window.start));
    expect(root.end - root.start).toBe(BigInt(window.end - window.start));
    expect(root.events.map((event) => event.name)).toEqual(
      trace.runs[0]?.milestones.map((milestone) => milestone.name),
    );
  });

  it('has ids that are valid, unique and of one trace', () => {
    expect(byId.size).toBe(request.spans.length);
    expect(new Set(request.spans.map(({ traceId }) => traceId)).size).toBe(1);
    for (const { traceId, spanId } of request.spans) {
      expect(`${traceId} ${spanId}`).toMatch(/^(?!0{32})[0-9a-f]{32} (?!0{16})[0-9a-f]{16}$/);
    }
  });

  it('has children that lie in their parents', () => {
    for (const span of request.spans.filter(({ parentSpanId }) => parentSpanId !== '')) {
      const parent = byId.get(span.parentSpanId);
      expect(parent, span.name).toBeDefined();
      if (parent === undefined) continue;
      expect(span.start).toBeGreaterThanOrEqual(parent.start);
      expect(span.end).toBeLessThanOrEqual(parent.end);
      expect(span.end).toBeGreaterThan(span.start);
    }
  });

  it('has stages that tile the root, from milestone to milestone', () => {
    const root = rootOf(request);
    let at = root.start;
    for (const stage of of(request, 'stage')) {
      expect(stage.parentSpanId).toBe(root.spanId);
      expect(stage.start).toBe(at);
      at = stage.end;
    }
    expect(at).toBe(root.end);
  });

  it('accounts for every ns of the path, in a span or as the sum of short ones', () => {
    const below = (parent: OtlpSpan, span: string): bigint =>
      of(request, span)
        .filter(({ parentSpanId }) => parentSpanId === parent.spanId)
        .reduce((sum, { start, end }) => sum + end - start, 0n);
    const short = ({ attributes }: OtlpSpan): bigint =>
      BigInt(Number(attributes['dit.short_ns'] ?? 0));
    for (const stage of of(request, 'stage')) {
      expect(below(stage, 'step') + short(stage)).toBe(stage.end - stage.start);
    }
    for (const step of of(request, 'step')) {
      expect(below(step, 'piece') + short(step)).toBe(step.end - step.start);
    }
  });

  it('links steps to those that they go on from, which are over', () => {
    const links = of(request, 'step').flatMap((step) =>
      step.links.map((link) => ({ step, link, from: byId.get(link.spanId) })),
    );
    expect(links.length).toBeGreaterThan(10);
    for (const { step, link, from } of links) {
      expect(link.traceId).toBe(step.traceId);
      expect(from?.end).toBeLessThanOrEqual(step.start);
    }
    const wakeUps = links.filter(({ link }) => link.attributes['dit.link'] === 'woken by');
    expect(wakeUps.length).toBeGreaterThan(5);
    for (const { step, link, from } of wakeUps) {
      const { events } = trace.recording;
      const event = Number(link.attributes['dit.event']);
      expect(events.kindName(event)).toBe('waking');
      expect(events.tid.at(event)).toBe(from?.attributes['thread.id']);
      expect(events.value(event, 'target_tids')).toBe(step.attributes['thread.id']);
    }
  });

  it('has the runtime and init as processes, each below one that outlives it', () => {
    const processes = of(request, 'process');
    expect(processes.map((span) => span.name)).toEqual(
      expect.arrayContaining(['shim', 'runc create', 'init', 'runc start']),
    );
    const create = processes.find((span) => span.name === 'runc create');
    expect(byId.get(create?.parentSpanId ?? '')?.name).toBe('shim');
  });
});

describe('the OTLP request', () => {
  it('is the same each time', () => {
    expect(otlpRequest(startedTrace())).toEqual(otlpRequest(startedTrace()));
  });

  it('names host and engine as its resource', () => {
    expect(exported(startedTrace(), { serviceName: 'nodes' }).resource).toMatchObject({
      'service.name': 'nodes',
      'host.name': 'builder',
      'host.arch': 'amd64',
      'os.type': 'linux',
      'os.version': '6.12.0',
      'dit.engine.storage_driver': 'overlay2',
    });
    expect(exported(startedTrace()).resource['service.name']).toBe('dit');
  });

  it('describes the container by the conventions', () => {
    const root = rootOf(exported(startedTrace()));
    expect(root).toMatchObject({ start: REQUEST_UNIX, kind: 'SPAN_KIND_INTERNAL' });
    expect(root.attributes).toMatchObject({
      'container.id': SAMPLE_ID,
      'container.name': 'eager_lamport',
      'container.image.name': 'alpine',
      'container.image.tags': ['3.20'],
      'container.runtime.name': 'docker',
      'dit.phase.kernel_ns': 43_000_000,
      'dit.phase.unattributed_ns': 113_000,
      'dit.perturbed': false,
      'dit.lost': 0,
      'dit.copy_up_bytes': 104_857_600,
    });
  });

  it.each([
    ['alpine', 'alpine', undefined],
    ['registry:5000/a/b', 'registry:5000/a/b', undefined],
    ['registry:5000/a/b:1', 'registry:5000/a/b', ['1']],
    ['a/b:1@sha256:00ff', 'a/b', ['1']],
  ])('takes image %s apart', (image, name, tags) => {
    const { attributes } = rootOf(exported(startedTrace({ runs: [sampleRun({ image })] })));
    expect(attributes['container.image.name']).toBe(name);
    expect(attributes['container.image.tags']).toEqual(tags);
  });

  it('has milestones with their certainty', () => {
    const { events } = rootOf(exported(startedTrace()));
    expect(events.find((event) => event.name === 'cgroup attached')).toMatchObject({
      time: REQUEST_UNIX + 91_000_000n,
      attributes: { 'dit.certainty': 'inferred' },
    });
  });

  it.each([
    [{ exitCode: 0 }, 'STATUS_CODE_OK', undefined],
    [{ exitCode: 3 }, 'STATUS_CODE_ERROR', 'the container exited with 3'],
    [{ exitCode: -9 }, 'STATUS_CODE_ERROR', 'the container was ended by signal 9'],
    [{ exitCode: 0, failure: 'no such file' }, 'STATUS_CODE_ERROR', 'no such file'],
    [{ exitCode: undefined }, undefined, undefined],
  ])('has the status of %o', (changes, code, message) => {
    const { status } = rootOf(exported(startedTrace({ runs: [sampleRun(changes)] })));
    expect([status.code, status.message || undefined]).toEqual([code, message]);
  });

  it('tells of a start that failed, from the first milestone to the last', () => {
    const request = exported(failedTrace());
    const root = rootOf(request);
    expect(root.status).toMatchObject({ code: 'STATUS_CODE_ERROR' });
    expect(root.status.message).toContain('OCI runtime create failed');
    expect(root.end - root.start).toBe(101_200_000n);
    expect(root.attributes['dit.lost']).toBe(1234);
    expect(of(request, 'stage').at(-1)).toMatchObject({ name: 'init cloned to hooks began' });
  });

  it('says of a file without its end that nothing is known of losses', () => {
    const { attributes } = rootOf(exported(cutTrace()));
    expect(attributes).not.toHaveProperty('dit.lost');
    expect(attributes['dit.complete']).toBe(false);
  });

  it('gives pieces their cause', () => {
    const pieces = of(exported(startedTrace()), 'piece');
    expect(pieces.find((span) => span.name === 'fsync')?.attributes).toMatchObject({
      'dit.phase': 'storage',
      'dit.category': 'fsync',
      'dit.state': 'blocked',
      'dit.waits_for': 'block I/O',
      'dit.certainty': 'exact',
      'thread.id': 1000,
    });
  });

  it('makes no spans of what is shorter than the threshold', () => {
    const segments = segmentsFrom(50e6, [
      [10, 'init', 'user code', 'runtime', 'runc'],
      [999, 'init', 'syscall', 'kernel', 'mounts'],
      [1000, 'init', 'syscall', 'kernel', 'exec'],
    ]);
    const window = { ...sampleRun().window, end: traceTimeOf(50e6 + 2009) } as never;
    const runs = [sampleRun({ segments, window })];
    const request = exported(startedTrace({ runs }), { leastNs: 1000 });
    expect(of(request, 'piece').map((span) => span.name)).toEqual(['exec']);
    expect(of(request, 'step').map(({ attributes }) => attributes)).toMatchObject([
      { 'dit.short.pieces': 2, 'dit.short_ns': 1009 },
    ]);
    expect(of(exported(startedTrace({ runs }), { leastNs: 2010 }), 'step')).toEqual([]);
  });

  it('puts a process below the nearest one that outlives it, and links its parent', () => {
    const at = (ms: number): number => (50 + ms) * 1e6;
    const processes = livesOf([
      { actor: 'shim', start: at(10), end: at(300) },
      { actor: 'runc create', start: at(20), end: at(100) },
      { actor: 'init', start: at(30), end: at(400) },
    ]).map((life, index) => ({
      ...life,
      exitCode: 7,
      parent: index === 0 ? undefined : keyOf(index - 1),
    }));
    const request = exported(
      startedTrace({ processes, runs: [sampleRun({ processes: [0, 1, 2].map(keyOf) })] }),
    );
    const [shim, create, init] = of(request, 'process') as [OtlpSpan, OtlpSpan, OtlpSpan];
    expect([shim, create, init].map(({ parentSpanId }) => parentSpanId)).toEqual([
      rootOf(request).spanId,
      shim.spanId,
      // Both are cut to the window, so it lies in the shim's.
      shim.spanId,
    ]);
    expect(init.links).toMatchObject([
      { spanId: create.spanId, attributes: { 'dit.link': 'forked by' } },
    ]);
    expect(init.attributes).toMatchObject({ 'dit.cut': true });
    expect(init.attributes).not.toHaveProperty('process.exit.code');
    expect(create.attributes).toMatchObject({ 'dit.cut': false, 'process.exit.code': 7 });
  });

  it('has the requests to the engine, and their failures', () => {
    const trace = startedTrace();
    const mark = {
      name: 'start',
      start: traceTimeOf(60e6),
      end: traceTimeOf(900e6),
      containerId: SAMPLE_ID as string,
      status: 500,
      error: 'no space left on device',
      wallClock: false,
      detail: new Map(),
    };
    const marks = [mark, { ...mark, containerId: 'another' }, { ...mark, wallClock: true }];
    const request = exported({ ...trace, recording: { ...trace.recording, marks } });
    expect(of(request, 'request')).toMatchObject([
      {
        name: 'request start',
        kind: 'SPAN_KIND_CLIENT',
        start: REQUEST_UNIX + 10_000_000n,
        end: rootOf(request).end,
        attributes: { 'http.response.status_code': 500, 'dit.cut': true },
        status: { code: 'STATUS_CODE_ERROR', message: 'no space left on device' },
      },
    ]);
  });

  it('makes a trace of each start, with ids of its own', () => {
    const runs = [sampleRun(), sampleRun({ containerId: 'other' as never })];
    const roots = of(exported(startedTrace({ runs })), 'start');
    expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(2);
  });

  it('holds texts of others as visible escapes, which every protobuf reader takes', () => {
    const request = exported(hostileTrace());
    expect(rootOf(request).attributes['container.name']).toContain('\\ud800');
    const texts: string[] = [];
    JSON.stringify(request, (_, value) => {
      if (typeof value === 'string') texts.push(value);
      return typeof value === 'bigint' ? String(value) : value;
    });
    expect(texts.filter((text) => /\p{C}/u.test(text))).toEqual([]);
  });

  it('needs a start', () => {
    const nothing = sampleRun({ window: undefined, milestones: [], segments: [] });
    expect(() => otlpRequest(startedTrace({ runs: [nothing] }))).toThrow(/no container start/);
    expect(() => otlpRequest(startedTrace({ runs: [] }))).toThrow(/no container start/);
  });
});
