import { TABLE_NAMES } from '../../../export/tables/schema.js';
import { type Command, given, Option } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';
import { numberBetween } from '../../common/option-values.js';
import { ONE_RUN } from '../../common/options.js';
import { EXPORT_NAMES } from '../../export/names.js';

export const define = (parent: Command, { act, context }: Defining) =>
  parent
    .command('export')
    .description('convert a trace to the format of another program (docs/export.md)')
    .argument(
      '[files...]',
      'trace files, several for parquet and --otlp (default: the last recording)',
    )
    .addOption(new Option('--to <format>', 'format to write').choices(EXPORT_NAMES))
    .option('-o, --output <file>', 'file to write, a folder for parquet (default: standard output)')
    .option('--otlp <url>', 'send the trace to this OpenTelemetry collector')
    .option('--run <id>', ONE_RUN)
    .addOption(
      new Option('--table <table>', 'for csv: the table to write (docs/schema.md)')
        .choices(TABLE_NAMES)
        .default('segments' as const),
    )
    .addOption(
      new Option('--width <pixels>', 'for svg: width of the picture').argParser(
        numberBetween('--width', 640, 10_000),
      ),
    )
    .option('--dark', 'for svg: light on dark')
    .option('--service-name <name>', 'for otlp: service.name of the resource')
    .option('-q, --quiet', 'do not print what the format leaves out')
    .action(
      act(async (files, options) =>
        (await import('../../actions/trace/export.js')).traceExport(files, given(options), context),
      ),
    );
