/** Sequential writes on every place in turn, by dit's own loop and by fio, and what their figures say together. */
import { joinForeign } from '../../base/foreign.js';
import { fioWrite } from '../../measure/files/fio.js';
import type { PlaceName } from '../../measure/files/places.js';
import {
  type FileIn,
  megabytesPerSecond,
  type Transfer,
  unlessWithoutDirect,
  WRITE_MODES,
  type WriteMode,
  writeSequentially,
} from '../../measure/files/writes.js';
import type { CheckFinding, Figure } from '../../model/checks/check.js';
import { median } from '../../stats/summary.js';
import type { CheckPart } from '../contract/check-part.js';

/** Of each file that is written. */
export const FILE_BYTES = 64 << 20;
/** Of all writes; a slow disk gets fewer. */
const MOST_ROUNDS = 5;
const ENOUGH_MS = 10_000;

/** How far apart dit's own loop and fio may be. */
export const FIO_TOLERANCE = 0.1;
/** Of the volume's throughput. */
export const SLOW_OVERLAY = 0.5;

/** Where fio writes the same: the two places that are compared. What stays in the page cache tells nothing more. */
const FIO_PLACES: readonly PlaceName[] = ['overlay', 'volume'];
const FIO_MODES: readonly WriteMode[] = ['fsync', 'direct'];

export const MODE_WORDS: Readonly<Record<WriteMode, string>> = {
  buffered: 'write, buffered',
  fsync: 'write, fsync at the end',
  direct: 'write, direct',
};

export interface FileAt {
  readonly place: PlaceName;
  readonly at: FileIn;
}

/** MB/s of each round. */
export interface WriteSeries {
  readonly place: PlaceName;
  readonly mode: WriteMode;
  readonly own: number[];
  readonly fio: number[];
}

/**
 * Places, modes and programs take turns: a disk that slows down does so for all. The files stay.
 * @param withFio whether fio is here
 */
export async function writeRounds(
  files: readonly FileAt[],
  withFio: boolean,
  signal: AbortSignal,
): Promise<WriteSeries[]> {
  const all = files.flatMap(({ place, at }) =>
    WRITE_MODES.map((mode) => ({ place, mode, at, own: [] as number[], fio: [] as number[] })),
  );
  const begin = performance.now();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    for (const { place, mode, at, own, fio } of all) {
      const written = await unlessWithoutDirect(mode === 'direct', () =>
        writeSequentially(at, mode, FILE_BYTES, signal),
      );
      if (written === undefined) continue;
      own.push(megabytesPerSecond(written));
      if (!withFio || !FIO_PLACES.includes(place) || !FIO_MODES.includes(mode)) continue;
      const again: Transfer = await fioWrite(at, mode, FILE_BYTES, signal);
      fio.push(megabytesPerSecond(again));
    }
    if (performance.now() - begin > ENOUGH_MS) break;
  }
  return all.map(({ at: _, ...series }) => series);
}

/** Pure. */
export function writeFigures(all: readonly WriteSeries[], source: string): Figure[] {
  return all.flatMap(({ place, mode, own, fio }) => {
    const figures: Figure[] = [];
    const add = (name: string, values: readonly number[], from: string): void => {
      if (values.length === 0) return;
      figures.push({
        name,
        value: median(values),
        unit: 'MB/s',
        source: `${from}; median of ${values.length}`,
        certainty: 'exact',
        group: `sequential, 1 MiB blocks, ${FILE_BYTES >> 20} MiB`,
      });
    };
    const name = `${place}: ${MODE_WORDS[mode]}`;
    add(name, own, source);
    add(`${name}, by fio`, fio, "fio's JSON, the same path and blocks, taking turns");
    return figures;
  });
}

/** Pure: the overlay against the volume, and dit against fio. */
export function judgeWrites(
  all: readonly WriteSeries[],
  fio: string | undefined,
): Pick<CheckPart, 'verdict' | 'reason' | 'remedy' | 'findings'> {
  const findings: CheckFinding[] = [];
  const share = median(ownOf(all, 'overlay')) / median(ownOf(all, 'volume'));
  const fast = `writing with an fsync is ${percent(share)} as fast on the overlay as on a volume`;
  if (share < SLOW_OVERLAY) {
    findings.push({
      severity: 'medium',
      id: 'overlay-writes-slowly',
      title: fast,
      remedy: 'put what is written much onto a volume',
    });
  }
  if (fio === undefined) {
    findings.push({
      severity: 'info',
      id: 'fio-missing',
      title: 'throughput is not compared with that of another program: fio is not installed',
      remedy: 'apt-get install fio',
    });
  }
  for (const series of all) {
    const finding = compareWithFio(series);
    if (finding !== undefined) findings.push(finding);
  }
  const worst = findings.filter(({ severity }) => severity !== 'info');
  return {
    findings,
    verdict: worst.length > 0 ? 'warn' : 'pass',
    reason: joinForeign([...new Set([fast, ...worst.map(({ title }) => title)])], '; '),
    remedy: worst[0]?.remedy ?? '',
  };
}

const ownOf = (all: readonly WriteSeries[], name: PlaceName): readonly number[] =>
  all.find(({ place, mode }) => place === name && mode === 'fsync')?.own ?? [];

/**
 * Two medians of a handful of rounds differ by chance where the disk itself does. They are called different only if
 * no round of the one is among those of the other; else it is said that the rounds are too far apart to tell.
 */
function compareWithFio({ place, mode, own, fio }: WriteSeries): CheckFinding | undefined {
  const ratio = median(own) / median(fio);
  if (!(Math.abs(ratio - 1) > FIO_TOLERANCE)) return undefined;
  const apart = Math.min(...own) > Math.max(...fio) || Math.max(...own) < Math.min(...fio);
  const of = `${place}: ${MODE_WORDS[mode]}: dit measures ${percent(ratio)} of what fio does`;
  const range = (values: readonly number[]): string =>
    `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
  return apart
    ? {
        severity: 'low',
        id: 'fio-differs',
        title: of,
        remedy: 'run it again while nothing else uses the disk',
      }
    : {
        severity: 'info',
        id: 'disk-unsteady',
        title: `${of}, within the rounds of both: ${range(own)} and ${range(fio)} MB/s`,
        remedy: 'run it again while nothing else uses the disk',
      };
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
