/** Prints docs/schema.md: `npx tsx scripts/docs-schema.ts > docs/schema.md`. */
import { pathToFileURL } from 'node:url';
import {
  type Column,
  LARGE_TABLES,
  TABLE_NAMES,
  TABLES,
  TABLES_VERSION,
  type TableName,
} from '../src/export/tables/schema.js';
import { namedQueries } from '../src/query/named-queries.js';
import { DUCKDB_TYPES } from '../src/store/duckdb-tables.js';

const HEAD = `| column | type | unit | null | meaning |
|---|---|---|---|---|`;

const isCommon = ({ name }: Column): boolean =>
  TABLE_NAMES.every((table) => TABLES[table].columns.some((column) => column.name === name));

export function schemaDocument(): string {
  return `# Tables

A trace as SQL tables. \`dit trace query\`, \`dit trace export --to parquet\` and \`--to csv\`, and
\`dit trace watch --parquet\` have the same tables. This is version ${TABLES_VERSION}, which each Parquet file has in its
metadata (\`dit.columns\`). The version changes if a column is renamed, removed or means something else. Any version of dit
may add columns; older files have null there.

- \`start_ns\`, \`time_ns\`, \`window_start_ns\` are on the trace clock: ns since the recording began, negative before. Compare
  them only within one \`trace_id\`. They are whole numbers. Only \`started_at\` is on the wall clock.
- Do not compare times of different sources: \`WHERE NOT perturbed\`. An \`inferred\` value was not fully measured.
- Rows of one start have the same \`(trace_id, container_id)\`: \`JOIN runs USING (trace_id, container_id)\`.
  \`container_id\` is not enough if a container was started twice.
- \`runs.lost_events\` shows that a recording lost events; \`losses\` has where.
- The types are DuckDB's: BIGINT and INTEGER are INT64 and INT32 in Parquet, TIMESTAMP is in µs, UTC.
- Texts come from containers, engines and kernels: escape them before you print them.

## Columns of every table

${HEAD}
${TABLES.runs.columns.filter(isCommon).map(columnLine).join('\n')}

The tables slices, syscalls and losses are about a recording: there, \`started_at\` is when its first start began, and
\`container_id\` is null for a process that works for all containers, as the engine does.

${TABLE_NAMES.map(tableSection).join('\n\n')}

## Built-in queries

Run one with \`dit trace query NAME DIR\`. \`dit trace query --list NAME\` prints its SQL, as a starting point for your own.

| name | what it shows |
|---|---|
${namedQueries()
  .map(({ name, title }) => `| ${name} | ${title} |`)
  .join('\n')}
`;
}

function tableSection(name: TableName): string {
  const { row, columns } = TABLES[name];
  const size = LARGE_TABLES.has(name) ? ' Tens of thousands of rows per start.' : '';
  return `## ${name}

One row is ${row}.${size}

${HEAD}
${columns
  .filter((column) => !isCommon(column))
  .map(columnLine)
  .join('\n')}`;
}

function columnLine({ name, type, unit, nullable, meaning }: Column): string {
  return `| ${name} | ${DUCKDB_TYPES[type]} | ${unit} | ${nullable ? 'yes' : ''} | ${meaning} |`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(schemaDocument());
}
