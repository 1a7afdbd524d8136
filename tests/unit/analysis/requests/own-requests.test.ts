/** The requests of dit's own: by its calls where they were recorded, and never earlier than it can have written them. */
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../../src/analysis/analyse.js';
import type { Milestone, MilestoneName } from '../../../../src/model/trace/trace.js';
import { SAMPLES, sampleTrace } from '../../../support/samples.js';
import { PID, type Stream, startedContainer } from '../../../support/stream.js';

const MS = 1e6;
const EVENTFD = { result: 8 };

const container = (): Stream =>
  startedContainer({ shim: 40 * MS, runc: 50 * MS, init: 60 * MS, entrypoint: 90 * MS });

function found(stream: Stream, name: MilestoneName): Milestone | undefined {
  return analyse(stream.recording()).runs[0]?.milestones.find((each) => each.name === name);
}

describe('a request', () => {
  // As Node does it: other threads are woken meanwhile, the socket is connected, and then it is written.
  const calls = (stream: Stream): Stream =>
    stream
      .syscall('write', 2 * MS, 2.1 * MS, PID.client, PID.client, EVENTFD)
      .syscall('connect', 3 * MS, 3.1 * MS, PID.client)
      .syscall('writev', 17 * MS, 17.1 * MS, PID.client, PID.client, { result: 842 })
      .syscall('write', 17.5 * MS, 17.6 * MS, PID.client, PID.client, EVENTFD)
      .syscall('read', 29 * MS, 29.1 * MS, PID.client, PID.client, { result: 357 });

  it('is sent when it is written, however long before dit asked its library for it', () => {
    const stream = calls(container()).mark('create', 2 * MS, 30 * MS);
    expect(found(stream, 'create requested')).toMatchObject({
      time: 17 * MS,
      certainty: 'exact',
      evidence: { kind: 'event', text: `create request sent: writev by pid ${PID.client}` },
    });
    expect(found(stream, 'create answered')).toMatchObject({
      time: 29.1 * MS,
      certainty: 'exact',
      evidence: { kind: 'event', text: `create request answered: read by pid ${PID.client}` },
    });
  });

  it('that was noted when it had been written is the call before that', () => {
    const detail = new Map([['asked_ns', String(15.2 * MS)]]);
    const stream = calls(container()).mark('create', 17.2 * MS, 30 * MS, { detail });
    expect(found(stream, 'create requested')).toMatchObject({ time: 17 * MS, certainty: 'exact' });
  });

  it.each([
    [0.4, 'exact', 'api: create request sent'],
    [15.2, 'inferred', 'api: create request sent, or up to 15.2 ms earlier'],
  ])('without its call, noted %f ms after it was asked for, is %s', (ms, certainty, text) => {
    const detail = new Map([['asked_ns', String(ms * MS)]]);
    const stream = container().mark('create', 17.2 * MS, 30 * MS, { detail });
    expect(found(stream, 'create requested')).toMatchObject({
      time: 17.2 * MS,
      certainty,
      evidence: { kind: 'mark', text },
    });
  });

  it('that was noted late hides nothing that the engine did for it', () => {
    const stream = container()
      .mark('create', 2 * MS, 20 * MS)
      .mark('start', 34 * MS, 95 * MS, { detail: new Map([['asked_ns', String(10 * MS)]]) })
      .syscall('mount', 30 * MS, 30.5 * MS, PID.dockerd, PID.dockerd, {
        texts: { 0: 'overlay', 1: '/var/lib/docker/overlay2/x/merged', 2: 'overlay' },
      });
    expect(found(stream, 'rootfs mounted')).toMatchObject({ time: 30.5 * MS });
  });

  it('of which only the asking is known is inferred, and says how far off it may be', () => {
    const stream = container().mark('create', 2 * MS, 30 * MS);
    expect(found(stream, 'create requested')).toMatchObject({
      time: 2 * MS,
      certainty: 'inferred',
      evidence: { text: 'api: create request sent, or up to 28.0 ms later' },
    });
  });

  it('is inferred where several writes may be it', () => {
    const stream = container()
      .mark('create', 1 * MS, 5 * MS)
      .mark('start', 6 * MS, 80 * MS)
      .syscall('writev', 8 * MS, 8.1 * MS, PID.client, PID.client, { result: 237 })
      .syscall('write', 9 * MS, 9.1 * MS, PID.client, PID.client, { result: 160 })
      .syscall('write', 70 * MS, 70.1 * MS, PID.client, PID.client, { result: 4000 });
    expect(found(stream, 'start requested')).toMatchObject({ time: 9 * MS, certainty: 'inferred' });
  });

  it('is not what another thread or another process of the client writes', () => {
    const stream = container()
      .mark('create', 2 * MS, 30 * MS)
      .syscall('writev', 4 * MS, 4.1 * MS, PID.client, PID.client + 1, { result: 842 })
      .syscall('writev', 5 * MS, 5.1 * MS, PID.dockerd, PID.dockerd, { result: 842 });
    expect(found(stream, 'create requested')).toMatchObject({
      time: 2 * MS,
      certainty: 'inferred',
    });
  });
});

describe.each(SAMPLES)('%s', (name) => {
  it('begins with a write of the client, and its answers are reads', () => {
    const trace = sampleTrace(name);
    const { events, strings } = trace.recording;
    const [run] = trace.runs;
    const ofClient = (run?.milestones ?? []).filter(({ name: what }) =>
      ['create requested', 'create answered', 'start requested', 'removed'].includes(what),
    );
    expect(ofClient).toHaveLength(4);
    for (const { name: what, evidence, time } of ofClient) {
      if (evidence.kind !== 'event') throw new Error(`${what} is not told by an event`);
      const isSent = what.endsWith('requested');
      const call = strings.text(events.value(evidence.event, 'names'));
      expect(call).toMatch(isSent ? /^write/ : /^read/);
      const length = isSent ? 0 : events.value(evidence.event, 'durations_ns');
      expect(events.time.at(evidence.event) + length).toBe(time);
    }
    expect(run?.window?.start).toBe(ofClient[0]?.time);
  });
});
