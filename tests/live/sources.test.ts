/** Each source on a real start: it gives what src/capture/coverage.ts promises. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.js';
import { type Foreign, raw } from '../../src/base/foreign.js';
import { type Coverage, FIGURE_COVERAGE, MILESTONE_COVERAGE } from '../../src/capture/coverage.js';
import { SOURCES, type SourceName } from '../../src/capture/sources.js';
import { KIND } from '../../src/model/recording/event-kinds.js';
import { type Recording, recordsLost } from '../../src/model/recording/recording.js';
import type { ContainerRun, MilestoneName, Trace } from '../../src/model/trace/trace.js';
import { median } from '../../src/stats/summary.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import buildProgram from '../support/build.js';
import { dit, PROGRAM } from '../support/dit.js';
import { builtin, liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 300_000;
const engines = liveEngines('live-sources');
const folder = mkdtempSync(join(tmpdir(), 'dit-sources-'));
const names = SOURCES.map(({ name }) => name);

/** As far from everything as a time can be. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** Starts that two sources record at once. */
const PAIRS = 3;

/** Recordings of a start, until one has lost nothing. */
const TRIES = 5;

/** What not every engine's starts have. */
const OPTIONAL: ReadonlySet<string> = new Set(['hooks began', 'hooks ended']);

afterAll(() => rmSync(folder, { recursive: true }));

const hasLost = ({ recording: { loss } }: Trace): boolean => recordsLost(loss?.losses ?? []) > 0;

const abilityOf = (name: string, source: (typeof names)[number]): Coverage =>
  MILESTONE_COVERAGE[name as keyof typeof MILESTONE_COVERAGE][source];

const timesOf = (trace: Trace, run: ContainerRun): Map<MilestoneName, number> => {
  const base = Number(trace.recording.header.startNs % 1_000_000_000_000_000n);
  return new Map(run.milestones.map(({ name, time }) => [name, base + time]));
};

describe
  .skipIf(lacks('root', 'docker', 'ebpf', 'strace', 'bpftrace'))
  .each(engines.map((engine) => ({ engine })))(
  'on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    beforeAll(async () => {
      buildProgram();
      await engine.open();
    }, LIMIT_MS);
    afterAll(() => engine.close(), LIMIT_MS);

    const runOptions = (file: string, source: string): string[] => [
      ...['trace', 'run', '-q', '--source', source, '-o', file],
      ...['-H', engine.endpoint, '--network', 'none'],
    ];

    let recordings = 0;
    /** What a busy machine makes a source lose, and it says so, is no promise that it breaks: tried again. */
    const record = async (source: SourceName, ...command: readonly string[]): Promise<Trace> => {
      for (let tries = 1; ; tries++) {
        const file = join(folder, `${engine.name}-${source}-${++recordings}.dit`);
        const end = await dit([...runOptions(file, source), ...command]);
        expect(end, end.stderr).toMatchObject({ code: 0 });
        const trace = analyse(readTraceFile(file));
        if (!hasLost(trace) || tries === TRIES) return trace;
      }
    };

    test.each(names)('%s gives the milestones that it promises', async (source) => {
      const trace = await record(source, ...builtin('echo', 'hello'));
      expect(trace.recording.header.source.name).toBe(source);
      const [run] = trace.runs;
      const found = new Map(run?.milestones.map((milestone) => [milestone.name, milestone]));
      for (const name of Object.keys(MILESTONE_COVERAGE) as MilestoneName[]) {
        const ability = abilityOf(name, source);
        const milestone = found.get(name);
        if (ability === 'no') expect(milestone, name).toBeUndefined();
        else if (!OPTIONAL.has(name)) expect(milestone, `${source}: ${name}`).toBeDefined();
        if (ability === 'exact' && milestone !== undefined) {
          expect(milestone.certainty, name).toBe('exact');
        }
      }
      const { window, segments = [] } = run as ContainerRun;
      expect(segments.reduce((sum, { start, end: to }) => sum + to - start, 0)).toBe(
        (window?.end ?? 0) - (window?.start ?? 0),
      );
      expect(trace.recording.header.source.perturbed).toBe(source === 'strace');
      if (source === 'strace') {
        expect(trace.recording.header.source.perturbation).toMatch(/\d/);
        expect(segments.every(({ certainty }) => certainty === 'inferred')).toBe(true);
      }
    });

    describe('figures', () => {
      /** A start that copies a file up, recorded as completely as the source can. */
      const recordFigures = (source: SourceName): Promise<Trace> => {
        const all = source === 'strace' ? ['--syscalls', 'all'] : [];
        const command = builtin('sh', '-c', 'chmod 711 /bin/busybox; echo hello');
        return record(source, ...all, ...command);
      };
      /** Of the entrypoint. */
      let every: readonly Foreign[] = [];
      beforeAll(async () => {
        every = callsOf(await recordFigures('ebpf'));
        expect(every.length).toBeGreaterThan(20);
      }, LIMIT_MS);

      test.each(names)('%s gives those that it promises', async (source) => {
        const trace = await recordFigures(source);
        const shown = FIGURE_COVERAGE.map(({ title }) => [title, SHOWN[title]?.(trace, every)]);
        const promised = FIGURE_COVERAGE.map((row) => [row.title, row[source]]);
        expect(shown).toEqual(promised);
      });
    });

    let pairs = 0;
    /** Two recordings of the same start: an outer one of the command that makes the inner one. */
    const both = async (outer: string): Promise<Pair> => {
      const outerFile = join(folder, `${engine.name}-outer-${outer}-${++pairs}.dit`);
      const innerFile = join(folder, `${engine.name}-inner-${outer}-${pairs}.dit`);
      const end = await dit([
        ...['trace', 'exec', '-q', '--source', outer, '-o', outerFile, '-H', engine.endpoint],
        ...['--', process.execPath, PROGRAM, ...runOptions(innerFile, 'ebpf')],
        ...builtin('echo', 'hello'),
      ]);
      expect(end, end.stderr).toMatchObject({ code: 0 });
      const inner = analyse(readTraceFile(innerFile));
      const seen = analyse(readTraceFile(outerFile));
      const id = inner.runs[0]?.containerId;
      const run = seen.runs.find(({ containerId }) => containerId === id);
      expect(run, `${outer} saw ${seen.runs.length} runs`).toBeDefined();
      return {
        exact: timesOf(inner, inner.runs[0] as ContainerRun),
        other: timesOf(seen, run as ContainerRun),
        lost: hasLost(seen),
      };
    };

    test('bpftrace and ebpf agree on the same start to 1 ms', async () => {
      const apart = new Map<string, number[]>();
      for (let pair = 0; pair < PAIRS; pair++) {
        const { exact, other, lost } = await both('bpftrace');
        // Requests are dit's own marks there; an outer recording reads them elsewhere, or not at all.
        const seen = [...exact].filter(([name]) => !REQUESTS.has(name));
        const missing = seen.filter(([name]) => !other.has(name));
        // What a busy machine made it lose, and it says so, may be what a milestone is known from.
        if (!lost) expect(missing).toEqual([]);
        for (const [name, time] of seen) {
          const by = Math.abs((other.get(name) ?? NEVER) - time);
          apart.set(name, [...(apart.get(name) ?? []), by]);
        }
      }
      // Between the two programs of one event a thread may be off the CPU: a single pair says little.
      const all = [...apart.values()].flat();
      const share = `${all.filter((ns) => ns > 1e6).length} of ${all.length} are apart`;
      const medians = [...apart].map(([name, ns]) => [name, median(ns)] as const);
      expect(
        medians.filter(([, ns]) => ns > 1e6),
        share,
      ).toEqual([]);
    });

    test('strace and ebpf agree on the order', async () => {
      const { exact, other } = await both('strace');
      const order = (times: Map<string, number>): string[] =>
        [...times].sort((a, b) => a[1] - b[1]).map(([name]) => name);
      const common = order(exact).filter((name) => other.has(name) && !REQUESTS.has(name));
      expect(common.length).toBeGreaterThanOrEqual(9);
      expect(order(other).filter((name) => common.includes(name))).toEqual(common);
    });
  },
);

/** What a recording shows of each figure. */
const SHOWN: Readonly<Record<string, (trace: Trace, every: readonly Foreign[]) => Coverage>> = {
  'critical path, phases': ({ runs: [run] }) => {
    const known = (run?.segments ?? []).filter(
      ({ actor, phase }) => actor !== 'client' && phase !== undefined,
    );
    if (known.length === 0) return 'no';
    return known.some(({ certainty }) => certainty === 'exact') ? 'exact' : 'inferred';
  },
  'scheduling delay, disk waits': ({ recording: { events } }) =>
    events.count('switch') > 0 && events.count('waking') > 0 ? 'exact' : 'no',
  'durations of syscalls': ({ recording }) =>
    recording.events.count('syscall') > 0 ? exactOrOrder(recording) : 'no',
  'every syscall, if wanted': (trace, every) =>
    callsOf(trace).join() === every.join() ? exactOrOrder(trace.recording) : 'no',
  // Where the kernel allows it, they are better than what is promised.
  'copy-ups, at least': ({ runs: [run] }) =>
    run?.copyUps.some(({ path, bytes }) => path.endsWith('busybox') && bytes > 500_000) === true
      ? 'inferred'
      : 'no',
  'lost events are counted': ({ recording }) =>
    (recording.loss?.losses ?? []).length > 0 ? 'exact' : 'no',
};

const exactOrOrder = ({ header }: Recording): Coverage =>
  header.source.perturbed ? 'order' : 'exact';

/** What returns when a child ends, or never. */
const WAITS: ReadonlySet<string> = new Set(['wait4', 'rt_sigreturn', 'exit_group']);

/** The syscalls of the entrypoint's own process, in time order. */
function callsOf({ recording, order, processes, runs }: Trace): Foreign[] {
  const { events, strings } = recording;
  const exec = runs[0]?.milestones.find(({ name }) => name === 'entrypoint exec');
  const own = processes.find(
    ({ key, actors }) =>
      runs[0]?.processes.includes(key) && actors.some(({ from }) => from === exec?.time),
  );
  return [...order]
    .filter((row) => events.kind.at(row) === KIND.syscall && events.pid.at(row) === own?.pid)
    .filter((row) => events.time.at(row) >= (exec?.time ?? Number.POSITIVE_INFINITY))
    .map((row) => strings.text(events.value(row, 'names')))
    .filter((name) => !WAITS.has(raw(name)));
}

interface Pair {
  readonly exact: Map<string, number>;
  readonly other: Map<string, number>;
  /** The outer one lost records, and says so. */
  readonly lost: boolean;
}

const REQUESTS: ReadonlySet<string> = new Set([
  'create requested',
  'create answered',
  'start requested',
  'first output',
  'removed',
]);
