/** Lives of processes from their events. */
import { expect, test } from 'vitest';
import { buildLives } from '../../../../src/analysis/order/process-lives.js';
import { timeOrder } from '../../../../src/analysis/order/time-order.js';
import { EXIT_FLAG } from '../../../../src/model/recording/event-kinds.js';
import { Stream } from '../../../support/stream.js';

test('where two threads end at once and each is the last, a process ends with the later one', () => {
  const stream = new Stream().known(10, 'daemon').fork(100, 10, 20).fork(200, 20, 20, 21);
  const exit = (time: number, tid: number, code: number): void => {
    stream.events.push(
      'exit',
      { time, pid: 20, tid },
      { codes: code, flags: EXIT_FLAG.lastThread },
    );
  };
  exit(900, 20, 3);
  exit(950, 21, 0);
  const recording = stream.recording();
  const lives = buildLives(recording, timeOrder(recording.events));
  expect(lives.processes.filter(({ pid }) => pid === 20)).toMatchObject([
    { end: 950, exitCode: 3, exitEvent: 3 },
  ]);
});
