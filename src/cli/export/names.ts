/** What can be asked for with --to. */
export const EXPORT_NAMES = [
  'html',
  'svg',
  'perfetto',
  'otlp',
  'folded',
  'speedscope',
  'pprof',
  'csv',
  'jsonl',
  'parquet',
] as const;
export type ExportName = (typeof EXPORT_NAMES)[number];
/** One file each; Parquet is a folder of tables. */
export type FormatName = Exclude<ExportName, 'parquet'>;
