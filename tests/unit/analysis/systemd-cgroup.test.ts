/**
 * The systemd cgroup driver, where no systemd is needed to test it: systemd makes the scope and moves the
 * process into it, so the events are pid 1's, and only path and target tell whose they are.
 */

import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse.js';
import type { Foreign } from '../../../src/base/foreign.js';
import type { ContainerRun } from '../../../src/model/trace/trace.js';
import { CONTAINER, OTHER_CONTAINER, PID, Stream, startedContainer } from '../../support/stream.js';

const SYSTEMD = 1;
const SYSTEMD_SLICE = '/system.slice';
const TIMES = { shim: 2000, runc: 3000, init: 4000, entrypoint: 9000 };

/** `who` moves `target` into a cgroup; one event a hierarchy, as on cgroup v1. */
function attach(stream: Stream, time: number, target: number, path: string, who = SYSTEMD): Stream {
  stream.events.push(
    'cgroup_attach',
    { time, pid: who, tid: who },
    {
      cgroup_ids: 77,
      hierarchy_ids: 0,
      paths: stream.strings.intern(path),
      target_pids: target,
      target_tids: target,
    },
  );
  return stream;
}

const dockerStart = (): Stream =>
  startedContainer(TIMES).known(SYSTEMD, 'other', 0).mark('create', 100, 500);

function runOf(stream: Stream): ContainerRun {
  const [run] = analyse(stream.recording()).runs;
  if (run === undefined) throw new Error('no run');
  return run;
}

const cgroupOf = (run: ContainerRun): { time: number; text: Foreign } | undefined => {
  const found = run.milestones.find(({ name }) => name === 'cgroup attached');
  return found && { time: found.time, text: found.evidence.text };
};

describe('a scope that systemd made', () => {
  it.each([
    ['Docker', `${SYSTEMD_SLICE}/docker-${CONTAINER}.scope`],
    ['Docker with a parent slice', `/dit.slice/dit-a.slice/docker-${CONTAINER}.scope`],
    [
      'containerd for Kubernetes',
      `/kubepods.slice/kubepods-pod1.slice/cri-containerd-${CONTAINER}.scope`,
    ],
    ['podman', `/machine.slice/libpod-${CONTAINER}.scope`],
    [
      'podman with crun, which makes one below',
      `/machine.slice/libpod-${CONTAINER}.scope/container`,
    ],
  ])('is found by its path: %s', (_engine, path) => {
    const run = runOf(attach(dockerStart(), 3500, PID.runc, path));
    expect(cgroupOf(run)).toEqual({ time: 3500, text: `pid ${PID.runc} into ${path}` });
  });

  it("counts when the process that is moved is the container's, whatever the scope is called", () => {
    const path = `${SYSTEMD_SLICE}/run-r4711.scope`;
    const run = runOf(attach(dockerStart(), 4100, PID.init, path));
    expect(cgroupOf(run)).toEqual({ time: 4100, text: `pid ${PID.init} into ${path}` });
  });

  it('is not taken for that of another container, of the service, or of the root', () => {
    const stream = dockerStart();
    attach(stream, 3300, 4711, `${SYSTEMD_SLICE}/docker-${OTHER_CONTAINER}.scope`);
    attach(stream, 3400, PID.dockerd, `${SYSTEMD_SLICE}/docker.service`);
    attach(stream, 3450, PID.runc, '/');
    const run = runOf(stream);
    expect(cgroupOf(run)).toBeUndefined();
    expect(run.absent).toContainEqual({
      name: 'cgroup attached',
      reason: 'no process was moved into a cgroup of this container',
    });
  });

  it("makes neither systemd nor the other container's process one of this run", () => {
    const stream = dockerStart();
    attach(stream, 3300, 4711, `${SYSTEMD_SLICE}/docker-${OTHER_CONTAINER}.scope`);
    attach(stream, 3500, PID.runc, `${SYSTEMD_SLICE}/docker-${CONTAINER}.scope`);
    const trace = analyse(stream.recording());
    const pids = trace.runs[0]?.processes.map((key) => trace.processes[key]?.pid);
    expect(pids?.sort()).toEqual([PID.shim, PID.runc, PID.init]);
    expect(trace.runs.map(({ containerId }) => containerId)).toEqual([CONTAINER]);
  });
});

describe('podman with systemd', () => {
  const CLIENT = 10;
  const CONMON = 40;
  const CRUN = 50;
  const INIT = 60;
  const conmonScope = `/machine.slice/libpod-conmon-${CONTAINER}.scope`;
  const scope = `/machine.slice/libpod-${CONTAINER}.scope`;

  it("has a scope for conmon before the container's: that is not the container's cgroup", () => {
    const stream = new Stream()
      .known(SYSTEMD, 'other', 0)
      .known(CLIENT, 'client')
      .exec(100, CLIENT, '/usr/bin/podman', ['podman', 'run', 'image'])
      .fork(1900, CLIENT, CONMON)
      .exec(2000, CONMON, '/usr/bin/conmon', [
        'conmon',
        '-s',
        '-c',
        CONTAINER,
        '-r',
        '/usr/bin/crun',
      ])
      .fork(2900, CONMON, CRUN)
      .exec(3000, CRUN, '/usr/bin/crun', [
        'crun',
        '--systemd-cgroup',
        'create',
        '-b',
        '/b',
        CONTAINER,
      ])
      .fork(3500, CRUN, INIT)
      .syscall('pivot_root', 5000, 5100, INIT, INIT, { arguments: [0, 0] })
      .exec(9000, INIT, '/bin/echo', ['echo', 'hello']);
    attach(stream, 2200, CONMON, conmonScope);
    attach(stream, 3600, INIT, scope);
    const recording = stream.recording();
    const header = {
      ...recording.header,
      target: { ...recording.header.target, scope: 'command' as const },
    };
    const [run] = analyse({ ...recording, header }).runs;
    expect(run?.containerId).toBe(CONTAINER);
    expect(run && cgroupOf(run)).toEqual({ time: 3600, text: `pid ${INIT} into ${scope}` });
  });
});
