/** DuckDB's errors in dit's words: what is wrong, and where in the SQL. */
import { DitError, EXIT, messageOf } from '../base/errors.js';

/** What DuckDB says with errors_as_json. */
interface DuckError {
  readonly exception_type: string;
  readonly exception_message: string;
  /** Byte in the SQL, in decimal. */
  readonly position?: string;
  readonly type?: string;
  readonly name?: string;
}

export interface SqlContext {
  readonly sql: string;
  readonly tables: readonly string[];
}

export function sqlError(error: unknown, { sql, tables }: SqlContext): DitError {
  const duck = parseDuckError(messageOf(error));
  const message = wordsOf(error);
  if (duck === undefined) {
    return refused('query-failed', `the query failed: ${message}`, SEE_COLUMNS, error);
  }
  const where = duck.position === undefined ? '' : place(sql, Number(duck.position));
  if (duck.exception_type === 'Catalog' && duck.type === 'Table') {
    return refused(
      'query-table',
      `there is no table "${duck.name ?? ''}"${where}`,
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
      `the query reads a file of its own, which it may not${where}: ${message}`,
      'name traces and folders after the SQL; the tables hold what is in them',
      error,
    );
  }
  return refused('query-sql', `the SQL is not right${where}: ${message}`, SEE_COLUMNS, error);
}

export const tooMuchMemory = (why: string, cause?: unknown): DitError =>
  refused('query-memory', `the query needs more memory: ${why}`, GIVE_MORE, cause);

/** The first line of what DuckDB says. */
export function wordsOf(error: unknown): string {
  const text = messageOf(error);
  return (parseDuckError(text)?.exception_message ?? text).split('\n')[0] ?? '';
}

const GIVE_MORE = 'give it more: --memory 2g; or ask for less: a LIMIT, fewer files';
const SEE_COLUMNS =
  'docs/schema.md names tables and columns, as does dit trace query "DESCRIBE runs"';

function refused(code: string, message: string, remedy: string, cause: unknown): DitError {
  return new DitError({ code, exitCode: EXIT.usage, message, remedy, cause });
}

/** "Parser Error: {…}" */
function parseDuckError(text: string): DuckError | undefined {
  try {
    const error: unknown = JSON.parse(text.slice(text.indexOf('{')));
    return typeof error === 'object' && error !== null && 'exception_message' in error
      ? (error as DuckError)
      : undefined;
  } catch {
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
