/** The engines that live tests of a recording use: the test engines, or where there are none one of its own. */
import Dockerode from 'dockerode';
import { BUILTIN_IMAGE, ensureBuiltinImage } from '../../src/engine/builtin-image.js';
import { RUN_LABEL } from '../../src/engine/owner-labels.js';
import { startEngine, stopEngine } from '../../src/engine/private/private-engine.js';
import { testEngines } from './test-engines.js';

export class LiveEngine {
  readonly name: string;
  #socketPath: string;
  #own = false;

  constructor(name: string, socketPath = '') {
    this.name = name;
    this.#socketPath = socketPath;
  }

  /** Starts it where it is this test's own, and loads the built-in image. */
  async open(): Promise<void> {
    if (this.#socketPath === '') {
      this.#socketPath = (await startEngine({ name: this.name })).socketPath;
      this.#own = true;
    }
    await ensureBuiltinImage(this.docker());
  }

  async close(): Promise<void> {
    if (this.#own) await stopEngine({ name: this.name, purge: true });
  }

  get endpoint(): string {
    return `unix://${this.#socketPath}`;
  }

  get socketPath(): string {
    return this.#socketPath;
  }

  docker(): Dockerode {
    return new Dockerode({ socketPath: this.#socketPath });
  }

  /** Whatever of dit's runs is still there. */
  async remains(): Promise<string[]> {
    const filters = { label: [RUN_LABEL] };
    const containers = await this.docker().listContainers({ all: true, filters });
    return containers.map(({ Id, State }) => `${Id.slice(0, 12)} ${State}`);
  }
}

/** @param purpose of the engine that is started where there are no test engines */
export function liveEngines(purpose: string): LiveEngine[] {
  const given = testEngines().map(({ name, socketPath }) => new LiveEngine(name, socketPath));
  return given.length > 0 ? given : [new LiveEngine(`${purpose}-${process.pid}`)];
}

/** The built-in image, by name, with a command. */
export const builtin = (...command: readonly string[]): string[] => [BUILTIN_IMAGE, ...command];
