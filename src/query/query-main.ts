/**
 * The process of a query. A statement that never ends, or a value that takes all memory, is this process's, and
 * ends with it; dit kills it at Ctrl-C, and it ends when dit does.
 */
import type { DuckDBValue } from '@duckdb/node-api';
import { DitError, messageOf } from '../base/errors.js';
import { checkQuery, QueryDatabase } from './database.js';
import type { Cell, QueryCall, QueryReply } from './query-protocol.js';
import { tooMuchMemory } from './sql-errors.js';

/** What one answer to `next` may hold: it is in memory several times on its way. */
const MOST_CHARACTERS = 1 << 24;

let database: QueryDatabase | undefined;
let batches: AsyncIterator<readonly (readonly DuckDBValue[])[]> | undefined;

process.on('message', (call: QueryCall) => {
  void answer(call).then((reply) => process.send?.(reply));
});
// Its statement may be running: only a signal ends that.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

async function answer(call: QueryCall): Promise<QueryReply> {
  try {
    return { value: await answerTo(call) };
  } catch (error) {
    if (!(error instanceof DitError)) return { bug: messageOf(error) };
    const { code, exitCode, message, remedy } = error;
    return { failure: { code, exitCode, message, remedy } };
  }
}

async function answerTo(call: QueryCall): Promise<unknown> {
  switch (call.does) {
    case 'check':
      return checkQuery(call.sql, call.options);
    case 'open':
      database = await QueryDatabase.open(call.options, call.files, call.output);
      return undefined;
    case 'run': {
      const result = await opened().run(call.query);
      batches = result.batches[Symbol.asyncIterator]();
      return result.columns;
    }
    case 'next': {
      const next = await batches?.next();
      return next === undefined || next.done === true ? [] : cellsOf(next.value);
    }
    case 'writeParquet':
      return opened().writeParquet(call.query, call.output);
  }
}

function opened(): QueryDatabase {
  if (database === undefined) throw new Error('the database is not open');
  return database;
}

/** @throws DitError query-memory */
function cellsOf(rows: readonly (readonly DuckDBValue[])[]): Cell[][] {
  let characters = 0;
  return rows.map((row) =>
    row.map((value) => {
      const cell = cellOf(value);
      if (typeof cell === 'string') characters += cell.length;
      if (characters > MOST_CHARACTERS) throw tooMuchMemory('its rows are too long');
      return cell;
    }),
  );
}

function cellOf(value: DuckDBValue): Cell {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    default:
      return value === null || value === undefined ? null : String(value);
  }
}
