/**
 * What `dit doctor --sources` prints, and docs/sources.md keeps: what each source gives.
 *
 *                              ebpf      bpftrace  strace    api
 *   here                       yes       no        yes       yes
 *   create requested           exact     exact     exact     exact
 */

import { escapeText, safeJson } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import { alignLeft, wrap } from '../common/columns.js';
import type { Theme } from '../common/theme.js';

/** One row: what it is, and each source's word for it, in the order of `names`. */
export interface SourceTable {
  readonly names: readonly string[];
  readonly groups: readonly {
    readonly title: string;
    readonly rows: readonly { readonly title: string; readonly words: readonly string[] }[];
  }[];
  /** What is missing here, by source. */
  readonly missing: readonly {
    readonly source: string;
    readonly reason: Foreign;
    readonly remedy: Foreign;
  }[];
}

const TITLE = 30;
const WORD = 10;

export const SOURCES_LEGEND =
  'exact: measured where it happens; order: in the right order, at times that the source itself slowed; inferred: derived, and marked so; no: not seen';

export function renderSources(
  { names, groups, missing }: SourceTable,
  theme: Theme,
  width: number,
): string {
  const row = width < TITLE + WORD * names.length ? twoLines(width) : oneLine;
  const lines: string[] = row('', names).map((line) => theme.strong(line));
  for (const { title, rows } of groups) {
    if (title !== '') lines.push('', theme.heading(title));
    for (const each of rows) lines.push(...row(each.title, each.words));
  }
  const legend = SOURCES_LEGEND.split('; ').flatMap((line) => wrap(line, width));
  lines.push('', ...legend.map((line) => theme.dim(line)));
  for (const { source, reason, remedy } of missing) {
    const [first = '', ...rest] = wrap(`no ${source} here: ${escapeText(reason)}`, width);
    lines.push('', theme.warning(first), ...rest);
    if (remedy === '') continue;
    const tried = wrap(`try: ${escapeText(remedy)}`, width - 2);
    lines.push(...tried.map((line) => `  ${theme.strong(line)}`));
  }
  return `${lines.join('\n')}\n`;
}

const oneLine = (title: string, words: readonly string[]): string[] => [
  `${alignLeft(title, TITLE)}${words.map((word) => alignLeft(word, WORD)).join('')}`.trimEnd(),
];

/** The words below what they are of. */
const twoLines =
  (width: number) =>
  (title: string, words: readonly string[]): string[] => {
    const room = Math.floor((width - 2) / words.length);
    const cells = words.map((word) => alignLeft(word, room)).join('');
    return [...wrap(title, width), `  ${cells}`.trimEnd()];
  };

export function sourcesMarkdown({ names, groups }: SourceTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rows = groups.flatMap(({ rows: own }) =>
    own.map(({ title, words }) => line([title, ...words])),
  );
  return [line(['', ...names]), line(['', ...names].map(() => '---')), ...rows, ''].join('\n');
}

export function sourcesJson({ names, groups, missing }: SourceTable): string {
  const gives = groups.flatMap(({ rows }) =>
    rows.map(({ title, words }) => ({
      what: title,
      ...Object.fromEntries(names.map((name, index) => [name, words[index] ?? ''])),
    })),
  );
  return `${safeJson({ schema: 'dit.sources/1', gives, missing }, 2)}\n`;
}
