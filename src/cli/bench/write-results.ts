/** bench.json and the CSV files of a benchmark directory, each there whole or as it was before. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { safeJson } from '../../base/escape.js';
import { BENCH_FILE, type Bench, CSV_DIMENSIONS } from '../../model/bench.js';
import { benchCsv, CSV_SHAPES } from '../../model/bench-csv.js';
import { writeWholeFile } from '../write-whole-file.js';

/** @returns the files, bench.json last: while it is missing or old, the CSV files are no newer @throws the system's error */
export function writeResults(directory: string, bench: Bench): string[] {
  const written: string[] = [];
  const write = (name: string, text: string): void => {
    const path = join(directory, name);
    writeWholeFile(path, Buffer.from(text));
    written.push(path);
  };
  for (const dimension of bench.dimensions) {
    const name = CSV_DIMENSIONS.find((each) => each === dimension.name);
    if (name !== undefined) write(CSV_SHAPES[name].file, benchCsv(name, dimension));
  }
  write(BENCH_FILE, `${safeJson(bench, 1)}\n`);
  return written;
}

/** Files of a benchmark that this one would replace. */
export function resultsIn(directory: string): string[] {
  const names = new Set([BENCH_FILE, ...CSV_DIMENSIONS.map((name) => CSV_SHAPES[name].file)]);
  return readdirSync(directory).filter((name) => names.has(name));
}
