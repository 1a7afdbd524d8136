/** /proc/PID/stat, whose second field is a name of the process's own choice. */
import { describe, expect, test } from 'vitest';
import { parseStat, processStat } from '../../../../src/platform/processes/process-table.js';

const REST =
  'S 4242 1234 1234 0 -1 4194560 1 0 0 0 17 29 0 0 20 0 7 0 815 1 1 1 1 1 1 0 0 0 0 0 0 0 0 0 17 1 0 0';

describe('parseStat', () => {
  test.each(['sh', 'a b', ') Z 1 (', '((x))', ''])('holds for the name %j', (comm) => {
    expect(parseStat(1234, `1234 (${comm}) ${REST}`)).toEqual({
      pid: 1234,
      comm,
      state: 'S',
      parentPid: 4242,
      cpuTicks: 46,
      startTicks: 815,
    });
  });

  test.each(['', '1234', '1234 ) ('])('is nothing for %j', (text) => {
    expect(parseStat(1234, text)).toBeUndefined();
  });

  test('this process is there, and one that is not is not', () => {
    expect(processStat(process.pid)).toMatchObject({ pid: process.pid, parentPid: process.ppid });
    expect(processStat(2 ** 30)).toBeUndefined();
  });
});
