/** Who spent how much on what, on the critical path. */
import { type ComponentChild, h } from 'preact';
import { escapeText } from '../../base/escape.js';
import { lengthOf, shares } from '../../model/trace/totals.js';
import {
  formatCount,
  formatDuration,
  formatMs,
  formatPercent,
} from '../../render/common/format.js';
import type { Session } from '../timeline/session.js';
import { Section, Swatch, Table } from './table.js';

const SHOWN = 12;

export function Longest({ session }: { readonly session: Session }): ComponentChild {
  const { run } = session.current;
  const segments = run?.segments ?? [];
  if (segments.length === 0) return null;
  const whole = segments.reduce((ns, segment) => ns + lengthOf(segment), 0);
  return h(
    Section,
    { title: 'What took longest', note: 'on the critical path' },
    h(Table, {
      caption: 'Time on the critical path by actor and category, longest first',
      columns: [
        { head: 'category', kind: 'rest' },
        { head: 'actor' },
        { head: 'ms', kind: 'figure' },
        { head: 'share', kind: 'figure' },
        { head: 'pieces', kind: 'figure' },
        { head: 'longest', kind: 'figure' },
      ],
      rows: shares(segments)
        .slice(0, SHOWN)
        .map(({ actor, phase, category, ns, segments: pieces, longest }) => ({
          key: `${actor} ${phase} ${category}`,
          cells: [
            h('span', null, h(Swatch, { phase }), escapeText(category)),
            actor,
            formatMs(ns),
            formatPercent(ns / whole),
            formatCount(pieces),
            h(
              'button',
              {
                type: 'button',
                class: 'plain',
                title: 'show it on the timeline',
                onClick: () =>
                  session.goTo(session.store.state.side, {
                    kind: 'segment',
                    index: segments.indexOf(longest),
                  }),
              },
              formatDuration(lengthOf(longest)),
            ),
          ],
        })),
    }),
  );
}
