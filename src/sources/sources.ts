/** The sources, best first: what `auto` tries in this order, and what `dit doctor --sources` lists. */
import { DitError, EXIT } from '../base/errors.js';
import { startApi } from './api/api-source.js';
import { needEbpf, startEbpf } from './ebpf/ebpf-source.js';
import type { RecordingSource, SourceOptions, StartSource } from './source.js';

export type SourceName = 'ebpf' | 'bpftrace' | 'strace' | 'api';

export interface SourceKind {
  readonly name: SourceName;
  /** What can be known before an engine is started or an image is pulled for nothing. @throws DitError exit 3 */
  readonly need: () => void | Promise<void>;
  readonly start: StartSource;
  /** It sees processes: only on the machine where they run. */
  readonly seesKernel: boolean;
  /** Whether it takes participants after its start. */
  readonly followsLater: boolean;
}

/** A better source that was not used, and why. */
export interface SourceRefusal {
  readonly source: SourceName;
  readonly error: DitError;
}

export const SOURCES: readonly SourceKind[] = [
  { name: 'ebpf', need: needEbpf, start: startEbpf, seesKernel: true, followsLater: true },
  { name: 'api', need: () => {}, start: startApi, seesKernel: false, followsLater: false },
];

/**
 * The sources that may be tried: the one that is wanted, or for 'auto' all that this machine seems to have.
 * @throws DitError exit 3 where the wanted one is not there
 */
export async function candidateSources(
  wanted: 'auto' | SourceName,
  use: (kind: SourceKind) => boolean = () => true,
): Promise<{ candidates: SourceKind[]; refusals: SourceRefusal[] }> {
  if (wanted !== 'auto') {
    const kind = SOURCES.find(({ name }) => name === wanted) as SourceKind;
    await kind.need();
    return { candidates: [kind], refusals: [] };
  }
  const candidates: SourceKind[] = [];
  const refusals: SourceRefusal[] = [];
  for (const kind of SOURCES.filter(use)) {
    try {
      await kind.need();
      candidates.push(kind);
    } catch (error) {
      refusals.push(refusalOf(kind, error));
    }
  }
  const [last] = refusals;
  if (candidates.length === 0 && last !== undefined) throw last.error;
  return { candidates, refusals };
}

/**
 * Starts the first source that can be started.
 * @param optionsFor a kind's options; may throw as well, which refuses that kind
 * @throws DitError the best source's refusal, where none can be started
 */
export async function startFirst(
  candidates: readonly SourceKind[],
  optionsFor: (kind: SourceKind) => SourceOptions,
): Promise<{ kind: SourceKind; source: RecordingSource; refusals: SourceRefusal[] }> {
  const refusals: SourceRefusal[] = [];
  for (const kind of candidates) {
    try {
      return { kind, source: await kind.start(optionsFor(kind)), refusals };
    } catch (error) {
      refusals.push(refusalOf(kind, error));
    }
  }
  throw refusals[0]?.error ?? new Error('no source was given');
}

/** A refusal is a missing capability; anything else is an error of its own. */
function refusalOf(kind: SourceKind, error: unknown): SourceRefusal {
  if (error instanceof DitError && error.exitCode === EXIT.capability) {
    return { source: kind.name, error };
  }
  throw error;
}
