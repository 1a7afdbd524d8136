/**
 * The analysis as one JSON document; docs/json.md describes every field. Times are integers, ns since the
 * session base; 64-bit absolutes are decimal strings, for JSON's numbers end at 2^53.
 *
 *   {
 *   "schema": "dit.trace/1",
 *   "trace_id": "031109d7…",
 *   …
 *   }
 */

import { safeJson } from '../../base/escape.js';
import { type ApiMark, recordsLost } from '../../model/recording/recording.js';
import type { Finding } from '../../model/trace/findings.js';
import { lengthOf, phaseTotals, shares } from '../../model/trace/totals.js';
import type { ContainerRun, CopyUp, Milestone, Segment, Trace } from '../../model/trace/trace.js';
import { findingText } from '../../words/findings/finding-text.js';
import { inferenceText } from '../../words/inference-text.js';
import { waitText } from '../../words/wait-text.js';

const JSON_SCHEMA = 'dit.trace/1';

export function traceJson(trace: Trace): string {
  return keyByLine(traceDocument(trace));
}

/** One key of the document a line, so that a person can look at it and a diff says something. */
export function keyByLine(document: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(document).map(
    ([key, value]) => `${safeJson(key)}: ${safeJson(value)}`,
  );
  return `{\n${entries.join(',\n')}\n}\n`;
}

/** One object, before it is written as text. */
export function traceDocument(trace: Trace): Record<string, unknown> {
  const { header, footer, loss, events, marks, bytes, problems, diagnostics, unknownFrames } =
    trace.recording;
  const { host, engine, source, target } = header;
  return {
    schema: JSON_SCHEMA,
    trace_id: header.traceId,
    format: `${header.versionMajor}.${header.versionMinor}`,
    dit_version: header.ditVersion,
    start_ns: String(header.startNs),
    start_realtime_ns: String(header.startRealtimeNs),
    redacted: header.redacted,
    command: header.command,
    host: {
      hostname: host.hostname,
      kernel: host.kernelRelease,
      architecture: host.architecture,
      cpus: host.cpus,
      memory_bytes: host.memoryBytes,
      os: host.os,
      cgroup_version: host.cgroupVersion,
      lockdown: host.lockdown,
      load_average_1m: host.loadAverage1m,
    },
    engine: {
      endpoint: engine.endpoint,
      name: engine.name,
      version: engine.version,
      api_version: engine.apiVersion,
      containerd_version: engine.containerdVersion,
      runc_version: engine.runcVersion,
      storage_driver: engine.storageDriver,
      cgroup_driver: engine.cgroupDriver,
      cgroup_version: engine.cgroupVersion,
      private: engine.privateEngine,
    },
    source: {
      name: source.name,
      perturbed: source.perturbed,
      perturbation: source.perturbation,
      probes: source.probes.map(({ program, attachPoint, attached, refusal }) => ({
        program,
        attach_point: attachPoint,
        attached,
        refusal,
      })),
    },
    target: {
      image: target.image,
      command: target.command,
      name: target.containerName,
      network: target.network,
      runtime: target.runtime,
    },
    complete: footer !== undefined,
    outcome: footer?.outcome ?? null,
    failure: footer?.failure ?? null,
    file_bytes: bytes,
    events: events.length,
    malformed: events.count('malformed'),
    unknown_frames: unknownFrames,
    lost: loss === undefined ? null : recordsLost(loss.losses),
    losses: loss?.losses ?? null,
    problems,
    diagnostics: diagnostics.map(({ at, ...rest }) => ({ time_ns: at, ...rest })),
    warnings: trace.warnings,
    foreign: trace.foreign,
    marks: marks.map(markDocument),
    runs: trace.runs.map(runDocument),
  };
}

function markDocument({ name, start, end, containerId, status, error }: ApiMark) {
  return {
    name,
    start_ns: start,
    end_ns: end ?? null,
    container_id: containerId,
    status,
    error,
  };
}

function runDocument(run: ContainerRun): Record<string, unknown> {
  const { window } = run;
  return {
    container_id: run.containerId,
    name: run.name,
    image: run.image,
    exit_code: run.exitCode ?? null,
    failure: run.failure,
    window:
      window === undefined
        ? null
        : {
            start_ns: window.start,
            end_ns: window.end,
            length_ns: window.end - window.start,
            from: window.from,
            to: window.to,
          },
    milestones: run.milestones.map(milestoneDocument),
    absent: run.absent,
    phases: Object.fromEntries(phaseTotals(run.segments).map(({ phase, ns }) => [phase, ns])),
    categories: phaseTotals(run.segments).flatMap(({ phase, categories }) =>
      categories.map(({ category, ns, waitingNs }) => ({
        phase,
        category,
        ns,
        waiting_ns: waitingNs,
      })),
    ),
    shares: shares(run.segments).map(
      ({ actor, phase, category, ns, waitingNs, segments, longest }) => ({
        actor,
        phase,
        category,
        ns,
        waiting_ns: waitingNs,
        segments,
        longest_ns: lengthOf(longest),
      }),
    ),
    findings: run.findings.map(findingDocument),
    copy_ups: run.copyUps.map(copyUpDocument),
    segments: run.segments.map(segmentDocument),
  };
}

function findingDocument(finding: Finding): Record<string, unknown> {
  const { title, evidence, remedy } = findingText(finding);
  return { id: finding.id, ns: finding.ns, title, evidence, advice: remedy };
}

function milestoneDocument({
  name,
  time,
  certainty,
  evidence,
}: Milestone): Record<string, unknown> {
  const source = evidence.kind === 'event' ? { event: evidence.event } : { mark: evidence.mark };
  return { name, time_ns: time, certainty, evidence: { ...source, text: evidence.text } };
}

function copyUpDocument(copyUp: CopyUp): Record<string, unknown> {
  return {
    start_ns: copyUp.start,
    duration_ns: copyUp.duration,
    bytes: copyUp.bytes,
    path: copyUp.path,
    actor: copyUp.actor,
    tid: copyUp.tid,
    syscall: copyUp.syscall ?? null,
    trigger: copyUp.trigger,
    certainty: copyUp.certainty,
  };
}

function segmentDocument(segment: Segment): Record<string, unknown> {
  return {
    start_ns: segment.start,
    end_ns: segment.end,
    actor: segment.actor,
    tid: segment.tid,
    state: segment.state,
    phase: segment.phase ?? 'unattributed',
    category: segment.category,
    rule: segment.rule,
    syscall: segment.syscall ?? null,
    waits_for: waitText(segment.waitsFor),
    woken_by: segment.wokenBy ?? null,
    certainty: segment.certainty,
    reason: inferenceText(segment.inference),
  };
}
