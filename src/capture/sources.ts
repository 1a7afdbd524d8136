/** The sources, best first: what `auto` tries in this order, and what `dit doctor --sources` lists. */
import { DitError, EXIT } from '../base/errors.js';
import { startApi } from './api/api-source.js';
import { needBpftrace, startBpftrace } from './bpftrace/bpftrace-source.js';
import { needEbpf, startEbpf } from './ebpf/ebpf-source.js';
import type { RecordingSource, SourceOptions, StartSource } from './source/source.js';
import { needStrace, startStrace } from './strace/strace-source.js';

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
  {
    name: 'bpftrace',
    need: needBpftrace,
    start: startBpftrace,
    seesKernel: true,
    followsLater: false,
  },
  {
    name: 'strace',
    need: needStrace,
    start: startStrace,
    seesKernel: true,
    followsLater: false,
  },
  { name: 'api', need: () => {}, start: startApi, seesKernel: false, followsLater: false },
];

/**
 * The sources that may be tried: the one that is wanted, or for 'auto' the first that this machine seems to
 * have and those below it.
 * @throws DitError exit 3 where the wanted one is not there
 */
export async function candidateSources(
  wanted: 'auto' | SourceName,
  use: (kind: SourceKind) => boolean = () => true,
): Promise<{ candidates: SourceKind[]; refusals: SourceRefusal[] }> {
  if (wanted !== 'auto') {
    const kind = SOURCES.find(({ name }) => name === wanted) as SourceKind;
    if (!use(kind)) throw wontDo(wanted);
    await kind.need();
    return { candidates: [kind], refusals: [] };
  }
  const refusals: SourceRefusal[] = [];
  const kinds = SOURCES.filter(use);
  for (const [index, kind] of kinds.entries()) {
    try {
      await kind.need();
      // Those that are worse are looked at only where this one cannot be started.
      return { candidates: kinds.slice(index), refusals };
    } catch (error) {
      refusals.push(refusalOf(kind, error));
    }
  }
  const [best] = refusals;
  throw best?.error ?? wontDo('api');
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
      await kind.need();
      return { kind, source: await kind.start(optionsFor(kind)), refusals };
    } catch (error) {
      refusals.push(refusalOf(kind, error));
    }
  }
  throw refusals[0]?.error ?? new Error('no source was given');
}

const wontDo = (wanted: SourceName): DitError =>
  new DitError({
    code: 'source-unfit',
    exitCode: EXIT.usage,
    message: `source '${wanted}' cannot do this`,
    remedy: 'compare the sources: dit doctor --sources; or let dit choose: --source auto',
  });

/** A refusal is a missing capability; anything else is an error of its own. */
function refusalOf(kind: SourceKind, error: unknown): SourceRefusal {
  if (error instanceof DitError && error.exitCode === EXIT.unavailable) {
    return { source: kind.name, error };
  }
  throw error;
}
