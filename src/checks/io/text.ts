/** The words of the io test. */

import { percent } from '../../base/count.js';
import { type Foreign, joinForeign, quoting, raw } from '../../base/foreign.js';
import { NS_PER_MS } from '../../base/time.js';
import type { CopyUpSource } from '../../measure/copy-up.js';
import type { WriteMode } from '../../measure/files/writes.js';
import type { Figure } from '../../model/checks/check.js';
import { median } from '../../stats/summary.js';
import type { CheckFindingText, CheckText, ReasonText } from '../contract/check.js';
import { partsText } from '../contract/parts.js';
import {
  type CopyUpsUnseen,
  type DdWrite,
  type HostAccess,
  type IoFacts,
  type IoFinding,
  type IoPartReason,
  type IoReason,
  type MetadataSeries,
  THRESHOLDS,
  type WriteSeries,
} from './judge.js';
import { DD_MEBIBYTES, FILE_MEBIBYTES, METADATA_FILES, METADATA_ROUNDS } from './sizes.js';

export const ioText: CheckText<IoFacts, IoReason, IoFinding> = {
  shows:
    'what reading, writing and file operations cost on the overlay, a volume, a bind mount and a tmpfs, and what the first write of a lower file costs',
  thresholds: `pass: all was measured; warn: writing with an fsync at the end is less than ${percent(THRESHOLDS.leastOverlayShare)} as fast on the overlay as on a volume, or dit and fio, if it is installed, differ by more than ${percent(THRESHOLDS.mostFioDifference)} and in every round; fail: a copy-up of the kernel has another size than the file`,
  reason: (reason) => partsText(reason, partText),
  finding: findingText,
  figures: ({ access, copyUps }) => [
    ...(access.by === 'host' ? accessFigures(access) : access.writes.flatMap(ddFigures)),
    ...copyUpFigures(copyUps),
  ],
  evidence: ({ mounts, bound, access, copyUps }) => [
    ...mounts,
    quoting`behind the bind mount: ${bound}`,
    ...(access.by === 'host' ? fioLines(access) : access.writes.map(ddLine)),
    ...copyUpLines(copyUps),
  ],
};

export const MODE_WORDS: Readonly<Record<WriteMode, string>> = {
  buffered: 'write, buffered',
  fsync: 'write, fsync at the end',
  direct: 'write, direct',
};

function partText(reason: IoPartReason): ReasonText {
  switch (reason.kind) {
    case 'writes': {
      const problems = reason.problems.map(findingText);
      const titles = problems.map(({ title }) => title);
      return {
        reason: joinForeign([...new Set([overlayText(reason), ...titles])], '; '),
        remedy: problems[0]?.remedy ?? '',
      };
    }
    case 'writes by dd':
      return { reason: `sequential writes were measured; ${FROM_OUTSIDE}`, remedy: '' };
    case 'copy-ups unseen':
      return { reason: unseenText(reason.unseen).title, remedy: '' };
    case 'copied whole':
      return { reason: 'copy-ups have the sizes of the files', remedy: '' };
    case 'copied otherwise': {
      const wrong = reason.wrong.map(({ fileBytes, copiedBytes }) => {
        const copied = copiedBytes === undefined ? 'nothing that was seen' : `${copiedBytes} bytes`;
        return `of a file of ${fileBytes} bytes the kernel copied ${copied}`;
      });
      return {
        reason: wrong.join('; '),
        remedy: 'record such a start and look: dit trace run, dit trace show',
      };
    }
  }
}

const overlayText = ({ overlayShare }: { readonly overlayShare: number }): string =>
  `writing with an fsync is ${percent(overlayShare)} as fast on the overlay as on a volume`;

const FROM_OUTSIDE =
  "reads, random access and metadata are left out: the container's files are not on this machine, or dit may not read them";

const DISK_BUSY = 'run it again while nothing else uses the disk';

function findingText(finding: IoFinding): CheckFindingText {
  switch (finding.id) {
    case 'overlay-writes-slowly':
      return {
        title: overlayText(finding),
        remedy: 'put files that are written often onto a volume',
      };
    case 'fio-missing':
      return {
        title: 'throughput is not compared with that of another program: fio is not installed',
        remedy: 'apt-get install fio',
      };
    case 'fio-differs':
      return { title: besideFio(finding), remedy: DISK_BUSY };
    case 'disk-unsteady': {
      const range = ([least, most]: readonly [number, number]): string =>
        `${least.toFixed(0)} to ${most.toFixed(0)}`;
      return {
        title: `${besideFio(finding)}, within the rounds of both: ${range(finding.own)} and ${range(finding.fio)} MB/s`,
        remedy: DISK_BUSY,
      };
    }
    case 'io-from-outside':
      return {
        title: FROM_OUTSIDE,
        remedy: "run it as root on the engine's machine: sudo dit test io",
      };
    case 'copy-ups-unseen':
      return unseenText(finding.unseen);
  }
}

const besideFio = ({
  place,
  mode,
  ratio,
}: Extract<IoFinding, { readonly ratio: number }>): string =>
  `${place}: ${MODE_WORDS[mode]}: dit measures ${percent(ratio)} of what fio does`;

function unseenText(unseen: CopyUpsUnseen | undefined): CheckFindingText {
  const why = unseen?.why ?? 'the recording has no event of them';
  return {
    title: quoting`copy-ups are left out: ${why}`,
    remedy: unseen?.remedy ?? 'see what can record kernel events: dit doctor --sources',
  };
}

const OWN_LOOP = "dit's own loop on the host, in the container's root";

const ownFigure = (name: string, value: number, unit: Figure['unit'], group: string): Figure => ({
  name,
  value,
  unit,
  source: OWN_LOOP,
  certainty: 'exact',
  group,
});

const accessFigures = ({ writes, reads, random, metadata }: HostAccess): Figure[] => [
  ...writes.flatMap(writeFigures),
  ...reads.map(({ place, direct, mbPerS }) =>
    ownFigure(
      `${place}: read, ${direct ? 'direct' : 'from the page cache'}`,
      mbPerS,
      'MB/s',
      `sequential reads, 1 MiB blocks, ${FILE_MEBIBYTES} MiB`,
    ),
  ),
  ...random.map(({ place, mode, operationsPerS }) =>
    ownFigure(
      `${place}: ${mode}`,
      operationsPerS,
      'ops/s',
      `random, 4 KiB blocks in ${FILE_MEBIBYTES} MiB`,
    ),
  ),
  ...metadata.map(metadataFigure),
];

function writeFigures({ place, mode, own, fio }: WriteSeries): Figure[] {
  const name = `${place}: ${MODE_WORDS[mode]}`;
  const figures = (as: string, values: readonly number[], from: string): Figure[] =>
    values.length === 0
      ? []
      : [
          {
            name: as,
            value: median(values),
            unit: 'MB/s',
            source: `${from}; median of ${values.length}`,
            certainty: 'exact',
            group: `sequential, 1 MiB blocks, ${FILE_MEBIBYTES} MiB`,
          },
        ];
  return [
    ...figures(name, own, OWN_LOOP),
    ...figures(`${name}, by fio`, fio, "fio's JSON, the same path and blocks, taking turns"),
  ];
}

function metadataFigure({ place, folder, operation, ns }: MetadataSeries): Figure {
  const where = folder === 'fresh' ? 'fresh folder' : 'folder of a lower layer';
  return ownFigure(
    `${place}, ${where}: ${operation} a file`,
    median(ns),
    'ns',
    `metadata: median of ${METADATA_ROUNDS} times ${METADATA_FILES} files`,
  );
}

const fioLines = ({ fio }: HostAccess): string[] =>
  fio === undefined ? [] : [`${fio}: fio --rw=write --bs=1M --ioengine=psync`];

const ddFigures = ({ place, mode, mbPerS }: DdWrite): Figure[] =>
  mbPerS === undefined
    ? []
    : [
        {
          name: `${place}: ${MODE_WORDS[mode]}`,
          value: mbPerS,
          unit: 'MB/s',
          source:
            "the container's dd: known bytes, /proc/uptime (10 ms) around it, the start of dd included",
          certainty: 'inferred',
          group: `sequential, 1 MiB blocks, ${DD_MEBIBYTES} MiB`,
        },
      ];

const ddLine = ({ place, mode, printed }: DdWrite): Foreign =>
  quoting`${place}: ${MODE_WORDS[mode]}: /proc/uptime ${inOneLine(printed)}`;

const inOneLine = (printed: Foreign): Foreign =>
  joinForeign(
    raw(printed)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
    ' → ',
  );

const COPY_UP_SOURCES: Readonly<Record<CopyUpSource, string>> = {
  ovl_copy_up_one: "overlayfs's own function ovl_copy_up_one, traced",
  writeback_dirty_folio: 'file data dirtied inside the open (writeback_dirty_folio), traced',
};

function copyUpFigures(copyUps: IoFacts['copyUps']): Figure[] {
  if ('why' in copyUps) return [];
  const source = COPY_UP_SOURCES[copyUps.source];
  const group = 'copy-up: the first write of a lower file, which is in the page cache';
  return copyUps.copyUps.flatMap(({ megabytes, copiedBytes, ns, certainty }): Figure[] => {
    if (copiedBytes === undefined) return [];
    const common = { source, certainty, group };
    return [
      { name: `${megabytes} MB: copied`, value: copiedBytes, unit: 'bytes', ...common },
      { name: `${megabytes} MB: took`, value: ns / NS_PER_MS, unit: 'ms', ...common },
    ];
  });
}

function copyUpLines(copyUps: IoFacts['copyUps']): Foreign[] {
  if ('why' in copyUps) return [];
  const source = COPY_UP_SOURCES[copyUps.source];
  return copyUps.copyUps.flatMap(({ megabytes, copiedBytes, ns, certainty, trigger }) =>
    copiedBytes === undefined
      ? []
      : [
          quoting`copy-up of ${megabytes} MB: ${copiedBytes} bytes, ${ns} ns, in ${trigger}; ${certainty}: ${source}`,
        ],
  );
}
