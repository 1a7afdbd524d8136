/** `dit trace query "SELECT …" [PATH…]`: SQL over many traces, with DuckDB in a process of its own. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { DitError, EXIT, messageOf } from '../../../base/errors.js';
import { escapeText } from '../../../base/escape.js';
import { type Foreign, quoting } from '../../../base/foreign.js';
import { TABLE_NAMES, type TableName } from '../../../export/tables/schema.js';
import { readInput } from '../../../platform/files/input-files.js';
import { removeOwnFolder } from '../../../platform/files/own-folder.js';
import { makeTemporaryFolder } from '../../../platform/files/temporary.js';
import type { CheckedQuery } from '../../../query/database.js';
import { namedQueries } from '../../../query/named-queries.js';
import { QueryProcess } from '../../../query/query-process.js';
import type { TableFile } from '../../../query/tables.js';
import { columnsOf } from '../../../render/common/columns.js';
import { formatCount, plural } from '../../../render/common/format.js';
import { PLAIN_THEME } from '../../../render/common/theme.js';
import { duckdbTables } from '../../../store/duckdb-tables.js';
import { findInputs, type QueryInputs } from '../../../store/query-inputs.js';
import { TableCache } from '../../../store/table-cache.js';
import { storedTraces, tracesFolder } from '../../../store/trace-store.js';
import { traceTables } from '../../../store/trace-tables.js';
import type { CommandContext } from '../../common/context.js';
import type { Output } from '../../common/output.js';
import { themeFor } from '../../common/theme.js';
import { NamedFile } from '../../common/write-export.js';
import { type AnswerFormat, type AnswerTarget, writeAnswer } from './query-answer.js';

export interface TraceQueryOptions {
  readonly list?: true;
  readonly format: AnswerFormat | 'parquet';
  readonly output?: string;
  /** "name=value". */
  readonly set: readonly string[];
  /** Bytes. */
  readonly memory: number;
}

/** How many files that are left out are told one by one. */
const NAMED_FILES = 5;
const MOST_SQL_BYTES = 1 << 20;

export async function traceQuery(
  asked: string | undefined,
  paths: readonly string[],
  options: TraceQueryOptions,
  context: CommandContext,
): Promise<void> {
  if (options.list === true) return listQueries(asked, context);
  if (options.format === 'parquet' && options.output === undefined) {
    throw usage('query-output', 'Parquet is binary and cannot be printed', 'name one with -o FILE');
  }
  const sql = sqlOf(asked);
  const database = new QueryProcess(
    { tables: duckdbTables(), memory: options.memory, variables: variablesOf(options.set) },
    context.signal,
  );
  try {
    await askAndAnswer(sql, paths, options, database, context);
  } finally {
    database.close();
  }
}

async function askAndAnswer(
  sql: string,
  paths: readonly string[],
  options: TraceQueryOptions,
  database: QueryProcess,
  context: CommandContext,
): Promise<void> {
  const query = await database.check(sql);
  // What tables there are, and their columns, is known without any file.
  const aboutData = !/^\s*(DESCRIBE|SHOW)\b/i.test(query.sql);
  const wanted = TABLE_NAMES.filter((table) => aboutData && query.tables.includes(table));
  const inputs = wanted.length === 0 ? NO_INPUTS : findInputs(pathsOr(paths, context.env), wanted);
  const cache = new TableCache(context.env);
  try {
    const files = await filesOf(inputs, wanted, cache, context);
    await answer(query, files, options, database, context);
  } finally {
    cache.close();
  }
}

const NO_INPUTS: QueryInputs = { traces: [], files: new Map(), refused: [], passedOver: 0 };

function usage(code: string, message: Foreign, remedy: string, cause?: unknown): DitError {
  return new DitError({ code, exitCode: EXIT.usage, message, remedy, cause });
}

const LIST = 'dit trace query --list';

async function listQueries(asked: string | undefined, { stdout }: CommandContext): Promise<void> {
  const queries = namedQueries();
  if (asked !== undefined) return stdout.write(sqlOf(asked));
  const columns = Math.max(...queries.map(({ name }) => columnsOf(name)));
  for (const { name, title } of queries) {
    await stdout.line(`${themeFor(stdout).strong(name.padEnd(columns))}  ${title}`);
  }
}

/** @throws DitError */
function sqlOf(asked: string | undefined): string {
  if (asked === undefined) {
    throw usage(
      'query-none',
      'no query given',
      `dit trace query "SELECT …" DIR, or one of: ${LIST}`,
    );
  }
  if (asked.endsWith('.sql')) return fileOf(asked);
  // No SQL is a single word.
  if (!/^[\w-]+$/.test(asked)) return asked;
  const named = namedQueries().find(({ name }) => name === asked);
  if (named !== undefined) return named.sql;
  throw usage('query-unknown', `there is no query "${asked}"`, LIST);
}

function fileOf(path: string): string {
  const refusal = (size: number): DitError =>
    usage(
      'query-unknown',
      `the query "${path}" has ${size} bytes`,
      `write it in at most ${MOST_SQL_BYTES} bytes`,
    );
  try {
    return readInput(path, { bytes: MOST_SQL_BYTES, refusal }).toString('utf8');
  } catch (error) {
    if (error instanceof DitError) throw error;
    const message = quoting`the query "${path}" cannot be read: ${messageOf(error)}`;
    throw usage('query-unknown', message, LIST, error);
  }
}

function variablesOf(settings: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    settings.map((setting) => {
      const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(setting) ?? [];
      if (name !== undefined && value !== undefined) return [name, value];
      throw usage('option-value', `invalid value '${setting}' for --set`, 'use NAME=VALUE');
    }),
  );
}

function pathsOr(paths: readonly string[], env: CommandContext['env']): readonly string[] {
  if (paths.length > 0) return paths;
  const stored = storedTraces(env).map(({ path }) => path);
  if (stored.length > 0) return stored;
  throw usage(
    'query-nothing',
    `no files are named, and there is no trace in "${tracesFolder(env)}" yet`,
    'name traces or folders: dit trace query slowest-starts DIR; or record: sudo dit trace run',
  );
}

/** @throws DitError where nothing can be read at all */
async function filesOf(
  inputs: QueryInputs,
  wanted: readonly TableName[],
  cache: TableCache,
  context: CommandContext,
): Promise<ReadonlyMap<string, readonly TableFile[]>> {
  const { stderr, signal } = context;
  const progress = new Progress(context, cache);
  const traces = await traceTables(inputs.traces, wanted, {
    cache,
    onAnalyse: progress.step,
    signal,
  });
  await progress.end();
  const problems = [...inputs.refused, ...traces.unreadable.map(({ message }) => message)];
  const files = new Map(
    wanted.map((table): [TableName, TableFile[]] => {
      const analysed = traces.files.get(table) ?? [];
      return [
        table,
        [
          ...(inputs.files.get(table) ?? []),
          ...analysed.map((path) => ({ path, partitioned: false, sameColumns: true })),
        ],
      ];
    }),
  );
  const nothing = [...files.values()].every((own) => own.length === 0);
  if (nothing && wanted.length > 0) throw nothingUsable(inputs, traces.unreadable, problems);
  for (const problem of problems.slice(0, NAMED_FILES)) {
    await stderr.line(`dit: left out: ${escapeText(problem)}`);
  }
  if (problems.length > NAMED_FILES) {
    const rest = problems.length - NAMED_FILES;
    await stderr.line(`dit: left out: ${plural(rest, 'more file')}, ${problems.length} in all`);
  }
  if (inputs.passedOver > 0) {
    const traceFiles = plural(inputs.passedOver, 'trace file');
    await stderr.line(
      `dit: ${traceFiles} beside tables of Parquet: not read, the tables are; name the files to have them`,
    );
  }
  return files;
}

function nothingUsable(
  { traces }: QueryInputs,
  unreadable: readonly DitError[],
  problems: readonly string[],
): DitError {
  const [only] = unreadable;
  if (only !== undefined && problems.length === 1) return only;
  if (problems.length > 0) {
    return usage(
      'query-unreadable',
      `none of ${plural(problems.length, 'file')} can be read: ${problems.slice(0, NAMED_FILES).join('; ')}`,
      'name traces of dit, or its tables of Parquet',
    );
  }
  return usage(
    'query-nothing',
    traces.length === 0
      ? 'there is no trace and no table of Parquet that the query is about'
      : 'no trace could be read',
    'name folders with *.dit in them, or those that dit trace export --to parquet wrote',
  );
}

async function answer(
  query: CheckedQuery,
  files: ReadonlyMap<string, readonly TableFile[]>,
  { format, output }: TraceQueryOptions,
  database: QueryProcess,
  { stdout, stderr, env, signal }: CommandContext,
): Promise<void> {
  const file = output === undefined ? undefined : await NamedFile.open(output, env, signal);
  try {
    const parquet = format === 'parquet' && file !== undefined ? parquetTarget(file) : undefined;
    await database.open(files, parquet?.path);
    if (parquet !== undefined) {
      await database.writeParquet(query, parquet.path).then(parquet.send).finally(parquet.close);
    } else if (format !== 'parquet') {
      const target = file === undefined ? targetOfStdout(stdout) : targetOf(file);
      const written = await writeAnswer(format, await database.run(query), target);
      if (written.rows === 0) await stderr.line('dit: no rows');
      if (written.more) {
        const rows = formatCount(written.rows);
        await stderr.line(`dit: the first ${rows} rows: --format csv gives all, LIMIT fewer`);
      }
    }
  } catch (error) {
    file?.discard();
    throw error;
  }
  file?.keep();
}

interface ParquetTarget {
  /** For DuckDB, which opens it itself. */
  readonly path: string;
  /** Brings what was written there to where it is wanted. */
  readonly send: () => Promise<void>;
  readonly close: () => void;
}

/** A pipe or a device is written to by dit alone, which does not wait inside the kernel. */
function parquetTarget(file: NamedFile): ParquetTarget {
  if (file.entrance !== undefined) {
    return { path: file.entrance, send: async () => {}, close: () => {} };
  }
  const folder = makeTemporaryFolder('query');
  const path = join(folder, 'answer.parquet');
  return {
    path,
    send: async () => {
      for await (const chunk of createReadStream(path)) await file.write(chunk as Buffer);
    },
    close: () => removeOwnFolder(folder),
  };
}

const targetOf = (file: NamedFile): AnswerTarget => ({
  write: async (text) => void (await file.write(text)),
  isTerminal: false,
  width: 0,
  theme: PLAIN_THEME,
  closed: false,
});

const targetOfStdout = (stdout: Output): AnswerTarget => ({
  write: (text) => stdout.write(text),
  isTerminal: stdout.isTerminal,
  width: stdout.width,
  theme: themeFor(stdout),
  get closed() {
    return stdout.closed;
  },
});

const TELL_EVERY_MS = 5000;

/** How far the first, slow work is: a line that is rewritten on a terminal, else one now and then. */
class Progress {
  readonly #context: CommandContext;
  readonly #cache: TableCache;
  #told = performance.now();
  #shown = false;

  constructor(context: CommandContext, cache: TableCache) {
    this.#context = context;
    this.#cache = cache;
  }

  readonly step = (done: number, all: number): void => {
    const { stderr } = this.#context;
    const text = `dit: analysing traces: ${formatCount(done)} of ${formatCount(all)}`;
    if (stderr.isTerminal && all > 1) {
      void stderr.write(`\r\x1b[K${text}`);
      this.#shown = true;
    } else if (performance.now() - this.#told > TELL_EVERY_MS) {
      const kept = this.#cache.temporary ? '' : '; the next question will not need it';
      void stderr.line(text + kept);
      this.#told = performance.now();
    }
  };

  async end(): Promise<void> {
    if (this.#shown) await this.#context.stderr.write('\r\x1b[K');
  }
}
