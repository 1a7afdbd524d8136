/** DuckDB's errors in dit's words: what is wrong, and where in the SQL. */

import { DitError, EXIT, messageOf } from '../base/errors.js';
import { type Foreign, firstLine, quoting, raw } from '../base/foreign.js';

/** DuckDB's error with errors_as_json. */
interface DuckError {
  readonly exception_type: string;
  readonly exception_message: Foreign;
  /** Byte in the SQL, in decimal. */
  readonly position?: string;
  readonly type?: string;
  readonly name?: Foreign;
}

export interface SqlContext {
  readonly sql: string;
  readonly tables: readonly string[];
}

export function sqlError(error: unknown, { sql, tables }: SqlContext): DitError {
  const duck = parseDuckError(messageOf(error));
  const message = wordsOf(error);
  if (duck === undefined) {
    return refused('query-failed', quoting`the query failed: ${message}`, SEE_COLUMNS, error);
  }
  const where = duck.position === undefined ? '' : place(sql, Number(duck.position));
  if (duck.exception_type === 'Catalog' && duck.type === 'Table') {
    return refused(
      'query-table',
      quoting`there is no table "${duck.name ?? ''}"${where}`,
      `use ${tables.join(', ')}: docs/schema.md`,
      error,
    );
  }
  if (duck.exception_type === 'Out of Memory') {
    return tooMuchMemory(message, error);
  }
  if (duck.exception_type === 'Permission') {
    return refused(
      'query-files',
      quoting`the query reads a file of its own, which it may not${where}: ${message}`,
      'name traces and folders after the SQL; the tables hold what is in them',
      error,
    );
  }
  return refused(
    'query-sql',
    quoting`the SQL is not right${where}: ${message}`,
    SEE_COLUMNS,
    error,
  );
}

export const tooMuchMemory = (why: Foreign, cause?: unknown): DitError =>
  refused('query-memory', quoting`the query needs more memory: ${why}`, GIVE_MORE, cause);

/** The first line of DuckDB's message. */
export function wordsOf(error: unknown): Foreign {
  const text = messageOf(error);
  return firstLine(parseDuckError(text)?.exception_message ?? text);
}

const GIVE_MORE = 'give it more: --memory 2g; or ask for less: a LIMIT, fewer files';
const SEE_COLUMNS =
  'docs/schema.md names tables and columns, as does dit trace query "DESCRIBE runs"';

function refused(code: string, message: Foreign, remedy: string, cause: unknown): DitError {
  return new DitError({ code, exitCode: EXIT.usage, message, remedy, cause });
}

/** "Parser Error: {…}" */
function parseDuckError(text: Foreign): DuckError | undefined {
  try {
    const error: unknown = JSON.parse(raw(text.slice(text.indexOf('{'))));
    return typeof error === 'object' && error !== null && 'exception_message' in error
      ? (error as DuckError)
      : undefined;
  } catch {
    // Not what it should be: taken for nothing.
    return undefined;
  }
}

const AROUND = 24;

/** " (line 1, column 10: at "FORM runs")"; positions count bytes. */
function place(sql: string, position: number): string {
  const before = new TextDecoder().decode(new TextEncoder().encode(sql).subarray(0, position));
  const lines = before.split('\n');
  const rest = sql.slice(before.length).split('\n')[0] ?? '';
  const near = rest.length > AROUND ? `${rest.slice(0, AROUND)}…` : rest;
  const at = near === '' ? 'at the end' : `at "${near}"`;
  return ` (line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}, ${at})`;
}
