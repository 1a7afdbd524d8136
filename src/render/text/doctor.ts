/**
 * What `dit doctor` prints.
 *
 *   dit can record here, with the ebpf source
 *
 *   ok       kernel 5.10 or later     6.18.44
 *   missing  kernel type information  there is no /sys/kernel/btf/vmlinux
 *              try: use a kernel built with CONFIG_DEBUG_INFO_BTF=y
 *   absent   built-in image           busybox is not installed
 *              try: sudo apt-get install busybox-static
 */

import { escapeText, safeJson } from '../../base/escape.js';
import { own } from '../../base/own.js';
import type { Feature } from '../../model/checks/feature.js';
import { alignLeft, wrap } from '../common/columns.js';
import type { Theme } from '../common/theme.js';

/** The best source that this machine has: ebpf takes all that is required, the others one feature each and an engine. */
export function bestSource(features: readonly Feature[]): string | undefined {
  const has = (id: string): boolean =>
    features.some((feature) => feature.id === id && feature.available);
  const missing = features.filter(({ available, required }) => required && !available);
  if (missing.length === 0) return 'ebpf';
  const lacksEngine = missing.some(({ id }) => ENGINES.includes(id));
  return (lacksEngine ? ['api'] : ['bpftrace', 'strace', 'api']).find(has);
}

/** Those whose kernel is this machine's. */
const ENGINES = ['docker', 'private-engine'];

export const canRecord = (features: readonly Feature[]): boolean =>
  bestSource(features) !== undefined;

export function renderDoctor(features: readonly Feature[], theme: Theme, width: number): string {
  const source = bestSource(features);
  const verdict =
    source === undefined
      ? wrap(CANNOT, width).map((line) => theme.bad(line))
      : wrap(
          `dit can record here, with the ${source} source${own(REMARKS, source) ?? ''}`,
          width,
        ).map((line) => theme.good(line));
  const lines = [...verdict, ''];
  for (const { title, available, required, evidence, remedy } of features) {
    const [word, paint] = available
      ? (['ok', theme.good] as const)
      : required
        ? (['missing', theme.bad] as const)
        : (['absent', theme.warning] as const);
    const state = paint(alignLeft(word, STATE));
    if (width < NARROW) {
      lines.push(
        ...wrap(title, width - STATE).map((line, at) => (at === 0 ? state : BELOW) + line),
      );
      lines.push(...indented(escapeText(evidence), width));
    } else {
      const [first = '', ...rest] = wrap(escapeText(evidence), width - EVIDENCE);
      lines.push((state + alignLeft(title, TITLE) + first).trimEnd());
      lines.push(...rest.map((line) => ' '.repeat(EVIDENCE) + line));
    }
    if (remedy === '') continue;
    lines.push(...indented(`try: ${escapeText(remedy)}`, width).map((line) => theme.strong(line)));
  }
  return `${lines.join('\n')}\n`;
}

const indented = (text: string, width: number): string[] =>
  wrap(text, width - STATE - 2).map((line) => `${BELOW}  ${line}`);

const CANNOT = 'dit cannot record here; it can read trace files: dit trace show FILE';
const REMARKS: Readonly<Record<string, string>> = { api: ': only API requests and responses' };
const STATE = 9;
const TITLE = 25;
const EVIDENCE = STATE + TITLE;
const BELOW = ' '.repeat(STATE);
/** Too few columns for evidence beside what it is of. */
const NARROW = 70;

export function doctorJson(features: readonly Feature[]): string {
  return `${safeJson(
    {
      schema: 'dit.doctor/1',
      can_record: canRecord(features),
      source: bestSource(features) ?? null,
      capabilities: features,
    },
    2,
  )}\n`;
}
