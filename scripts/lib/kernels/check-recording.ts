/**
 * What must hold of a recording from a guest: check-recording.ts FILE fentry|kprobe|inferred. Asks dit itself, by its
 * JSON. One line a check: "ok" or "FAIL", name, what was found; tabs between. Exits with 1 when one failed.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Run {
  readonly window: { readonly length_ns: number } | null;
  readonly milestones: readonly { name: string; time_ns: number }[];
  readonly absent: readonly { name: string; reason: string }[];
  readonly phases: Readonly<Record<string, number>>;
  readonly segments: readonly { start_ns: number; end_ns: number }[];
  readonly copy_ups: readonly CopyUp[];
}

interface CopyUp {
  readonly start_ns: number;
  readonly duration_ns: number;
  readonly bytes: number;
  readonly path: string;
  readonly actor: string;
  readonly tid: number;
  readonly trigger: string;
  readonly certainty: string;
}

interface Analysis {
  readonly engine: { readonly version: string };
  readonly host: { readonly kernel: string };
  readonly source: {
    readonly probes: readonly { attach_point: string; attached: boolean; refusal: string }[];
  };
  readonly outcome: string;
  readonly malformed: number;
  readonly lost: number | null;
  readonly runs: readonly Run[];
}

interface Event {
  readonly kind: string;
  readonly time_ns: number;
  readonly duration_ns: number;
  readonly tid: number;
  readonly name: string;
  readonly flags: readonly string[];
}

/** What scripts/lib/kernels/try makes the container do: the file, and the syscall that copies it up. */
const CHANGED: readonly (readonly [path: string, trigger: RegExp, leastBytes: number])[] = [
  ['etc/passwd', /^open/, 1],
  ['bin/busybox', /chmod/, 1 << 20],
  ['etc/group', /^rename/, 1],
];

const PROGRAM = join(dirname(fileURLToPath(import.meta.url)), '../../../dist/cli/main.js');
const [file = '', tier = ''] = process.argv.slice(2);

function dit(...args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [PROGRAM, ...args, file], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(`dit ${args.join(' ')} ${file}: ${stderr}`);
  return stdout;
}

const ms = (ns: number): string => `${(ns / 1e6).toFixed(1)} ms`;

function report(check: string, found: string, wrong: readonly string[]): void {
  const result = wrong.length === 0 ? 'ok' : 'FAIL';
  process.stdout.write(`${result}\t${check}\t${wrong.length === 0 ? found : wrong.join('; ')}\n`);
  if (wrong.length > 0) process.exitCode = 1;
}

function checkProbes({ source: { probes } }: Analysis): void {
  const attached = probes.filter((probe) => probe.attached);
  const ways = attached.map(({ attach_point: point }) => point.split('/')[0]);
  const used = ['fentry', 'kprobe'].find((way) => ways.includes(way)) ?? 'inferred';
  const refused = probes.filter(
    (probe) => !probe.attached && probe.attach_point.startsWith('tp_btf/'),
  );
  report('probes', `${attached.length} attached, copy-ups by ${used}`, [
    ...(used === tier ? [] : [`copy-ups by ${used}, not by ${tier}`]),
    ...refused.map((probe) => `${probe.attach_point}: ${probe.refusal.split('\n')[0]}`),
  ]);
}

/** The part of the records: kernels from 7 on skip programs that they preempted (docs/kernels.md). */
const MAY_BE_SKIPPED = 0.001;

function checkLoss({ outcome, malformed, lost, host }: Analysis, events: number): void {
  const most = Number.parseInt(host.kernel, 10) < 7 ? 0 : events * MAY_BE_SKIPPED;
  report('events', `${events}, ${lost} lost`, [
    ...(outcome === 'complete' ? [] : [`outcome is ${outcome}`]),
    ...(lost !== null && lost <= most ? [] : [`${lost} lost`]),
    ...(malformed === 0 ? [] : [`${malformed} malformed`]),
  ]);
}

/**
 * Engines since Docker 26 run no hook for the network. The first output is when the client reads it: a slow one does
 * so after the exit.
 */
function checkMilestones(run: Run, { engine }: Analysis): void {
  const hooks = Number.parseInt(engine.version, 10) < 26;
  const absent = run.absent.filter(({ name }) => hooks || !name.startsWith('hooks '));
  const ordered = run.milestones.filter(({ name }) => name !== 'first output');
  const late = ordered.filter(({ time_ns: at }, index) => at < (ordered[index - 1]?.time_ns ?? at));
  report('milestones', `${run.milestones.length}, in order`, [
    ...absent.map(({ name, reason }) => `${name} is absent: ${reason}`),
    ...late.map(({ name }) => `${name} is before the one before it`),
  ]);
}

function checkPath({ window, phases, segments }: Run): void {
  const length = window?.length_ns ?? 0;
  const sum = Object.values(phases).reduce((all, ns) => all + ns, 0);
  const tiled = segments.reduce((all, { start_ns: from, end_ns: to }) => all + to - from, 0);
  const gaps = segments.filter(
    ({ start_ns: from }, index) => index > 0 && from !== segments[index - 1]?.end_ns,
  );
  const unattributed = (phases.unattributed ?? 0) / length;
  report('critical path', `${ms(length)}, ${(unattributed * 100).toFixed(2)} % unattributed`, [
    ...(length > 0 ? [] : ['there is no window']),
    ...(sum === length && tiled === length ? [] : [`${sum} and ${tiled} of ${length} ns`]),
    ...(gaps.length === 0 ? [] : [`${gaps.length} gaps`]),
    ...(unattributed <= 0.01 ? [] : [`${(unattributed * 100).toFixed(2)} % unattributed`]),
  ]);
}

/** Each file once, by the right syscall, and not a nanosecond outside of it. */
function checkCopyUps({ copy_ups: all }: Run, events: readonly Event[]): void {
  const certainty = tier === 'inferred' ? 'inferred' : 'exact';
  const wrong: string[] = [];
  const found: string[] = [];
  for (const [path, trigger, leastBytes] of CHANGED) {
    const copies = all.filter((copy) => copy.bytes > 0 && copy.path.endsWith(path));
    const [copy] = copies;
    if (copy === undefined || copies.length > 1) {
      wrong.push(`${path} is copied ${copies.length} times`);
      continue;
    }
    found.push(`${path} ${ms(copy.duration_ns)}`);
    if (copy.certainty !== certainty) wrong.push(`${path} is ${copy.certainty}`);
    if (copy.actor !== 'entrypoint') wrong.push(`${path} by ${copy.actor}`);
    if (!trigger.test(copy.trigger)) wrong.push(`${path} by ${copy.trigger}`);
    if (copy.bytes < leastBytes) wrong.push(`${path} has ${copy.bytes} bytes`);
    if (!(copy.duration_ns > 0) || around(copy, events)?.name !== copy.trigger) {
      wrong.push(`${path} took ${ms(copy.duration_ns)} and lies in no ${copy.trigger}`);
    }
  }
  const measured = events.filter(({ kind }) => kind === 'copy_up');
  const outside = measured.filter((copy) => around(copy, events) === undefined);
  if (outside.length > 0) wrong.push(`${outside.length} of ${measured.length} lie in no syscall`);
  if (measured.length === 0 && certainty === 'exact') wrong.push('none was measured');
  report('copy-ups', `${found.join(', ')}; ${measured.length} measured`, wrong);
}

/** The syscall of the same thread that holds the whole of it. */
function around(
  { start_ns, time_ns, duration_ns, tid }: Partial<CopyUp> & Partial<Event>,
  events: readonly Event[],
): Event | undefined {
  const from = start_ns ?? time_ns ?? 0;
  const to = from + (duration_ns ?? 0);
  return events.find(
    (call) =>
      call.kind === 'syscall' &&
      call.tid === tid &&
      call.time_ns <= from &&
      to <= call.time_ns + call.duration_ns,
  );
}

const analysis = JSON.parse(dit('trace', 'show', '--json')) as Analysis;
const events = dit('trace', 'events', '--json')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Event);
checkProbes(analysis);
checkLoss(analysis, events.length);
const [run] = analysis.runs;
if (run === undefined || analysis.runs.length > 1) {
  report('run', '', [`${analysis.runs.length} runs are in the recording`]);
} else {
  checkMilestones(run, analysis);
  checkPath(run);
  checkCopyUps(run, events);
}
