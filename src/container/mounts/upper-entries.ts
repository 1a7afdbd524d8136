/**
 * What an overlay's upper layer holds, as it lies on the disk. GNU tar reads it: Node can neither read extended
 * attributes, of which an opaque directory is made, nor the numbers of a device without a second call.
 */

import { once } from 'node:events';
import type { Header } from 'tar-stream';
import { DitError, EXIT } from '../../base/errors.js';
import { safeJson } from '../../base/escape.js';
import { Deadline } from '../../platform/deadline.js';
import type { HeldFolder } from '../../platform/files/held-folder.js';
import { HANDED_FILE, startProgram } from '../../platform/processes/child-process.js';

export type UpperKind =
  | 'file'
  | 'directory'
  /** Hides all that lower layers hold at its path. */
  | 'opaque directory'
  /** Hides what a lower layer holds at its path: a character device 0/0. */
  | 'whiteout'
  | 'link'
  | 'other';

export interface UpperEntry {
  /** As seen in the container: "/etc/motd". Untrusted. */
  readonly path: string;
  readonly kind: UpperKind;
  readonly bytes: number;
  /** "c 0,0 /etc/motd", 'd trusted.overlay.opaque="y" /etc/apt': what there is to see. Untrusted. */
  readonly line: string;
  /** Of a file whose data is still in the lower layer (metacopy=on). */
  readonly metadataOnly: boolean;
}

/** Names of overlayfs's attributes, in a mount of root and in one with userxattr. */
const PREFIXES = ['trusted.overlay.', 'user.overlay.'];
/** As GNU tar writes them. */
const PAX = 'SCHILY.xattr.';
const READ_MS = 300_000;

/**
 * tar is handed the open folder, stays below it and follows no link.
 * @param folder the upper layer, as it can be reached from here
 * @throws DitError exit 3: no GNU tar, or it may not read the layer
 */
export async function readUpper(folder: HeldFolder, signal: AbortSignal): Promise<UpperEntry[]> {
  const { extract } = await import('tar-stream');
  const deadline = new Deadline({ limitMs: READ_MS, signals: [signal] });
  const tar = startProgram(
    'tar',
    [
      '--xattrs',
      ...PREFIXES.map((prefix) => `--xattrs-include=${prefix}*`),
      ...['--one-file-system', '--directory', HANDED_FILE, '--create', '--file', '-', '.'],
    ],
    {
      endedBy: deadline.signal,
      stdio: ['ignore', 'pipe', 'pipe', folder.descriptor],
      env: { ...process.env, LC_ALL: 'C' },
    },
  );
  let said = '';
  tar.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    if (said.length < 1000) said += chunk;
  });
  const ended = once(tar, 'close') as Promise<[number | null]>;
  // Awaited below, when the archive has been read.
  ended.catch(() => {});
  const archive = extract();
  tar.stdout?.pipe(archive);
  const entries: UpperEntry[] = [];
  try {
    for await (const entry of archive) {
      entries.push(upperEntry(entry.header));
      entry.resume();
    }
    const [code] = await ended;
    if (code !== 0) throw new Error(said.trim().split('\n')[0] || `tar ended with ${code}`);
  } catch (error) {
    signal.throwIfAborted();
    const why = deadline.expired ? (deadline.signal.reason as Error) : (error as Error);
    throw new DitError({
      code: 'upper-unreadable',
      exitCode: EXIT.unavailable,
      message: `tar cannot read the upper layer '${folder.path}': ${why.message}`,
      remedy: 'install GNU tar, which reads extended attributes, and run dit as root',
      cause: error,
    });
  } finally {
    deadline.close();
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** @param header of tar-stream */
export function upperEntry(header: Header): UpperEntry {
  const path = `/${header.name.replace(/^\.?\/+/, '').replace(/\/$/, '')}`;
  const attributes = overlayAttributes((header.pax ?? {}) as Readonly<Record<string, string>>);
  const is = (name: string, value?: string): boolean =>
    attributes.some((each) => each.name === name && (value === undefined || each.value === value));
  const bytes = header.size ?? 0;
  const shown = attributes.map(({ whole, value }) => `${whole}=${safeJson(value)}`);
  const metadataOnly = is('metacopy');
  const seen = (letter: string): string => [letter, ...shown, path].join(' ');
  const entry = (kind: UpperKind, line: string): UpperEntry => ({
    path,
    kind,
    bytes,
    line,
    metadataOnly,
  });
  switch (header.type) {
    case 'directory':
      return entry(is('opaque', 'y') ? 'opaque directory' : 'directory', seen('d'));
    case 'character-device': {
      const device = `${header.devmajor ?? 0},${header.devminor ?? 0}`;
      return entry(device === '0,0' ? 'whiteout' : 'other', seen(`c ${device}`));
    }
    case 'file':
    case 'contiguous-file':
      return entry('file', seen(`- ${bytes} bytes`));
    case 'link':
    case 'symlink':
      return entry('link', seen('l'));
    default:
      return entry('other', seen('?'));
  }
}

/** Attributes that decide what overlayfs does with the entry; not "origin", which is binary. */
const TELLING = new Set(['opaque', 'redirect', 'metacopy', 'whiteout', 'whiteouts']);

function overlayAttributes(
  pax: Readonly<Record<string, string>>,
): { name: string; whole: string; value: string }[] {
  return Object.entries(pax).flatMap(([key, value]) => {
    if (!key.startsWith(PAX)) return [];
    const whole = key.slice(PAX.length);
    const prefix = PREFIXES.find((each) => whole.startsWith(each));
    const name = prefix === undefined ? '' : whole.slice(prefix.length);
    return TELLING.has(name) ? [{ name, whole, value }] : [];
  });
}
