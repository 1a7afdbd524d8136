import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timeOrder } from '../../../../src/analysis/order/time-order.js';
import { EventTable } from '../../../../src/model/recording/event-table.js';

function tableOf(times: readonly number[]): EventTable {
  const events = new EventTable();
  for (const time of times) events.push('rename', { time, pid: 1 });
  return events;
}

describe('timeOrder', () => {
  it('is a stable sort by time, for any times that a trace may hold', () => {
    const time = fc.oneof(
      fc.integer({ min: -1000, max: 1000 }),
      fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      fc.integer({ min: 0, max: 2 ** 52 }),
    );
    fc.assert(
      fc.property(fc.array(time, { maxLength: 200 }), (times) => {
        const expected = times
          .map((at, row) => ({ at, row }))
          .sort((a, b) => a.at - b.at || a.row - b.row)
          .map(({ row }) => row);
        expect([...timeOrder(tableOf(times))]).toEqual(expected);
      }),
    );
  });
});
