/** Where the time of a start went: phases, in them categories, and how much of it is inferred. */
import { type ComponentChild, h } from 'preact';
import { escapeText } from '../../base/escape.js';
import { lengthOf, phaseOf, phaseTotals } from '../../model/trace/totals.js';
import type { Segment } from '../../model/trace/trace.js';
import { formatMs, formatPercent } from '../../render/common/format.js';
import type { Session } from '../timeline/session.js';
import { Section, Swatch, Table, type TableRow } from './table.js';

export function Phases({ session }: { readonly session: Session }): ComponentChild {
  const { run } = session.current;
  const segments = run?.segments ?? [];
  if (segments.length === 0) {
    return h(
      Section,
      { title: 'Phases' },
      h('p', { class: 'none' }, 'No whole start was recorded: nothing can be attributed.'),
    );
  }
  const whole = segments.reduce((ns, segment) => ns + lengthOf(segment), 0);
  const inferred = inferredBy(segments);
  const inferredNs = inferred.get('') ?? 0;
  const rows = phaseTotals(segments).flatMap(({ phase, ns, waitingNs, categories }): TableRow[] => {
    if (ns === 0) return [];
    const figures = (name: string, own: { ns: number; waitingNs: number }): string[] => [
      formatMs(own.ns),
      formatPercent(own.ns / whole),
      formatMs(own.waitingNs),
      ...(inferredNs === 0 ? [] : [shareOf(inferred.get(name) ?? 0, own.ns)]),
    ];
    return [
      {
        key: phase,
        className: 'phase',
        cells: [h('span', null, h(Swatch, { phase }), phase), ...figures(phase, { ns, waitingNs })],
      },
      ...categories
        .filter(({ category }) => category !== phase)
        .map((own): TableRow => {
          const bar = h('span', {
            class: `bar ${phase}`,
            style: { width: `calc(${own.ns / whole} * (100% - 26px))` },
          });
          const name = escapeText(own.category);
          return {
            key: `${phase} ${own.category}`,
            className: 'category',
            cells: [
              h(
                'button',
                {
                  type: 'button',
                  class: 'plain',
                  title: `find “${name}” on the timeline`,
                  onClick: () => session.store.set({ query: own.category, match: -1 }),
                },
                name,
                bar,
              ),
              ...figures(`${phase} ${own.category}`, own),
            ],
          };
        }),
    ];
  });
  return h(
    Section,
    { title: 'Phases', note: 'of the critical path' },
    h(Table, {
      caption: 'Time of the start by phase and category',
      columns: [
        { head: 'phase', kind: 'rest' },
        { head: 'ms', kind: 'figure' },
        { head: 'share', kind: 'figure' },
        { head: 'waiting', kind: 'figure' },
        ...(inferredNs === 0 ? [] : [{ head: 'inferred', kind: 'figure' } as const]),
      ],
      rows,
    }),
    h(
      'p',
      { class: 'sum' },
      `${formatMs(whole)} ms in all: `,
      h('strong', null, `${formatPercent((whole - inferredNs) / whole)} exact`),
      `, ${formatPercent(inferredNs / whole)} inferred`,
    ),
  );
}

const shareOf = (part: number, whole: number): string =>
  part === 0 ? '' : formatPercent(part / whole);

/** ns by phase, by phase and category, and under '' in all. */
function inferredBy(segments: readonly Segment[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const segment of segments) {
    if (segment.certainty === 'exact') continue;
    const phase = phaseOf(segment);
    for (const key of ['', phase, `${phase} ${segment.category}`]) {
      sums.set(key, (sums.get(key) ?? 0) + lengthOf(segment));
    }
  }
  return sums;
}
