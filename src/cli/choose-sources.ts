/** Which sources a recording may use, and what is said about those that it cannot. */
import {
  candidateSources,
  type SourceKind,
  type SourceName,
  type SourceRefusal,
} from '../sources/sources.js';

export interface ChosenSources {
  /** Best first; the first that can be started is used. */
  readonly candidates: readonly SourceKind[];
  readonly refusals: readonly SourceRefusal[];
}

/**
 * @param say one line of progress
 * @throws DitError exit 3
 */
export async function chooseSources(
  wanted: 'auto' | SourceName,
  say: (line: string) => Promise<void>,
): Promise<ChosenSources> {
  const chosen = await candidateSources(wanted);
  for (const refusal of chosen.refusals) await say(refusalInWords(refusal));
  return chosen;
}

/** "no ebpf: recording needs root: this is uid 1000 (run as root: sudo dit …)" */
export function refusalInWords({ source, error }: SourceRefusal): string {
  const remedy = error.remedy === undefined || error.remedy === '' ? '' : ` (${error.remedy})`;
  return `no ${source}: ${error.message}${remedy}`;
}
