/** bench.json and the CSV files of a benchmark directory, each there whole or as it was before. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { safeJson } from '../base/escape.js';
import { BENCH_FILE, type Bench, CSV_DIMENSIONS } from '../model/bench/bench.js';
import { benchCsv, CSV_SHAPES } from '../model/bench/bench-csv.js';
import type { Owner } from '../platform/files/owner.js';
import { writeWholeFile } from '../platform/files/whole-file.js';

/**
 * bench.json last: while it is missing or old, the CSV files are no newer.
 * @param owner of files that are new
 * @throws the system's error
 */
export function writeResults(directory: string, bench: Bench, owner: Owner | undefined): void {
  const write = (name: string, text: string): void =>
    writeWholeFile(join(directory, name), text, { mode: 0o666, owner });
  for (const dimension of bench.dimensions) {
    const name = CSV_DIMENSIONS.find((each) => each === dimension.name);
    if (name !== undefined) write(CSV_SHAPES[name].file, benchCsv(name, dimension));
  }
  write(BENCH_FILE, `${safeJson(bench, 1)}\n`);
}

/** Files of a benchmark that this one would replace. */
export function resultsIn(directory: string): string[] {
  const names = new Set([BENCH_FILE, ...CSV_DIMENSIONS.map((name) => CSV_SHAPES[name].file)]);
  return readdirSync(directory).filter((name) => names.has(name));
}
