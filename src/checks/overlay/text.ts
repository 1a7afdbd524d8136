/** The words of the overlay test. */

import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import type { LayerSize } from '../../container/mounts/layer-size.js';
import {
  CHANGED_FOLDER,
  type ChangeId,
  type ChangeSeen,
  compareChanges,
  type EntryKind,
} from '../../container/mounts/overlay-changes.js';
import type { Figure } from '../../model/checks/check.js';
import type { CheckText, ReasonText } from '../contract/check.js';
import type {
  GraphDriver,
  OverlayFacts,
  OverlayFault,
  OverlayFinding,
  OverlayReason,
  UpperSeen,
  UpperUnseen,
} from './judge.js';

export const overlayText: CheckText<OverlayFacts, OverlayReason, OverlayFinding> = {
  shows:
    "which layers a container's root is made of, and what a change of a lower file leaves in the upper one",
  thresholds:
    "pass: each of the changes left in the upper layer what overlayfs must leave there, sizes to the byte; fail: one did not; if the upper layer cannot be seen, the same by the engine's own list of changes",
  reason: reasonText,
  finding: ({ why, remedy }) => ({
    title: quoting`sizes of layers, whiteouts and opaque directories are left out: ${why}`,
    remedy,
  }),
  figures: figuresOf,
  evidence: evidenceOf,
};

function reasonText(reason: OverlayReason): ReasonText {
  switch (reason.kind) {
    case 'no overlay':
      return {
        reason: quoting`the container's root is on ${reason.type ?? 'nothing'}, not on an overlay: the engine's storage is '${reason.storageDriver}'`,
        remedy: 'choose the storage driver overlay2 or the containerd image store in daemon.json',
      };
    case 'faults':
      return {
        reason: joinForeign(reason.faults.map(faultText), '; '),
        remedy:
          'compare with "docker diff" and the lines of evidence, and check that it is an overlay of the kernel: findmnt -t overlay',
      };
    case 'as it must be':
      return {
        reason: `${reason.changes} kinds of change left in the upper layer what overlayfs must leave there`,
        remedy: '',
      };
    case 'listed as it was made':
      return {
        reason:
          'the engine lists the changes as they were made; the upper layer itself was not looked into',
        remedy: '',
      };
  }
}

function faultText(fault: OverlayFault): Foreign {
  switch (fault.kind) {
    case 'other kind':
      return `${fault.path} is ${ENTRY_WORDS[fault.found]}, not ${ENTRY_WORDS[fault.expected]}`;
    case 'other size':
      return `${fault.path} has ${fault.foundBytes} bytes, not ${fault.expectedBytes}`;
    case 'listed otherwise':
      return `${fault.path} is listed as ${listedText(fault.found)}, not as ${listedText(fault.expected)}`;
    case 'other UpperDir':
      return quoting`the engine's UpperDir is not the kernel's: ${driverText(fault.driver)}`;
  }
}

const ENTRY_WORDS: Readonly<Record<EntryKind, string>> = {
  nothing: 'absent',
  file: 'a file',
  directory: 'a directory',
  'opaque directory': 'an opaque directory',
  whiteout: 'a whiteout',
  link: 'a link',
  other: 'something else',
};

const LISTED_KINDS = ['changed', 'added', 'deleted'] as const;

const listedText = (kind: number | undefined): string =>
  kind === undefined ? 'unchanged' : (LISTED_KINDS[kind] ?? String(kind));

const driverText = ({ name, upperDir }: GraphDriver): Foreign =>
  quoting`${name}, UpperDir=${upperDir}`;

/** What was done, and why overlayfs does with it what it does. */
const CHANGE_WORDS: Readonly<Record<ChangeId, { readonly what: string; readonly why: string }>> = {
  read: {
    what: 'a file of 1 MB only read',
    why: 'reading is served from the lower layer',
  },
  appended: {
    what: 'one byte appended to a file of 1 MB',
    why: 'a lower file cannot be changed: the first open for writing copies it up whole',
  },
  'mode changed': {
    what: 'the mode of a file of 1 MB changed',
    why: 'attributes lie on the file: it is copied up whole, unless metacopy=on',
  },
  renamed: {
    what: 'a file of 1 MB renamed',
    why: 'it is copied up under the new name, and a whiteout hides the old one',
  },
  deleted: {
    what: 'a file deleted',
    why: 'a lower file cannot be deleted: a character device 0/0, a whiteout, hides it',
  },
  'directory deleted': {
    what: 'a directory deleted',
    why: 'one whiteout hides the directory and all that is in it',
  },
  'directory made again': {
    what: 'a directory deleted and made again',
    why: 'without the attribute "opaque" the files of the lower directory would show through the new one',
  },
  'file added': {
    what: 'a new file of 1 kB in a lower directory',
    why: 'the directory is copied up without its files, and both layers are merged',
  },
};

function figuresOf({ overlay, upper }: OverlayFacts): Figure[] {
  const layers: Figure = {
    name: 'lower layers',
    value: overlay.lower.length,
    unit: 'count',
    source: "the overlay's mount in the container's mountinfo",
    certainty: 'exact',
  };
  if (upper.kind === 'unseen') return [layers];
  const { sizes, entries } = upper;
  return [
    layers,
    ...layerFigures('upper layer', sizes.upper),
    ...sizes.lower.flatMap((size, at) =>
      layerFigures(`lower layer ${at + 1} of ${sizes.lower.length}`, size),
    ),
    ...compareChanges(entries).map(changeFigure),
  ];
}

function layerFigures(layer: string, { bytes, files, cut }: LayerSize): Figure[] {
  const source = `the layer's folder on the host, walked${cut ? ', not to its end' : ''}`;
  const certainty = cut ? 'inferred' : 'exact';
  const common = { source, group: 'layers' } as const;
  return [
    { name: `${layer}: size`, value: bytes, unit: 'bytes', certainty, ...common },
    { name: `${layer}: files`, value: files, unit: 'count', certainty, ...common },
  ];
}

const changeFigure = ({ change, bytes }: ChangeSeen): Figure => ({
  name: CHANGE_WORDS[change.id].what,
  value: bytes,
  unit: 'bytes',
  source: "the upper layer's folder on the host, read by tar",
  certainty: 'exact',
  group: 'in the upper layer after a change',
});

function evidenceOf({ overlay, driver, before, after, upper }: OverlayFacts): Foreign[] {
  return [
    overlay.line,
    driver === undefined
      ? 'the engine names no layers of its own (containerd image store)'
      : quoting`the engine's GraphDriver: ${driverText(driver)}`,
    quoting`in the container before: ${joinForeign(before, ' ')}`,
    quoting`in the container after: ${joinForeign(after, ' ')}`,
    ...(upper.kind === 'seen' ? seenLines(upper) : listedLines(upper)),
  ];
}

const seenLines = ({ entries, kept }: UpperSeen): Foreign[] => [
  ...compareChanges(entries).map(({ change, entries: found }) => {
    const { what, why } = CHANGE_WORDS[change.id];
    const lines = joinForeign(
      found.map(({ line }) => line),
      '; ',
    );
    return quoting`${what}: ${lines || 'nothing in the upper layer'}: ${why}`;
  }),
  ...entries
    .filter(({ path }) => path.startsWith(`${CHANGED_FOLDER}/`))
    .map(({ line }) => quoting`upper layer: ${line}`),
  ...kept.map(
    ({ layer, path, bytes }) => `lower layer ${layer} still holds ${path}: ${bytes} bytes`,
  ),
];

const listedLines = ({ listed }: UpperUnseen): Foreign[] =>
  listed
    .filter(({ Path }) => Path.startsWith(CHANGED_FOLDER))
    .map(({ Path, Kind }) => quoting`the engine lists ${Path} as ${LISTED_KINDS[Kind] ?? Kind}`);
