/** The rank tests of a comparison, corrected for their number. */
import { raw } from '../base/foreign.js';
import type {
  ComparedGroup,
  DataFinding,
  DataFindingId,
  GroupSummary,
  Side,
  TestOutcome,
} from '../model/bench/bench-comparison.js';
import { cliffsDelta, hodgesLehmann, magnitudeOf } from '../stats/effect-size.js';
import { falseDiscovery } from '../stats/false-discovery.js';
import { mannWhitney } from '../stats/mann-whitney.js';
import { valuesOf } from './groups.js';

/** Where the modes of a dimension are there to be compared with each other. */
const WITH_MODES: readonly string[] = ['write', 'metadata', 'network'];

type Pair = Pick<TestOutcome, 'dimension' | 'unit' | 'first' | 'second'> & {
  readonly summaries: readonly [GroupSummary, GroupSummary];
};

/** Every two platforms, in every group that both have values of. */
export function testPlatforms(
  groups: readonly ComparedGroup[],
  findings: readonly DataFinding[],
): TestOutcome[] {
  return outcomes(
    groups.flatMap(({ dimension, unit, group, summaries }) =>
      summaries.flatMap((first, a) =>
        summaries.slice(a + 1).flatMap((second, after): Pair[] =>
          hasValues(first) && hasValues(second)
            ? [
                {
                  dimension,
                  unit,
                  first: { platform: a, group },
                  second: { platform: a + 1 + after, group },
                  summaries: [first, second],
                },
              ]
            : [],
        ),
      ),
    ),
    findings,
  );
}

/** On each platform, each group against the first one that differs in the mode alone. */
export function testModes(
  groups: readonly ComparedGroup[],
  findings: readonly DataFinding[],
): TestOutcome[] {
  return outcomes(
    groups
      .filter(({ dimension }) => WITH_MODES.includes(dimension))
      .flatMap((other) => {
        const reference = groups.find(
          (each) => each.dimension === other.dimension && besideMode(each) === besideMode(other),
        );
        if (reference === undefined || reference === other) return [];
        return other.summaries.flatMap((second, platform): Pair[] => {
          const first = reference.summaries[platform];
          if (!hasValues(first) || !hasValues(second)) return [];
          return [
            {
              dimension: other.dimension,
              unit: other.unit,
              first: { platform, group: reference.group },
              second: { platform, group: other.group },
              summaries: [first, second],
            },
          ];
        });
      }),
    findings,
  );
}

/** "overlayfs/500" → "500": the mode is the first part; of writes "overlayfs-direct" → "direct". */
const besideMode = ({ dimension, group }: ComparedGroup): string =>
  dimension === 'write'
    ? (/-(buffered|direct)$/.exec(raw(group))?.[1] ?? '')
    : raw(group).split('/').slice(1).join('/');

const hasValues = (summary: GroupSummary | undefined): summary is GroupSummary =>
  summary !== undefined && summary.samples.length > 0;

function outcomes(pairs: readonly Pair[], findings: readonly DataFinding[]): TestOutcome[] {
  const tested = pairs.map(({ summaries, ...pair }) => {
    const [first, second] = summaries.map(valuesOf) as [number[], number[]];
    const delta = cliffsDelta(first, second);
    const { shift, low, high } = hodgesLehmann(first, second);
    return {
      ...pair,
      ...mannWhitney(first, second),
      delta,
      magnitude: magnitudeOf(delta),
      shift,
      shiftBounds: { low, high },
      suspect: isSuspect(pair, findings),
    };
  });
  const corrected = falseDiscovery(tested.map(({ p }) => p));
  return tested.map((test, index) => ({
    ...test,
    corrected: corrected[index] as number,
  }));
}

/** Wrong data on either side; or a method of measuring that only one side has. */
function isSuspect(
  { dimension, first, second }: Omit<Pair, 'summaries'>,
  findings: readonly DataFinding[],
): boolean {
  const wrongWith = ({ platform, group }: Side): DataFindingId[] =>
    findings
      .filter((each) => each.severity === 'wrong' && each.platform === platform)
      .filter((each) => each.dimension === dimension && each.groups.includes(group))
      .map(({ id }) => id);
  const [a, b] = [wrongWith(first), wrongWith(second)];
  return (
    [...a, ...b].some((id) => id !== 'other-method') ||
    a.includes('other-method') !== b.includes('other-method')
  );
}
