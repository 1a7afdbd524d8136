/**
 * Do dit bench and dit compare find what is there, and nothing else? Two benchmarks of the same engine (A/A), and one of
 * it whose OCI runtime sleeps before it makes a container: the first two must not differ after correction, the third in
 * what is a part of a start, and in nothing else. They take turns, interrupted and gone on with: a machine whose disk or
 * neighbours change within half an hour would differ from itself otherwise, and rightly.
 *
 *   npm run build:ts && sudo npx tsx scripts/bench/compare.ts [--iterations 20] [--sleep-ms 50] [--turn-s 100]
 *     [--folder DIR] [DIMENSION…]
 *
 * With --folder the data stay, and what is there already is not measured again. Some 40 minutes for all dimensions; with
 * 10 iterations a cold start, which varies most, may be missed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type EngineOptions,
  startEngine,
  stopEngine,
} from '../../src/engine/private/private-engine.js';
import { packagePath } from '../../src/platform/package-files.js';

const { values: options, positionals: dimensions } = parseArgs({
  allowPositionals: true,
  options: {
    iterations: { type: 'string', default: '20' },
    'sleep-ms': { type: 'string', default: '50' },
    'turn-s': { type: 'string', default: '100' },
    folder: { type: 'string' },
  },
});
const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'dit-bench-compare-'));
mkdirSync(folder, { recursive: true });

/** Where a runtime's creation of a container counts. */
const PARTS_OF_A_START = /^(startup|startup-phases)$/;

/** An OCI runtime that sleeps before it creates: a shell script for each engine, because the shell has its price too. */
function sleeper(ms: number): NonNullable<EngineOptions['config']> {
  const path = join(folder, `runc-after-${ms}-ms`);
  const script = `case " $* " in *" create "*) sleep ${ms / 1000} ;; esac\nexec runc "$@"\n`;
  writeFileSync(path, `#!/bin/sh\n${script}`, { mode: 0o755 });
  return { 'default-runtime': 'sleeper', runtimes: { sleeper: { path } } };
}

function dit(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [packagePath('dist/cli/main.js'), ...args],
    { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  if (status !== 0) throw new Error(`dit ${args.join(' ')} ends with ${status}: ${stderr}`);
  return stdout;
}

/** A benchmark under way, on an engine of its own. */
interface Turn {
  readonly name: string;
  readonly endpoint: string;
  readonly seed: number;
}

const out = ({ name }: Pick<Turn, 'name'>): string => join(folder, name);

/** @returns whether it is complete */
async function takeTurn(turn: Turn): Promise<boolean> {
  const { name, endpoint, seed } = turn;
  const settings = ['--platform', name, '--seed', `${seed}`, '--iterations', options.iterations];
  const child = spawn(
    process.execPath,
    [
      packagePath('dist/cli/main.js'),
      ...['bench', ...dimensions, '--out', out(turn), '-H', endpoint, '--warmup', '0', ...settings],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const timer = setTimeout(() => child.kill('SIGINT'), Number(options['turn-s']) * 1000);
  const [status] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  if (status !== 0 && status !== 130) throw new Error(`dit bench ends with ${status}: ${said}`);
  return status === 0;
}

interface Test {
  readonly dimension: string;
  readonly first: { readonly group: string };
  readonly p_corrected: number;
  readonly significant: boolean;
  readonly shift: number;
  readonly unit: string;
}

function differences(first: string, second: string): Test[] {
  const { tests } = JSON.parse(dit('compare', first, second, '--format', 'json')) as {
    tests: Test[];
  };
  const found = tests.filter(({ significant }) => significant);
  console.log(
    `${first} against ${second}: ${found.length} of ${tests.length} tests differ after correction`,
  );
  for (const { dimension, first: side, shift, unit, p_corrected: p } of found) {
    console.log(
      `  ${dimension} ${side.group}: ${shift > 0 ? '+' : ''}${shift.toPrecision(4)} ${unit}, p ${p.toPrecision(2)}`,
    );
  }
  return found;
}

const engines: readonly (EngineOptions & { readonly name: string })[] = [
  { name: 'bench-first', config: sleeper(0) },
  { name: 'bench-second', config: sleeper(0) },
  { name: 'bench-slow', config: sleeper(Number(options['sleep-ms'])) },
];

try {
  let turns: Turn[] = [];
  for (const [seed, engine] of engines.entries()) {
    const { endpoint } = await startEngine(engine);
    turns.push({ name: engine.name, endpoint, seed });
  }
  const [first = '', second = '', slow = ''] = turns.map(out);
  while (turns.length > 0) {
    const left: Turn[] = [];
    for (const turn of turns) if (!(await takeTurn(turn))) left.push(turn);
    turns = left;
  }
  const noise = differences(first, second);
  const found = differences(first, slow);
  const missed = ['warm', 'cold', 'first'].filter(
    (mode) =>
      !found.some((test) => test.dimension === 'startup' && test.first.group.endsWith(mode)),
  );
  const beside = found.filter(({ dimension }) => !PARTS_OF_A_START.test(dimension));
  const right = noise.length === 0 && missed.length === 0 && beside.length === 0;
  const wrong = `${noise.length} in A/A, ${beside.length} beside the start, missed: ${missed.join(', ') || 'none'}`;
  console.log(right ? 'right' : `WRONG: ${wrong}`);
  process.exitCode = right ? 0 : 1;
} finally {
  for (const { name } of engines) await stopEngine({ name, purge: true });
  if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
}
