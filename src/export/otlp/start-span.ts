/** The root of a start's trace: its window, with the milestones as events. */
import type { Foreign } from '../../base/foreign.js';
import { recordsLost } from '../../model/recording/recording.js';
import type { ContainerRun, Span as Interval, Milestone, Trace } from '../../model/trace/trace.js';
import { findingText } from '../../words/findings/finding-text.js';
import type { Attributes } from './attributes.js';
import { pathTotals } from './path-spans.js';
import type { Span, SpanEvent } from './span.js';

/** undefined: nothing is known of the start. Without a window it lasts from the first milestone to the last. */
export function startSpan(trace: Trace, run: ContainerRun): Span | undefined {
  const times = run.milestones.map(({ time }) => time);
  if (run.window === undefined && times.length === 0) return undefined;
  const { start, end } =
    run.window ?? ({ start: Math.min(...times), end: Math.max(...times) } as Interval);
  const status = statusOf(run);
  return {
    key: 'start',
    parent: undefined,
    name: 'container start',
    start,
    end,
    attributes: startAttributes(trace, run),
    events: run.milestones.map(milestoneEvent),
    ...(status === undefined ? {} : { status }),
  };
}

function startAttributes({ recording, warnings }: Trace, run: ContainerRun): Attributes {
  const { header, loss, footer } = recording;
  const { engine, source } = header;
  return {
    'dit.span': 'start',
    'container.id': run.containerId,
    'container.name': run.name,
    ...imageAttributes(run.image),
    'container.runtime.name': runtimeName(engine.name),
    'container.runtime.version': engine.version,
    'process.exit.code': run.exitCode,
    'dit.trace.id': header.traceId,
    'dit.window.from': run.window?.from,
    'dit.window.to': run.window?.to,
    ...pathTotals(run.segments),
    'dit.findings': run.findings.map((finding) => findingText(finding).title),
    'dit.copy_ups': run.copyUps.length,
    'dit.copy_up_bytes': run.copyUps.reduce((sum, { bytes }) => sum + bytes, 0),
    'dit.source': source.name,
    'dit.perturbed': source.perturbed,
    'dit.perturbation': source.perturbation,
    'dit.lost': loss && recordsLost(loss.losses),
    'dit.complete': footer !== undefined,
    'dit.warnings': warnings.map(({ message }) => message),
  };
}

function milestoneEvent({ name, time, certainty, evidence }: Milestone): SpanEvent {
  return {
    time,
    name,
    attributes: { 'dit.certainty': certainty, 'dit.evidence': evidence.text },
  };
}

function statusOf({ failure, exitCode, window }: ContainerRun): Span['status'] {
  if (failure !== '') return { code: 'error', message: failure };
  if (window === undefined) return { code: 'error', message: 'the start was not seen whole' };
  if (exitCode === undefined) return undefined;
  if (exitCode === 0) return { code: 'ok', message: '' };
  const how = exitCode < 0 ? `was ended by signal ${-exitCode}` : `exited with ${exitCode}`;
  return { code: 'error', message: `the container ${how}` };
}

/** "registry:5000/alpine:3.20@sha256:…" as name and tag. */
function imageAttributes(image: Foreign): Attributes {
  const digest = image.indexOf('@');
  const reference = digest < 0 ? image : image.slice(0, digest);
  const colon = reference.indexOf(':', reference.lastIndexOf('/') + 1);
  if (colon < 0) return { 'container.image.name': reference };
  return {
    'container.image.name': reference.slice(0, colon),
    'container.image.tags': [reference.slice(colon + 1)],
  };
}

/** "Docker Engine" as the conventions call it: "docker". */
function runtimeName(engine: Foreign): Foreign {
  const end = engine.indexOf(' ');
  return (end < 0 ? engine : engine.slice(0, end)).toLowerCase();
}
