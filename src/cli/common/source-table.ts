/** The table of sources: what each gives in general, and whether it works here. */

import { DitError, messageOf } from '../../base/errors.js';
import type { Foreign } from '../../base/foreign.js';
import { FIGURE_COVERAGE, MILESTONE_COVERAGE } from '../../capture/coverage.js';
import { SOURCES } from '../../capture/sources.js';
import { findEngine } from '../../engine/endpoint.js';
import type { SourceTable } from '../../render/text/sources.js';
import { remoteError } from './choose-engine.js';

const names = SOURCES.map(({ name }) => name);

/** What every source gives, whatever the machine. */
export function generalSourceTable(): SourceTable {
  return {
    names,
    groups: [
      {
        title: 'MILESTONES',
        rows: Object.entries(MILESTONE_COVERAGE).map(([title, row]) => ({
          title,
          words: names.map((name) => row[name]),
        })),
      },
      {
        title: 'FIGURES',
        rows: FIGURE_COVERAGE.map(({ title, ...row }) => ({
          title,
          words: names.map((name) => row[name]),
        })),
      },
    ],
    missing: [],
  };
}

/**
 * With a first row of what works on this machine, tried.
 * @param host the engine that would be recorded; any of this machine when absent
 * @throws DitError where it does not answer
 */
export async function sourceTableHere(host: string | undefined): Promise<SourceTable> {
  const { endpoint } = host === undefined ? {} : await findEngine({ host });
  const table = generalSourceTable();
  const missing: { source: string; reason: Foreign; remedy: Foreign }[] = [];
  const words: string[] = [];
  for (const { name, need, seesKernel } of SOURCES) {
    try {
      if (seesKernel && endpoint?.kind === 'remote') throw remoteError(endpoint);
      await need();
      words.push('yes');
    } catch (error) {
      const remedy = error instanceof DitError ? (error.remedy ?? '') : '';
      missing.push({ source: name, reason: messageOf(error), remedy });
      words.push('no');
    }
  }
  return {
    ...table,
    groups: [{ title: '', rows: [{ title: 'works here', words }] }, ...table.groups],
    missing,
  };
}
