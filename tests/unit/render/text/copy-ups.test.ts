import { describe, expect, it } from 'vitest';
import { durationOf, traceTimeOf } from '../../../../src/base/time.js';
import { type CopyUp, milestone } from '../../../../src/model/trace/trace.js';
import { PLAIN_THEME } from '../../../../src/render/common/theme.js';
import { renderCopyUps } from '../../../../src/render/text/copy-ups.js';
import { renderTimeline } from '../../../../src/render/text/timeline.js';
import { sampleRun, startedTrace } from '../../../support/traces.js';

const EXEC = milestone(sampleRun(), 'entrypoint exec')?.time ?? 0;
const MS = 1e6;

const copyUp = (msAfterExec: number, ms: number, changes: Partial<CopyUp> = {}): CopyUp => ({
  start: traceTimeOf(EXEC + msAfterExec * MS),
  duration: durationOf(ms * MS),
  bytes: 2048,
  path: '/lower/f',
  actor: msAfterExec < 0 ? 'init' : 'entrypoint',
  process: undefined,
  tid: 1,
  syscall: undefined,
  trigger: 'openat',
  certainty: 'exact',
  ...changes,
});

const probe = (program: string, attached: boolean) => ({
  program,
  attachPoint: `fexit/${program}`,
  attached,
  refusal: attached ? '' : 'no',
  attachedNs: 0n,
});

const render = (
  copyUps: readonly CopyUp[],
  { width = 80, all = false, probes = [probe('ovl_copy_up_one', true)] } = {},
) => renderCopyUps(sampleRun({ copyUps }), probes, { theme: PLAIN_THEME, width, all });

describe('copy-ups', () => {
  it('are nothing where there were none', () => {
    expect(render([])).toEqual([]);
  });

  it('are told by when, how long, what and how sure', () => {
    const lines = render([copyUp(-12, 1, { path: '/etc/hosts', bytes: 0 }), copyUp(1.5, 76)]);
    expect(lines.slice(3)).toEqual([
      '   since exec      took      size  by         in        how       path',
      '     1.500 ms   76.0 ms   2.0 KiB  entrypoint openat    exact     /lower/f',
      '   -12.000 ms   1.00 ms  metadata  init       openat    exact     /etc/hosts',
      '1 file and 1 folder or file without data, 2.0 KiB, 77.0 ms, 1 before the',
      "entrypoint's exec, 1 after it",
    ]);
  });

  it('show ten and sum up the rest', () => {
    const many = Array.from({ length: 14 }, (_, index) => copyUp(index, 14 - index));
    const lines = render(many);
    expect(lines.filter((line) => line.includes('/lower/f'))).toHaveLength(10);
    expect(lines).toContain('    and 4 shorter ones, 8.0 KiB, 10.0 ms: --all');
    expect(lines.at(-1)).toBe("14 files, 28.0 KiB, 105 ms, all after the entrypoint's exec");
    expect(render(many, { all: true }).filter((line) => line.includes('/lower/f'))).toHaveLength(
      14,
    );
  });

  it('may be very many', () => {
    const many = Array.from({ length: 200_000 }, (_, index) => copyUp(index, 1));
    expect(render(many)).toContain('    and 199,990 shorter ones, 391 MiB, 200 s: --all');
  });

  it('say why they are inferred', () => {
    const inferred = [copyUp(1, 1, { certainty: 'inferred' })];
    const refused = render(inferred, { width: 200, probes: [probe('ovl_copy_up_one', false)] });
    expect(refused.at(-1)).toContain('inferred: the kernel refused fexit/ovl_copy_up_one; ');
    expect(render([copyUp(1, 1)]).join('\n')).not.toContain('inferred');
  });

  it('keep the end of a long path', () => {
    const path = `/var/lib/${'deep/'.repeat(20)}file.db`;
    expect(render([copyUp(1, 1, { path })]).join('\n')).toMatch(/ …[a-z/]*deep\/file\.db$/m);
  });

  it('are drawn after the exec, where the timeline ends', () => {
    const [drawn = '', axis = ''] = render([copyUp(0, 10), copyUp(90, 10)]);
    expect(drawn).toMatch(/^since the exec ▓+ +▓+$/);
    const cells = drawn.slice('since the exec '.length);
    expect(cells.length).toBe(axis.trim().length);
    expect(cells.indexOf(' ')).toBeLessThan(cells.length / 5);
    expect(render([copyUp(-20, 10)])[0]).not.toContain('▓');
  });

  it('before the exec have a lane of the timeline', () => {
    const draw = (copyUps: readonly CopyUp[]): string | undefined => {
      const trace = startedTrace({ runs: [sampleRun({ copyUps })] });
      const [run] = trace.runs;
      if (run?.window === undefined) throw new Error('the sample has a window');
      return renderTimeline(trace, run, run.window, run.milestones, PLAIN_THEME, 80).find((line) =>
        line.startsWith('copy-ups'),
      );
    };
    expect(draw([copyUp(-132, 30)])).toMatch(/^copy-ups {20,}▓{5,8}$/);
    expect(draw([copyUp(5, 30)])).toBeUndefined();
  });
});
