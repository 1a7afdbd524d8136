/**
 * What each source gives: a table of data, printed by `dit doctor --sources` and kept in docs/sources.md.
 * tests/live/sources.test.ts holds every row against recordings of each source.
 */
import type { MilestoneName } from '../model/trace/trace.js';
import type { SourceName } from './sources.js';

/** How well a source sees something. 'order': in the right order, at times that it slowed itself. */
export type Coverage = 'exact' | 'inferred' | 'order' | 'no';

type Row = Readonly<Record<SourceName, Coverage>>;

const requests: Row = { ebpf: 'exact', bpftrace: 'exact', strace: 'exact', api: 'exact' };
/** Where dit's own calls are not recorded, they are noted after the write: late on a busy machine. */
const sent: Row = { ...requests, strace: 'inferred', api: 'inferred' };
const kernel: Row = { ebpf: 'exact', bpftrace: 'exact', strace: 'order', api: 'no' };

/** Milestones of a start by dit's own client, in causal order. */
export const MILESTONE_COVERAGE: Readonly<
  Record<Exclude<MilestoneName, 'command exec' | 'start answered' | "init's command exec">, Row>
> = {
  'create requested': sent,
  'create answered': requests,
  'start requested': sent,
  'rootfs mounted': kernel,
  'shim exec': kernel,
  'runc exec': kernel,
  'cgroup attached': { ...kernel, strace: 'inferred' },
  'first namespace': kernel,
  'init cloned': kernel,
  'hooks began': kernel,
  'hooks ended': kernel,
  pivot_root: kernel,
  'runc exited': kernel,
  'exec FIFO opened': kernel,
  'entrypoint exec': kernel,
  'first output': requests,
  exited: { ...kernel, api: 'inferred' },
  removed: requests,
};

export interface FigureCoverage extends Row {
  readonly title: string;
}

export const FIGURE_COVERAGE: readonly FigureCoverage[] = [
  {
    title: 'critical path, phases',
    ebpf: 'exact',
    bpftrace: 'exact',
    strace: 'inferred',
    api: 'no',
  },
  {
    title: 'scheduling delay, disk waits',
    ebpf: 'exact',
    bpftrace: 'exact',
    strace: 'no',
    api: 'no',
  },
  { title: 'durations of syscalls', ebpf: 'exact', bpftrace: 'exact', strace: 'order', api: 'no' },
  {
    title: 'every syscall, if wanted',
    ebpf: 'exact',
    bpftrace: 'no',
    strace: 'order',
    api: 'no',
  },
  { title: 'copy-ups, at least', ebpf: 'inferred', bpftrace: 'inferred', strace: 'no', api: 'no' },
  {
    title: 'lost events are counted',
    ebpf: 'exact',
    bpftrace: 'exact',
    strace: 'exact',
    api: 'no',
  },
];
