import { describe, expect, it } from 'vitest';
import { raw } from '../../../../src/base/foreign.js';
import { traceTimeOf } from '../../../../src/base/time.js';
import { processName } from '../../../../src/model/trace/process-name.js';
import type { ProcessLife } from '../../../../src/model/trace/trace.js';
import { livesOf } from '../../../support/lives.js';

const nameAt = (time: number): string =>
  raw(
    processName(
      livesOf([
        {
          actor: 'init',
          comms: [
            { time: 10, comm: 'runc' },
            // An exec renames the task before it is over.
            { time: 19, comm: 'exe' },
            { time: 30, comm: 'runc:[2:INIT]' },
          ],
          execs: [
            { time: 20, filename: '/proc/self/exe', argv: ['/usr/sbin/runc', 'init'] },
            { time: 40, filename: '/bin/echo', argv: [] },
          ],
        },
      ])[0] as ProcessLife,
      traceTimeOf(time),
    ),
  );

describe('processName', () => {
  it('is what it was called at that time', () => {
    expect([5, 10, 20, 29, 30, 40].map(nameAt)).toEqual([
      'runc',
      'runc',
      'runc',
      'runc',
      'runc:[2:INIT]',
      'echo',
    ]);
  });

  it('is nothing where nothing is known', () => {
    expect(processName(livesOf([{ actor: 'other' }])[0] as ProcessLife, traceTimeOf(0))).toBe('');
  });
});
