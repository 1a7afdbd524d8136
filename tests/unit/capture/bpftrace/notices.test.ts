/** What bpftrace says of the recording itself, as it says it in each version. */
import { expect, test } from 'vitest';
import { Notices } from '../../../../src/capture/bpftrace/notices.js';

const TOKEN = '0123456789';

function notices(output: string, size = output.length): Notices {
  const found = new Notices(TOKEN);
  for (let at = 0; at < output.length; at += size) {
    found.add(Buffer.from(output.slice(at, at + size)));
  }
  return found;
}

test.each([1, 5, 1000])('losses are added up, in chunks of %i bytes', (size) => {
  const found = notices(
    "Lost 24272 events\nLost 3 events\nrecorder.bt:2:125-138: WARNING: Map full; can't update element.\n" +
      `${TOKEN} L participants\n${TOKEN} c 123456789012345     \nWARNING: Total lost event count: 3\n`,
    size,
  );
  expect(found.records).toBe(24275);
  expect(found.mapEntries).toBe(1);
  expect(found.participants).toBe(1);
  expect(found.clockAnswers).toEqual([123456789012345n]);
});

test('an entry that was made and not printed is lost', () => {
  const entries =
    `@s0_${TOKEN}[1, 0]: (1, 1, 1, 1, 1)\n` +
    `@A1_${TOKEN}[2, 0]: (1, 1, 0, 1, 2, 3, 4, 5, 6)\n@s0[1, 0]: (1, 1, 1, 1, 1)\n`;
  expect(notices(`${entries}@stored_${TOKEN}: 2\n`).records).toBe(0);
  expect(notices(`${entries}@stored_${TOKEN}: 5\n@stored: 2\n`).records).toBe(3);
});

test('the last heartbeat is known, however its line is cut', () => {
  const lines = `${TOKEN} h 500 ${' '.repeat(4096)}\n${TOKEN} h 1000 ${' '.repeat(4096)}\n`;
  expect(notices(lines, 300).heartbeat).toBe(1000n);
  expect(notices(lines.slice(0, -3), 300).heartbeat).toBe(500n);
});

test('what stands within a line is none of it', () => {
  const found = notices(`${TOKEN} r 1 0 7 7 Lost 9 events${TOKEN}\n${TOKEN} r 1 0 7 7 Map full;\n`);
  expect([found.records, found.mapEntries]).toEqual([0, 0]);
});
