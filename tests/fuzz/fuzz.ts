/**
 * The fuzz for as long as one likes: npx tsx tests/fuzz/fuzz.ts COUNT [FIRST] [WORKERS]. Prints what is wrong as it is
 * found, and keeps the files of it in fuzz-faults/SEED; `fuzz.ts 1 SEED` runs one case again.
 */
import { resolve } from 'node:path';
import { DIT } from '../support/run-dit.js';
import { runCases } from './run-cases.js';

const [count = 1_000, first = 1, workers = 2] = process.argv.slice(2).map(Number);
const started = performance.now();
const { cases, byExit, slowestMs, largestBytes, faults } = await runCases({
  first,
  count,
  workers,
  program: DIT,
  keepIn: resolve('fuzz-faults'),
  onFault: ({ seed, args, fault }) => console.log(`seed ${seed}: ${args.join(' ')}\n  ${fault}`),
  onProgress: (done) =>
    console.log(`${done} cases, ${Math.round((performance.now() - started) / 1_000)} s`),
});
const exits = [...byExit].map(([code, times]) => `${times} ended with ${code}`).join(', ');
console.log(
  `${cases} cases from seed ${first}: ${faults.length} faults; ${exits}; the slowest took ${Math.round(slowestMs)} ms, the largest ${largestBytes >> 20} MiB`,
);
process.exitCode = faults.length > 0 ? 1 : 0;
