/** The formats that a trace can be exported to: what each is called, and how it is made. */
import { gzipSync } from 'node:zlib';
import { buildTracks } from '../../analysis/tracks/tracks.js';
import { DitError, EXIT } from '../../base/errors.js';
import { shortId } from '../../base/ids.js';
import type { TableName } from '../../export/tables/schema.js';
import type { Trace } from '../../model/trace/trace.js';
import type { Tracks } from '../../model/trace/tracks.js';
import type { EventMemory } from '../../tracefile/event-memory.js';
import type { FormatName } from './names.js';

export interface ExportOptions {
  /** csv: which of the tables. */
  readonly table: TableName;
  /** svg: pixels. */
  readonly width?: number;
  /** svg: for dark slides. */
  readonly dark?: true;
  /** otlp: the resource's service.name. */
  readonly serviceName?: string;
}

export interface ExportSubject {
  readonly trace: Trace;
  /** The trace file. */
  readonly path: string;
  /** Made once, when it is asked for. */
  readonly tracks: () => Tracks;
  readonly options: ExportOptions;
}

/** What an exporter gives: in pieces, so that a large trace is never whole in memory. */
interface Exported {
  readonly chunks: Iterable<string | Uint8Array>;
  /** In plain words, what the format cannot carry. */
  readonly leavesOut: readonly string[];
}

export interface Format {
  /** Nothing for a terminal. */
  readonly binary: boolean;
  /** What the trace is read within. */
  readonly memory: EventMemory;
  /** Loads the exporter. Its pieces are made when they are taken. @throws DitError */
  readonly make: (subject: ExportSubject) => Promise<Exported>;
}

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  html: {
    binary: false,
    memory: 'page',
    make: async ({ path, trace }) => {
      const [{ pageOf }, { leavesOut }] = await Promise.all([
        import('./page-file.js'),
        import('../../export/html.js'),
      ]);
      return { chunks: [pageOf([{ path, read: () => trace }])], leavesOut };
    },
  },
  svg: {
    binary: false,
    memory: 'alone',
    make: async ({ trace, path, options: { width, dark } }) => {
      const { leavesOut, renderSvg } = await import('../../render/svg/svg.js');
      const svg = renderSvg(trace, theRun(trace, path), {
        ...(width === undefined ? {} : { width }),
        dark: dark === true,
      });
      return { chunks: [svg], leavesOut };
    },
  },
  perfetto: {
    binary: true,
    memory: 'rows',
    make: async ({ trace, tracks }) => {
      const { leavesOut, perfettoTrace } = await import('../../export/perfetto/perfetto.js');
      return { chunks: perfettoTrace(trace, tracks()), leavesOut };
    },
  },
  otlp: {
    binary: true,
    memory: 'alone',
    make: async ({ trace, options: { serviceName } }) => {
      const { leavesOut, otlpRequest } = await import('../../export/otlp/otlp.js');
      const options = serviceName === undefined ? {} : { serviceName };
      return { chunks: [otlpRequest(trace, options)], leavesOut };
    },
  },
  folded: {
    binary: false,
    memory: 'alone',
    make: async ({ trace }) => {
      const { foldedStacks, leavesOut } = await import('../../export/folded.js');
      return { chunks: foldedStacks(trace), leavesOut };
    },
  },
  speedscope: {
    binary: false,
    memory: 'rows',
    make: async ({ trace, tracks }) => {
      const { leavesOut, speedscopeFile } = await import('../../export/speedscope.js');
      return { chunks: speedscopeFile(trace, tracks()), leavesOut };
    },
  },
  pprof: {
    binary: true,
    memory: 'alone',
    make: async ({ trace }) => {
      const { leavesOut, pprofProfile } = await import('../../export/pprof.js');
      return { chunks: [gzipSync(pprofProfile(trace))], leavesOut };
    },
  },
  csv: {
    binary: false,
    memory: 'rows',
    make: async ({ trace, path, tracks, options: { table } }) => {
      const [{ csvFile, leavesOut }, { rowsOf }] = await Promise.all([
        import('../../export/csv.js'),
        import('../../export/tables/rows.js'),
      ]);
      return { chunks: csvFile(rowsOf(table, trace, { file: path, tracks })), leavesOut };
    },
  },
  jsonl: {
    binary: false,
    memory: 'rows',
    make: async ({ trace }) => {
      const [{ jsonLines, leavesOut }, { traceDocument }, { eventJson }, { selectEvents }] =
        await Promise.all([
          import('../../export/jsonl.js'),
          import('../../render/json/json.js'),
          import('../../render/json/events-json.js'),
          import('../../render/common/select-events.js'),
        ]);
      function* events(): Generator<string> {
        const line = eventJson(trace);
        for (const event of selectEvents(trace, {})) yield line(event);
      }
      return { chunks: jsonLines(traceDocument(trace), events()), leavesOut };
    },
  },
};

/** A value that is made once, when it is first asked for. */
export function tracksOf(trace: Trace): () => Tracks {
  let tracks: Tracks | undefined;
  return () => {
    tracks ??= buildTracks(trace);
    return tracks;
  };
}

/** A picture is of one start. @throws DitError where there is none, or more than one to choose from */
function theRun(trace: Trace, path: string): Trace['runs'][number] {
  const [run, ...others] = trace.runs;
  if (run !== undefined && others.length === 0) return run;
  if (run === undefined) {
    throw new DitError({
      code: 'run-none',
      exitCode: EXIT.usage,
      message: `"${path}" holds no start that a picture could show`,
      remedy: `see what it holds: dit trace show ${path}`,
    });
  }
  const known = trace.runs.map(({ containerId }) => shortId(containerId));
  throw new DitError({
    code: 'run-many',
    exitCode: EXIT.usage,
    message: `"${path}" contains ${trace.runs.length} starts, and a picture shows one`,
    remedy: `choose one with --run: ${known.slice(0, 10).join(', ')}${known.length > 10 ? ' …' : ''}`,
  });
}
