/** What grew and what shrank from the first start to the second. */
import { type ComponentChild, h } from 'preact';
import { useState } from 'preact/hooks';
import { compareRuns } from '../../analysis/summaries/diff.js';
import { differencesBetween } from '../../analysis/summaries/environment-differences.js';
import { escapeText } from '../../base/escape.js';
import type { Difference } from '../../model/trace/summaries.js';
import { formatMs, formatPercent, plural } from '../../render/common/format.js';
import type { Session } from '../timeline/session.js';
import { Section, Swatch, Table } from './table.js';

/** The smaller ones are summed up until they are asked for. */
const SHOWN = 14;

export function Differences({ session }: { readonly session: Session }): ComponentChild {
  const [all, setAll] = useState(false);
  const [first, second] = session.shown;
  if (first?.run === undefined || second?.run === undefined) {
    return h(
      Section,
      { title: 'Differences' },
      h('p', { class: 'none' }, 'One of the two holds no start: there is nothing to compare.'),
    );
  }
  const comparison = compareRuns(first.run, second.run);
  const total = comparison.after - comparison.before;
  const changed = comparison.differences.filter((each) => changeOf(each) !== 0);
  const shown = all ? changed : changed.slice(0, SHOWN);
  const rest = changed.slice(shown.length).reduce((sum, each) => sum + changeOf(each), 0);
  const most = Math.max(...shown.map((each) => Math.abs(changeOf(each))), 1);
  const notes = differencesBetween(
    { trace: first.trace, run: first.run },
    { trace: second.trace, run: second.run },
  );
  return h(
    Section,
    { title: 'Differences', note: 'from A to B, on the critical path' },
    h(
      'p',
      { class: 'sum' },
      `${formatMs(comparison.before)} ms → ${formatMs(comparison.after)} ms: `,
      h('strong', null, `${signed(total)} ms`),
      comparison.before > 0
        ? `, ${total > 0 ? '+' : ''}${formatPercent(total / comparison.before)}`
        : '',
    ),
    notes.length === 0
      ? undefined
      : h(
          'div',
          { class: 'notes' },
          'Besides the start, these differ:',
          h(
            'ul',
            null,
            notes.map((note) => h('li', { key: note }, escapeText(note))),
          ),
        ),
    h(Table, {
      caption: 'Changes by actor and category, from A to B',
      columns: [
        { head: 'category', kind: 'rest' },
        { head: 'actor' },
        { head: 'change ms', kind: 'figure' },
        { head: 'A ms', kind: 'figure' },
        { head: 'B ms', kind: 'figure' },
      ],
      rows: shown.map((each) => ({
        key: `${each.actor} ${each.phase} ${each.category}`,
        className: changeOf(each) > 0 ? 'grew' : 'shrank',
        cells: [
          h(
            'span',
            null,
            h(Swatch, { phase: each.phase ?? 'unattributed' }),
            escapeText(each.category),
            each.before === 0 ? h('b', { class: 'mark' }, ' new') : undefined,
            each.after === 0 ? h('b', { class: 'mark' }, ' gone') : undefined,
            h('span', {
              class: 'bar change',
              style: { width: `calc(${Math.abs(changeOf(each)) / most} * (100% - 26px))` },
            }),
          ),
          each.actor,
          signed(changeOf(each)),
          formatMs(each.before),
          formatMs(each.after),
        ],
      })),
    }),
    changed.length > shown.length
      ? h(
          'p',
          { class: 'sum' },
          `and ${plural(changed.length - shown.length, 'smaller change')}, together ${signed(rest)} ms `,
          h(
            'button',
            { type: 'button', class: 'plain link', onClick: () => setAll(true) },
            'show them',
          ),
        )
      : undefined,
  );
}

const changeOf = ({ before, after }: Difference): number => after - before;
const signed = (ns: number): string => `${ns > 0 ? '+' : ''}${formatMs(ns)}`;
