import { finished } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { joinParts, leftOut } from '../../../../src/checks/contract/check-part.js';
import { judgeCopyUps } from '../../../../src/checks/io/io-copy-ups.js';
import { ddTransfer } from '../../../../src/checks/io/io-in-container.js';
import {
  judgeWrites,
  type WriteSeries,
  writeFigures,
} from '../../../../src/checks/io/io-writes.js';
import { copyUpLayer, matchCopyUps } from '../../../../src/measure/copy-up.js';
import { fioTransfer } from '../../../../src/measure/files/fio.js';
import { megabytesPerSecond } from '../../../../src/measure/files/writes.js';
import type { CopyUp } from '../../../../src/model/trace/trace.js';

const series = (place: WriteSeries['place'], own: number[], fio: number[] = []): WriteSeries => ({
  place,
  mode: 'fsync',
  own,
  fio,
});

describe('writes', () => {
  test('the overlay about as fast as the volume, and fio agrees', () => {
    const all = [series('overlay', [95, 96, 97], [99, 98, 100]), series('volume', [100, 101, 99])];
    expect(judgeWrites(all, 'fio-3.33')).toMatchObject({
      verdict: 'pass',
      findings: [],
      reason: 'writing with an fsync is 96 % as fast on the overlay as on a volume',
    });
  });

  test('a slow overlay warns', () => {
    const all = [series('overlay', [40, 41, 42]), series('volume', [100, 100, 100])];
    const { verdict, findings, remedy } = judgeWrites(all, 'fio-3.33');
    expect(verdict).toBe('warn');
    expect(findings.map(({ id }) => id)).toEqual(['overlay-writes-slowly']);
    expect(remedy).not.toBe('');
  });

  test('fio differs only where no round of it is among those of dit', () => {
    const volume = series('volume', [100, 100, 100]);
    const apart = judgeWrites([series('overlay', [100, 102, 104], [80, 85, 90]), volume], 'fio');
    expect(apart.verdict).toBe('warn');
    expect(apart.findings.map(({ id }) => id)).toEqual(['fio-differs']);
    const among = judgeWrites([series('overlay', [70, 102, 104], [80, 85, 110]), volume], 'fio');
    expect(among.verdict).toBe('pass');
    expect(among.findings).toMatchObject([{ id: 'disk-unsteady', severity: 'info' }]);
    expect(among.findings[0]?.title).toContain('70 to 104 and 80 to 110 MB/s');
  });

  test('without fio that is said', () => {
    const all = [series('overlay', [1]), series('volume', [1])];
    expect(judgeWrites(all, undefined)).toMatchObject({
      verdict: 'pass',
      findings: [{ id: 'fio-missing', severity: 'info' }],
    });
  });

  test('figures are medians in MB/s, and none where nothing was measured', () => {
    const figures = writeFigures(
      [series('overlay', [3, 1, 2], [5]), series('tmpfs', [])],
      'a loop',
    );
    expect(figures.map(({ name, value, unit }) => [name, value, unit])).toEqual([
      ['overlay: write, fsync at the end', 2, 'MB/s'],
      ['overlay: write, fsync at the end, by fio', 5, 'MB/s'],
    ]);
    expect(figures[0]?.source).toBe('a loop; median of 3');
  });
});

describe('fio', () => {
  const document = (write: object): string => JSON.stringify({ jobs: [{ write }] });

  test('bytes and bytes a second, whatever stands before the document', () => {
    const json = document({ io_bytes: 67_108_864, bw_bytes: 1_342_177_280, total_ios: 64 });
    const transfer = fioTransfer(`fio: a warning\n${json}`);
    expect(transfer).toEqual({ bytes: 67_108_864, ns: 50_000_000, operations: 64 });
    expect(megabytesPerSecond(transfer)).toBeCloseTo(1342.17728, 6);
  });

  test.each([
    '',
    'fio: no',
    '{"jobs":[]}',
    document({ io_bytes: 0, bw_bytes: 0, total_ios: 0 }),
  ])('%j has no figures', (text) => {
    expect(() => fioTransfer(text)).toThrow('fio gives no figures');
  });
});

test('dd: known bytes, and the clock of the container around them', () => {
  const transfer = ddTransfer('1000.25 3.1\n1000.75 3.2\n');
  expect(transfer).toEqual({ bytes: 256 << 20, ns: 5e8, operations: 256 });
  expect(ddTransfer('1000.25 3.1\n1000.25 3.2\n')).toBeUndefined();
  expect(ddTransfer('')).toBeUndefined();
});

describe('copy-ups', () => {
  const event = (path: string, bytes: number, rest: Partial<CopyUp> = {}): CopyUp =>
    ({ path, bytes, duration: 5e6, certainty: 'exact', trigger: 'openat', ...rest }) as CopyUp;

  test('an event belongs to the file whose name it has; directories are no copies of data', () => {
    const { copyUps, source } = matchCopyUps(
      [
        event('/dit-copy-up', 0),
        event('/x/10MB', 10_000_000),
        event('/dit-copy-up/1MB', 1_000_000),
      ],
      [1, 10],
    );
    expect(copyUps).toMatchObject([
      { megabytes: 1, fileBytes: 1_000_000, copiedBytes: 1_000_000, ns: 5e6, trigger: 'openat' },
      { megabytes: 10, fileBytes: 10_000_000, copiedBytes: 10_000_000 },
    ]);
    expect(source).toContain('ovl_copy_up_one');
  });

  test('sizes that are those of the files pass, with bytes and ms', () => {
    const measured = matchCopyUps([event('1MB', 1_000_000, { certainty: 'inferred' })], [1]);
    const part = judgeCopyUps(measured);
    expect(part.verdict).toBe('pass');
    expect(part.figures.map(({ value, unit, certainty }) => [value, unit, certainty])).toEqual([
      [1_000_000, 'bytes', 'inferred'],
      [5, 'ms', 'inferred'],
    ]);
  });

  test('another size, or a file that was not seen among others, fails', () => {
    const short = judgeCopyUps(matchCopyUps([event('1MB', 999_424)], [1]));
    expect(short).toMatchObject({
      verdict: 'fail',
      reason: 'of a file of 1000000 bytes the kernel copied 999424 bytes',
    });
    expect(judgeCopyUps(matchCopyUps([event('1MB', 1_000_000)], [1, 10])).verdict).toBe('fail');
  });

  test('no event at all: the source sees none, which is said', () => {
    expect(judgeCopyUps(matchCopyUps([], [1, 10]))).toMatchObject({
      verdict: 'pass',
      figures: [],
      findings: [{ id: 'copy-ups-unseen' }],
    });
  });

  test('the layer holds files of 10^6 bytes and no holes', async () => {
    const sizes: [string, number][] = [];
    const reader = extract();
    reader.on('entry', (header, stream, next) => {
      let zeros = 0;
      stream.on('data', (chunk) => {
        zeros += (chunk as Buffer).filter((byte) => byte === 0).length;
      });
      stream.on('end', () => {
        sizes.push([header.name, header.size ?? 0]);
        expect(zeros).toBe(0);
        next();
      });
    });
    await finished(copyUpLayer([1, 3]).pipe(reader as unknown as NodeJS.WritableStream));
    expect(sizes).toEqual([
      ['dit-copy-up/1MB', 1_000_000],
      ['dit-copy-up/3MB', 3_000_000],
    ]);
  });
});

test('of several parts the worst decides, with its remedy', () => {
  const part = leftOut('nothing', 'nothing was seen', 'look');
  const joined = joinParts([part, { ...part, verdict: 'warn', reason: 'slow', remedy: 'wait' }]);
  expect(joined).toMatchObject({
    verdict: 'warn',
    reason: 'nothing was seen; slow',
    remedy: 'wait',
  });
  expect(joined.findings).toHaveLength(2);
});
