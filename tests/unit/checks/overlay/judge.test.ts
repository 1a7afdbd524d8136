/** What changes left in the upper layer: what decides, and what is reported of it. */
import { expect, test } from 'vitest';
import { resultOf } from '../../../../src/checks/contract/check.js';
import {
  judgeOverlay,
  type OverlayFacts,
  type UpperSeen,
} from '../../../../src/checks/overlay/judge.js';
import { overlayText } from '../../../../src/checks/overlay/text.js';
import {
  CHANGED_FOLDER,
  CHANGES,
  compareChanges,
} from '../../../../src/container/mounts/overlay-changes.js';
import type { UpperEntry, UpperKind } from '../../../../src/container/mounts/upper-entries.js';

/** What Linux leaves there: what the table asks for. */
const right: UpperEntry[] = CHANGES.flatMap(({ expected }) =>
  expected.flatMap(({ name, kind, bytes = 0 }) =>
    kind === 'nothing' ? [] : [entry(name, kind, bytes)],
  ),
);
function entry(name: string, kind: UpperKind, bytes: number): UpperEntry {
  const path = `${CHANGED_FOLDER}/${name}`;
  return { path, kind, bytes, line: `? ${path}`, metadataOnly: false };
}

const size = { files: 2, bytes: 30, cut: false };
const seen = (entries = right): UpperSeen => ({
  kind: 'seen',
  entries,
  sizes: { upper: size, lower: [{ ...size, cut: true }] },
  kept: [{ layer: 1, path: `${CHANGED_FOLDER}/deleted`, bytes: 1000 }],
});
const facts = (more: Partial<OverlayFacts> = {}): OverlayFacts => ({
  overlay: { lower: ['/l'], upper: '/u', work: '/w', options: [], line: 'the mount' },
  driver: undefined,
  before: ['changed', 'deleted'],
  after: ['changed'],
  upper: seen(),
  ...more,
});
const report = (more?: Partial<OverlayFacts>) =>
  resultOf({ judge: judgeOverlay, text: overlayText }, facts(more));

test('a layer that is as it must be passes, with what lies in it', () => {
  expect(compareChanges(right).flatMap(({ faults }) => faults)).toEqual([]);
  const { verdict, reason, figures, evidence } = report();
  expect(verdict).toBe('pass');
  expect(reason).toBe('8 kinds of change left in the upper layer what overlayfs must leave there');
  expect(figures.slice(0, 6).map(({ name, value, certainty }) => [name, value, certainty])).toEqual(
    [
      ['lower layers', 1, 'exact'],
      ['upper layer: size', 30, 'exact'],
      ['upper layer: files', 2, 'exact'],
      ['lower layer 1 of 1: size', 30, 'inferred'],
      ['lower layer 1 of 1: files', 2, 'inferred'],
      ['a file of 1 MB only read', 0, 'exact'],
    ],
  );
  expect(evidence).toEqual(
    expect.arrayContaining([
      'the mount',
      'the engine names no layers of its own (containerd image store)',
      'in the container before: changed deleted',
      expect.stringMatching(/^a file deleted: \? \/dit-overlay\/deleted: a lower file cannot/),
      'lower layer 1 still holds /dit-overlay/deleted: 1000 bytes',
    ]),
  );
});

test('what is not as it must be fails, fault by fault', () => {
  const entries = right
    .filter(({ path }) => !path.endsWith('/gone'))
    .map((each) => (each.path.endsWith('/changed') ? { ...each, bytes: 1 } : each));
  expect(report({ upper: seen(entries) })).toMatchObject({
    verdict: 'fail',
    reason:
      '/dit-overlay/changed has 1 bytes, not 1000001; /dit-overlay/gone is absent, not a whiteout',
    remedy: expect.stringContaining('docker diff'),
  });
});

test("the engine's upper layer must be the kernel's", () => {
  const driver = { name: 'overlay2', upperDir: '/u' };
  expect(judgeOverlay(facts({ driver })).verdict).toBe('pass');
  expect(report({ driver: { ...driver, upperDir: '/other' } })).toMatchObject({
    verdict: 'fail',
    reason: "the engine's UpperDir is not the kernel's: overlay2, UpperDir=/other",
  });
});

test("without the layer the engine's own list decides", () => {
  const listed = [
    ['changed', 0],
    ['chmodded', 0],
    ['renamed', 2],
    ['renamed-now', 1],
    ['deleted', 2],
    ['gone', 2],
    ['kept', 0],
    ['kept/new', 1],
  ].map(([name, Kind]) => ({ Path: `${CHANGED_FOLDER}/${name}`, Kind: Kind as number }));
  const upper = { kind: 'unseen', why: 'not root', remedy: 'sudo', listed } as const;
  expect(report({ upper })).toMatchObject({
    verdict: 'pass',
    figures: { length: 1 },
    findings: [
      {
        id: 'upper-layer-unseen',
        title: 'sizes of layers, whiteouts and opaque directories are left out: not root',
        remedy: 'sudo',
      },
    ],
    evidence: expect.arrayContaining(['the engine lists /dit-overlay/deleted as deleted']),
  });
  const other = { ...upper, listed: listed.slice(1) };
  expect(report({ upper: other }).reason).toBe(
    '/dit-overlay/changed is listed as unchanged, not as changed',
  );
});
