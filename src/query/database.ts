/**
 * DuckDB inside this process, locked down: it reads the files that it was given and no others, loads nothing, writes
 * nothing but the one file that a result goes to, and runs a single SELECT.
 */

import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import { DitError, EXIT, messageOf } from '../base/errors.js';
import { firstLine, quoting } from '../base/foreign.js';
import { sqlError, wordsOf } from './sql-errors.js';
import {
  createEmptySchema,
  createTable,
  createView,
  identifier,
  type QueryTable,
  quote,
  type TableFile,
} from './tables.js';

export interface DatabaseOptions {
  readonly tables: readonly QueryTable[];
  /** Bytes that the database may take. */
  readonly memory: number;
  /** What getvariable('name') gives in a query; names are identifiers. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface ResultColumn {
  readonly name: string;
  readonly isNumber: boolean;
}

export interface QueryResult {
  readonly columns: readonly ResultColumn[];
  /** Some thousand rows at a time, read as they are asked for. */
  readonly batches: AsyncIterable<readonly (readonly DuckDBValue[])[]>;
}

/** What a query is about, found out without any data. */
export interface CheckedQuery {
  readonly sql: string;
  /** Those of the tables that it may read. */
  readonly tables: readonly string[];
}

const SETTINGS = {
  threads: '2',
  // No spilling to disk: beyond the limit a query ends with an error.
  temp_directory: '',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  errors_as_json: 'true',
};

/** Nothing but blanks and comments. */
function isComment(sql: string): boolean {
  let rest = sql.trimStart();
  while (rest !== '') {
    const end = rest.startsWith('--') ? '\n' : rest.startsWith('/*') ? '*/' : undefined;
    if (end === undefined) return false;
    const at = rest.indexOf(end, 2);
    rest = at < 0 ? '' : rest.slice(at + end.length).trimStart();
  }
  return true;
}

/** Whether the SQL is one valid SELECT over the tables. @throws DitError */
export async function checkQuery(sql: string, options: DatabaseOptions): Promise<CheckedQuery> {
  const { duckdb, instance, connection } = await open(options);
  const names = options.tables.map(({ name }) => name);
  try {
    for (const table of options.tables) await connection.run(createTable(table));
    await lock(connection, [], options.variables);
    const statements = await connection.extractStatements(sql).catch((error: unknown) => {
      throw isComment(sql) ? notOneSelect() : error;
    });
    const prepared = await statements.prepare(0);
    if (statements.count !== 1 || prepared.statementType !== duckdb.StatementType.SELECT) {
      throw notOneSelect();
    }
    // DuckDB's own list lacks tables that are joined with USING. A word too many costs only time.
    const words = new Set(sql.toLowerCase().match(/\w+/g));
    return { sql, tables: names.filter((name) => words.has(name)) };
  } catch (error) {
    throw error instanceof DitError ? error : sqlError(error, { sql, tables: names });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function notOneSelect(): DitError {
  return new DitError({
    code: 'query-statement',
    exitCode: EXIT.usage,
    message: 'the SQL is not one SELECT: dit trace query reads, and answers one question at a time',
    remedy: 'begin with SELECT, WITH, FROM, DESCRIBE or SUMMARIZE; PIVOT needs its values: IN (…)',
  });
}

/** A database over files; what it is asked must have been checked. */
export class QueryDatabase {
  readonly #connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;
  readonly #numbers: ReadonlySet<number>;
  readonly #tables: readonly string[];

  private constructor({ duckdb, instance, connection }: Opened, tables: readonly string[]) {
    this.#instance = instance;
    this.#connection = connection;
    this.#tables = tables;
    this.#numbers = numericTypes(duckdb);
  }

  /**
   * @param filesOf the files of each table; absolute paths
   * @param output the one file that `writeParquet` may write
   * @throws DitError where a file is no Parquet
   */
  static async open(
    options: DatabaseOptions,
    filesOf: ReadonlyMap<string, readonly TableFile[]>,
    output: string | undefined,
  ): Promise<QueryDatabase> {
    const opened = await open(options);
    const { connection, instance } = opened;
    try {
      await connection.run(createEmptySchema);
      const all: string[] = output === undefined ? [] : [output];
      for (const table of options.tables) {
        const files = filesOf.get(table.name) ?? [];
        for (const statement of createView(table, files)) await connection.run(statement);
        for (const { path } of files) all.push(path);
      }
      await lock(connection, all, options.variables);
      return new QueryDatabase(
        opened,
        options.tables.map(({ name }) => name),
      );
    } catch (error) {
      connection.closeSync();
      instance.closeSync();
      throw unreadable(error);
    }
  }

  /** @throws DitError, when it is called and while batches are read */
  async run({ sql }: CheckedQuery): Promise<QueryResult> {
    const result = await this.#telling(sql, () => this.#connection.stream(sql));
    const types = result.columnTypes();
    const columns = result.deduplicatedColumnNames().map((name, index) => ({
      name,
      isNumber: this.#numbers.has(types[index]?.typeId ?? 0),
    }));
    const next = () => this.#telling(sql, () => result.fetchChunk());
    const batches = async function* () {
      for (let chunk = await next(); chunk !== null && chunk.rowCount > 0; chunk = await next()) {
        yield chunk.getRows();
      }
    };
    return { columns, batches: batches() };
  }

  /** The answer as a Parquet file at the `output` that was given. @throws DitError */
  async writeParquet({ sql }: CheckedQuery, output: string): Promise<void> {
    await this.#telling(sql, async () => {
      await this.#connection.run(`CREATE TEMP VIEW dit_answer AS ${sql}`);
      await this.#connection.run(
        `COPY dit_answer TO ${quote(output)} (FORMAT parquet, USE_TMP_FILE false)`,
      );
    });
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #telling<T>(sql: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw sqlError(error, { sql, tables: this.#tables });
    }
  }
}

function unreadable(error: unknown): DitError {
  return new DitError({
    code: 'query-parquet',
    exitCode: EXIT.usage,
    message: quoting`a Parquet file cannot be read: ${wordsOf(error)}`,
    remedy: 'leave the file out, or export it again: dit trace export --to parquet -o DIR',
    cause: error,
  });
}

type Duckdb = typeof import('@duckdb/node-api');

interface Opened {
  readonly duckdb: Duckdb;
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
}

async function open({ memory }: DatabaseOptions): Promise<Opened> {
  const duckdb = await loadDuckdb();
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    ...SETTINGS,
    memory_limit: `${Math.ceil(memory / 2 ** 20)}MiB`,
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return { duckdb, instance, connection };
}

/** Its binaries come as an optional package for each platform. */
async function loadDuckdb(): Promise<Duckdb> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    throw new DitError({
      code: 'query-engine',
      exitCode: EXIT.unavailable,
      message: quoting`the embedded database cannot be loaded: ${firstLine(messageOf(error))}`,
      remedy: 'npm install --include=optional; it has binaries for x64 and arm64',
      cause: error,
    });
  }
}

async function lock(
  connection: DuckDBConnection,
  paths: readonly string[],
  variables: DatabaseOptions['variables'],
): Promise<void> {
  for (const [name, value] of Object.entries(variables)) {
    await connection.run(`SET VARIABLE ${identifier(name)} = ${quote(value)}`);
  }
  await connection.run(`SET allowed_paths = [${paths.map(quote).join(', ')}]`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
}

function numericTypes({ DuckDBTypeId: id }: Duckdb): ReadonlySet<number> {
  return new Set([
    id.TINYINT,
    id.SMALLINT,
    id.INTEGER,
    id.BIGINT,
    id.UTINYINT,
    id.USMALLINT,
    id.UINTEGER,
    id.UBIGINT,
    id.FLOAT,
    id.DOUBLE,
    id.HUGEINT,
    id.UHUGEINT,
    id.DECIMAL,
  ]);
}
