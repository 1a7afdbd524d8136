/** The colours of dit's output. */
import pc from 'picocolors';
import { PLAIN_THEME, type Theme } from '../../render/common/theme.js';
import type { Output } from './output.js';

export function themeFor(output: Output): Theme {
  if (!output.colour) return PLAIN_THEME;
  const c = pc.createColors(true);
  return {
    heading: (text) => c.bold(text),
    strong: c.bold,
    dim: c.dim,
    good: c.green,
    warning: c.yellow,
    bad: c.red,
    phase: { runtime: c.cyan, kernel: c.magenta, storage: c.yellow, unattributed: c.red },
  };
}
