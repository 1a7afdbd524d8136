import { type Command, given, Option } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';
import { parseMemory } from '../../common/option-values.js';
import { collect } from '../../common/options.js';

export const define = (parent: Command, { act, context }: Defining) =>
  parent
    .command('query')
    .description('run SQL over many traces (docs/schema.md describes the tables)')
    .argument('[query]', 'a SELECT, a file NAME.sql, or the name of a built-in query')
    .argument('[paths...]', 'trace files, folders of them, and Parquet (default: all recordings)')
    .option('--list', 'list the built-in queries, or print the SQL of the named one')
    .addOption(
      new Option('--format <format>', 'format of the answer')
        .choices(['table', 'csv', 'json', 'parquet'] as const)
        .default('table' as const),
    )
    .option('-o, --output <file>', 'write the answer to a file')
    .addOption(
      new Option('--set <name=value>', "set what getvariable('name') returns; may be repeated")
        .argParser(collect)
        .default([] as string[], 'none'),
    )
    .addOption(
      new Option('--memory <bytes>', 'memory limit of the query: 512m, 2g')
        .argParser(parseMemory)
        .default(2 ** 29, '512m'),
    )
    .action(
      act(async (query, paths, options) =>
        (await import('../../actions/trace/query.js')).traceQuery(
          query,
          paths,
          given(options),
          context,
        ),
      ),
    );
