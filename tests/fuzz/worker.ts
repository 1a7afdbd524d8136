/** Runs the cases that its parent names, one after the other, and says how each ended. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyse } from '../../src/analysis/analyse.js';
import { parquetFile } from '../../src/export/parquet.js';
import { rowsOf } from '../../src/export/tables/rows.js';
import { decodeTraceFile } from '../../src/tracefile/reader.js';
import { baseTraces } from './base-traces.js';
import { type Bases, type Case, makeCase } from './cases.js';
import { faultOfExit, faultOfText } from './judge.js';
import { runInProcess } from './run-in-process.js';

/** How a case ended, as the parent is told. */
export interface CaseResult {
  readonly seed: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly exitCode: number;
  /** undefined: nothing was wrong. */
  readonly fault: string | undefined;
  /** User and system time. */
  readonly cpuMs: number;
  /** The process's largest so far, since it was reset before the case. */
  readonly peakBytes: number;
}

const folder = process.argv[2] as string;
const traces = baseTraces();
const bases: Bases = { traces, parquet: parquetOf(traces.small[0] as Uint8Array) };
const env = {
  HOME: join(folder, 'home'),
  XDG_CACHE_HOME: join(folder, 'cache'),
  PATH: process.env.PATH ?? '',
};

function parquetOf(bytes: Uint8Array): Uint8Array[] {
  const trace = analyse(decodeTraceFile(bytes));
  const options = { file: 'base.dit', tracks: () => undefined as never };
  return (['runs', 'segments', 'milestones'] as const).map((table) =>
    parquetFile(rowsOf(table, trace, options)),
  );
}

process.on('message', (seed: number) => {
  void run(seed).then((result) => process.send?.(result));
});
process.send?.('ready');

async function run(seed: number): Promise<CaseResult> {
  const own = join(folder, 'case');
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own);
  const made = makeCase(seed, own, bases);
  if (process.memoryUsage.rss() > 250 << 20) globalThis.gc?.();
  resetPeak();
  const before = process.cpuUsage();
  const ran = await runInProcess(made.args, { ...env, ...made.env });
  const { user, system } = process.cpuUsage(before);
  return {
    seed,
    args: made.args,
    env: made.env ?? {},
    exitCode: ran.exitCode,
    fault: faultOf(made, ran),
    cpuMs: (user + system) / 1_000,
    peakBytes: peakBytes(),
  };
}

function faultOf(made: Case, ran: Awaited<ReturnType<typeof runInProcess>>): string | undefined {
  const exit = faultOfExit(ran.exitCode);
  if (exit !== undefined) return `${exit}: ${ran.stderr.slice(0, 2_000)}`;
  const text = faultOfText(ran.stderr, 'text');
  if (text !== undefined) return `standard error: ${text}`;
  if (ran.isWhole) {
    const fault = faultOfText(ran.stdout.toString('utf8'), made.stdout);
    if (fault !== undefined) return fault;
  }
  if (ran.exitCode !== 0 || made.written === undefined) return undefined;
  const fault = faultOfText(readFileSync(made.written.path, 'utf8'), made.written.syntax);
  return fault === undefined ? undefined : `the file: ${fault}`;
}

/** Linux: VmHWM starts anew. */
function resetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // The peak of all cases so far is then that of each: looked at again in a process of its own.
  }
}

function peakBytes(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}
