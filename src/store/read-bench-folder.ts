/** A benchmark directory read: dit's own with its bench.json, or one with only CSV files, as the study's. */
import { readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { DitError, EXIT, messageOf, systemErrorCode } from '../base/errors.js';
import { type Foreign, quoting } from '../base/foreign.js';
import {
  BENCH_FILE,
  BENCH_SCHEMA,
  type Bench,
  type BenchDimension,
  CSV_DIMENSIONS,
  MOST_GROUPS,
  MOST_SAMPLES,
} from '../model/bench/bench.js';
import type { Platform } from '../model/bench/bench-comparison.js';
import { CSV_SHAPES, readBenchCsv } from '../model/bench/bench-csv.js';
import { readBenchJson } from '../model/bench/bench-json.js';
import { readInput } from '../platform/files/input-files.js';

/** Names what the CSV files do not: "Platform Label: azure", and "--- Kernel ---" with its lines. */
const INFO_FILE = 'platform-info.txt';
/** Room for as many values as a benchmark may have. JSON takes twenty times its size in memory. */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * @param argument a directory, or NAME=DIRECTORY to call its platform something else
 * @throws DitError naming what is missing or broken
 */
export function readBenchFolder(argument: string): Platform {
  const { name, path } = nameAndPath(argument);
  const files = filesIn(path);
  const source = files.includes(BENCH_FILE) ? 'bench.json' : 'csv';
  const bench =
    source === 'bench.json'
      ? readBenchJson(readText(join(path, BENCH_FILE)), join(path, BENCH_FILE))
      : readCsvFolder(path, files);
  checkSize(bench, path);
  return { name: name ?? bench.platform, path, source, bench };
}

function checkSize({ dimensions }: Bench, path: string): void {
  const samples = dimensions.reduce((sum, each) => sum + each.samples.length, 0);
  const groups = dimensions.reduce((sum, each) => sum + each.groups.length, 0);
  if (samples <= MOST_SAMPLES && groups <= MOST_GROUPS) return;
  throw unusable(
    `"${path}" holds ${samples} values in ${groups} groups, more than a benchmark's`,
    `give at most ${MOST_SAMPLES} values in ${MOST_GROUPS} groups`,
  );
}

/** A directory may have "=" in its name. */
function nameAndPath(argument: string): { name: string | undefined; path: string } {
  const [, name, path] = /^([^=]+)=(.+)$/s.exec(argument) ?? [];
  const whole = statSync(argument, { throwIfNoEntry: false }) !== undefined;
  return whole || path === undefined ? { name: undefined, path: argument } : { name, path };
}

function filesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    const code = systemErrorCode(error);
    const remedy =
      'name a directory that "dit bench --out DIR" wrote, or one with CSV files like its own';
    if (code === 'ENOENT') throw unusable(`there is no directory "${path}"`, remedy);
    if (code === 'ENOTDIR') throw unusable(`"${path}" is not a directory`, remedy);
    throw unusable(quoting`"${path}" cannot be read: ${messageOf(error)}`, 'let this user read it');
  }
}

function readCsvFolder(path: string, files: readonly string[]): Bench {
  const names = CSV_DIMENSIONS.map((name) => CSV_SHAPES[name].file);
  const unknown = files.find((file) => file.endsWith('.csv') && !names.includes(file));
  if (unknown !== undefined) {
    throw unusable(
      `"${join(path, unknown)}" is not a file of a benchmark`,
      `call it what it is, or move it away: ${names.join(', ')}`,
    );
  }
  const dimensions = CSV_DIMENSIONS.flatMap((name): BenchDimension[] => {
    const { file } = CSV_SHAPES[name];
    if (!files.includes(file)) return [];
    return [readBenchCsv(name, readText(join(path, file)), join(path, file))];
  });
  if (dimensions.length === 0) {
    throw unusable(
      `"${path}" holds no benchmark: neither ${BENCH_FILE} nor a CSV file of one`,
      `measure: dit bench --out "${path}"`,
    );
  }
  const info = files.includes(INFO_FILE) ? readText(join(path, INFO_FILE)) : '';
  return {
    schema: BENCH_SCHEMA,
    platform: /^Platform Label: *(.+?)\r?$/m.exec(info)?.[1] ?? basename(resolve(path)),
    seed: null,
    environment: environmentOf(info),
    started: '',
    ended: '',
    dimensions,
    notes: [],
  };
}

/** The first line of each section says enough. */
function environmentOf(info: string): Bench['environment'] {
  const sections = new Map(
    [...info.matchAll(/^--- (\w+) ---\r?\n(.*)$/gm)].map(([, name, line]) => [
      name,
      line?.replace(/^model name\s*:/, '').trim(),
    ]),
  );
  const of = (...names: readonly string[]): Record<string, string> =>
    Object.fromEntries(
      names.flatMap((name) => {
        const line = sections.get(name);
        return line === undefined || line === '' ? [] : [[name, line]];
      }),
    );
  return { host: of('OS', 'CPU', 'Kernel'), engine: of('Docker') };
}

function readText(path: string): string {
  const refusal = (size: number): DitError =>
    unusable(
      `"${path}" has ${size} bytes, more than a benchmark's`,
      `give a file of at most ${MOST_BYTES} bytes`,
    );
  try {
    return readInput(path, { bytes: MOST_BYTES, refusal }).toString('utf8');
  } catch (error) {
    if (error instanceof DitError) throw error;
    throw unusable(quoting`"${path}" cannot be read: ${messageOf(error)}`, 'let this user read it');
  }
}

function unusable(message: Foreign, remedy: string): DitError {
  return new DitError({ code: 'bench-folder', exitCode: EXIT.usage, message, remedy });
}
