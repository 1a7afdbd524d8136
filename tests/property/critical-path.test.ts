import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/analysis/analyse.js';
import { PID, type Stream, startedContainer } from '../support/stream.js';

const WINDOW = { start: 100, end: 10_000 };
const PIDS = Object.values(PID);
const NAMES = ['futex', 'fsync', 'nanosleep', 'epoll_pwait', 'mount', 'read', 'clone', 'execve'];

const pid = fc.constantFrom(...PIDS, 0, 999);
const time = fc.integer({ min: 0, max: 11_000 });

/** Anything at all, consistent or not: a file may hold it. */
const anyEvent = fc.oneof(
  fc.record({
    kind: fc.constant('switch' as const),
    time,
    from: pid,
    to: pid,
    runnable: fc.boolean(),
    ioWait: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('wake' as const),
    time,
    from: pid,
    to: pid,
    context: fc.integer({ min: 0, max: 2 }),
    vector: fc.integer({ min: 0, max: 12 }),
    flags: fc.integer({ min: 0, max: 15 }),
  }),
  fc.record({
    kind: fc.constant('syscall' as const),
    time,
    from: pid,
    name: fc.constantFrom(...NAMES),
    length: fc.option(fc.integer({ min: 0, max: 3000 })),
  }),
  // New threads: a forged new process would be another start.
  fc.record({ kind: fc.constant('fork' as const), time, from: pid, to: fc.constant(0), tid: pid }),
);

type AnyEvent = typeof anyEvent extends fc.Arbitrary<infer Event> ? Event : never;

function add(stream: Stream, event: AnyEvent): void {
  const at = event.time;
  switch (event.kind) {
    case 'switch':
      stream.switch(
        at,
        { pid: event.from, runnable: event.runnable, ioWait: event.ioWait },
        { pid: event.to },
      );
      break;
    case 'wake':
      stream.wake(at, { pid: event.from }, { pid: event.to }, event);
      break;
    case 'syscall':
      stream.syscall(
        event.name,
        at,
        event.length === null ? undefined : at + event.length,
        event.from,
      );
      break;
    case 'fork':
      stream.fork(at, event.from, event.from, event.tid);
  }
}

describe('the critical path of any event stream', () => {
  it('tiles the window without gap or overlap, in integers', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 300 }), (events) => {
        const stream = startedContainer({
          shim: 2000,
          runc: 3000,
          init: 4000,
          entrypoint: WINDOW.end,
        })
          .mark('create', WINDOW.start, 500)
          .mark('start', 600, 9000);
        for (const event of events) add(stream, event);
        const run = analyse(stream.recording()).runs[0];
        expect(run?.window).toMatchObject(WINDOW);
        const segments = run?.segments ?? [];
        let at = WINDOW.start;
        for (const segment of segments) {
          expect(segment.start).toBe(at);
          expect(segment.end).toBeGreaterThan(segment.start);
          at = segment.end;
        }
        expect(at).toBe(WINDOW.end);
        const sum = segments.reduce((total, { start, end }) => total + (end - start), 0);
        expect(sum).toBe(WINDOW.end - WINDOW.start);
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order of the events in the file', () => {
    fc.assert(
      fc.property(
        fc
          .uniqueArray(anyEvent, { maxLength: 100, selector: (event) => event.time })
          .chain((events) =>
            fc.tuple(
              fc.constant(events),
              fc.shuffledSubarray(events, { minLength: events.length }),
            ),
          ),
        ([events, shuffled]) => {
          const [first, second] = [events, shuffled].map((order) => {
            const stream = startedContainer({
              shim: 2001,
              runc: 3001,
              init: 4001,
              entrypoint: WINDOW.end,
            }).mark('create', WINDOW.start, 500);
            for (const event of order) add(stream, { ...event, time: event.time * 10 + 3 });
            return (analyse(stream.recording()).runs[0]?.segments ?? []).map(
              ({ start, end, actor, tid, state, category }) => ({
                start,
                end,
                actor,
                tid,
                state,
                category,
              }),
            );
          });
          expect(second).toEqual(first);
        },
      ),
      { numRuns: 200 },
    );
  });
});
