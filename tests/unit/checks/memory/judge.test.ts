/** Shared memory and a memory limit: what decides, and what is reported of it. */
import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../../src/checks/contract/check.js';
import {
  judgeLimit,
  judgeMemory,
  judgeSharing,
  type LimitSeen,
  type MemoryFacts,
  type SharingFacts,
} from '../../../../src/checks/memory/judge.js';
import { memoryText } from '../../../../src/checks/memory/text.js';

const killed: LimitSeen = { exitCode: 137, oomKilled: true, childStatus: 137, oomKills: 1 };

const sharing = (pss: number, more: Partial<SharingFacts> = {}): SharingFacts => {
  const processes = { rss: 1024_000, pss, sharedClean: 0, private: 0 };
  const cgroup = { usage: 0, cache: 0, anonymous: 0, limit: 0, oomKills: 0, lines: ['file 5'] };
  const containers = [{ pids: [7, 8], processes, cgroup }];
  const memory = { by: 'kernel', containers, processes, usage: 11, cache: 5 } as const;
  return { batches: [{ count: 10, memory }], charge: undefined, ...more };
};
const report = (facts: Partial<MemoryFacts>) =>
  resultOf(
    { judge: judgeMemory, text: memoryText },
    {
      sharing: sharing(133_120),
      limit: { seen: killed, lines: ['memory.events oom_kill 1'], message: undefined },
      ...facts,
    },
  );

describe('identical containers', () => {
  test('share memory where PSS is below RSS', () => {
    expect(judgeSharing(sharing(133_120))).toMatchObject({
      verdict: 'pass',
      reason: { kind: 'shared', savedShare: 0.87 },
    });
    expect(judgeSharing(sharing(1024_000))).toMatchObject({
      verdict: 'warn',
      reason: { kind: 'nothing shared' },
    });
    expect(report({}).reason).toMatch(
      /^10 identical containers take 87 % less memory than the sum of what each maps; /,
    );
  });

  test('are shown by the first of them, in the words of the kernel', () => {
    expect(report({}).evidence.slice(0, 2)).toEqual([
      'first of 10 containers, pids 7 8: Rss: 1000 kB, Pss: 130 kB, Shared_Clean: 0 kB',
      'first of 10 containers: file 5',
    ]);
  });

  test('are charged for a shared file one by one', () => {
    const charge = { kind: 'grown', fileBytes: 800, bytes: [800, 1, 2] } as const;
    const { figures, evidence } = report({ sharing: sharing(5, { charge }) });
    expect(figures.filter(({ group }) => /shared file of 800 bytes/.test(String(group)))).toEqual([
      expect.objectContaining({ name: expect.stringMatching(/reads it first$/), value: 800 }),
      expect.objectContaining({ name: 'charged to the 2 others together', value: 3 }),
    ]);
    expect(evidence).toContainEqual(
      expect.stringMatching(/in the order of reading: 800 1 2 bytes/),
    );
  });

  test('that nobody could be charged for are a finding', () => {
    const unseen = report({ sharing: sharing(5, { charge: { kind: 'not evicted' } }) });
    expect(unseen).toMatchObject({ verdict: 'pass', findings: [{ id: 'charge-unseen' }] });
  });

  test('of another machine are known by what the engine reports', () => {
    const memory = { by: 'engine', usageBytes: 9, cacheBytes: Number.NaN } as const;
    const far = report({ sharing: { batches: [{ count: 1, memory }], charge: undefined } });
    expect(far).toMatchObject({ verdict: 'pass', findings: [{ id: 'processes-unseen' }] });
    expect(far.figures.filter(({ unit }) => unit === 'bytes')).toMatchObject([
      { name: 'charged to the cgroups', value: 9, group: '1 container' },
    ]);
  });
});

describe('a limit', () => {
  test('that holds', () => {
    expect(judgeLimit(killed)).toMatchObject({ verdict: 'pass', findings: [] });
    expect(report({}).reason).toContain('OOM killer');
    const seen = { ...killed, oomKills: undefined };
    expect(report({ limit: { seen, lines: [], message: undefined } }).reason).toContain(
      'with SIGKILL',
    );
  });

  test('whose kill the engine does not report warns', () => {
    expect(judgeLimit({ ...killed, oomKilled: false })).toMatchObject({
      verdict: 'warn',
      findings: [{ id: 'oom-unreported' }],
    });
  });

  test.each([
    { ...killed, exitCode: 0 },
    { ...killed, childStatus: 0 },
    { ...killed, oomKills: 0 },
  ])('that does not hold fails: %j', (seen) => {
    expect(judgeLimit(seen).verdict).toBe('fail');
    expect(report({ limit: { seen, lines: [], message: undefined } })).toMatchObject({
      verdict: 'fail',
      reason: expect.stringContaining('64 MiB could be allocated under a limit of 32 MiB'),
      remedy: expect.stringContaining('memory controller'),
    });
  });
});
