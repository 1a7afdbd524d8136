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

What a trace is to SQL: \`dit trace query\`, \`dit trace export --to parquet\` and \`--to csv\`, and
\`dit trace watch --parquet\` have the same tables. This is version ${TABLES_VERSION} of them; it is in the metadata of each Parquet
file (\`dit.columns\`), and changes when a column is renamed, removed or means something else. Columns may be added with
any version of dit; older files have null there.

- \`start_ns\`, \`time_ns\`, \`window_start_ns\` are on the trace clock: ns since the recording began, negative before. They
  compare within one \`trace_id\`, and are whole numbers. \`started_at\` is the only wall clock.
- Times of different sources do not compare: \`WHERE NOT perturbed\`. What is \`inferred\` was not measured whole.
- Rows of one start have the same \`(trace_id, container_id)\`: \`JOIN runs USING (trace_id, container_id)\`.
  \`container_id\` alone is not enough where a container was started twice.
- A file that lost events is known by \`runs.lost_events\`; \`losses\` says where.
- Types are those of DuckDB: BIGINT and INTEGER are INT64 and INT32 in Parquet, TIMESTAMP is in µs, UTC.
- Texts are what containers, engines and kernels said: escape them before they are printed.

## Columns of every table

${HEAD}
${TABLES.runs.columns.filter(isCommon).map(columnLine).join('\n')}

In slices, syscalls and losses, which are about a recording, \`started_at\` is when its first start began, and
\`container_id\` is null for what works for all containers, as the engine does.

${TABLE_NAMES.map(tableSection).join('\n\n')}

## Queries that come with dit

\`dit trace query NAME DIR\`; \`dit trace query --list NAME\` prints its SQL, as a beginning for your own.

| name | answers |
|---|---|
${namedQueries()
  .map(({ name, title }) => `| ${name} | ${title} |`)
  .join('\n')}
`;
}

function tableSection(name: TableName): string {
  const { row, columns } = TABLES[name];
  const size = LARGE_TABLES.has(name) ? ' Tens of thousands of rows a start.' : '';
  return `## ${name}

A row is ${row}.${size}

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
