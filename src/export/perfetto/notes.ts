/** What a reader must know of the recording itself: its source, warnings, loss. */

import type { Foreign } from '../../base/foreign.js';
import { quoting } from '../../base/foreign.js';
import { recordsLost } from '../../model/recording/recording.js';
import type { Span, Trace } from '../../model/trace/trace.js';
import type { Layout } from './layout.js';
import type { PacketSequence } from './packet-sequence.js';

/** @param packets a sequence of its own */
export function writeNotes(
  trace: Trace,
  span: Span,
  { notes, lost }: Layout,
  packets: PacketSequence,
): void {
  const { header, footer, clocks, loss, diagnostics, problems } = trace.recording;
  const { source, host, engine } = header;
  const note = (time: number, name: Foreign, message: Foreign, remedy: Foreign = ''): void =>
    packets
      .instant(notes, time, name, 'note')
      .fact('message', message)
      .fact('remedy', remedy)
      .close();

  const slowed = source.perturbed ? ', which slows what it measures' : '';
  packets
    .begin(notes, span.start, quoting`recorded by ${source.name}${slowed}`, 'note')
    .fact('source', source.name)
    .fact('perturbed', source.perturbed)
    .fact('perturbation', source.perturbation)
    .fact('redacted', header.redacted)
    .fact('outcome', footer?.outcome ?? 'cut')
    .fact('failure', footer?.failure)
    .fact('clock_uncertainty_ns', clocks[0]?.uncertaintyNs)
    .fact('command', header.command)
    .fact('dit_version', header.ditVersion)
    .fact('trace_id', header.traceId)
    .fact('host', host.hostname)
    .fact('kernel', quoting`${host.kernelRelease} ${host.architecture}`.trim())
    .fact('engine', quoting`${engine.name} ${engine.version}`.trim())
    .fact('containerd', engine.containerdVersion)
    .fact('runc', engine.runcVersion)
    .fact(
      'refused_probes',
      new Map(
        source.probes
          .filter(({ attached }) => !attached)
          .map(({ attachPoint, refusal }) => [attachPoint, refusal]),
      ),
    )
    .close();
  packets.end(notes, span.end).close();

  for (const { code, message, remedy } of trace.warnings) {
    note(span.start, quoting`warning: ${code}`, message, remedy);
  }
  for (const { at, code, message, remedy } of diagnostics) note(at, code, message, remedy);
  for (const { message } of problems) note(span.end, 'the file is damaged', message);
  if (footer === undefined)
    note(span.end, 'the recording ends early', 'dit was killed, or the file cut');

  if (loss === undefined) {
    note(span.end, 'lost records: unknown', 'no count was written');
    return;
  }
  const records = recordsLost(loss.losses);
  packets.counter(lost, span.start, 0).close();
  if (records > 0) packets.dropped();
  packets.counter(lost, Math.max(loss.at, span.start), records).close();
  if (records === 0) return;
  packets.instant(notes, loss.at, `${records} records were lost`, 'note');
  for (const { where, records } of loss.losses) packets.fact(quoting`lost: ${where}`, records);
  packets.close();
}
