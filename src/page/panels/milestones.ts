/** The milestones of a start with their evidence, and those that it lacks. */
import { type ComponentChild, h } from 'preact';
import { escapeText } from '../../base/escape.js';
import { formatMs } from '../../render/common/format.js';
import { shortenIds } from '../../render/text/findings.js';
import type { Session } from '../timeline/session.js';
import { milestonesOf } from '../timeline/target.js';
import { Section, Table, type TableRow } from './table.js';

export function Milestones({ session }: { readonly session: Session }): ComponentChild {
  const { current, store } = session;
  const milestones = milestonesOf(current);
  const { selected, side } = store.state;
  const rows = milestones.map(({ name, time, certainty, evidence }, index): TableRow => {
    const before = milestones[index - 1];
    const isSelected = selected?.kind === 'milestone' && selected.index === index;
    return {
      key: name,
      className: isSelected ? 'selected' : '',
      cells: [
        h(
          'button',
          {
            type: 'button',
            class: 'plain',
            onClick: () => session.goTo(side, { kind: 'milestone', index }),
          },
          h('b', { class: 'number' }, String(index + 1)),
          ` ${name}`,
        ),
        formatMs(time - current.origin),
        before === undefined ? '' : formatMs(time - before.time),
        h('span', { class: certainty }, certainty),
        shortenIds(escapeText(evidence.text)),
      ],
    };
  });
  const absent = (current.run?.absent ?? []).map(
    ({ name, reason }): TableRow => ({
      key: name,
      className: 'absent',
      cells: [
        h('span', null, h('b', { class: 'number' }, '–'), ` ${name}`),
        'absent',
        '',
        '',
        escapeText(reason),
      ],
    }),
  );
  return h(
    Section,
    { title: 'Milestones', note: 'with their evidence' },
    h(Table, {
      caption: 'Milestones of the start',
      columns: [
        { head: 'milestone' },
        { head: '+ms', kind: 'figure' },
        { head: 'delta ms', kind: 'figure' },
        { head: 'certainty' },
        { head: 'evidence', kind: 'rest' },
      ],
      rows: [...rows, ...absent],
    }),
  );
}
