/** `dit trace export --to FORMAT [FILE…]`: traces for another program's eyes, or to a collector. */
import { analyse } from '../../../analysis/analyse.js';
import { DitError, EXIT } from '../../../base/errors.js';
import { escapeText } from '../../../base/escape.js';
import { sudoUser } from '../../../platform/files/owner.js';
import { formatCount, plural } from '../../../render/common/format.js';
import { namedOrLastTrace } from '../../../store/trace-store.js';
import { EVENT_MEMORY } from '../../../tracefile/event-memory.js';
import { readTraceFile } from '../../../tracefile/reader.js';
import { onlyRun } from '../../common/choose-run.js';
import type { CommandContext } from '../../common/context.js';
import { writeToFile, writeToStdout } from '../../common/write-export.js';
import { type ExportOptions, type ExportSubject, FORMATS, tracksOf } from '../../export/formats.js';
import type { ExportName, FormatName } from '../../export/names.js';

export interface TraceExportOptions extends ExportOptions {
  readonly to?: ExportName;
  /** A collector that the trace is sent to. */
  readonly otlp?: string;
  /** A file, a folder for parquet; standard output when absent, or "-". */
  readonly output?: string;
  readonly run?: string;
  readonly quiet?: true;
}

export async function traceExport(
  files: readonly string[],
  options: TraceExportOptions,
  context: CommandContext,
): Promise<void> {
  const { to, otlp } = options;
  if (to === undefined && otlp === undefined) {
    throw usage(
      'export-format',
      'no output format given',
      'name one: dit trace export --to perfetto',
    );
  }
  refuseTerminal(to, options, context);
  if (files.length > 1 && to !== undefined && to !== 'parquet') {
    throw usage(
      'export-many',
      `a file of ${to} is about one trace, and ${files.length} are named`,
      to === 'html'
        ? 'compare them on one page: dit trace view FILE FILE'
        : 'export them one by one; --to parquet and --otlp take many',
    );
  }
  const paths = files.length === 0 ? [namedOrLastTrace(context.env, undefined)] : files;
  for (const path of paths) await exportOne(path, options, context);
}

/** One trace at a time is in memory. */
async function exportOne(
  path: string,
  options: TraceExportOptions,
  context: CommandContext,
): Promise<void> {
  const { to, otlp, quiet } = options;
  const memoryBytes = EVENT_MEMORY[to === 'parquet' ? 'rows' : FORMATS[to ?? 'otlp'].memory];
  const trace = onlyRun(analyse(readTraceFile(path, { memoryBytes })), options.run);
  const subject: ExportSubject = { trace, path, tracks: tracksOf(trace), options };
  if (otlp !== undefined) await send(otlp, subject, quiet, context);
  if (to === 'parquet') await writeTables(subject, options, context);
  else if (to !== undefined) await write(to, subject, options, context);
}

const usage = (code: string, message: string, remedy: string): DitError =>
  new DitError({ code, exitCode: EXIT.usage, message, remedy });

/** Told before the trace is read: it would be work for nothing. */
function refuseTerminal(
  to: ExportName | undefined,
  { output }: TraceExportOptions,
  { stdout }: CommandContext,
): void {
  if (output !== undefined && output !== '-') return;
  if (to === 'parquet') {
    throw usage('export-output', 'Parquet is a folder of tables', 'name one: --to parquet -o DIR');
  }
  if (to !== undefined && FORMATS[to].binary && stdout.isTerminal) {
    throw usage(
      'export-terminal',
      `${to} is binary and cannot be printed on a terminal`,
      'name a file: -o FILE',
    );
  }
}

async function write(
  to: FormatName,
  subject: ExportSubject,
  { output, quiet }: TraceExportOptions,
  context: CommandContext,
): Promise<void> {
  const { chunks, leavesOut } = await FORMATS[to].make(subject);
  if (output === undefined || output === '-') {
    await writeToStdout(context.stdout, chunks);
  } else {
    const bytes = await writeToFile(output, chunks, context.env);
    if (quiet !== true) {
      await context.stderr.line(`dit: "${escapeText(output)}": ${formatCount(bytes)} bytes`);
    }
  }
  await sayWhatIsLeftOut(to, leavesOut, quiet, context);
}

async function writeTables(
  { trace, path, tracks }: ExportSubject,
  { output = '', quiet }: TraceExportOptions,
  context: CommandContext,
): Promise<void> {
  const [{ writeParquetFolder }, { leavesOut }] = await Promise.all([
    import('../../../store/parquet-folder.js'),
    import('../../../export/parquet.js'),
  ]);
  const about = { file: path, tracks };
  const { files, rows, bytes } = writeParquetFolder(output, trace, about, {
    owner: sudoUser(context.env),
  });
  if (quiet === true) return;
  await context.stderr.line(
    `dit: "${escapeText(output)}": ${plural(files.length, 'table')}, ${formatCount(rows)} rows, ${formatCount(bytes)} bytes`,
  );
  await sayWhatIsLeftOut('parquet', leavesOut, quiet, context);
}

async function send(
  url: string,
  subject: ExportSubject,
  quiet: true | undefined,
  context: CommandContext,
): Promise<void> {
  const { env, stderr, signal } = context;
  const [{ leavesOut, otlpRequest }, { postOtlp }] = await Promise.all([
    import('../../../export/otlp/otlp.js'),
    import('../../../store/post-otlp.js'),
  ]);
  const { serviceName } = subject.options;
  const request = otlpRequest(subject.trace, serviceName === undefined ? {} : { serviceName });
  const { rejectedSpans, message } = await postOtlp(url, request, { env, signal });
  const starts = plural(subject.trace.runs.length, 'start');
  await stderr.line(`dit: ${starts} sent, ${formatCount(request.length)} bytes before gzip`);
  if (rejectedSpans > 0 || message !== '') {
    const words = message === '' ? 'without a word' : escapeText(message);
    await stderr.line(`dit: the collector refused ${plural(rejectedSpans, 'span')}: ${words}`);
  }
  await sayWhatIsLeftOut('otlp', leavesOut, quiet, context);
}

async function sayWhatIsLeftOut(
  to: ExportName,
  leavesOut: readonly string[],
  quiet: true | undefined,
  { stderr }: CommandContext,
): Promise<void> {
  if (quiet === true || leavesOut.length === 0) return;
  await stderr.line(`dit: ${to} leaves out ${leavesOut.join('; ')}`);
}
