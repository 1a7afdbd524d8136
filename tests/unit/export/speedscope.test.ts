import { describe, expect, it } from 'vitest';
import { buildTracks } from '../../../src/analysis/tracks/tracks.js';
import { traceTimeOf } from '../../../src/base/time.js';
import { speedscopeFile } from '../../../src/export/speedscope.js';
import type { Trace, Window } from '../../../src/model/trace/trace.js';
import { SAMPLES, sampleTrace } from '../../support/samples.js';
import {
  failedTrace,
  hostileTrace,
  sampleRun,
  segmentsFrom,
  startedTrace,
} from '../../support/traces.js';

interface Profile {
  readonly type: string;
  readonly name: string;
  readonly unit: string;
  readonly startValue: number;
  readonly endValue: number;
  readonly events: readonly { type: 'O' | 'C'; frame: number; at: number }[];
}

interface File {
  readonly name: string;
  readonly profiles: readonly Profile[];
  readonly shared: { readonly frames: readonly { name: string }[] };
}

const WINDOW = sampleRun().window as Window;

const fileText = (trace: Trace): string => [...speedscopeFile(trace, buildTracks(trace))].join('');
const fileOf = (trace: Trace): File => JSON.parse(fileText(trace));

/** Time in each stack of a profile; throws where opens and closes do not pair or time runs back. */
function selfTimes({ shared }: File, { events, endValue }: Profile): Map<string, number> {
  const times = new Map<string, number>();
  const open: number[] = [];
  let at = 0;
  for (const event of events) {
    if (event.at < at) throw new Error(`time runs back at ${event.at}`);
    const stack = open.map((frame) => shared.frames[frame]?.name).join('/');
    times.set(stack, (times.get(stack) ?? 0) + event.at - at);
    at = event.at;
    if (event.type === 'O') open.push(event.frame);
    else if (open.pop() !== event.frame) throw new Error(`no such frame is open at ${event.at}`);
  }
  expect(open).toEqual([]);
  expect(at).toBeLessThanOrEqual(endValue);
  return times;
}

describe('the speedscope file', () => {
  describe.each(SAMPLES)('of %s', (name) => {
    const trace = sampleTrace(name);
    const file = fileOf(trace);
    const [path, ...threads] = file.profiles as [Profile, ...Profile[]];
    const window = trace.runs[0]?.window ?? { start: 0, end: 0 };

    it('begins with the critical path, which fills the window', () => {
      const times = selfTimes(file, path);
      expect(path).toMatchObject({ type: 'evented', unit: 'nanoseconds', startValue: 0 });
      expect(path.endValue).toBe(window.end - window.start);
      expect(times.get('') ?? 0).toBe(0);
      expect([...times.values()].reduce((sum, ns) => sum + ns, 0)).toBe(path.endValue);
    });

    it('goes on with the threads, on the same axis', () => {
      expect(threads.length).toBeGreaterThan(5);
      for (const thread of threads) {
        selfTimes(file, thread);
        expect(thread.endValue).toBe(path.endValue);
      }
      // What a thread does in the window is there: init's pivot_root.
      const init = threads.filter(({ name }) => name.includes(': init '));
      const frames = init.flatMap((thread) => [...selfTimes(file, thread).keys()]);
      expect(frames.some((stack) => stack.endsWith('/pivot_root'))).toBe(true);
    });
  });

  it('says in its name what to know before trusting it', () => {
    const { name } = fileOf(startedTrace());
    expect(name).toContain('recorded by ebpf');
    expect(name).toContain('probe-refused: fentry/ovl_copy_up_flags was refused');
  });

  it('keeps a frame open where two pieces share it', () => {
    const segments = segmentsFrom(0, [
      [5, 'init', 'user code', 'runtime', 'runc'],
      [3, 'init', 'runnable', 'runtime', 'scheduling delay'],
    ]);
    const window = { ...WINDOW, start: traceTimeOf(0), end: traceTimeOf(8) };
    const file = fileOf(startedTrace({ runs: [sampleRun({ window, segments })] }));
    const [path] = file.profiles as [Profile];
    expect(
      path.events.map(({ type, frame, at }) => `${type} ${at} ${file.shared.frames[frame]?.name}`),
    ).toEqual([
      'O 0 eager_lamport',
      'O 0 init',
      'O 0 (unknown program)',
      'O 0 user code',
      'O 0 runc (runtime)',
      'C 5 runc (runtime)',
      'C 5 user code',
      'O 5 runnable',
      'O 5 scheduling delay (runtime)',
      'C 8 scheduling delay (runtime)',
      'C 8 runnable',
      'C 8 (unknown program)',
      'C 8 init',
      'C 8 eager_lamport',
    ]);
  });

  it('holds nothing that a terminal acts on', () => {
    expect(fileText(hostileTrace())).not.toMatch(/[^\P{C}\n]/u);
  });

  it('needs a start that was seen whole', () => {
    expect(() => fileText(failedTrace())).toThrow(/no critical path for speedscope/);
  });
});
