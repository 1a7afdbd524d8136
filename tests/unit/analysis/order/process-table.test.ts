/** Lives of processes from their events. */
import { expect, test } from 'vitest';
import { buildLives, type ProcessTable } from '../../../../src/analysis/order/process-table.js';
import { timeOrder } from '../../../../src/analysis/order/time-order.js';
import type { TraceTime } from '../../../../src/base/time.js';
import { EXIT_FLAG } from '../../../../src/model/recording/event-kinds.js';
import { Stream } from '../../../support/stream.js';

const livesOf = (stream: Stream): ProcessTable => {
  const recording = stream.recording();
  return buildLives(recording, timeOrder(recording.events));
};
const at = (ns: number): TraceTime => ns as TraceTime;

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
  const lives = livesOf(stream);
  expect(lives.processes.filter(({ pid }) => pid === 20)).toMatchObject([
    { end: 950, exitCode: 3, exitEvent: 3 },
  ]);
});

test('a pid that is given again is another life', () => {
  const lives = livesOf(
    new Stream().known(10, 'daemon').fork(100, 10, 20).exit(200, 20, 1).fork(300, 10, 20),
  );
  const both = lives.processes.filter(({ pid }) => pid === 20);
  expect(both).toMatchObject([
    { start: 100, end: 200, exitCode: 1 },
    { start: 300, end: undefined },
  ]);
  expect([lives.at(20, at(150)), lives.at(20, at(350))]).toEqual(both);
});

test('a process that the snapshot has already is not begun again by its fork', () => {
  const lives = livesOf(new Stream().known(10, 'daemon').known(20, 'child', 10).fork(100, 10, 20));
  expect(lives.processes.filter(({ pid }) => pid === 20)).toMatchObject([
    { start: undefined, parent: lives.at(10, at(0))?.key },
  ]);
});

test('who forks or executes and was never seen before was there', () => {
  const lives = livesOf(new Stream().fork(100, 10, 20).exec(200, 30, '/bin/sh', ['sh']));
  expect(lives.processes).toMatchObject([
    { pid: 10, start: undefined },
    { pid: 20, start: 100, parent: 0 },
    { pid: 30, start: undefined, execs: [{ time: 200, filename: '/bin/sh', argv: ['sh'] }] },
  ]);
});

test('a process is called what its leader is called; its threads have names of their own', () => {
  const stream = new Stream().known(10, 'daemon').rename(100, 10, 'renamed');
  stream.events.push(
    'rename',
    { time: 200, pid: 10, tid: 11 },
    { comms: stream.strings.intern('worker') },
  );
  expect(livesOf(stream).processes[0]?.comms.map(({ comm }) => comm)).toEqual([
    'daemon',
    'renamed',
  ]);
});

test('threads begin with their forks, and one that executes takes its leader’s id over', () => {
  const stream = new Stream().known(10, 'daemon').fork(100, 10, 10, 11);
  stream.events.push(
    'exec',
    { time: 300, pid: 10, tid: 10 },
    { filenames: stream.strings.intern('/bin/app'), old_tids: 11 },
  );
  const lives = livesOf(stream);
  expect(lives.threadStart(11, at(150))).toEqual({ time: 100, parentTid: 10, event: 0 });
  expect(lives.threadStart(11, at(50))).toBeUndefined();
  expect(lives.nextThreadStart(11, at(50))).toMatchObject({ time: 100 });
  expect(lives.formerTid(10, at(300))).toEqual({ tid: 11, until: 300 });
  expect(lives.formerTid(10, at(299))).toBeUndefined();
});
