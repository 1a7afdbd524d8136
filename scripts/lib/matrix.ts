/** The engine matrix: every row on a private engine of its kind, a table, and a verdict. See scripts/matrix. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import type { RowResult } from './matrix-check.js';
import { MATRIX, type MatrixRow } from './matrix-rows.js';

const projectRoot = join(import.meta.dirname, '../..');
const BEGIN = '<!-- scripts/matrix writes from here -->';
const END = '<!-- to here -->';

const COLUMNS = [
  'start',
  'engine',
  'ms',
  'milestones',
  'absent',
  'path inferred',
  'unattributed',
  'lost',
  '',
];

function cells(result: RowResult): string[] {
  const { row, engineVersion, windowMs, found, inferred, absent, unattributed, lost } = result;
  const guessed = inferred.length === 0 ? '' : ` (inferred: ${inferred.join(', ')})`;
  return [
    row,
    engineVersion,
    windowMs.toFixed(0),
    `${found}${guessed}`,
    absent.join(', '),
    percent(result.inferredPath),
    percent(unattributed),
    String(lost),
    result.faults.length === 0 ? 'ok' : `FAILED: ${result.faults.join('; ')}`,
  ];
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function markdown(results: readonly RowResult[]): string {
  const lines = [COLUMNS, COLUMNS.map(() => '---'), ...results.map(cells)];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

/** Rows whose name begins with one of `chosen`; all without any. */
function select(chosen: readonly string[]): MatrixRow[] {
  for (const name of chosen) {
    if (!MATRIX.some((row) => row.name.startsWith(name))) {
      process.stderr.write(`dit: there is no row '${name}'; rows:\n`);
      for (const row of MATRIX) process.stderr.write(`  ${row.name}\n`);
      process.exit(2);
    }
  }
  return MATRIX.filter(
    ({ name }) => chosen.length === 0 || chosen.some((each) => name.startsWith(each)),
  );
}

async function recordAll(rows: readonly MatrixRow[], folder: string): Promise<RowResult[]> {
  const file = join(folder, 'results.jsonl');
  await rm(file, { force: true });
  const results: RowResult[] = [];
  for (const engine of new Set(rows.map((row) => row.engine))) {
    const names = rows.filter((row) => row.engine === engine).map(({ name }) => name);
    const inside = [
      process.execPath,
      ...process.execArgv,
      join(import.meta.dirname, 'matrix-record.ts'),
    ];
    const command = ['--', ...inside, file, folder, ...names];
    const { exitCode } = await execa(join(projectRoot, 'scripts/engines'), [engine, ...command], {
      stdio: ['ignore', 2, 2],
      reject: false,
    });
    const text = await readFile(file, 'utf8').catch(() => '');
    const seen = text
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line): RowResult => JSON.parse(line));
    for (const name of names) {
      const result = seen.find(({ row }) => row === name) ?? missing(name, exitCode);
      process.stdout.write(`${cells(result).join('  ')}\n`);
      results.push(result);
    }
  }
  return results;
}

const missing = (row: string, status: number | undefined): RowResult => ({
  row,
  engineVersion: '',
  windowMs: 0,
  found: 0,
  inferred: [],
  absent: [],
  unattributed: 0,
  inferredPath: 0,
  lost: 0,
  faults: [`scripts/engines ends with ${status}`],
});

async function writeTable(results: readonly RowResult[]): Promise<void> {
  const file = join(projectRoot, 'docs/engines.md');
  const text = await readFile(file, 'utf8');
  const [before] = text.split(BEGIN);
  const after = text.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`'${file}' has lost its marks`);
  await writeFile(file, `${before}${BEGIN}\n${markdown(results)}\n${END}${after}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: 'string' }, list: { type: 'boolean' }, write: { type: 'boolean' } },
});
const rows = select(positionals);
if (values.list === true) {
  for (const { name } of rows) process.stdout.write(`${name}\n`);
} else {
  const folder = values.keep ?? (await mkdtemp(join(tmpdir(), 'dit-matrix-')));
  await mkdir(folder, { recursive: true });
  const results = await recordAll(rows, folder);
  if (values.keep === undefined) await rm(folder, { recursive: true });
  const failed = results.filter(({ faults }) => faults.length > 0);
  if (values.write === true) await writeTable(results);
  process.stdout.write(`${results.length - failed.length} of ${results.length} rows are green\n`);
  if (failed.length > 0) process.exitCode = 1;
}
