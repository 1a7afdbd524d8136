/** Copy-ups from events: inferred from dirtied data, or measured where overlayfs's own function was watched. */

import { describe, expect, it } from 'vitest';
import { analyse } from '../../../../src/analysis/analyse.js';
import { raw } from '../../../../src/base/foreign.js';
import type { CopyUp } from '../../../../src/model/trace/trace.js';
import { PID, type Stream, startedContainer } from '../../../support/stream.js';

const EXEC = 10_000;
const O_WRONLY = 1;

/** A start whose entrypoint does something afterwards. */
function entrypoint(): Stream {
  return startedContainer({ shim: 2000, runc: 3000, init: 4000, entrypoint: EXEC }).mark(
    'create',
    100,
    500,
  );
}

/** Folios of an inode dirtied by a thread, the first at `time`. */
function dirty(stream: Stream, time: number, inode: number, bytes: number, pid: number = PID.init) {
  stream.events.push(
    'dirty',
    { time, pid, tid: pid },
    { inodes: inode, devices: 5, folios: 3, bytes, last_offset_ns: 40 },
  );
  return stream;
}

const open = (stream: Stream, start: number, path: string, pid: number = PID.init) =>
  stream.syscall('openat', start, start + 600, pid, pid, {
    result: 3,
    arguments: [-100, 0, O_WRONLY],
    texts: { 1: path },
  });

const copyUpsOf = (stream: Stream): readonly CopyUp[] =>
  analyse(stream.recording()).runs[0]?.copyUps ?? [];
const paths = (stream: Stream): string[] =>
  copyUpsOf(stream)
    .map(({ path }) => path)
    .map(raw);

describe('inferred copy-ups', () => {
  it('a lower file opened for append is one, as long as that open', () => {
    const stream = dirty(open(entrypoint(), 11_000, '/lower/big'), 11_100, 77, 100e6);
    expect(copyUpsOf(stream)).toEqual([
      {
        start: 11_000,
        duration: 600,
        bytes: 100e6,
        path: '/lower/big',
        actor: 'entrypoint',
        process: expect.any(Number),
        tid: PID.init,
        syscall: expect.any(Number),
        trigger: 'openat',
        certainty: 'inferred',
      },
    ]);
  });

  it('a second append copies nothing, nor does a later truncation of the copy', () => {
    const stream = dirty(open(entrypoint(), 11_000, '/lower/big'), 11_100, 77, 100e6);
    open(stream, 12_000, '/lower/big').syscall('write', 12_700, 12_800, PID.init);
    dirty(stream, 13_100, 77, 3).syscall('truncate', 13_000, 13_200, PID.init, PID.init, {
      texts: { 0: '/lower/big' },
    });
    expect(paths(stream)).toEqual(['/lower/big']);
  });

  it('a new file is none, nor is its truncation', () => {
    const stream = open(entrypoint(), 11_000, '/new');
    dirty(stream, 12_100, 80, 3).syscall('truncate', 12_000, 12_200, PID.init, PID.init, {
      texts: { 0: '/new' },
    });
    expect(copyUpsOf(stream)).toEqual([]);
  });

  it.each([
    ['truncate', { texts: { 0: '/lower/f' } }],
    ['chmod', { texts: { 0: '/lower/f' } }],
    ['fchmodat', { texts: { 1: '/lower/f' } }],
    ['rename', { texts: { 0: '/lower/f', 1: '/lower/g' } }],
    ['renameat2', { texts: { 1: '/lower/f', 3: '/lower/g' } }],
    ['link', { texts: { 0: '/lower/f', 1: '/lower/l' } }],
    ['linkat', { texts: { 1: '/lower/f', 3: '/lower/l' } }],
    ['setxattr', { texts: { 0: '/lower/f' } }],
    ['fchmod', { texts: { 8: '/lower/f' } }],
  ])('%s of a lower file is one, of that file', (name, more) => {
    const stream = entrypoint().syscall(name, 11_000, 11_300, PID.init, PID.init, more);
    expect(copyUpsOf(dirty(stream, 11_100, 81, 12))).toMatchObject([
      { path: '/lower/f', trigger: name, duration: 300, bytes: 12 },
    ]);
  });

  it('fifty files are fifty', () => {
    const stream = entrypoint();
    for (let i = 0; i < 50; i++) {
      dirty(open(stream, 11_000 + i * 1000, `/lower/${i}`), 11_100 + i * 1000, 100 + i, 2);
    }
    expect(paths(stream)).toEqual(Array.from({ length: 50 }, (_, i) => `/lower/${i}`));
  });

  it('before the exec it is init, in a child of the entrypoint still the entrypoint', () => {
    const child = 90;
    const stream = dirty(open(entrypoint(), 9000, '/etc/hosts'), 9100, 70, 9);
    stream.fork(10_500, PID.init, child);
    dirty(open(stream, 11_000, '/lower/f', child), 11_100, 71, 9, child);
    expect(copyUpsOf(stream).map(({ actor, path }) => [actor, path])).toEqual([
      ['init', '/etc/hosts'],
      ['entrypoint', '/lower/f'],
    ]);
  });

  it('what the engine dirties on its own file systems is none', () => {
    const stream = entrypoint();
    for (const pid of [PID.dockerd, PID.containerd, PID.shim, PID.runc]) {
      dirty(open(stream, 11_000, '/var/lib/x', pid), 11_100, pid, 9, pid);
    }
    expect(copyUpsOf(stream)).toEqual([]);
  });

  it('a syscall that failed copied nothing whole', () => {
    const stream = entrypoint().syscall('openat', 11_000, 11_600, PID.init, PID.init, {
      result: -28,
      arguments: [-100, 0, O_WRONLY],
      texts: { 1: '/lower/big' },
    });
    expect(copyUpsOf(dirty(stream, 11_100, 77, 100e6))).toEqual([]);
    const again = dirty(open(stream, 12_000, '/lower/big'), 12_100, 78, 100e6);
    expect(copyUpsOf(again)).toMatchObject([{ start: 12_000, bytes: 100e6 }]);
  });

  it('data dirtied outside any known syscall proves nothing', () => {
    expect(copyUpsOf(dirty(entrypoint(), 11_100, 77, 9))).toEqual([]);
  });

  it('one that had not ended with the recording is as long as what was seen', () => {
    const stream = entrypoint().syscall('openat', 11_000, undefined, PID.init, PID.init, {
      arguments: [-100, 0, O_WRONLY],
      texts: { 1: '/lower/big' },
    });
    expect(copyUpsOf(dirty(stream, 11_100, 77, 9))).toMatchObject([{ duration: 140 }]);
  });
});

describe('measured copy-ups', () => {
  const measured = (stream: Stream, time: number, path: string, results = 0) => {
    stream.events.push(
      'copy_up',
      { time, pid: PID.init, tid: PID.init },
      { durations_ns: 400, bytes: 100e6, paths: stream.strings.intern(path), results, flags: 1 },
    );
    return stream;
  };

  it('go before what dirtied data would infer', () => {
    const stream = dirty(open(entrypoint(), 11_000, '/lower/big'), 11_100, 77, 100e6);
    expect(copyUpsOf(measured(stream, 11_050, '/lower/big'))).toEqual([
      expect.objectContaining({
        start: 11_050,
        duration: 400,
        path: '/lower/big',
        trigger: 'openat',
        certainty: 'exact',
      }),
    ]);
  });

  it('that failed are none', () => {
    const stream = measured(entrypoint(), 11_050, '/lower/big', -28);
    expect(paths(measured(stream, 12_050, '/lower/small'))).toEqual(['/lower/small']);
  });

  it('are none where the probe was attached and saw none', () => {
    const recording = dirty(open(entrypoint(), 11_000, '/lower/big'), 11_100, 77, 9).recording();
    const { header } = recording;
    const probe = {
      program: 'ovl_copy_up_one_exit',
      attachPoint: 'fexit/ovl_copy_up_one',
      refusal: '',
      attachedNs: 0n,
    };
    const withProbe = (attached: boolean) => ({
      ...recording,
      header: { ...header, source: { ...header.source, probes: [{ ...probe, attached }] } },
    });
    expect(analyse(withProbe(true)).runs[0]?.copyUps).toEqual([]);
    expect(analyse(withProbe(false)).runs[0]?.copyUps).toHaveLength(1);
  });
});
