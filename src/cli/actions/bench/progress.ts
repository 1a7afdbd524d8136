/** How far a benchmark is: one line that changes on a terminal, a line now and then elsewhere. */
import type { BenchProgress } from '../../../bench/run-bench.js';
import { formatTimeLeft } from '../../../bench/time-left.js';
import type { Output } from '../../common/output.js';

/** Logs are read later: a line for each of a thousand measurements tells no more. */
const LOG_EVERY_MS = 15_000;

const CLEAR_LINE = '\r\x1b[K';

export class ProgressLine {
  readonly #output: Output;
  #said = '';
  #saidAtMs = Number.NEGATIVE_INFINITY;

  constructor(output: Output) {
    this.#output = output;
  }

  show(progress: BenchProgress): void {
    const line = progressText(progress);
    if (this.#output.isTerminal) {
      void this.#output.write(CLEAR_LINE + line.slice(0, this.#output.width - 1));
      return;
    }
    const now = performance.now();
    if (progress.doing === this.#said && now - this.#saidAtMs < LOG_EVERY_MS) return;
    this.#said = progress.doing;
    this.#saidAtMs = now;
    void this.#output.line(line);
  }

  /** Before anything else is written. */
  clear(): void {
    if (this.#output.isTerminal) void this.#output.write(CLEAR_LINE);
  }
}

/** "dit: 120 of 700 measurements, 12 min left: startup/cold" */
function progressText({ doing, measurement, done, steps, leftMs }: BenchProgress): string {
  const left = `about ${formatTimeLeft(leftMs)} left`;
  return doing === 'measuring'
    ? `dit: ${done} of ${steps} measurements, ${left}: ${measurement}`
    : `dit: ${doing}: ${measurement}; then ${steps - done} measurements, ${left}`;
}
