/** What the process of a query and dit say to each other: one call at a time, each answered once. */

import { DitError } from '../base/errors.js';
import { type Foreign, raw } from '../base/foreign.js';
import type { CheckedQuery, DatabaseOptions, ResultColumn } from './database.js';
import type { TableFile } from './tables.js';

/** A value of an answer: anything other than a number, text or boolean is the text that it prints as. */
export type Cell = string | number | bigint | boolean | null;

export type QueryCall =
  | { readonly does: 'check'; readonly sql: string; readonly options: DatabaseOptions }
  | {
      readonly does: 'open';
      readonly options: DatabaseOptions;
      readonly files: ReadonlyMap<string, readonly TableFile[]>;
      readonly output: string | undefined;
    }
  | { readonly does: 'run'; readonly query: CheckedQuery }
  /** The next rows; an empty list is the end. */
  | { readonly does: 'next' }
  | { readonly does: 'writeParquet'; readonly query: CheckedQuery; readonly output: string };

/** What each call gives back. */
export interface QueryAnswers {
  readonly check: CheckedQuery;
  readonly open: undefined;
  readonly run: readonly ResultColumn[];
  readonly next: readonly (readonly Cell[])[];
  readonly writeParquet: undefined;
}

export type QueryReply =
  | { readonly value: unknown }
  | { readonly failure: Pick<DitError, 'code' | 'exitCode' | 'message' | 'remedy'> }
  /** A bug. */
  | { readonly bug: Foreign };

/** An error of the other process. */
export function failureOf(reply: QueryReply): Error | undefined {
  if ('failure' in reply) return new DitError(reply.failure);
  return 'bug' in reply ? new Error(raw(reply.bug)) : undefined;
}
