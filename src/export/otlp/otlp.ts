/**
 * Starts as OpenTelemetry traces, for the back end that a fleet has: each start is a trace with one root span, below it
 * the stages with the critical path, the requests to the engine and the processes. One ExportTraceServiceRequest, which
 * is what a collector takes at /v1/traces. Attributes follow the semantic conventions 1.45; dit's own begin with "dit.".
 */

import { DitError, EXIT } from '../../base/errors.js';
import { escapeText } from '../../base/escape.js';
import { quoting } from '../../base/foreign.js';
import { own } from '../../base/own.js';
import type { TraceHeader } from '../../model/recording/recording.js';
import type { ContainerRun, Trace } from '../../model/trace/trace.js';
import { type Attributes, keyValues } from './attributes.js';
import { type StartIds, startIds } from './ids.js';
import { pathSpans } from './path-spans.js';
import { processSpans, type Requests, requestSpans, requestsOf } from './process-spans.js';
import { encodeRequest, fixed64, SPAN_KIND, STATUS_CODE } from './schema.js';
import type { Span } from './span.js';
import { startSpan } from './start-span.js';

export { decodeRefusal, decodeResponse, type PartialSuccess } from './schema.js';

export const leavesOut: readonly string[] = [
  'threads and syscalls that are not on the critical path',
  'segments and processes shorter than the threshold; their sums are attributes',
  'arguments of programs and syscalls, paths of copy-ups',
  'the drift of the wall clock during the recording: times are its beginning plus the trace clock',
];

export interface OtlpOptions {
  /** service.name of the resource. */
  readonly serviceName?: string;
  /** Steps and pieces of the critical path, and processes, shorter than this are no spans. */
  readonly leastNs?: number;
}

/** Three to four hundred spans a start, which hold most of its time. */
const LEAST_NS = 100_000;

/** Deterministic: the same ids each time. Throws a DitError, no-start, where nothing is known of any start. */
export function otlpRequest(trace: Trace, options: OtlpOptions = {}): Uint8Array {
  const { header } = trace.recording;
  const requests = requestsOf(trace);
  const spans = trace.runs.flatMap((run) =>
    startMessages(trace, run, requests, options.leastNs ?? LEAST_NS),
  );
  if (spans.length === 0) {
    throw new DitError({
      code: 'no-start',
      exitCode: EXIT.usage,
      message: quoting`trace '${header.traceId}' holds no container start for OpenTelemetry`,
      remedy: 'take its events along: dit trace export --to perfetto, or --to jsonl',
    });
  }
  return encodeRequest({
    resourceSpans: [
      {
        resource: { attributes: keyValues(resource(header, options.serviceName ?? 'dit')) },
        scopeSpans: [{ scope: { name: 'dit', version: escapeText(header.ditVersion) }, spans }],
      },
    ],
  });
}

function startMessages(trace: Trace, run: ContainerRun, requests: Requests, leastNs: number) {
  const root = startSpan(trace, run);
  if (root === undefined) return [];
  const { traceId, startRealtimeNs } = trace.recording.header;
  const ids = startIds(traceId, run.containerId);
  return [
    root,
    ...pathSpans(trace, run, root, leastNs),
    ...requestSpans(requests, run, root),
    ...processSpans(trace, run, root, leastNs),
  ].map((span) => spanMessage(span, ids, startRealtimeNs));
}

/** @param base the session base, ns since 1970 */
function spanMessage(span: Span, ids: StartIds, base: bigint) {
  const { parent, status } = span;
  const unixNano = (time: number) => fixed64(base + BigInt(Math.round(time)));
  return {
    traceId: ids.trace,
    spanId: ids.span(span.key),
    ...(parent === undefined ? {} : { parentSpanId: ids.span(parent) }),
    name: escapeText(span.name),
    kind: SPAN_KIND[span.kind ?? 'internal'],
    startTimeUnixNano: unixNano(span.start),
    endTimeUnixNano: unixNano(span.end),
    attributes: keyValues(span.attributes),
    events: span.events?.map(({ time, name, attributes }) => ({
      timeUnixNano: unixNano(time),
      name,
      attributes: keyValues(attributes),
    })),
    links: span.links?.map(({ to, attributes }) => ({
      traceId: ids.trace,
      spanId: ids.span(to),
      attributes: keyValues(attributes),
    })),
    status: status && { code: STATUS_CODE[status.code], message: escapeText(status.message) },
  };
}

/** As the conventions name machines. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/** Host and engine. */
function resource({ host, engine }: TraceHeader, serviceName: string): Attributes {
  return {
    'service.name': serviceName,
    'host.name': host.hostname,
    'host.arch': own(ARCHITECTURES, host.architecture) ?? host.architecture,
    'os.type': 'linux',
    'os.description': host.os,
    'os.version': host.kernelRelease,
    'dit.host.cpus': host.cpus,
    'dit.host.memory_bytes': host.memoryBytes,
    'dit.host.cgroup_version': host.cgroupVersion,
    'dit.engine.name': engine.name,
    'dit.engine.version': engine.version,
    'dit.engine.containerd_version': engine.containerdVersion,
    'dit.engine.runc_version': engine.runcVersion,
    'dit.engine.storage_driver': engine.storageDriver,
    'dit.engine.cgroup_driver': engine.cgroupDriver,
  };
}
