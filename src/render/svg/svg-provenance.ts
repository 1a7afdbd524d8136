/** Where a picture's figures come from, and what a reader must know before believing them: plain, untrusted text. */

import type { Foreign } from '../../base/foreign.js';
import { quoting } from '../../base/foreign.js';
import { recordsLost } from '../../model/recording/recording.js';
import { lengthOf } from '../../model/trace/totals.js';
import { type ContainerRun, type Trace, windowLength } from '../../model/trace/trace.js';
import { formatBytes, formatCount, formatDate, formatPercent, plural } from '../common/format.js';

/** Two lists: engine and machine; source, certainty, loss and date. */
export function provenanceOf(trace: Trace, run: ContainerRun): Foreign[][] {
  const { header, events, loss } = trace.recording;
  const { engine, host, source } = header;
  const named = (name: string, version: Foreign): Foreign =>
    version === '' ? '' : quoting`${name} ${version}`;
  const own = engine.privateEngine ? " (dit's own)" : '';
  const refused = source.probes.filter(({ attached }) => !attached).length;
  const lost = loss && recordsLost(loss.losses);
  return [
    [
      engine.version === '' ? '' : quoting`${engine.name || 'Docker'} ${engine.version}${own}`,
      named('containerd', engine.containerdVersion),
      named('runc', engine.runcVersion),
      engine.storageDriver,
      quoting`kernel ${host.kernelRelease} ${host.architecture}`.trim(),
      plural(host.cpus, 'CPU'),
      formatBytes(host.memoryBytes),
    ],
    [
      quoting`source ${source.name}`,
      source.perturbed ? 'slows what it measures' : '',
      refused === 0 ? '' : `${plural(refused, 'probe')} refused`,
      certaintyOf(run),
      lost === undefined
        ? 'lost events unknown'
        : `lost events ${formatCount(lost)} of ${formatCount(lost + events.length)}`,
      header.redacted ? 'redacted' : '',
      named('dit', header.ditVersion),
      formatDate(header.startRealtimeNs),
    ],
  ].map((parts) => parts.filter((part) => part !== ''));
}

function certaintyOf({ segments, window }: ContainerRun): string {
  if (window === undefined) return '';
  const inferred = segments
    .filter(({ certainty }) => certainty === 'inferred')
    .reduce((sum, segment) => sum + lengthOf(segment), 0);
  const length = windowLength(window);
  return `critical path ${formatPercent((length - inferred) / length)} exact, ${formatPercent(inferred / length)} inferred`;
}

/** Sentences for what makes figures doubtful; most often none. */
export function cautionsOf(trace: Trace): Foreign[] {
  const { header, footer, loss } = trace.recording;
  const { source } = header;
  const lost = recordsLost(loss?.losses ?? []);
  return [
    source.perturbed
      ? quoting`The source slows what it measures: ${source.perturbation || source.name}`
      : '',
    lost > 0 ? `${formatCount(lost)} events were lost: figures are incomplete` : '',
    footer === undefined ? 'The recording ends early' : '',
    footer?.outcome === 'interrupted' ? 'The recording was interrupted' : '',
  ].filter((sentence) => sentence !== '');
}
