/**
 * Records and checks rows of the engine matrix inside the engine that scripts/engines gave; appends a line of
 * JSON a row to a file.
 *   matrix-record.ts RESULTS TRACE-FOLDER ROW…
 */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { checkRow, type RowResult, type TraceJson } from './matrix-check.js';
import { MATRIX, type MatrixRow } from './matrix-rows.js';

const START_LIMIT_MS = 60_000;
const dit = join(import.meta.dirname, '../dit');
const containerRun = process.env.CONTAINER_RUN ?? '';
const containerList = process.env.CONTAINER_LIST ?? '';

async function record(row: MatrixRow, file: string): Promise<RowResult> {
  const options = ['--json', '--output', file];
  const args =
    'run' in row.start
      ? ['trace', 'run', ...options, ...row.start.run]
      : ['trace', 'exec', ...options, '--', ...words(row.start.exec(containerRun))];
  if (row.network !== undefined) await execa('docker', ['network', 'create', row.network]);
  try {
    const { stdout } = await execa(dit, args, { timeout: START_LIMIT_MS });
    return checkRow(row, JSON.parse(stdout), await containers());
  } finally {
    if (row.network !== undefined) await execa('docker', ['network', 'rm', row.network]);
  }
}

async function containers(): Promise<string[]> {
  const [program = '', ...args] = words(containerList);
  const { stdout } = await execa(program, args);
  return words(stdout);
}

const words = (line: string): string[] => line.split(/\s+/).filter(Boolean);

const NOTHING: TraceJson = {
  engine: { version: '' },
  lost: null,
  malformed: 0,
  complete: false,
  runs: [],
};

const [results = '', folder = '', ...names] = process.argv.slice(2);
// What a first start reads from the disk is no property of the engine.
const [program = '', ...args] = words(containerRun);
await execa(program, args, { timeout: START_LIMIT_MS });
for (const name of names) {
  const row = MATRIX.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`there is no row '${name}'`);
  const file = join(folder, `${name.replaceAll(/[^\w.-]+/g, '-')}.dit`);
  const result = await record(row, file).catch((error: Error) => ({
    ...checkRow(row, NOTHING, []),
    faults: [error.message],
  }));
  await appendFile(results, `${JSON.stringify(result)}\n`);
}
