/** What is done to lower files, and what overlayfs must then have put into the upper layer: a table, and its check. */
import type { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import type { UpperEntry, UpperKind } from './upper-entries.js';

/** Where the lower files are. */
export const CHANGED_FOLDER = '/dit-overlay';
export const FILE_BYTES = 1_000_000;

export type EntryKind = UpperKind | 'nothing';

export type ChangeId =
  | 'read'
  | 'appended'
  | 'mode changed'
  | 'renamed'
  | 'deleted'
  | 'directory deleted'
  | 'directory made again'
  | 'file added';

/** What is to be found at a path below the folder; "nothing" where the upper layer must not have it. */
interface Expected {
  readonly name: string;
  readonly kind: EntryKind;
  readonly bytes?: number;
}

export interface Change {
  readonly id: ChangeId;
  /** Run by the container's shell in the folder. */
  readonly script: string;
  readonly expected: readonly Expected[];
}

export const CHANGES: readonly Change[] = [
  {
    id: 'read',
    script: 'cat read >/dev/null',
    expected: [{ name: 'read', kind: 'nothing' }],
  },
  {
    id: 'appended',
    script: 'printf x >>changed',
    expected: [{ name: 'changed', kind: 'file', bytes: FILE_BYTES + 1 }],
  },
  {
    id: 'mode changed',
    script: 'chmod 600 chmodded',
    expected: [{ name: 'chmodded', kind: 'file', bytes: FILE_BYTES }],
  },
  {
    id: 'renamed',
    script: 'mv renamed renamed-now',
    expected: [
      { name: 'renamed', kind: 'whiteout' },
      { name: 'renamed-now', kind: 'file', bytes: FILE_BYTES },
    ],
  },
  {
    id: 'deleted',
    script: 'rm deleted',
    expected: [{ name: 'deleted', kind: 'whiteout' }],
  },
  {
    id: 'directory deleted',
    script: 'rm -r gone',
    expected: [{ name: 'gone', kind: 'whiteout' }],
  },
  {
    id: 'directory made again',
    script: 'rm -r remade && mkdir remade && touch remade/new',
    expected: [
      { name: 'remade', kind: 'opaque directory' },
      { name: 'remade/old', kind: 'nothing' },
      { name: 'remade/new', kind: 'file', bytes: 0 },
    ],
  },
  {
    id: 'file added',
    script: 'head -c 1000 /dev/zero >kept/new',
    expected: [
      { name: 'kept', kind: 'directory' },
      { name: 'kept/new', kind: 'file', bytes: 1000 },
    ],
  },
];

/** The image's layer that the changes are made on. */
export function changedLayer(): Readable {
  const archive = pack();
  const put = (name: string, bytes: number): void => {
    archive.entry({ name: `${CHANGED_FOLDER.slice(1)}/${name}` }, Buffer.alloc(bytes, 'a'));
  };
  for (const name of ['read', 'changed', 'chmodded', 'renamed']) put(name, FILE_BYTES);
  for (const name of ['deleted', 'gone/a', 'gone/b', 'remade/old', 'kept/old']) put(name, 1000);
  archive.finalize();
  return archive as unknown as Readable;
}

/** What is not as it must be at a path of the container. */
export type LayerFault =
  | {
      readonly kind: 'other kind';
      readonly path: string;
      readonly found: EntryKind;
      readonly expected: EntryKind;
    }
  | {
      readonly kind: 'other size';
      readonly path: string;
      readonly foundBytes: number;
      readonly expectedBytes: number;
    };

export interface ChangeSeen {
  readonly change: Change;
  /** In the upper layer at the change's paths. */
  readonly entries: readonly UpperEntry[];
  readonly bytes: number;
  readonly faults: readonly LayerFault[];
}

/** Pure: the table against what was found in the upper layer. */
export function compareChanges(upper: readonly UpperEntry[]): ChangeSeen[] {
  const at = new Map(upper.map((entry) => [entry.path, entry]));
  return CHANGES.map((change) => {
    const entries: UpperEntry[] = [];
    const faults: LayerFault[] = [];
    for (const expected of change.expected) {
      const path = `${CHANGED_FOLDER}/${expected.name}`;
      const entry = at.get(path);
      if (entry !== undefined) entries.push(entry);
      const fault = faultOf(path, expected, entry);
      if (fault !== undefined) faults.push(fault);
    }
    const bytes = entries.reduce((sum, entry) => sum + (entry.metadataOnly ? 0 : entry.bytes), 0);
    return { change, entries, bytes, faults };
  });
}

function faultOf(
  path: string,
  { kind: expected, bytes: expectedBytes }: Expected,
  entry: UpperEntry | undefined,
): LayerFault | undefined {
  const found = entry?.kind ?? 'nothing';
  if (found !== expected) return { kind: 'other kind', path, found, expected };
  const foundBytes = entry?.bytes ?? 0;
  return expectedBytes === undefined || foundBytes === expectedBytes
    ? undefined
    : { kind: 'other size', path, foundBytes, expectedBytes };
}

/** As the engine lists changes of a container ("docker diff"): 0 changed, 1 added, 2 deleted. */
export interface ListedChange {
  readonly Path: string;
  readonly Kind: number;
}

/** What the engine's list must have; where a directory was made again, engines differ. */
const LISTED: readonly (readonly [name: string, kind: number | undefined])[] = [
  ['read', undefined],
  ['changed', 0],
  ['chmodded', 0],
  ['renamed', 2],
  ['renamed-now', 1],
  ['deleted', 2],
  ['gone', 2],
  ['kept', 0],
  ['kept/new', 1],
];

/** Kinds are those of `ListedChange`; undefined: the engine does not list the path. */
export interface ListFault {
  readonly kind: 'listed otherwise';
  readonly path: string;
  readonly found: number | undefined;
  readonly expected: number | undefined;
}

/** Pure. */
export function compareListed(listed: readonly ListedChange[]): ListFault[] {
  const at = new Map(listed.map(({ Path, Kind }) => [Path, Kind]));
  return LISTED.flatMap(([name, expected]): ListFault[] => {
    const path = `${CHANGED_FOLDER}/${name}`;
    const found = at.get(path);
    return found === expected ? [] : [{ kind: 'listed otherwise', path, found, expected }];
  });
}
