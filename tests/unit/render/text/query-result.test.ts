import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../../../src/render/common/columns.js';
import { PLAIN_THEME } from '../../../../src/render/common/theme.js';
import { renderAnswer } from '../../../../src/render/text/query-result.js';
import { HOSTILE } from '../../../support/traces.js';

const COLUMNS = [
  { name: 'ms', isNumber: true },
  { name: 'image', isNumber: false },
  { name: 'why', isNumber: false },
];
const ROWS = [
  ['12.5', 'registry.example/team/application:2025-11-21', 'the machine is short of CPU'],
  ['7', 'alpine', ''],
];
const render = (width: number | undefined, rows: readonly string[][] = ROWS): string[] =>
  renderAnswer(COLUMNS, rows, { theme: PLAIN_THEME, width }).trimEnd().split('\n');

describe('an answer', () => {
  it('has numbers at the right, and all of every text where it goes to a file', () => {
    expect(render(undefined)).toEqual([
      '  ms  image                                         why',
      '----  --------------------------------------------  ---------------------------',
      '12.5  registry.example/team/application:2025-11-21  the machine is short of CPU',
      '   7  alpine',
    ]);
  });

  it('takes from the widest texts until it fits a terminal', () => {
    expect(render(60)).toEqual([
      '  ms  image                       why',
      '----  --------------------------  --------------------------',
      '12.5  registry.example/team/app…  the machine is short of C…',
      '   7  alpine',
    ]);
  });

  it('never runs over the line', () => {
    for (const width of [20, 30, 43, 79]) {
      for (const line of render(width)) expect(columnsOf(line)).toBeLessThanOrEqual(width);
    }
  });

  it('shows what a terminal would act on', () => {
    const text = render(undefined, [['1', HOSTILE, HOSTILE]]).join('\n');
    expect(text).not.toMatch(/[^\P{C}\n]/u);
    expect(text).toContain('evil\\x1b[2J\\x9b31m\\u202egnp');
  });

  it('is a head alone without rows', () => {
    expect(render(80, [])).toEqual(['ms  image  why', '--  -----  ---']);
  });
});
