import { finished } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../../src/checks/contract/check.js';
import { joinParts, partsText } from '../../../../src/checks/contract/parts.js';
import { ddTransfer } from '../../../../src/checks/io/in-container.js';
import {
  type HostAccess,
  type IoFacts,
  judgeCopyUps,
  judgeIo,
  judgeWrites,
  type WriteSeries,
} from '../../../../src/checks/io/judge.js';
import { ioText } from '../../../../src/checks/io/text.js';
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

const access = (writes: readonly WriteSeries[], fio?: string): HostAccess => ({
  by: 'host',
  writes,
  reads: [],
  random: [],
  metadata: [],
  fio,
});
const copied = matchCopyUps([], [1]);
const report = (facts: Partial<IoFacts>) =>
  resultOf(
    { judge: judgeIo, text: ioText },
    { mounts: [], bound: 'a folder', access: access([]), copyUps: copied, ...facts },
  );

describe('writes', () => {
  test('the overlay about as fast as the volume, and fio agrees', () => {
    const all = [series('overlay', [95, 96, 97], [99, 98, 100]), series('volume', [100, 101, 99])];
    expect(judgeWrites({ writes: all, fio: 'fio-3.33' })).toMatchObject({
      verdict: 'pass',
      findings: [],
      reason: { overlayShare: 0.96 },
    });
    expect(report({ access: access(all, 'fio-3.33') }).reason).toMatch(
      /^writing with an fsync is 96 % as fast on the overlay as on a volume; /,
    );
  });

  test('a slow overlay warns', () => {
    const all = [series('overlay', [40, 41, 42]), series('volume', [100, 100, 100])];
    const { verdict, findings } = judgeWrites({ writes: all, fio: 'fio-3.33' });
    expect(verdict).toBe('warn');
    expect(findings).toEqual([
      { id: 'overlay-writes-slowly', severity: 'medium', overlayShare: 0.41 },
    ]);
    expect(report({ access: access(all, 'fio-3.33') }).remedy).toMatch(/onto a volume/);
  });

  test('fio differs only where no round of it is among those of dit', () => {
    const volume = series('volume', [100, 100, 100]);
    const withFio = (own: number[], fio: number[]) => ({
      writes: [series('overlay', own, fio), volume],
      fio: 'fio',
    });
    const apart = judgeWrites(withFio([100, 102, 104], [80, 85, 90]));
    expect(apart.verdict).toBe('warn');
    expect(apart.findings.map(({ id }) => id)).toEqual(['fio-differs']);
    const near = withFio([70, 102, 104], [80, 85, 110]);
    const among = judgeWrites(near);
    expect(among.verdict).toBe('pass');
    expect(among.findings).toMatchObject([{ id: 'disk-unsteady', severity: 'info' }]);
    const [unsteady] = report({ access: access(near.writes, near.fio) }).findings;
    expect(unsteady?.title).toContain('70 to 104 and 80 to 110 MB/s');
  });

  test('without fio that is reported', () => {
    const all = [series('overlay', [1]), series('volume', [1])];
    expect(judgeWrites({ writes: all, fio: undefined })).toMatchObject({
      verdict: 'pass',
      findings: [{ id: 'fio-missing', severity: 'info' }],
    });
  });

  test('figures are medians in MB/s, and none where nothing was measured', () => {
    const writes = [series('overlay', [3, 1, 2], [5]), series('tmpfs', [])];
    const { figures } = report({ access: access(writes) });
    expect(figures.map(({ name, value, unit }) => [name, value, unit])).toEqual([
      ['overlay: write, fsync at the end', 2, 'MB/s'],
      ['overlay: write, fsync at the end, by fio', 5, 'MB/s'],
    ]);
    expect(figures[0]?.source).toMatch(/^dit's own loop .*; median of 3$/);
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
    expect(() => fioTransfer(text)).toThrow('fio reported no figures');
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
    const { figures } = report({ copyUps: measured });
    expect(figures.map(({ value, unit, certainty }) => [value, unit, certainty])).toEqual([
      [1_000_000, 'bytes', 'inferred'],
      [5, 'ms', 'inferred'],
    ]);
  });

  test('another size, or a file that was not seen among others, fails', () => {
    const short = judgeCopyUps(matchCopyUps([event('1MB', 999_424)], [1]));
    expect(short).toMatchObject({
      verdict: 'fail',
      reason: { wrong: [{ fileBytes: 1_000_000, copiedBytes: 999_424 }] },
    });
    const both = report({ copyUps: matchCopyUps([event('1MB', 999_424)], [1, 10]) });
    expect(both.reason).toMatch(
      /of a file of 1000000 bytes the kernel copied 999424 bytes; of a file of 10000000 bytes the kernel copied nothing that was seen$/,
    );
    expect(judgeCopyUps(matchCopyUps([event('1MB', 1_000_000)], [1, 10])).verdict).toBe('fail');
  });

  test('no event at all: the source sees none, which is reported', () => {
    expect(judgeCopyUps(matchCopyUps([], [1, 10]))).toMatchObject({
      verdict: 'pass',
      findings: [{ id: 'copy-ups-unseen' }],
    });
    expect(report({})).toMatchObject({
      figures: [],
      findings: [
        { id: 'fio-missing' },
        { id: 'copy-ups-unseen', title: expect.stringMatching(/the recording has no event/) },
      ],
    });
  });

  test('a refusal is reported in its own words', () => {
    const { findings } = report({ copyUps: { why: 'no eBPF here', remedy: 'sudo' } });
    expect(findings.at(-1)).toMatchObject({
      title: 'copy-ups are left out: no eBPF here',
      remedy: 'sudo',
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

test('from outside only the writes of dd are there, and what is left out is reported', () => {
  const printed = '1000.25 3.1\n1000.75 3.2\n';
  const writes = [
    { place: 'overlay', mode: 'fsync', printed, mbPerS: 500 },
    { place: 'tmpfs', mode: 'direct', printed, mbPerS: undefined },
  ] as const;
  const said = report({ access: { by: 'container', writes } });
  expect(said.figures).toMatchObject([{ name: 'overlay: write, fsync at the end', value: 500 }]);
  expect(said.findings.map(({ id }) => id)).toEqual(['io-from-outside', 'copy-ups-unseen']);
  expect(said.evidence).toContain(
    'overlay: write, fsync at the end: /proc/uptime 1000.25 3.1 → 1000.75 3.2',
  );
});

test('of several parts the worst decides, with its remedy', () => {
  const part = (verdict: 'pass' | 'warn' | 'fail', kind: string) => ({
    verdict,
    reason: { kind },
    findings: [{ id: kind, severity: 'info' as const }],
  });
  const joined = joinParts([part('pass', 'unseen'), part('warn', 'slow'), part('warn', 'slower')]);
  expect(joined).toMatchObject({ verdict: 'warn', findings: { length: 3 } });
  const words = partsText(joined.reason, ({ kind }) => ({ reason: kind, remedy: `mend ${kind}` }));
  expect(words).toEqual({ reason: 'unseen; slow; slower', remedy: 'mend slow' });
});
