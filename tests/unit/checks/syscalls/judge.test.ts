/** The syscalls of a start: whose they are, what they made, and when a recording is refused. */
import { describe, expect, test } from 'vitest';
import { analyse } from '../../../../src/analysis/analyse.js';
import { countSyscalls, totalBy } from '../../../../src/analysis/summaries/count-syscalls.js';
import { processLine, processTree } from '../../../../src/analysis/summaries/process-namespaces.js';
import { resultOf } from '../../../../src/checks/contract/check.js';
import { judgeSyscalls, syscallsFacts } from '../../../../src/checks/syscalls/judge.js';
import { syscallsText } from '../../../../src/checks/syscalls/text.js';
import type { ContainerRun, Trace } from '../../../../src/model/trace/trace.js';
import { sampleTrace } from '../../../support/samples.js';
import { CONTAINER, PID, startedContainer } from '../../../support/stream.js';

const [NEWNS, NEWUTS, NEWPID, NEWNET] = [0x20000, 0x4000000, 0x20000000, 0x40000000];
const THREAD = 0x10000;
const TIMES = { shim: 100, runc: 200, init: 300, entrypoint: 900 };

/** A start from 0 to 900 ns, with a few calls. */
function smallStart(): Trace {
  const stream = startedContainer(TIMES)
    .mark('create', 0, 50)
    .syscall('read', 10, 20, PID.dockerd)
    .syscall('read', 30, 45, PID.dockerd)
    .syscall('write', 5, 6, PID.client)
    .syscall('futex', 800, 1500, PID.containerd)
    .syscall('epoll_wait', 700, undefined, PID.shim)
    .syscall('clone', 110, 120, PID.shim, PID.shim, { result: 41, arguments: [THREAD] })
    .syscall('clone', 290, 299, PID.runc, PID.runc, { result: PID.init, arguments: [17] })
    .syscall('unshare', 310, 330, PID.init, PID.init, { arguments: [NEWNS + NEWNET + NEWPID] })
    .syscall('unshare', 340, 350, PID.init, PID.init, { result: -1, arguments: [NEWUTS] })
    .syscall('mount', 400, 410, PID.init, PID.init, { texts: { 0: 'proc', 1: '/proc' } })
    .syscall('pivot_root', 420, 440, PID.init, PID.init, { texts: { 0: '.', 1: '.' } })
    .syscall('read', 950, 960, PID.dockerd);
  return analyse(stream.recording());
}

describe('counts', () => {
  const trace = smallStart();
  const run = trace.runs.find(({ containerId }) => containerId === CONTAINER) as ContainerRun;
  const { cells, structural } = countSyscalls(trace, run);
  const cell = (actor: string, name: string) =>
    cells.find((each) => each.actor === actor && each.name === name);

  test('calls within the start, by actor and name', () => {
    expect(run.window).toMatchObject({ start: 0, end: 900 });
    expect(cell('dockerd', 'read')).toMatchObject({ calls: 2, ns: 25 });
    expect(cell('client', 'write')).toMatchObject({ calls: 1, ns: 1 });
  });

  test('time after the entrypoint is no part of it, of unfinished calls either', () => {
    expect(cell('containerd', 'futex')).toMatchObject({ calls: 1, ns: 100 });
    expect(cell('shim', 'epoll_wait')).toMatchObject({ calls: 1, ns: 200 });
  });

  test('threads are no processes, and what failed made nothing', () => {
    const names = structural.map(({ what, call }) => `${what}: ${call.name} at ${call.start}`);
    expect(names).toEqual([
      'processes made: clone at 290',
      'calls that made namespaces: unshare at 310',
      'mounts made: mount at 400',
      'roots changed: pivot_root at 420',
    ]);
  });

  test('sums are those of the cells', () => {
    const byActor = totalBy(cells, ({ actor }) => actor);
    const byName = totalBy(cells, ({ name }) => name);
    const all = cells.reduce((sum, { calls }) => sum + calls, 0);
    for (const totals of [byActor, byName]) {
      expect(totals.reduce((sum, { calls }) => sum + calls, 0)).toBe(all);
    }
    expect(byName[0]).toMatchObject({ name: 'clone', calls: 2 });
  });
});

describe('the processes', () => {
  const trace = smallStart();
  const run = trace.runs[0] as ContainerRun;

  test('have what they made; a pid namespace is for the children', () => {
    const lines = processTree(trace, run).map((node) => processLine(trace, node));
    expect(lines[0]).toMatch(/^containerd-shim-runc-v2 40 .*: the engine's$/);
    expect(lines[1]).toMatch(/^ {2}runc 50 /);
    expect(lines[2]).toMatch(/^ {4}sh 60 \(.*init, entrypoint\): made mnt, net$/);
  });

  test.each([
    'docker-20.10/bridge.dit',
    'docker-28.5/bridge.dit',
  ])('of %s: the entrypoint has five namespaces at least, the shim none', (sample) => {
    const recorded = sampleTrace(sample);
    const nodes = processTree(recorded, recorded.runs[0] as ContainerRun);
    const of = (actor: string) =>
      nodes.find(({ life }) => life.actors.some((span) => span.actor === actor));
    expect([...(of('entrypoint')?.namespaces.keys() ?? [])]).toEqual(
      expect.arrayContaining(['mnt', 'uts', 'ipc', 'pid', 'net']),
    );
    expect(of('shim')?.namespaces.size).toBe(0);
  });
});

describe('the verdict', () => {
  const report = (of: Trace, start: ContainerRun) =>
    resultOf({ judge: judgeSyscalls, text: syscallsText }, syscallsFacts(of, start));
  const trace = sampleTrace('docker-28.5/none.dit');
  const run = trace.runs[0] as ContainerRun;

  test('of a whole recording: pass, and every kind of call is there', () => {
    const { verdict, figures } = report(trace, run);
    expect(verdict).toBe('pass');
    const below = figures.filter(({ group }) => group === 'below the client');
    expect(below).toHaveLength(4);
    for (const { value, certainty } of below) {
      expect(value).toBeGreaterThan(0);
      expect(certainty).toBe('exact');
    }
  });

  test('of one that sees the client alone: fail, as a trace of the command line would', () => {
    const blind: Trace = {
      ...trace,
      processes: trace.processes.map((life) => ({
        ...life,
        actors: life.actors.map((span) => ({ ...span, actor: 'client' })),
      })),
    };
    const { verdict, reason } = report(blind, run);
    expect(verdict).toBe('fail');
    for (const call of ['clone', 'unshare', 'mount', 'pivot_root']) expect(reason).toContain(call);
    expect(judgeSyscalls(syscallsFacts(blind, run)).reason).toMatchObject({
      kind: 'start unseen',
      missing: { length: 4 },
    });
  });

  test('of one that slowed what it saw: a warning, with how', () => {
    const facts = { ...syscallsFacts(trace, run), perturbation: 'ptrace stops every call' };
    expect(judgeSyscalls(facts)).toMatchObject({
      verdict: 'warn',
      reason: { kind: 'perturbed', perturbation: 'ptrace stops every call' },
    });
  });

  test('of one that lost records: a warning, and figures that are not exact', () => {
    const { recording } = trace;
    const loss = { at: run.window?.end as never, losses: [{ where: 'sys_exit', records: 7 }] };
    const said = report({ ...trace, recording: { ...recording, loss } }, run);
    expect(said).toMatchObject({ verdict: 'warn', reason: expect.stringContaining('7 records') });
    expect(new Set(said.figures.map(({ certainty }) => certainty))).toEqual(new Set(['inferred']));
  });
});
