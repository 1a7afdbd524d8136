/** What the trace proves, in plain words. */

import { type ComponentChild, h } from 'preact';
import { escapeText } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import { shortenIds } from '../../render/text/findings.js';
import { findingText } from '../../words/findings/finding-text.js';
import type { Session } from '../timeline/session.js';
import { Section } from './table.js';

export function Findings({ session }: { readonly session: Session }): ComponentChild {
  const findings = session.current.run?.findings ?? [];
  if (findings.length === 0) return null;
  const shown = (text: Foreign): string => shortenIds(escapeText(text));
  return h(
    Section,
    { title: 'Findings', note: 'what this trace proves' },
    h(
      'ol',
      { class: 'findings' },
      findings.map((finding, index) => {
        const { title, evidence, remedy } = findingText(finding);
        return h(
          'li',
          { key: `${finding.id} ${index}` },
          h('strong', null, shown(title)),
          h('p', null, shown(evidence)),
          h('p', { class: 'advice' }, `→ ${remedy}`),
        );
      }),
    ),
  );
}
