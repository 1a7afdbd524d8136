/** Which sources a recording may use, and what is said about those that it cannot. */
import { escapeText } from '../../base/escape.js';
import { quoting } from '../../base/foreign.js';
import {
  candidateSources,
  type SourceKind,
  type SourceName,
  type SourceRefusal,
} from '../../capture/sources.js';
import { startStraceWith } from '../../capture/strace/strace-source.js';

/** The options that say so. */
export interface SourceChoice {
  readonly source: 'auto' | SourceName;
  /** For strace: those that tell a start's steps, or all. */
  readonly syscalls?: 'few' | 'all';
}

export interface ChosenSources {
  /** Best first; the first that can be started is used. */
  readonly candidates: readonly SourceKind[];
  readonly refusals: readonly SourceRefusal[];
}

/**
 * @param say one line of progress
 * @param use which kinds will do; all when absent
 * @throws DitError exit 3
 */
export async function chooseSources(
  { source, syscalls = 'few' }: SourceChoice,
  say: (line: string) => Promise<void>,
  use?: (kind: SourceKind) => boolean,
): Promise<ChosenSources> {
  const chosen = await candidateSources(source, use);
  for (const refusal of chosen.refusals) await say(refusalInWords(refusal));
  const candidates = chosen.candidates.map((kind) =>
    kind.name === 'strace' ? { ...kind, start: startStraceWith({ syscalls }) } : kind,
  );
  return { ...chosen, candidates };
}

/** "no ebpf: recording needs root: this is uid 1000 (run as root: sudo dit …)" */
export function refusalInWords({ source, error }: SourceRefusal): string {
  const remedy =
    error.remedy === undefined || error.remedy === '' ? '' : quoting` (${error.remedy})`;
  return escapeText(quoting`no ${source}: ${error.message}${remedy}`);
}
