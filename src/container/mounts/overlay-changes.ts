/** What is done to lower files, and what overlayfs must then have put into the upper layer: a table, and its check. */
import type { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import type { UpperEntry, UpperKind } from './upper-entries.js';

/** Where the lower files are. */
export const CHANGED_FOLDER = '/dit-overlay';
export const FILE_BYTES = 1_000_000;

/** What is to be found at a path below the folder; "nothing" where the upper layer must not have it. */
interface Expected {
  readonly name: string;
  readonly kind: UpperKind | 'nothing';
  readonly bytes?: number;
}

export interface Change {
  /** "one byte appended to a file of 1 MB" */
  readonly what: string;
  /** Run by the container's shell in the folder. */
  readonly script: string;
  readonly expected: readonly Expected[];
  /** Why overlayfs does so. */
  readonly why: string;
}

export const CHANGES: readonly Change[] = [
  {
    what: 'a file of 1 MB only read',
    script: 'cat read >/dev/null',
    expected: [{ name: 'read', kind: 'nothing' }],
    why: 'reading is served from the lower layer',
  },
  {
    what: 'one byte appended to a file of 1 MB',
    script: 'printf x >>changed',
    expected: [{ name: 'changed', kind: 'file', bytes: FILE_BYTES + 1 }],
    why: 'a lower file cannot be changed: the first open for writing copies it up whole',
  },
  {
    what: 'the mode of a file of 1 MB changed',
    script: 'chmod 600 chmodded',
    expected: [{ name: 'chmodded', kind: 'file', bytes: FILE_BYTES }],
    why: 'attributes lie on the file: it is copied up whole, unless metacopy=on',
  },
  {
    what: 'a file of 1 MB renamed',
    script: 'mv renamed renamed-now',
    expected: [
      { name: 'renamed', kind: 'whiteout' },
      { name: 'renamed-now', kind: 'file', bytes: FILE_BYTES },
    ],
    why: 'it is copied up under the new name, and a whiteout hides the old one',
  },
  {
    what: 'a file deleted',
    script: 'rm deleted',
    expected: [{ name: 'deleted', kind: 'whiteout' }],
    why: 'a lower file cannot be deleted: a character device 0/0, a whiteout, hides it',
  },
  {
    what: 'a directory deleted',
    script: 'rm -r gone',
    expected: [{ name: 'gone', kind: 'whiteout' }],
    why: 'one whiteout hides the directory and all that is in it',
  },
  {
    what: 'a directory deleted and made again',
    script: 'rm -r remade && mkdir remade && touch remade/new',
    expected: [
      { name: 'remade', kind: 'opaque directory' },
      { name: 'remade/old', kind: 'nothing' },
      { name: 'remade/new', kind: 'file', bytes: 0 },
    ],
    why: 'without the attribute "opaque" the files of the lower directory would shine through the new one',
  },
  {
    what: 'a new file of 1 kB in a lower directory',
    script: 'head -c 1000 /dev/zero >kept/new',
    expected: [
      { name: 'kept', kind: 'directory' },
      { name: 'kept/new', kind: 'file', bytes: 1000 },
    ],
    why: 'the directory is copied up without its files, and both layers are merged',
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

export interface ChangeSeen {
  readonly change: Change;
  /** In the upper layer at the change's paths. */
  readonly entries: readonly UpperEntry[];
  readonly bytes: number;
  /** What is not as it must be; empty when all is. */
  readonly wrong: readonly string[];
}

/** Pure: the table against what was found in the upper layer. */
export function compareChanges(upper: readonly UpperEntry[]): ChangeSeen[] {
  const at = new Map(upper.map((entry) => [entry.path, entry]));
  return CHANGES.map((change) => {
    const entries: UpperEntry[] = [];
    const wrong: string[] = [];
    for (const expected of change.expected) {
      const path = `${CHANGED_FOLDER}/${expected.name}`;
      const entry = at.get(path);
      if (entry !== undefined) entries.push(entry);
      const fault = faultOf(expected, entry);
      if (fault !== '') wrong.push(`${path} ${fault}`);
    }
    const bytes = entries.reduce((sum, entry) => sum + (entry.metadataOnly ? 0 : entry.bytes), 0);
    return { change, entries, bytes, wrong };
  });
}

function faultOf({ kind, bytes }: Expected, entry: UpperEntry | undefined): string {
  const found = entry?.kind ?? 'nothing';
  if (found !== kind) return `is ${WORDS[found]}, not ${WORDS[kind]}`;
  if (bytes !== undefined && entry?.bytes !== bytes) {
    return `has ${entry?.bytes} bytes, not ${bytes}`;
  }
  return '';
}

const WORDS: Readonly<Record<UpperKind | 'nothing', string>> = {
  nothing: 'absent',
  file: 'a file',
  directory: 'a directory',
  'opaque directory': 'an opaque directory',
  whiteout: 'a whiteout',
  link: 'a link',
  other: 'something else',
};

/** As the engine lists changes of a container ("docker diff"): 0 changed, 1 added, 2 deleted. */
export interface ListedChange {
  readonly Path: string;
  readonly Kind: number;
}

/** Pure: what the engine's list must say; where a directory was made again, engines differ. */
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

export const LISTED_KINDS = ['changed', 'added', 'deleted'] as const;

/** @returns what is not as it must be */
export function compareListed(listed: readonly ListedChange[]): string[] {
  const at = new Map(listed.map(({ Path, Kind }) => [Path, Kind]));
  return LISTED.flatMap(([name, kind]) => {
    const path = `${CHANGED_FOLDER}/${name}`;
    const found = at.get(path);
    if (found === kind) return [];
    const words = (each: number | undefined): string =>
      each === undefined ? 'unchanged' : (LISTED_KINDS[each] ?? String(each));
    return [`${path} is listed as ${words(found)}, not as ${words(kind)}`];
  });
}
