/** `dit trace watch`: every container start on this machine, a line each, until it is stopped. */

import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildTracks } from '../../../analysis/tracks/tracks.js';
import { DitError, EXIT, messageOf } from '../../../base/errors.js';
import { escapeText } from '../../../base/escape.js';
import { quoting } from '../../../base/foreign.js';
import { shortId } from '../../../base/ids.js';
import { HostRecorder } from '../../../capture/recorder/host-recorder.js';
import { writeStart } from '../../../capture/recorder/write-start.js';
import type { SourceName } from '../../../capture/sources.js';
import { type Daemon, findDaemons, findSystemContainerd } from '../../../engine/daemons.js';
import { type EngineEndpoint, findEngine } from '../../../engine/endpoint.js';
import { NO_ENGINE, readEngineInfo } from '../../../engine/info.js';
import { startedAt } from '../../../export/tables/origin.js';
import { recordsLost } from '../../../model/recording/recording.js';
import type { Category } from '../../../model/trace/category.js';
import type { Trace } from '../../../model/trace/trace.js';
import { Deadline } from '../../../platform/deadline.js';
import { makeFolders } from '../../../platform/files/folders.js';
import { sudoUser } from '../../../platform/files/owner.js';
import { readHostInfo } from '../../../platform/host-info.js';
import { packageVersion } from '../../../platform/package-files.js';
import {
  renderStart,
  renderSummary,
  type StartLine,
  startJson,
  startLine,
  summaryJson,
  type WatchSummary,
  watchHeading,
} from '../../../render/text/watch.js';
import { quantile } from '../../../stats/summary.js';
import { TABLES_OF_A_START, writeParquetFolder } from '../../../store/parquet-folder.js';
import { WatchedEngine } from '../../../watch/watch-engine.js';
import { passes, type WatchFilter } from '../../../watch/watch-filter.js';
import { StartWatcher, type WatchedStart } from '../../../watch/watch-starts.js';
import { chooseSources, refusalInWords } from '../../common/choose-sources.js';
import type { CommandContext } from '../../common/context.js';
import { checkRing } from '../../common/option-values.js';
import { themeFor } from '../../common/theme.js';

export interface TraceWatchOptions {
  readonly out?: string;
  /** Tables of Parquet instead of trace files. */
  readonly parquet?: true;
  readonly json?: true;
  readonly redact?: true;
  readonly strict?: true;
  readonly filter: readonly WatchFilter[];
  /** Seconds; absent: until a signal. */
  readonly for?: number;
  readonly source: 'auto' | SourceName;
  readonly host?: string;
  readonly ringMb: number;
}

const LOOK_EVERY_MS = 1000;
/** How many causes the summary names. */
const CAUSES = 8;
/** Columns in which everything of a start has room. */
const UNCUT = 160;

export async function traceWatch(
  options: TraceWatchOptions,
  context: CommandContext,
): Promise<number> {
  const { env, signal, stdout, stderr } = context;
  checkRing(options.ringMb);
  if (options.parquet === true && options.out === undefined) {
    throw new DitError({
      code: 'option-conflict',
      exitCode: EXIT.usage,
      message: '--parquet requires --out',
      remedy: 'name a folder for the tables: --out DIR --parquet',
    });
  }
  const { candidates } = await chooseSources(
    options,
    (line) => stderr.line(`dit: ${line}`),
    ({ followsLater }) => followsLater,
  );
  if (options.out !== undefined) makeFolder(options.out, context.env);
  const { endpoint } = await findEngine({
    env,
    signal,
    ...(options.host === undefined ? {} : { host: options.host }),
  });
  const daemons = (): Daemon[] => daemonsOf(endpoint, env);
  const local = endpoint?.kind === 'local' ? endpoint : undefined;
  const begin = performance.now();
  const cpu = process.cpuUsage();
  const recorder = await HostRecorder.start({
    sources: candidates,
    onRefusal: (refusal) => void stderr.line(`dit: ${refusalInWords(refusal)}`),
    ditVersion: packageVersion(),
    host: readHostInfo(),
    engine:
      local === undefined
        ? NO_ENGINE
        : await readEngineInfo(local, local.origin === 'private engine', signal),
    command: ['dit', ...process.argv.slice(2)],
    redact: options.redact === true,
    ringBytes: options.ringMb * 2 ** 20,
    daemons,
  });
  const engine = new WatchedEngine(recorder, local, (line) => stderr.line(line), signal);
  const tally = new Tally();
  const printer = new StartPrinter(options, context, tally);
  const watcher = new StartWatcher(recorder, ({ id, error }) => {
    const why = escapeText(messageOf(error));
    void stderr.line(`dit: the start of container ${shortId(id)} cannot be shown: ${why}`);
  });
  const limitMs = options.for === undefined ? undefined : options.for * 1000;
  const deadline = new Deadline({ limitMs, signals: [signal] });
  const stop = deadline.signal;
  // Whoever keeps files does not need a reader.
  const unread = (): boolean => stdout.closed && options.out === undefined;
  try {
    await engine.nameContainers();
    await printer.begin(recorder.daemons.map(({ pid, role }) => `${role || 'daemon'} ${pid}`));
    while (!stop.aborted && !unread()) {
      // Woken by the signal: one more look.
      await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => {});
      watcher.look(printer.tell);
      await engine.look();
    }
    if (watcher.underWay > 0 && !unread()) await sleep(LOOK_EVERY_MS);
  } finally {
    deadline.close();
    engine.close();
    const end = await recorder.stop();
    watcher.look(printer.tell, { last: true });
    tally.lost = recordsLost(end.losses);
    tally.events = recorder.totalEvents;
  }
  const used = process.cpuUsage(cpu);
  const summary = tally.summary(
    (performance.now() - begin) / 1000,
    (used.user + used.system) / 1000,
  );
  const json = options.json === true;
  if (json) await stdout.line(summaryJson(summary));
  else await stdout.write(`\n${renderSummary(summary, themeFor(stdout), stdout.width)}`);
  return options.strict === true && summary.lost > 0 ? EXIT.loss : EXIT.ok;
}

/** Counts what is told, for the summary. */
class Tally {
  starts = 0;
  failed = 0;
  hidden = 0;
  events = 0;
  lost = 0;
  readonly #lengths: number[] = [];
  readonly #most = new Map<Category, number>();

  add({ totalNs, most }: StartLine): void {
    this.starts++;
    if (totalNs === undefined) this.failed++;
    else this.#lengths.push(totalNs);
    if (most !== undefined) this.#most.set(most.category, (this.#most.get(most.category) ?? 0) + 1);
  }

  summary(seconds: number, cpuMs: number): WatchSummary {
    const { starts, failed, hidden, events, lost } = this;
    const some = this.#lengths.length > 0;
    return {
      seconds,
      starts,
      failed,
      hidden,
      median: some ? quantile(this.#lengths, 0.5) : undefined,
      p95: some ? quantile(this.#lengths, 0.95) : undefined,
      most: [...this.#most].sort((a, b) => b[1] - a[1]).slice(0, CAUSES),
      events,
      lost,
      cpuMs,
    };
  }
}

/** Says each start, and writes its trace where that is asked for. */
class StartPrinter {
  readonly #options: TraceWatchOptions;
  readonly #context: CommandContext;
  readonly #tally: Tally;

  constructor(options: TraceWatchOptions, context: CommandContext, tally: Tally) {
    this.#options = options;
    this.#context = context;
    this.#tally = tally;
  }

  async begin(daemons: readonly string[]): Promise<void> {
    const { stdout, stderr } = this.#context;
    await stderr.line(`dit: watching ${daemons.join(', ')}; Ctrl-C ends it`);
    if (this.#options.json !== true) {
      await stdout.line(watchHeading(themeFor(stdout), stdout.widthElse(UNCUT)));
    }
  }

  readonly tell = ({ run, trace }: WatchedStart): void => {
    const { stdout } = this.#context;
    const line = startLine(startedAt(trace.recording, run) / 1000, run, undefined);
    if (!passes(line, this.#options.filter)) {
      this.#tally.hidden++;
      return;
    }
    this.#tally.add(line);
    const told = { ...line, file: this.#write(trace, line) };
    void stdout.line(
      this.#options.json === true
        ? startJson(told)
        : renderStart(told, themeFor(stdout), stdout.widthElse(UNCUT)),
    );
  };

  #write(trace: WatchedStart['trace'], { run, atMs }: StartLine): string | undefined {
    const { out } = this.#options;
    if (out === undefined) return undefined;
    const time = new Date(atMs).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 19);
    const path = join(out, `${time}-${shortId(run.containerId).replace(/[^\w.-]/g, '-')}.dit`);
    try {
      if (this.#options.parquet === true) return this.#writeTables(out, trace, run);
      writeStart(path, trace, run, sudoUser(this.#context.env));
      return path;
    } catch (error) {
      void this.#context.stderr.line(
        `dit: no trace of this start: ${escapeText(messageOf(error))}`,
      );
      return undefined;
    }
  }

  /** @returns the file of its row in the table runs */
  #writeTables(out: string, trace: WatchedStart['trace'], run: WatchedStart['run']) {
    const { files } = writeParquetFolder(
      resolve(out),
      aboutOneStart(trace, run),
      { file: '', tracks: () => buildTracks(trace) },
      { owner: sudoUser(this.#context.env), tables: TABLES_OF_A_START },
    );
    return files[0];
  }
}

/** The recording says whose start it is about, so that its tables have a name of their own. */
function aboutOneStart(trace: WatchedStart['trace'], run: WatchedStart['run']): Trace {
  const { header } = trace.recording;
  const target = { ...header.target, containerId: run.containerId };
  return {
    ...trace,
    recording: { ...trace.recording, header: { ...header, target } },
    runs: [run],
  };
}

/** @throws DitError where nothing on this machine starts containers */
function daemonsOf(endpoint: EngineEndpoint | undefined, env: NodeJS.ProcessEnv): Daemon[] {
  const engine =
    endpoint?.kind === 'local' && endpoint.socketPath !== undefined
      ? findDaemons(endpoint.socketPath)
      : [];
  const known = new Set(engine.map(({ pid }) => pid));
  const all = [...engine, ...findSystemContainerd(env).filter(({ pid }) => !known.has(pid))];
  if (all.length > 0) return all;
  throw new DitError({
    code: 'no-engine',
    exitCode: EXIT.engine,
    message:
      'no Docker engine and no containerd answers on this machine: there is nothing to watch',
    remedy: "start one, or dit's own: dit engine start; or name it with --host",
  });
}

function makeFolder(path: string, env: CommandContext['env']): void {
  try {
    makeFolders(path, { mode: 0o700, owner: sudoUser(env) });
  } catch (error) {
    throw new DitError({
      code: 'output-folder',
      exitCode: EXIT.usage,
      message: quoting`the folder "${path}" cannot be made: ${messageOf(error)}`,
      remedy: 'name another with --out DIR',
      cause: error,
    });
  }
}
