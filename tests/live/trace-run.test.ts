/** `dit trace run` on real engines: what it records agrees with what the engine and /proc say. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type Dockerode from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.js';
import { MILESTONES } from '../../src/analysis/milestones/milestones.js';
import { BUILTIN_IMAGE } from '../../src/engine/builtin-image.js';
import type { ProbeInfo } from '../../src/model/recording/recording.js';
import { ASKED_DETAIL } from '../../src/model/trace/own-requests.js';
import {
  type ContainerRun,
  type Milestone,
  type MilestoneName,
  milestone,
  type ProcessLife,
  type Trace,
} from '../../src/model/trace/trace.js';
import { processArguments, processStat } from '../../src/platform/processes/process-table.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import buildProgram from '../support/build.js';
import { expectExactPartition, expectNothingLost, namedShare, pidsOf } from '../support/checks.js';
import { dit, eventually, PROGRAM, ROOT, startDit } from '../support/dit.js';
import { builtin, type LiveEngine, liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 300_000;
const SLEEPER = builtin('sh', '-c', 'echo up; exec sleep 1000');
/** Other clients start so many containers at once. */
const CROWD = 10;
/** containerd's folders of running containers, below an engine's run directory. */
const TASKS = 'exec/containerd/daemon/io.containerd.runtime.v2.task/moby';
const folder = mkdtempSync(join(tmpdir(), 'dit-live-'));
/** Those of a command that is recorded, of recordings without a kernel, and of an init of the engine's. */
const OTHERS: readonly MilestoneName[] = ['command exec', 'start answered', "init's command exec"];
const NAMES = MILESTONES.map(([name]) => name).filter((name) => !OTHERS.includes(name));

afterAll(() => rmSync(folder, { recursive: true }));

/** A recording of a container that sleeps, until `observe` is over; then the container is killed. */
async function recordSleeper(
  engine: LiveEngine,
  file: string,
  name: string,
  observe: (info: Dockerode.ContainerInspectInfo) => Promise<void>,
): Promise<Trace> {
  const args = ['-H', engine.endpoint, '-o', file, '--network', 'none', '--name', name];
  const running = startDit(['trace', 'run', '-q', ...args, ...SLEEPER]);
  const container = engine.docker().getContainer(name);
  try {
    const info = await eventually(() =>
      container.inspect().then(
        (found) => (found.State.Running ? found : undefined),
        () => undefined,
      ),
    );
    if (info === undefined) throw new Error(`it does not run: ${running.stderr()}`);
    await observe(info);
    // "Running" comes before the entrypoint's exec. Marks are in the file as they are made.
    const known = await eventually(() => {
      const made = readTraceFile(file).marks.map((mark) => mark.name);
      return (made.includes('output') && made.includes('inspect')) || undefined;
    });
    expect(known).toBe(true);
  } finally {
    // Where there is none, what dit says tells why.
    await container.kill().catch(() => {});
    const { code, stderr } = await running.ended;
    expect(stderr).toContain('exited with 137');
    expect(code).toBe(0);
  }
  expect(await engine.remains()).toEqual([]);
  return analyse(readTraceFile(file));
}

function found(run: ContainerRun, name: MilestoneName): Milestone {
  const one = milestone(run, name);
  if (one === undefined) {
    const reason = run.absent.find((absent) => absent.name === name)?.reason;
    throw new Error(`milestone '${name}' is missing: ${reason}`);
  }
  return one;
}

/** The row of the event that is a milestone's evidence. */
function eventOf(run: ContainerRun, name: MilestoneName): number {
  const { evidence } = found(run, name);
  if (evidence.kind !== 'event') throw new Error(`'${name}' has no event as its evidence`);
  return evidence.event;
}

function lifeOf(trace: Trace, run: ContainerRun, pid: number): ProcessLife {
  const life = run.processes.map((key) => trace.processes[key]).find((each) => each?.pid === pid);
  if (life === undefined) throw new Error(`pid ${pid} is no process of the run`);
  return life;
}

/** dit is the client itself. */
const clientPids = ({ processes }: Trace): number[] =>
  processes
    .filter(({ actors }) => actors.some(({ actor }) => actor === 'client'))
    .map(({ pid }) => pid);

const parentOf = (trace: Trace, life: ProcessLife): ProcessLife | undefined =>
  life.parent === undefined ? undefined : trace.processes[life.parent];

/** The engines before Docker 26 run a hook for the network, the later ones none. */
function expectMilestones(run: ContainerRun, hooks: boolean): void {
  const expected = NAMES.filter((name) => hooks || !name.startsWith('hooks'));
  const missing = run.absent.map(({ name, reason }) => `${name}: ${reason}`);
  expect(missing.filter((line) => hooks || !line.startsWith('hooks'))).toEqual([]);
  expect(run.milestones.map(({ name }) => name)).toEqual(expected);
  const late = run.milestones.filter(({ time }, i) => time < (run.milestones[i - 1]?.time ?? time));
  expect(late.map(({ name }) => name)).toEqual([]);
  for (const { evidence } of run.milestones) expect(evidence.text).not.toBe('');
}

describe
  .skipIf(lacks('root', 'docker', 'ebpf'))
  .each(liveEngines('live').map((engine) => ({ engine })))(
  'a recording on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    let hooks = false;
    beforeAll(async () => {
      buildProgram();
      await engine.open();
      const { Version } = await engine.docker().version();
      hooks = Number.parseInt(Version, 10) < 26;
    }, LIMIT_MS);
    afterAll(() => engine.close(), LIMIT_MS);

    test('agrees with the engine and /proc', async () => {
      const file = join(folder, `${engine.name}-one.dit`);
      let id = '';
      let initPid = 0;
      let shimPid = 0;
      let pidFile = '';
      let shimArguments: string[] = [];
      const trace = await recordSleeper(engine, file, 'dit-one', async (info) => {
        id = info.Id;
        initPid = info.State.Pid;
        shimPid = processStat(initPid)?.parentPid ?? 0;
        shimArguments = processArguments(shimPid);
        pidFile = readFileSync(join(dirname(engine.socketPath), TASKS, id, 'init.pid'), 'utf8');
      });
      const { recording } = trace;
      const { events, strings } = recording;
      const run = trace.runs[0] as ContainerRun;

      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(recording.footer).toMatchObject({ outcome: 'complete', failure: '' });
      expect(recording.header.engine.version).toBe((await engine.docker().version()).Version);
      // Others refine it where a kernel lets them: fentry, kprobe.
      const needed = ({ attachPoint }: ProbeInfo): boolean => attachPoint.startsWith('tp_btf/');
      const refused = recording.header.source.probes.filter((probe) => !probe.attached);
      expect(refused.filter(needed)).toEqual([]);
      expectNothingLost(trace);

      expect(trace.runs.map(({ containerId }) => containerId)).toEqual([id]);
      expect(trace.foreign).toEqual([]);
      expect(run).toMatchObject({ name: 'dit-one', image: BUILTIN_IMAGE, exitCode: 137 });
      expect(run.failure).toBe('');
      expectMilestones(run, hooks);

      // init: forked, attached and executed as the pid that the API names.
      expect(pidFile).toBe(String(initPid));
      expect(events.value(eventOf(run, 'init cloned'), 'child_pids')).toBe(initPid);
      expect(events.pid.at(eventOf(run, 'entrypoint exec'))).toBe(initPid);
      expect(events.pid.at(eventOf(run, 'pivot_root'))).toBe(initPid);
      expect(events.pid.at(eventOf(run, 'exec FIFO opened'))).toBe(initPid);
      expect(events.pid.at(eventOf(run, 'exited'))).toBe(initPid);
      const inspected = recording.marks.find(({ name }) => name === 'inspect');
      expect(inspected?.detail.get('init_pid')).toBe(String(initPid));
      const init = lifeOf(trace, run, initPid);
      expect(init.exitCode).toBe(-9);
      expect(init.actors.map(({ actor }) => actor)).toContain('init');
      expect(init.actors.at(-1)).toMatchObject({ actor: 'entrypoint', containerId: id });
      expect(init.execs.map(({ argv }) => argv).slice(-2)).toEqual([
        SLEEPER.slice(1),
        ['sleep', '1000'],
      ]);
      const cgroup = eventOf(run, 'cgroup attached');
      expect(strings.text(events.value(cgroup, 'paths'))).toContain(id);

      // The shim that /proc shows as init's parent is the one in the trace, and it called runc.
      expect(shimArguments).toContain(id);
      const shim = lifeOf(trace, run, shimPid);
      expect(shim.actors.at(-1)).toMatchObject({ actor: 'shim', containerId: id });
      expect(shim.execs.at(-1)?.argv).toEqual(shimArguments);
      const runc = lifeOf(trace, run, events.pid.at(eventOf(run, 'runc exec')));
      expect(runc.actors.at(-1)).toMatchObject({ actor: 'runc create', containerId: id });
      expect(parentOf(trace, runc)?.pid).toBe(shimPid);
      expect(runc.exitCode).toBe(0);
      expect(events.pid.at(eventOf(run, 'runc exited'))).toBe(runc.pid);
      const ancestors: number[] = [];
      for (let life = parentOf(trace, init); life !== undefined; life = parentOf(trace, life)) {
        ancestors.push(life.pid);
      }
      expect(ancestors).toContain(runc.pid);

      // The request counts from dit's own write, which its mark is made right after.
      const sent = found(run, 'create requested');
      const create = recording.marks.find(({ name }) => name === 'create');
      expect(run.window?.start).toBe(sent.time);
      expect(sent.certainty).toBe('exact');
      expect(clientPids(trace)).toContain(events.pid.at(eventOf(run, 'create requested')));
      expect(sent.time).toBeLessThanOrEqual(create?.start ?? Number.NaN);
      expect(sent.time).toBeGreaterThanOrEqual(
        (create?.start ?? Number.NaN) - Number(create?.detail.get(ASKED_DETAIL)),
      );
      expect(run.window?.end).toBe(found(run, 'entrypoint exec').time);
      expectExactPartition(run);
      expect(namedShare(run)).toBeGreaterThanOrEqual(0.999);
      for (const { actor, category } of run.segments) {
        if (actor === 'other') expect(category).toBe('unattributed');
      }

      const engineEvents = recording.marks.filter(({ wallClock }) => wallClock);
      expect(engineEvents.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['engine.create', 'engine.start', 'engine.die']),
      );
      expect(new Set(engineEvents.map(({ containerId }) => containerId))).toEqual(new Set([id]));
    });

    test('holds one run while others start ten containers', async () => {
      const docker = engine.docker();
      const file = join(folder, `${engine.name}-crowd.dit`);
      let id = '';
      const others: { id: string; pids: number[] }[] = [];
      const crowd = startCrowd(engine, file);
      try {
        const trace = await recordSleeper(engine, file, 'dit-traced', async (info) => {
          id = info.Id;
          for (const other of await crowd) {
            const pid = (await docker.getContainer(other).inspect()).State.Pid;
            others.push({ id: other, pids: [pid, processStat(pid)?.parentPid ?? 0] });
          }
        });
        const run = trace.runs[0] as ContainerRun;
        expect(others.length).toBe(CROWD);
        expect(trace.runs.map(({ containerId }) => containerId)).toEqual([id]);
        expect([...trace.foreign].sort()).toEqual(others.map((other) => other.id).sort());
        expectMilestones(run, hooks);
        expectExactPartition(run);
        expectNothingLost(trace);
        const own = new Set(pidsOf(trace, run));
        for (const other of others) {
          expect(other.pids.filter((pid) => pid === 0 || own.has(pid))).toEqual([]);
          for (const key of run.processes) {
            const life = trace.processes[key] as ProcessLife;
            expect(life.execs.flatMap(({ argv }) => argv)).not.toContain(other.id);
          }
          for (const { evidence } of run.milestones) {
            expect(evidence.text).not.toContain(other.id.slice(0, 12));
          }
        }
        expectEvidenceOfRun(trace, run);
      } finally {
        const ids = await crowd;
        await Promise.all(ids.map((each) => docker.getContainer(each).remove({ force: true })));
      }
    });

    test('is one protobuf message that protoc reads', async () => {
      const file = join(folder, `${engine.name}-protoc.dit`);
      const recorded = await dit(['trace', 'run', '-q', '-H', engine.endpoint, '-o', file]);
      expect(recorded).toMatchObject({ code: 0 });
      const text = execFileSync(
        'protoc',
        ['-I', 'traces', '--decode', 'dit.trace.v1.TraceFile', 'dit/trace/v1/trace.proto'],
        { cwd: ROOT, input: readFileSync(file), encoding: 'utf8', maxBuffer: 1 << 30 },
      );
      const lines = execFileSync(process.execPath, [PROGRAM, 'trace', 'events', '--json', file], {
        encoding: 'utf8',
        maxBuffer: 1 << 30,
      });
      const events = readTraceFile(file).footer?.events ?? 0;
      expect(events).toBeGreaterThan(1000);
      expect(text.match(/^ +kinds: /gm)?.length).toBe(events);
      expect(text).toContain(`    events: ${events}\n`);
      expect(lines.split('\n').length - 1).toBe(events);
    });
  },
);

/** Other clients: a process of its own that starts containers all at once when `file` has been begun. */
async function startCrowd(engine: LiveEngine, file: string): Promise<string[]> {
  await eventually(() => statSync(file, { throwIfNoEntry: false })?.size || undefined);
  const script = `
    import Docker from 'dockerode';
    const docker = new Docker({ socketPath: ${JSON.stringify(engine.socketPath)} });
    const one = async () => {
      const options = { Image: '${BUILTIN_IMAGE}', Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } };
      const container = await docker.createContainer(options);
      await container.start();
      return container.id;
    };
    console.log((await Promise.all(Array.from({ length: ${CROWD} }, one))).join(' '));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  return output.trim().split(' ').filter(Boolean);
}

/** Every event that a milestone rests on was caused by a process of the run, or by the daemons for it. */
function expectEvidenceOfRun(trace: Trace, run: ContainerRun): void {
  const { events, marks } = trace.recording;
  const own = new Set([...pidsOf(trace, run), ...clientPids(trace)]);
  for (const { name, evidence } of run.milestones) {
    if (evidence.kind === 'mark') {
      expect(marks[evidence.mark]?.containerId).toBe(run.containerId);
    } else if (name !== 'rootfs mounted') {
      expect([name, own.has(events.pid.at(evidence.event))]).toEqual([name, true]);
    }
  }
}
