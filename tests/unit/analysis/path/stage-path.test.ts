/** Recordings without switches: the stages of a start, in their order, tile the window. */
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../../src/analysis/analyse.js';
import { PID, startedContainer } from '../../../support/stream.js';

const TIMES = { shim: 2000, runc: 3000, init: 4000, entrypoint: 10_000 };

const withoutSchedule = () =>
  startedContainer(TIMES)
    .mark('create', 100, 500)
    .mark('start', 600, undefined)
    .syscall('mount', 5000, 5600, PID.init, PID.init, { texts: { 0: 'proc', 2: 'proc' } })
    .exit(8000, PID.runc);

describe('a start whose switches were not recorded', () => {
  const [run] = analyse(withoutSchedule().recording()).runs;
  const at = (time: number) => run?.segments.find(({ start, end }) => start <= time && time < end);

  it('is attributed whole, to whose turn it was, and all of it as inferred', () => {
    expect(run?.segments[0]?.start).toBe(100);
    expect(run?.segments.at(-1)?.end).toBe(10_000);
    expect(run?.segments.every(({ certainty }) => certainty === 'inferred')).toBe(true);
    expect(at(1000)?.actor).toBe('dockerd');
    expect(at(2500)?.actor).toBe('shim');
    expect(at(3500)?.actor).toBe('runc create');
    expect(at(9000)?.actor).toBe('init');
  });

  it('still tells the syscalls of that process apart', () => {
    expect(at(5300)).toMatchObject({ phase: 'kernel', category: 'mounts' });
    expect(at(5700)).toMatchObject({ phase: 'runtime', category: 'runc' });
  });
});
