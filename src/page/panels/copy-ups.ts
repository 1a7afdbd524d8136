/** The files that overlayfs copied to the upper layer, longest first. */
import { type ComponentChild, h } from 'preact';
import { escapeText } from '../../base/escape.js';
import { countCopied } from '../../model/trace/copy-ups.js';
import { milestone } from '../../model/trace/trace.js';
import { formatBytes, formatDuration, formatMs } from '../../render/common/format.js';
import { shortenIds } from '../../render/text/findings.js';
import { copiedText } from '../../words/copied-text.js';
import type { Session } from '../timeline/session.js';
import { Section, Table } from './table.js';

const SHOWN = 50;

export function CopyUps({ session }: { readonly session: Session }): ComponentChild {
  const { run, origin } = session.current;
  const copyUps = (run?.copyUps ?? []).toSorted((a, b) => b.duration - a.duration);
  if (copyUps.length === 0) {
    return h(
      Section,
      { title: 'Copy-ups' },
      h('p', { class: 'none' }, 'No file was copied to the upper layer.'),
    );
  }
  const exec = run === undefined ? undefined : milestone(run, 'entrypoint exec')?.time;
  const bytes = copyUps.reduce((sum, each) => sum + each.bytes, 0);
  const ns = copyUps.reduce((sum, each) => sum + each.duration, 0);
  return h(
    Section,
    { title: 'Copy-ups', note: 'files that overlayfs copied to the upper layer' },
    h(Table, {
      caption: 'Copy-ups, longest first',
      columns: [
        { head: exec === undefined ? 'at ms' : 'since the exec ms', kind: 'figure' },
        { head: 'took', kind: 'figure' },
        { head: 'size', kind: 'figure' },
        { head: 'by' },
        { head: 'in' },
        { head: 'certainty' },
        { head: 'file', kind: 'rest' },
      ],
      rows: copyUps.slice(0, SHOWN).map((each, index) => ({
        key: index,
        cells: [
          formatMs(each.start - (exec ?? origin)),
          formatDuration(each.duration),
          each.bytes === 0 ? 'metadata' : formatBytes(each.bytes),
          each.actor,
          escapeText(each.trigger),
          h('span', { class: each.certainty }, each.certainty),
          shortenIds(escapeText(each.path)),
        ],
      })),
    }),
    h(
      'p',
      { class: 'sum' },
      `${copiedText(countCopied(copyUps))}, ${formatBytes(bytes)}, ${formatDuration(ns)}`,
      copyUps.length > SHOWN ? `; the ${SHOWN} longest are listed` : '',
    ),
  );
}
