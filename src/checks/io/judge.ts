/** What the overlay's writes must be beside a volume's, dit's figures beside fio's, and copy-ups beside their files. */

import type { Foreign } from '../../base/foreign.js';
import type { MeasuredCopyUp, MeasuredCopyUps } from '../../measure/copy-up.js';
import type { MetadataOperation } from '../../measure/files/metadata.js';
import type { PlaceName } from '../../measure/files/places.js';
import type { RandomMode, WriteMode } from '../../measure/files/writes.js';
import type { Judgement } from '../../model/checks/check.js';
import { median } from '../../stats/summary.js';
import { type JudgedPart, joinParts, type PartsReason } from '../contract/parts.js';

export const THRESHOLDS = {
  /** Of the volume's throughput. */
  leastOverlayShare: 0.5,
  /** How far apart dit's own loop and fio may be, a share. */
  mostFioDifference: 0.1,
} as const;

export interface IoFacts {
  /** The kernel's lines of the four mounts. */
  readonly mounts: readonly string[];
  /** What lies behind the bind mount. */
  readonly bound: Foreign;
  readonly access: HostAccess | DdAccess;
  readonly copyUps: MeasuredCopyUps | CopyUpsUnseen;
}

/** By dit's own loop. */
export interface HostAccess {
  readonly by: 'host';
  readonly writes: readonly WriteSeries[];
  readonly reads: readonly ReadRate[];
  readonly random: readonly RandomRate[];
  readonly metadata: readonly MetadataSeries[];
  /** "fio-3.33"; undefined: it is not installed. */
  readonly fio: string | undefined;
}

/** By the container's dd. */
export interface DdAccess {
  readonly by: 'container';
  readonly writes: readonly DdWrite[];
}

/** MB/s of each round. */
export interface WriteSeries {
  readonly place: PlaceName;
  readonly mode: WriteMode;
  readonly own: readonly number[];
  readonly fio: readonly number[];
}

export interface ReadRate {
  readonly place: PlaceName;
  readonly direct: boolean;
  readonly mbPerS: number;
}

export interface RandomRate {
  readonly place: PlaceName;
  readonly mode: RandomMode;
  readonly operationsPerS: number;
}

export interface MetadataSeries {
  readonly place: PlaceName;
  readonly folder: 'fresh' | 'of a lower layer';
  readonly operation: MetadataOperation;
  /** Per file, of each round. */
  readonly ns: readonly number[];
}

export interface DdWrite {
  readonly place: PlaceName;
  readonly mode: WriteMode;
  /** /proc/uptime before and after. Untrusted. */
  readonly printed: string;
  /** undefined: the clock did not move. */
  readonly mbPerS: number | undefined;
}

/** Nothing could be recorded, in the words of whoever refused. */
export interface CopyUpsUnseen {
  readonly why: Foreign;
  readonly remedy: Foreign;
}

/** The medians of a place and mode, dit's as a share of fio's. */
interface FioRatio {
  readonly place: PlaceName;
  readonly mode: WriteMode;
  readonly ratio: number;
}

type WriteFinding =
  | {
      readonly id: 'overlay-writes-slowly';
      readonly severity: 'medium';
      readonly overlayShare: number;
    }
  | { readonly id: 'fio-missing'; readonly severity: 'info' }
  | (FioRatio & { readonly id: 'fio-differs'; readonly severity: 'low' })
  | (FioRatio & {
      readonly id: 'disk-unsteady';
      readonly severity: 'info';
      /** MB/s, the slowest round and the fastest. */
      readonly own: readonly [number, number];
      readonly fio: readonly [number, number];
    });

export type IoFinding =
  | WriteFinding
  | { readonly id: 'io-from-outside'; readonly severity: 'info' }
  | {
      readonly id: 'copy-ups-unseen';
      readonly severity: 'info';
      /** undefined: the recording has no event of them. */
      readonly unseen: CopyUpsUnseen | undefined;
    };

export type IoPartReason =
  | {
      readonly kind: 'writes';
      readonly overlayShare: number;
      /** Those that count. */
      readonly problems: readonly WriteFinding[];
    }
  | { readonly kind: 'writes by dd' }
  | { readonly kind: 'copy-ups unseen'; readonly unseen: CopyUpsUnseen | undefined }
  | { readonly kind: 'copied whole' }
  | {
      readonly kind: 'copied otherwise';
      readonly wrong: readonly Pick<MeasuredCopyUp, 'fileBytes' | 'copiedBytes'>[];
    };

export type IoReason = PartsReason<IoPartReason>;
type Part = JudgedPart<IoPartReason, IoFinding>;

export const judgeIo = ({ access, copyUps }: IoFacts): Judgement<IoReason, IoFinding> =>
  joinParts([access.by === 'host' ? judgeWrites(access) : WRITES_BY_DD, judgeCopyUps(copyUps)]);

const WRITES_BY_DD: Part = {
  verdict: 'pass',
  reason: { kind: 'writes by dd' },
  findings: [{ id: 'io-from-outside', severity: 'info' }],
};

/** The overlay against the volume, and dit against fio. */
export function judgeWrites({ writes, fio }: Pick<HostAccess, 'writes' | 'fio'>): Part {
  const overlayShare = median(ownOf(writes, 'overlay')) / median(ownOf(writes, 'volume'));
  const findings: WriteFinding[] = [];
  if (overlayShare < THRESHOLDS.leastOverlayShare) {
    findings.push({ id: 'overlay-writes-slowly', severity: 'medium', overlayShare });
  }
  if (fio === undefined) findings.push({ id: 'fio-missing', severity: 'info' });
  findings.push(...writes.flatMap(compareWithFio));
  const problems = findings.filter(({ severity }) => severity !== 'info');
  return {
    verdict: problems.length > 0 ? 'warn' : 'pass',
    reason: { kind: 'writes', overlayShare, problems },
    findings,
  };
}

const ownOf = (all: readonly WriteSeries[], name: PlaceName): readonly number[] =>
  all.find(({ place, mode }) => place === name && mode === 'fsync')?.own ?? [];

/**
 * Two medians of a handful of rounds differ by chance where the disk itself does. They are called different only if
 * no round of the one is among those of the other; else the rounds are too far apart to tell.
 */
function compareWithFio({ place, mode, own, fio }: WriteSeries): WriteFinding[] {
  const ratio = median(own) / median(fio);
  if (!(Math.abs(ratio - 1) > THRESHOLDS.mostFioDifference)) return [];
  const [ownRange, fioRange] = [rangeOf(own), rangeOf(fio)];
  const apart = ownRange[0] > fioRange[1] || ownRange[1] < fioRange[0];
  const common = { place, mode, ratio };
  return apart
    ? [{ id: 'fio-differs', severity: 'low', ...common }]
    : [{ id: 'disk-unsteady', severity: 'info', ...common, own: ownRange, fio: fioRange }];
}

const rangeOf = (values: readonly number[]): readonly [number, number] => [
  Math.min(...values),
  Math.max(...values),
];

/** The kernel must have copied what the files hold. */
export function judgeCopyUps(copyUps: IoFacts['copyUps']): Part {
  if ('why' in copyUps) return copyUpsUnseen(copyUps);
  const all = copyUps.copyUps;
  if (all.every(({ copiedBytes }) => copiedBytes === undefined)) return copyUpsUnseen(undefined);
  const wrong = all.filter(({ fileBytes, copiedBytes }) => copiedBytes !== fileBytes);
  return wrong.length === 0
    ? { verdict: 'pass', reason: { kind: 'copied whole' }, findings: [] }
    : { verdict: 'fail', reason: { kind: 'copied otherwise', wrong }, findings: [] };
}

const copyUpsUnseen = (unseen: CopyUpsUnseen | undefined): Part => ({
  verdict: 'pass',
  reason: { kind: 'copy-ups unseen', unseen },
  findings: [{ id: 'copy-ups-unseen', severity: 'info', unseen }],
});
