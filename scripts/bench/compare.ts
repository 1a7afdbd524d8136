/**
 * Do dit bench and dit compare find what is there, and nothing else? Two benchmarks of the same engine (A/A), and one of
 * it with an OCI runtime that sleeps before it makes a container: the first two must not differ after correction, the
 * third in what is a part of a start, and in nothing else.
 *
 *   npm run build:ts && sudo npx tsx scripts/bench/compare.ts [--iterations 10] [--sleep-ms 50] [--folder DIR]
 *
 * With --folder the data stay, and what is there already is not measured again. A run takes some minutes for each of the three.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEngine, stopEngine } from '../../src/platform/engine.js';
import { packagePath } from '../../src/platform/package-files.js';

const { values: options } = parseArgs({
  options: {
    iterations: { type: 'string', default: '10' },
    'sleep-ms': { type: 'string', default: '50' },
    folder: { type: 'string' },
  },
});
const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'dit-bench-compare-'));
mkdirSync(folder, { recursive: true });

/** Where a runtime's creation of a container counts. */
const PARTS_OF_A_START = /^(startup|startup-phases)$/;

const sleepy = join(folder, 'sleepy-runc');
const seconds = Number(options['sleep-ms']) / 1000;
writeFileSync(
  sleepy,
  `#!/bin/sh\ncase " $* " in *" create "*) sleep ${seconds} ;; esac\nexec runc "$@"\n`,
  { mode: 0o755 },
);

function dit(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [packagePath('dist/cli/main.js'), ...args],
    { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  if (status !== 0) throw new Error(`dit ${args.join(' ')} ends with ${status}: ${stderr}`);
  return stdout;
}

/** @param config of dockerd */
async function bench(
  name: string,
  seed: number,
  config: Record<string, unknown> = {},
): Promise<string> {
  const out = join(folder, name);
  const engine = { name: `bench-${name}`, config };
  const { endpoint } = await startEngine(engine);
  try {
    const common = ['--platform', name, '--seed', `${seed}`, '--iterations', options.iterations];
    dit('bench', '--out', out, '-H', endpoint, ...common);
  } finally {
    await stopEngine({ name: engine.name, purge: true });
  }
  return out;
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

try {
  const first = await bench('first', 1);
  const second = await bench('second', 2);
  const slow = await bench('slow', 3, {
    'default-runtime': 'sleepy',
    runtimes: { sleepy: { path: sleepy } },
  });
  const noise = differences(first, second);
  const found = differences(first, slow);
  const missed = ['warm', 'cold', 'first'].filter(
    (mode) =>
      !found.some((test) => test.dimension === 'startup' && test.first.group.endsWith(mode)),
  );
  const beside = found.filter(({ dimension }) => !PARTS_OF_A_START.test(dimension));
  const right = noise.length === 0 && missed.length === 0 && beside.length === 0;
  console.log(right ? 'right' : `WRONG: missed ${missed.join(', ') || 'nothing'}`);
  process.exitCode = right ? 0 : 1;
} finally {
  if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
}
