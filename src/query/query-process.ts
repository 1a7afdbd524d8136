/** A database in a process of its own: it can be ended whatever it does, and takes no more memory than it may. */
import { fileURLToPath } from 'node:url';
import { unlessAborted } from '../platform/deadline.js';
import { type ChildProcess, startProgram } from '../platform/processes/child-process.js';
import type { CheckedQuery, DatabaseOptions, ResultColumn } from './database.js';
import {
  type Cell,
  failureOf,
  type QueryAnswers,
  type QueryCall,
  type QueryReply,
} from './query-protocol.js';
import { tooMuchMemory } from './sql-errors.js';
import type { TableFile } from './tables.js';

export interface QueryResult {
  readonly columns: readonly ResultColumn[];
  /** Some thousand rows at a time, read as they are asked for. */
  readonly batches: AsyncIterable<readonly (readonly Cell[])[]>;
}

const MIB = 2 ** 20;
/** What Node, the database's code and the stacks of its threads take before any data. */
const PROCESS_BYTES = 96 * MIB;
/** What the kernel counts of that: threads' stacks are counted whole. */
const RESERVED_BYTES = 64 * MIB;
/** Less, and the process would not come to its first statement. */
const LEAST_BYTES = 256 * MIB;

/** sh's ulimit -d is RLIMIT_DATA, in KiB: what all writable private memory of the process may be. */
const LIMITED = 'ulimit -d "$1" && shift && exec "$@"';
const MAIN = fileURLToPath(new URL('./query-main.js', import.meta.url));

export class QueryProcess {
  readonly #options: DatabaseOptions;
  readonly #signal: AbortSignal;
  readonly #child: ChildProcess;
  /** Rejects when the process ends before it was told to. */
  readonly #ended: Promise<never>;

  /**
   * @param options `memory` is what the whole process may take
   * @param signal ends it at once
   */
  constructor(options: DatabaseOptions, signal: AbortSignal) {
    const { memory } = options;
    this.#options = { ...options, memory: Math.max(memory / 2, memory - PROCESS_BYTES) };
    this.#signal = signal;
    const heapMib = Math.ceil(Math.max(memory, LEAST_BYTES) / MIB);
    const node = [process.execPath, `--max-old-space-size=${heapMib}`, MAIN];
    const limitBytes = Math.max(memory + RESERVED_BYTES, LEAST_BYTES);
    const limitKib = String(Math.ceil(limitBytes / 1024));
    // A process group of its own: a Ctrl-C in the terminal is dit's to pass on.
    this.#child = startProgram('/bin/sh', ['-c', LIMITED, 'dit', limitKib, ...node], {
      // A query takes as long as it takes: people end it.
      endedBy: signal,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      detached: true,
    });
    this.#ended = new Promise((_, reject) => {
      this.#child.once('error', reject);
      this.#child.once('exit', (code, by) => reject(endedEarly(code, by)));
    });
    // Each call that waits for it hears of it.
    this.#ended.catch(() => {});
  }

  /** See `checkQuery`. */
  check(sql: string): Promise<CheckedQuery> {
    return this.#ask({ does: 'check', sql, options: this.#options });
  }

  /** See `QueryDatabase.open`. */
  open(
    files: ReadonlyMap<string, readonly TableFile[]>,
    output: string | undefined,
  ): Promise<undefined> {
    return this.#ask({ does: 'open', options: this.#options, files, output });
  }

  /** @throws DitError, when it is called and while batches are read */
  async run(query: CheckedQuery): Promise<QueryResult> {
    const columns = await this.#ask({ does: 'run', query });
    const next = (): Promise<QueryAnswers['next']> => this.#ask({ does: 'next' });
    const batches = async function* () {
      for (let rows = await next(); rows.length > 0; rows = await next()) yield rows;
    };
    return { columns, batches: batches() };
  }

  /** The answer as a Parquet file at the `output` that was given. @throws DitError */
  writeParquet(query: CheckedQuery, output: string): Promise<undefined> {
    return this.#ask({ does: 'writeParquet', query, output });
  }

  /** Ends it, whatever it does. */
  close(): void {
    this.#child.kill('SIGKILL');
  }

  async #ask<Call extends QueryCall>(call: Call): Promise<QueryAnswers[Call['does']]> {
    this.#signal.throwIfAborted();
    const replied = new Promise<QueryReply>((resolve, reject) => {
      this.#child.once('message', (reply) => resolve(reply as QueryReply));
      this.#child.send(call, (error) => {
        // That it has ended says more.
        if (error !== null) this.#ended.catch(reject);
      });
    });
    const reply = await unlessAborted(Promise.race([replied, this.#ended]), this.#signal);
    this.#child.removeAllListeners('message');
    const failure = failureOf(reply);
    if (failure !== undefined) throw failure;
    return (reply as { value: unknown }).value as QueryAnswers[Call['does']];
  }
}

/** What the C++ runtime, V8 and the kernel do where there is no memory. */
const OUT_OF_MEMORY: ReadonlySet<string> = new Set([
  'SIGABRT',
  'SIGTRAP',
  'SIGILL',
  'SIGKILL',
  'SIGSEGV',
  'SIGBUS',
]);

function endedEarly(code: number | null, by: NodeJS.Signals | null): Error {
  // Node aborts if it runs out of memory; the shell turns that into a status.
  if ((by !== null && OUT_OF_MEMORY.has(by)) || code === 134 || code === 133) {
    return tooMuchMemory('its process was at its limit');
  }
  return new Error(`the query's process ended: ${by ?? `status ${code}`}`);
}
