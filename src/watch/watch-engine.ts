/** The engine that is watched, which may be restarted meanwhile: its daemons, and what it calls its containers. */
import { messageOf } from '../base/errors.js';
import { escapeText } from '../base/escape.js';
import type { HostRecorder } from '../capture/recorder/host-recorder.js';
import { connectDocker } from '../engine/docker.js';
import type { EngineEndpoint } from '../engine/endpoint.js';
import { EVENT_TOO_LONG, type EventStream, followEngineEvents } from '../engine/engine-events.js';

export class WatchedEngine {
  readonly #recorder: HostRecorder;
  readonly #endpoint: EngineEndpoint | undefined;
  readonly #say: (line: string) => Promise<void>;
  readonly #signal: AbortSignal;
  #events: EventStream | undefined;
  /** Up to when its events were followed, seconds since 1970: it is asked for what came since. */
  #followedTo = secondsNow();
  #opening = false;
  #closed = false;
  /** Said once each time. */
  #isGone = false;
  #isNameless = false;

  /**
   * @param endpoint undefined: none of Docker's, whose containers have no names
   * @param say writes a line for people
   */
  constructor(
    recorder: HostRecorder,
    endpoint: EngineEndpoint | undefined,
    say: (line: string) => Promise<void>,
    signal: AbortSignal,
  ) {
    this.#recorder = recorder;
    this.#endpoint = endpoint;
    this.#say = say;
    this.#signal = signal;
  }

  /** Follows what came instead of what is gone. */
  async look(): Promise<void> {
    const { fresh, missing } = this.#recorder.followNewDaemons();
    if (fresh.length > 0) {
      await this.#say(`dit: the engine restarted; following ${fresh.join(', ')}`);
    }
    if (missing && !this.#isGone) {
      await this.#say('dit: the engine stopped; waiting for it to restart');
    }
    this.#isGone = missing;
    // Not waited for: an engine that starts takes its time to answer.
    if (!missing) void this.nameContainers();
  }

  /** Follows the engine's events, where they are not followed. */
  async nameContainers(): Promise<void> {
    if (this.#endpoint === undefined || this.#events !== undefined || this.#opening) return;
    this.#opening = true;
    try {
      this.#events = await followEngineEvents(
        await connectDocker(this.#endpoint, this.#signal),
        undefined,
        this.#recorder.fromRealtime,
        this.#recorder.mark,
        () => {
          this.#events = undefined;
          this.#followedTo = secondsNow();
        },
        () => void this.#say(`dit: ${EVENT_TOO_LONG}`),
        this.#followedTo,
      );
      this.#isNameless = false;
      if (this.#closed) this.#events.close();
    } catch (error) {
      if (!this.#isNameless && !this.#closed) {
        await this.#say(`dit: cannot read container names: ${escapeText(messageOf(error))}`);
      }
      this.#isNameless = true;
    } finally {
      this.#opening = false;
    }
  }

  close(): void {
    this.#closed = true;
    this.#events?.close();
  }
}

const secondsNow = (): number => Date.now() / 1000;
