/**
 * Limits of time, and signals that are combined. Use nothing else for either: `AbortSignal.timeout()` and
 * `AbortSignal.any()` are held weakly by Node 20, so a garbage collection takes them away together with whoever
 * waits for them, and they never fire. Here the timer and the sources hold what they end.
 */

/** Node's longest timer, 24.8 days: a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

export interface DeadlineOptions {
  /** From now; undefined: no limit. */
  readonly limitMs?: number | undefined;
  /** Each of them ends it too. */
  readonly signals?: readonly (AbortSignal | undefined)[];
  /** What is thrown when the time is over. */
  readonly late?: () => Error;
}

/** Aborts `signal` when the time is over or one of the sources is aborted. Whoever makes one closes it. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];
  readonly #limitMs: number | undefined;
  readonly #late: () => Error;
  #timer: NodeJS.Timeout | undefined;
  #expired = false;

  constructor({
    limitMs,
    signals = [],
    late = () => new Error(`not done within ${limitMs} ms`),
  }: DeadlineOptions) {
    this.#limitMs = limitMs;
    this.#late = late;
    this.#sources = signals.filter((signal) => signal !== undefined);
    for (const source of this.#sources) source.addEventListener('abort', this.#follow);
    const aborted = this.#sources.find((source) => source.aborted);
    if (aborted === undefined) this.restart();
    else this.#end(aborted.reason);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it was the time that ended it. */
  get expired(): boolean {
    return this.#expired;
  }

  /** The limit counts from now: for what may last as long as something comes. */
  restart(): void {
    clearTimeout(this.#timer);
    if (this.#limitMs === undefined || this.signal.aborted) return;
    // It keeps the process alive: a promise that nobody settles any more is told by its limit.
    this.#timer = setTimeout(
      () => {
        this.#expired = true;
        this.#end(this.#late());
      },
      Math.min(this.#limitMs, LONGEST_MS),
    );
  }

  /** No limit from now on; its sources still end it. */
  lift(): void {
    clearTimeout(this.#timer);
  }

  /** Nothing ends it from now on. */
  close(): void {
    clearTimeout(this.#timer);
    for (const source of this.#sources) source.removeEventListener('abort', this.#follow);
  }

  readonly #follow = (event: Event): void => this.#end((event.target as AbortSignal).reason);

  #end(reason: unknown): void {
    this.close();
    this.#controller.abort(reason);
  }
}

/**
 * Settles as `work` does, or rejects with the signal's reason when it is aborted first; what becomes of the work
 * then is nobody's news.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Whatever becomes of it after the signal; before, it is passed on below.
  work.catch(() => {});
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Runs `work` under a deadline. @throws what `work` throws, or the deadline's reason when it comes first */
export async function within<T>(
  options: DeadlineOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new Deadline(options);
  try {
    return await unlessAborted(work(deadline.signal), deadline.signal);
  } finally {
    deadline.close();
  }
}
