/**
 * What `dit doctor` prints.
 *
 *   dit can record here, with the ebpf source
 *
 *   ok       kernel 5.11 or later     6.18.44
 *   missing  kernel type information  there is no /sys/kernel/btf/vmlinux
 *              try: use a kernel built with CONFIG_DEBUG_INFO_BTF=y
 *   absent   built-in image           busybox is not installed
 *              try: sudo apt-get install busybox-static
 */
import type { Capability } from '../model/capability.js';
import { alignLeft, wrap } from './columns.js';
import { escapeText, safeJson } from './escape.js';
import type { Theme } from './theme.js';

export const canRecord = (capabilities: readonly Capability[]): boolean =>
  capabilities.every(({ available, required }) => available || !required);

export function renderDoctor(
  capabilities: readonly Capability[],
  theme: Theme,
  width: number,
): string {
  const verdict = canRecord(capabilities)
    ? theme.good('dit can record here, with the ebpf source')
    : theme.bad('dit cannot record here; it can read trace files: dit trace show FILE');
  const lines = [verdict, ''];
  for (const { title, available, required, evidence, remedy } of capabilities) {
    const [word, paint] = available
      ? (['ok', theme.good] as const)
      : required
        ? (['missing', theme.bad] as const)
        : (['absent', theme.warning] as const);
    wrap(escapeText(evidence), width - EVIDENCE).forEach((line, index) => {
      const head =
        index === 0
          ? paint(alignLeft(word, STATE)) + alignLeft(title, TITLE)
          : ' '.repeat(EVIDENCE);
      lines.push(head + line);
    });
    if (remedy === '') continue;
    wrap(`try: ${escapeText(remedy)}`, width - STATE - 2).forEach((line) => {
      lines.push(' '.repeat(STATE + 2) + theme.strong(line));
    });
  }
  return `${lines.join('\n')}\n`;
}

const STATE = 9;
const TITLE = 25;
const EVIDENCE = STATE + TITLE;

export function doctorJson(capabilities: readonly Capability[]): string {
  return `${safeJson(
    {
      schema: 'dit.doctor/1',
      can_record: canRecord(capabilities),
      source: canRecord(capabilities) ? 'ebpf' : null,
      capabilities,
    },
    2,
  )}\n`;
}
