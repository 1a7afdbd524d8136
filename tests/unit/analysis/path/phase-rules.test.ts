import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { phasesDocument } from '../../../../scripts/docs-phases.js';
import {
  categoryOf,
  PHASE_RULES,
  ruleFor,
  type SegmentFacts,
} from '../../../../src/analysis/path/phase-rules.js';
import type { SyscallView } from '../../../../src/model/syscalls/syscall-view.js';
import { packagePath } from '../../../../src/platform/package-files.js';

function call(
  name: string,
  texts: Readonly<Record<number, string>> = {},
  args: readonly number[] = [],
): SyscallView {
  return {
    row: 0,
    name,
    start: 0,
    duration: 1,
    result: 0,
    arguments: args,
    text: (position) => texts[position] ?? '',
    file: (position) => texts[8 + position] ?? '',
  };
}

const facts = (more: Partial<SegmentFacts>): SegmentFacts => ({
  actor: 'init',
  state: 'syscall',
  call: undefined,
  waitsFor: undefined,
  fillsPageCache: false,
  withoutRuntime: false,
  handsOverWithin: false,
  duringNetworkSetUp: false,
  ...more,
});

const CLONE_NEWNS = 0x20000;
const CASES: readonly (readonly [string, Partial<SegmentFacts>, string])[] = [
  [
    'a thread without a CPU',
    { state: 'runnable', call: call('fsync') },
    'runtime/scheduling delay',
  ],
  [
    "the engine's overlay",
    { actor: 'dockerd', call: call('mount', { 2: 'overlay' }) },
    'storage/rootfs mount',
  ],
  [
    'an overlay that seals runc',
    { actor: 'runc create', call: call('fsopen', { 0: 'overlay' }) },
    'kernel/mounts',
  ],
  ["init's proc", { call: call('mount', { 2: 'proc' }) }, 'kernel/mounts'],
  [
    'a read that prepares to wait for the disk',
    { call: call('newfstatat'), fillsPageCache: true },
    'storage/disk wait',
  ],
  [
    'a page fault that fills the page cache',
    { state: 'user code', fillsPageCache: true },
    'storage/cold binaries',
  ],
  [
    'fdatasync, waiting',
    {
      actor: 'containerd',
      state: 'blocked',
      call: call('fdatasync'),
      waitsFor: { kind: 'block-io' },
    },
    'storage/fsync',
  ],
  [
    'a cold binary',
    { state: 'blocked', call: call('execve'), waitsFor: { kind: 'block-io' } },
    'storage/cold binaries',
  ],
  [
    'a cold page',
    { actor: 'client', state: 'blocked', waitsFor: { kind: 'block-io' } },
    'storage/cold binaries',
  ],
  [
    'a cold file',
    { state: 'blocked', call: call('read'), waitsFor: { kind: 'block-io' } },
    'storage/disk wait',
  ],
  ['a warm binary', { call: call('execve') }, 'kernel/exec'],
  ['unshare', { call: call('unshare', {}, [CLONE_NEWNS]) }, 'kernel/namespaces'],
  ['a clone into namespaces', { call: call('clone', {}, [CLONE_NEWNS + 17]) }, 'kernel/namespaces'],
  ['a clone', { call: call('clone', {}, [0x3d0f00]) }, 'kernel/process creation and exit'],
  [
    'a write to cgroup.procs',
    { actor: 'runc create', call: call('write', { 8: 'docker/x/cgroup.procs' }, [3, 0, 1]) },
    'kernel/cgroups',
  ],
  ['a write elsewhere', { actor: 'runc create', call: call('write') }, 'runtime/runc'],
  [
    'a cgroup folder',
    { actor: 'runc create', call: call('mkdirat', { 1: '/sys/fs/cgroup/x' }) },
    'kernel/cgroups',
  ],
  ['pivot_root', { call: call('pivot_root', { 0: '.' }) }, 'kernel/pivot_root'],
  ['a seccomp filter', { call: call('seccomp') }, 'kernel/seccomp and capabilities'],
  ['a bounding set', { call: call('prctl', {}, [24, 3]) }, 'kernel/seccomp and capabilities'],
  ['a name', { call: call('prctl', {}, [15]) }, 'runtime/runc'],
  [
    'a sleep',
    { actor: 'hook', state: 'blocked', call: call('nanosleep'), waitsFor: { kind: 'timer' } },
    'runtime/hooks',
  ],
  [
    "a wrapper's sleep",
    {
      actor: 'runc create',
      state: 'blocked',
      call: call('nanosleep'),
      waitsFor: { kind: 'timer' },
    },
    'runtime/sleep',
  ],
  [
    "Go's monitor thread",
    {
      actor: 'dockerd',
      state: 'blocked',
      call: call('nanosleep'),
      waitsFor: { kind: 'timer' },
      handsOverWithin: true,
    },
    'runtime/Go scheduler',
  ],
  [
    'dockerd while a hook waits',
    { actor: 'dockerd', state: 'user code', duringNetworkSetUp: true },
    'runtime/network set-up',
  ],
  ['dockerd', { actor: 'dockerd', state: 'user code' }, 'runtime/dockerd'],
  ['a socket', { actor: 'shim', call: call('sendmsg') }, 'runtime/IPC hand-over'],
  ['runc init', { actor: 'init', state: 'user code' }, 'runtime/runc'],
  ['a hook', { actor: 'hook', state: 'user code' }, 'runtime/hooks'],
];

describe('the table of phases', () => {
  it.each(CASES)('puts %s where it belongs', (_name, more, expected) => {
    const all = facts(more);
    const rule = ruleFor(all);
    expect(rule && `${rule.phase}/${categoryOf(rule, all)}`).toBe(expected);
  });

  it('leaves what no participant did unattributed', () => {
    expect(ruleFor(facts({ actor: 'other', state: 'user code' }))).toBeUndefined();
  });

  it('has a case for every rule', () => {
    const used = new Set(CASES.map(([, more]) => ruleFor(facts(more))?.id));
    expect(PHASE_RULES.map(({ id }) => id).filter((id) => !used.has(id))).toEqual([]);
  });

  it('is what docs/phases.md says', () => {
    expect(readFileSync(packagePath('docs/phases.md'), 'utf8')).toBe(phasesDocument());
  });
});
