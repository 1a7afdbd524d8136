/** Why a milestone is absent: a recording without an end says no more than what it holds. */

import { expect, it } from 'vitest';
import { analyse } from '../../../../src/analysis/analyse.js';
import type { Foreign } from '../../../../src/base/foreign.js';
import { EventTable } from '../../../../src/model/recording/event-table.js';
import { startedContainer } from '../../../support/stream.js';

const start = startedContainer({ shim: 2000, runc: 3000, init: 4000, entrypoint: 10_000 })
  .mark('create', 100, 500)
  .recording();
const reasonsOf = (recording: typeof start): Record<string, Foreign> =>
  Object.fromEntries(
    (analyse(recording).runs[0]?.absent ?? []).map(({ name, reason }) => [name, reason]),
  );

it('is a fact where the recording is whole', () => {
  expect(reasonsOf(start)).toMatchObject({
    'hooks began': 'no hook was run',
    pivot_root: 'init did not change its root',
    exited: 'the container did not exit while it was recorded',
  });
});

it('holds for what was recorded where the end is missing', () => {
  expect(reasonsOf({ ...start, footer: undefined })).toMatchObject({
    'start requested': 'the container was not started while it was recorded',
    'cgroup attached': 'as far as recorded, no process was moved into a cgroup of this container',
    'hooks began': 'as far as recorded, no hook was run',
    'hooks ended': 'as far as recorded, no hook was run',
    pivot_root: 'as far as recorded, init did not change its root',
    exited: 'the container did not exit while it was recorded',
  });
  const nothing = { ...start, events: new EventTable(), footer: undefined };
  for (const [name, reason] of Object.entries(reasonsOf(nothing))) {
    expect(`${name}: ${reason}`).toMatch(/recorded|seen|observed/);
  }
});
