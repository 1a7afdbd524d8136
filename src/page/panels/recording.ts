/** What was recorded, on what, by what; the clock, the loss, and what a reader must know to trust a figure. */

import { type ComponentChild, h } from 'preact';
import { escapeText } from '../../base/escape.js';
import { type Foreign, firstLine, joinForeign, quoting } from '../../base/foreign.js';
import { shortId } from '../../base/ids.js';
import { type Recording, recordsLost } from '../../model/recording/recording.js';
import {
  formatBytes,
  formatCount,
  formatDate,
  formatDuration,
  formatMs,
  plural,
} from '../../render/common/format.js';
import type { Session } from '../timeline/session.js';
import { Section } from './table.js';

/** "0 of 21,585"; what is lost is never hidden. */
export function lossOf({ loss, events }: Recording): {
  readonly lost: number;
  readonly text: string;
} {
  if (loss === undefined) {
    return {
      lost: Number.NaN,
      text: `unknown, no count was written; ${formatCount(events.length)} recorded`,
    };
  }
  const lost = recordsLost(loss.losses);
  return { lost, text: `${formatCount(lost)} of ${formatCount(lost + events.length)}` };
}

export function RecordingFacts({ session }: { readonly session: Session }): ComponentChild {
  const { trace, run, file } = session.current;
  const { header, footer, bytes, clocks } = trace.recording;
  const { engine, host, source, target } = header;
  const named = (name: string, version: Foreign): Foreign =>
    version === '' ? '' : quoting`${name} ${version}`;
  const refused = source.probes.filter(({ attached }) => !attached);
  const uncertainty = Math.max(0, ...clocks.map(({ uncertaintyNs }) => uncertaintyNs));
  const facts: [string, readonly Foreign[]][] = [
    ['File', [file, formatBytes(bytes), named('dit', header.ditVersion)]],
    ['Container', run === undefined ? [] : [shortId(run.containerId), run.name, run.image]],
    ['Command', [joinForeign(target.command, ' ')]],
    ['Network', [target.network]],
    [
      'Engine',
      [
        engine.version === '' ? '' : quoting`${engine.name || 'Docker'} ${engine.version}`,
        engine.privateEngine ? "dit's own" : '',
        named('containerd', engine.containerdVersion),
        named('runc', engine.runcVersion),
        engine.storageDriver,
        named('cgroup driver', engine.cgroupDriver),
      ],
    ],
    [
      'Host',
      [
        header.redacted ? '' : host.hostname,
        quoting`${host.kernelRelease} ${host.architecture}`,
        plural(host.cpus, 'CPU'),
        formatBytes(host.memoryBytes),
        named('cgroup', host.cgroupVersion),
        host.os,
      ],
    ],
    [
      'Source',
      [
        source.name,
        source.probes.length === 0
          ? ''
          : `${plural(source.probes.length - refused.length, 'probe')} attached, ${formatCount(refused.length)} refused`,
        source.perturbed
          ? quoting`slows what it measures: ${source.perturbation}`
          : 'not known to slow what it measures',
        header.redacted ? 'redacted' : '',
      ],
    ],
    ...refused.map(({ attachPoint, refusal }): [string, Foreign[]] => [
      'Refused',
      [attachPoint, firstLine(refusal)],
    ]),
    [
      'Clock',
      [
        'CLOCK_MONOTONIC: kernel timestamps; requests on the same clock',
        clocks.length === 0 ? '' : `wall clock known to ${formatDuration(uncertainty)}`,
      ],
    ],
    ['Lost events', [lossOf(trace.recording).text]],
    ['Recorded', [formatDate(header.startRealtimeNs)]],
    [
      'Cost',
      footer === undefined
        ? []
        : [
            `${formatMs(footer.recorderCpuNs, 0)} ms of dit's CPU time while recording`,
            `probes off in ${formatMs(footer.disarmNs, 1)} ms`,
          ],
    ],
    [
      'Meanwhile',
      trace.foreign.length === 0
        ? []
        : [`${plural(trace.foreign.length, 'other container')} started; not on this page`],
    ],
    ['Exit code', run?.exitCode === undefined ? [] : [String(run.exitCode)]],
  ];
  return h(
    Section,
    { title: 'Recording' },
    h(
      'dl',
      { class: 'facts' },
      facts.flatMap(([label, parts], index) => {
        const text = parts
          .filter((part) => part !== '')
          .map(escapeText)
          .join(', ');
        return text === ''
          ? []
          : h('div', { key: index }, h('dt', null, label), h('dd', null, text));
      }),
    ),
  );
}

/** Above everything else: what fails, what is lost, what is not as it seems. */
export function Warnings({ session }: { readonly session: Session }): ComponentChild {
  const notes = session.shown.flatMap((start, side) => {
    const { trace, run } = start;
    const { footer, header } = trace.recording;
    const failure = run?.failure || footer?.failure || '';
    const said: { message: Foreign; remedy: Foreign }[] = [];
    const say = (message: Foreign, remedy: Foreign = ''): void => {
      said.push({ message, remedy });
    };
    if (failure !== '') say(quoting`the start failed: ${failure}`);
    if (run === undefined) say('no container was created while this was recorded');
    if (footer?.outcome === 'interrupted') say('the recording was interrupted');
    if (header.source.name === 'api') {
      say(
        'the kernel was not seen: what the engine did between request and answer is unattributed',
      );
    }
    if (Number.isNaN(lossOf(trace.recording).lost))
      say('lost events: unknown, no count was written');
    said.push(...trace.warnings);
    const which = session.shown.length > 1 ? `${'AB'[side]}: ` : '';
    return said.map(({ message, remedy }) => ({ message: quoting`${which}${message}`, remedy }));
  });
  if (notes.length === 0) return null;
  return h(
    'section',
    { class: 'warnings', 'aria-label': 'Warnings' },
    h(
      'ul',
      null,
      notes.map(({ message, remedy }, index) =>
        h(
          'li',
          { key: index },
          h('strong', null, escapeText(message)),
          remedy === '' ? undefined : h('span', null, ` ${escapeText(remedy)}`),
        ),
      ),
    ),
  );
}
