/**
 * How fast a large trace opens: `dit trace show` of a synthetic trace of 1,000,000 events, and `dit --help`
 * against an empty node script. Whole processes, interleaved; time from the shell's side, memory as the
 * kernel counts it.
 *
 *   npx tsx scripts/bench/offline.ts [--events 1000000] [--runs 7]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packagePath } from '../../src/platform/package-files.js';
import { bootstrapMedian, median } from '../../src/stats/summary.js';

const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '7' },
  },
});
const runs = Number(options.runs);
const folder = mkdtempSync(join(tmpdir(), 'dit-bench-'));
const main = packagePath('dist/cli/main.js');

/** Wall time, ms, and peak memory, KiB (getrusage of the child, told by itself). */
function measure(args: readonly string[]): { ms: number; kib: number } {
  const begin = process.hrtime.bigint();
  const { status, stderr } = spawnSync('node', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ms = Number(process.hrtime.bigint() - begin) / 1e6;
  if (status !== 0) throw new Error(`node ${args.join(' ')}: ${status} ${stderr}`);
  return { ms, kib: Number(/rss=(\d+)/.exec(String(stderr))?.[1] ?? Number.NaN) };
}

const say = (name: string, values: readonly number[], unit: string): void => {
  const { low, high } = bootstrapMedian(values);
  console.log(
    `${name.padEnd(34)} median ${median(values).toFixed(2)} ${unit}, 95 % [${low.toFixed(2)}, ${high.toFixed(2)}]`,
  );
};

try {
  const trace = join(folder, 'large.dit');
  execFileSync(
    'npx',
    ['tsx', packagePath('scripts/generate-trace.ts'), '--events', options.events, '--out', trace],
    { stdio: 'ignore' },
  );
  const reporter = join(folder, 'rss.mjs');
  writeFileSync(
    reporter,
    "process.on('exit', () => process.stderr.write('rss=' + process.resourceUsage().maxRSS));",
  );
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, '');

  const show: { ms: number; kib: number }[] = [];
  const help: number[] = [];
  const nothing: number[] = [];
  for (let i = 0; i < runs; i++) {
    show.push(measure(['--import', reporter, main, 'trace', 'show', trace]));
    for (let j = 0; j < 3; j++) {
      nothing.push(measure([empty]).ms);
      help.push(measure([main, '--help']).ms);
    }
  }
  console.log(
    `${options.events} events, ${(statSync(trace).size / Number(options.events)).toFixed(1)} bytes an event on disk`,
  );
  say(
    'open, analyse and print',
    show.map(({ ms }) => ms),
    'ms',
  );
  say(
    'peak memory',
    show.map(({ kib }) => kib / 1024),
    'MiB',
  );
  say('empty node script', nothing, 'ms');
  say('dit --help', help, 'ms');
  say(
    'dit --help / empty',
    help.map((ms, i) => ms / (nothing[i] as number)),
    '',
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
