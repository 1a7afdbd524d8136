/** What commands say about the sample trace, put together by hand. */
import { durationOf, traceTimeOf } from '../../src/base/time.js';
import type { Category } from '../../src/model/trace/category.js';
import type {
  ChainLink,
  Difference,
  RuleExplanation,
  RunsSummary,
  Spread,
} from '../../src/model/trace/summaries.js';
import type { ContainerRun, Trace } from '../../src/model/trace/trace.js';
import type { DiffFacts } from '../../src/render/text/diff.js';
import { keyOf } from './lives.js';
import { PID, startedContainer } from './stream.js';
import { HOSTILE, HOSTILE_CATEGORY, SAMPLE_ID, sampleRun, startedTrace } from './traces.js';

const MS = 1e6;

/** Four links of the sample run: its window is 264,113,201 ns long and begins at 50 ms. */
export function sampleChain(): ChainLink[] {
  const lengths = [3_000_201, 31 * MS, 221_113_000, 9 * MS];
  const links = [
    { actor: 'client', process: keyOf(0), parts: ['client'], visits: 0 },
    { actor: 'dockerd', process: keyOf(1), parts: ['fsync', 'dockerd', 'rootfs mount'], visits: 1 },
    { actor: 'runc create', process: keyOf(4), parts: ['runc', 'cgroups'], visits: 4 },
    { actor: 'init', process: undefined, parts: ['exec'], visits: 0 },
  ] as const;
  let at = 50 * MS;
  return links.map(({ actor, process, parts, visits }, index): ChainLink => {
    const duration = lengths[index] ?? 0;
    const start = at;
    at += duration;
    const share = Math.floor(duration / parts.length);
    return {
      actor,
      process,
      start: traceTimeOf(start),
      duration: durationOf(duration),
      waitingNs: 0,
      parts: parts.map((category, part) => ({
        phase: category === 'fsync' ? 'storage' : 'runtime',
        category,
        ns: part === 0 ? duration - share * (parts.length - 1) : share,
      })),
      visits,
    };
  });
}

export function sampleDiff(changes: Partial<DiffFacts> = {}): DiffFacts {
  const differences: Difference[] = [
    { actor: 'runc create', phase: 'runtime', category: 'sleep', before: 0, after: 200_184_001 },
    { actor: 'dockerd', phase: 'storage', category: 'fsync', before: 22 * MS, after: 0 },
    { actor: 'init', phase: 'kernel', category: 'mounts', before: 18 * MS, after: 25 * MS },
    { actor: 'shim', phase: 'runtime', category: 'shim', before: 14 * MS, after: 13 * MS },
    { actor: 'client', phase: 'runtime', category: 'client', before: 3 * MS, after: 3.2 * MS },
    { actor: 'hook', phase: 'runtime', category: 'hooks', before: 61 * MS, after: 61 * MS },
  ];
  const total = (side: 'before' | 'after') =>
    differences.reduce((sum, each) => sum + each[side], 0);
  return {
    before: { path: 'before.dit', image: 'alpine:3.20', containerId: SAMPLE_ID },
    after: { path: '/var/tmp/after.dit', image: 'alpine:3.20', containerId: SAMPLE_ID },
    comparison: { differences, before: total('before'), after: total('after') },
    notes: ['engine: "Docker Engine 20.10.24" before, "Docker Engine 28.5.2" after'],
    ...changes,
  };
}

/** The started trace, with the calls that its path was in. */
export function explainedTrace(): Trace {
  const recording = startedContainer({ shim: 2000, runc: 3000, init: 4000, entrypoint: 10_000 })
    .syscall('fsync', 4100, 4400, PID.init, PID.init, {
      texts: { 8: `containers/${SAMPLE_ID}/config.v2.json` },
    })
    .syscall('mount', 4500, 4600, PID.init, PID.init, { texts: { 1: '/proc', 2: 'proc' } })
    .recording();
  const { events, strings } = recording;
  const rows = Array.from({ length: events.length }, (_, row) => row);
  const rowOf = (name: string): number | undefined =>
    rows.find(
      (row) =>
        events.kindName(row) === 'syscall' && strings.text(events.value(row, 'names')) === name,
    );
  const calls: Readonly<Record<string, number | undefined>> = {
    fsync: rowOf('fsync'),
    mounts: rowOf('mount'),
  };
  const segments = sampleRun().segments.map((segment) => ({
    ...segment,
    syscall: calls[segment.category],
  }));
  return startedTrace({ recording, runs: [sampleRun({ segments })] });
}

/** Three rules, of which one decided nothing. */
export function sampleExplanation(run: ContainerRun): RuleExplanation[] {
  const of = (category: string) => run.segments.filter((segment) => segment.category === category);
  const rule = (
    id: Category,
    phase: RuleExplanation['phase'],
    because: string,
  ): RuleExplanation => ({
    rule: id,
    phase,
    categories: [id],
    because,
    segments: of(id).length,
    ns: of(id).reduce((sum, { start, end }) => sum + (end - start), 0),
    longest: of(id),
  });
  return [
    rule('fsync', 'storage', 'inside fsync, fdatasync or another sync call, running or waiting'),
    rule('mounts', 'kernel', "inside a mount call other than the rootfs overlay's"),
    rule('pivot_root', 'kernel', 'inside pivot_root or chroot'),
  ];
}

const spread = (median: number): Spread => ({
  median,
  low: Math.round(median * 0.96),
  high: Math.round(median * 1.05),
  min: Math.round(median * 0.9),
  max: Math.round(median * 1.4),
});

export function sampleRunsSummary(changes: Partial<RunsSummary> = {}): RunsSummary {
  return {
    image: 'alpine:3.20',
    asked: 6,
    warmups: 1,
    windows: [250, 264, 270, 281, 300].map((ms) => ms * MS),
    window: spread(270 * MS),
    phases: [
      {
        phase: 'runtime',
        ...spread(201 * MS),
        categories: [
          { category: 'network set-up', ...spread(98 * MS) },
          { category: 'process creation and exit', ...spread(1.25 * MS) },
        ],
      },
      { phase: 'kernel', ...spread(40 * MS), categories: [{ category: 'mounts', ...spread(9e6) }] },
      { phase: 'storage', ...spread(29 * MS), categories: [{ category: 'fsync', ...spread(2e7) }] },
      { phase: 'unattributed', ...spread(0), categories: [] },
    ],
    failures: [{ start: 3, message: 'the engine refused: no such image' }],
    lost: 0,
    medianTrace: 'alpine.dit',
    folder: undefined,
    ...changes,
  };
}

/** The same with text that a terminal would act on. */
export const hostileDiff = (): DiffFacts => {
  const { before, after, comparison } = sampleDiff();
  return {
    before: { ...before, path: HOSTILE, image: HOSTILE },
    after: { ...after, path: HOSTILE, image: HOSTILE },
    comparison: {
      ...comparison,
      differences: comparison.differences.map((each) => ({ ...each, category: HOSTILE_CATEGORY })),
    },
    notes: [HOSTILE],
  };
};
