/**
 * Engines that answer wrongly, slowly or not at all: a command ends in time with a documented status and readable
 * words. DIT_ENGINE_MUTATIONS says how many mutated answers are tried, DIT_ENGINE_SEED where to begin.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { EngineClient as Client } from '../../src/engine/engine-client.js';
import { dit } from '../support/dit.js';
import { mutation, seededRandom } from '../support/engine-mutations.js';
import { type FakeEngine, fakeEngine } from '../support/fake-engine.js';

/** So that what never answers costs little; read when the modules below are loaded. */
vi.hoisted(() => {
  process.env.DIT_ENGINE_LIMIT_MS = '400';
});

import { killRunningContainers } from '../../src/engine/api/get-json.js';
import { connectDocker } from '../../src/engine/docker.js';
import { findEngine } from '../../src/engine/endpoint.js';
import { EngineClient } from '../../src/engine/engine-client.js';
import { followEngineEvents } from '../../src/engine/engine-events.js';
import { hasImage, readEngineInfo } from '../../src/engine/info.js';
import { findOrphans } from '../../src/engine/owner-labels.js';
import { pullImage } from '../../src/engine/pull-image.js';
import { removeOrphanedThings } from '../../src/measure/sandbox/orphans.js';
import { Sandbox } from '../../src/measure/sandbox/sandbox.js';

const MUTATIONS = Number(process.env.DIT_ENGINE_MUTATIONS ?? 300);
const SEED = Number(process.env.DIT_ENGINE_SEED ?? 1);
/** One command costs as much as thirty calls of a function. */
const COMMANDS = Math.ceil(MUTATIONS / 20);
/** With real slack over the sum of the limits that one run may meet, for a machine that is busy. */
const HANG_MS = 30_000;
const LIMIT_MS = 300_000 + MUTATIONS * 2_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-mutations-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An engine of which one answer is wrong; which, and how, is drawn. */
async function wrongEngine(seed: number, requests: number) {
  const random = seededRandom(seed);
  const { kind, change } = mutation(random);
  const at = Math.floor(random() * requests);
  let changed = 0;
  const engine = await fakeEngine((_request, number) => {
    if (number !== at) return undefined;
    changed++;
    return change;
  });
  return { engine, what: `seed ${seed}: ${kind} at request ${at}`, changed: () => changed };
}

type Work = (engine: FakeEngine, signal: AbortSignal) => Promise<unknown>;

const endpointOf = ({ unix }: FakeEngine) =>
  ({
    url: unix,
    origin: '--host',
    kind: 'local',
    socketPath: unix.slice('unix://'.length),
  }) as const;

const client = async (engine: FakeEngine, signal: AbortSignal): Promise<Client> =>
  new EngineClient(await connectDocker(endpointOf(engine), signal), () => {});

/** What dit asks engines for, and how many requests each makes. */
const WORKS: Readonly<Record<string, readonly [requests: number, work: Work]>> = {
  find: [1, ({ unix }) => findEngine({ host: unix, timeoutMs: 400 })],
  info: [2, (engine) => readEngineInfo(endpointOf(engine), false)],
  'has image': [1, (engine) => hasImage(endpointOf(engine), 'x')],
  orphans: [1, (engine) => findOrphans(endpointOf(engine))],
  kill: [3, (engine) => killRunningContainers({ socketPath: endpointOf(engine).socketPath }, 400)],
  'orphaned things': [
    4,
    async (engine, signal) => removeOrphanedThings(await connectDocker(endpointOf(engine), signal)),
  ],
  pull: [
    1,
    async (engine, signal) =>
      pullImage(await connectDocker(endpointOf(engine), signal), 'x', signal),
  ],
  events: [
    1,
    async (engine, signal) => {
      const docker = await connectDocker(endpointOf(engine), signal);
      const nothing = (): void => {};
      const events = await followEngineEvents(
        docker,
        undefined,
        (ns) => ns,
        nothing,
        nothing,
        nothing,
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
      events.close();
    },
  ],
  start: [
    6,
    async (engine, signal) => {
      const api = await client(engine, signal);
      const container = await api.create({ Image: 'x' });
      const output = await api.attach(container, () => {});
      const waits = new AbortController();
      const ended = api.wait(container, waits.signal).catch((error: unknown) => {
        if (!waits.signal.aborted) throw error;
      });
      ended.catch(() => {});
      await api.start(container);
      await api.inspect(container);
      // A wait has no limit of its own: whoever waits has one.
      setTimeout(() => waits.abort(), 400);
      await ended;
      output.close();
      await api.remove(container);
    },
  ],
  sandbox: [
    18,
    async (engine, signal) => {
      const docker = await connectDocker(endpointOf(engine), signal);
      const sandbox = new Sandbox(docker, 'ab'.repeat(16), signal);
      try {
        const running = await sandbox.start({ Image: 'x', Cmd: ['sleep'] });
        await running.exec('true');
        await sandbox.run({ Image: 'x', Cmd: ['true'] });
        await sandbox.volume();
        await sandbox.network('198.18.9.0/24');
      } finally {
        await sandbox.close();
      }
    },
  ],
};

/** An engine's refusal, a broken connection, or dit's own words; what JavaScript says of a wrong type is none of them. */
function isTold(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError)
    return false;
  return error instanceof Error;
}

test(
  `${MUTATIONS} mutated answers to what dit asks engines for`,
  async () => {
    const names = Object.keys(WORKS);
    const wrong: string[] = [];
    let tried = 0;
    for (let seed = SEED; tried < MUTATIONS; seed++) {
      const name = names[seed % names.length] as string;
      const [requests, work] = WORKS[name] as (typeof WORKS)[string];
      const { engine, what, changed } = await wrongEngine(seed, requests);
      const begin = performance.now();
      const ended = work(engine, new AbortController().signal).then(
        () => true,
        (error: unknown) => isTold(error) || String(error),
      );
      const limit = new Promise<string>((resolve) =>
        setTimeout(() => resolve('it hangs'), HANG_MS).unref(),
      );
      const result = await Promise.race([ended, limit]);
      if (result !== true) {
        wrong.push(`${name}, ${what}: ${result} (${Math.round(performance.now() - begin)} ms)`);
      }
      tried += changed();
      await engine.close();
    }
    expect(wrong).toEqual([]);
  },
  LIMIT_MS,
);

/** Of a command: how many requests it makes at most, and its arguments. */
const COMMAND_LINES: readonly (readonly [number, (engine: FakeEngine, n: number) => string[]])[] = [
  [14, ({ unix }, n) => recording(unix, n)],
  [14, ({ unix }, n) => recording(unix, n, '--json')],
  [14, ({ tcp }, n) => recording(tcp, n, '--until', 'started')],
  [25, ({ tcp }) => ['test', 'overlay', 'security', '-H', tcp, '--image', 'x']],
  [
    12,
    ({ tcp }, n) => [
      'bench',
      'pull',
      '-H',
      tcp,
      '--image',
      'x',
      '--pulls',
      '1',
      '--warmup',
      '0',
      '--out',
      join(folder, `${n}`),
    ],
  ],
];

const recording = (host: string, n: number, ...options: readonly string[]): string[] => [
  'trace',
  'run',
  '--source',
  'api',
  ...options,
  '-H',
  host,
  '-o',
  join(folder, `${n}.dit`),
  'x',
];

/** Controls that a terminal obeys; a container's own output is shown line by line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/;

test(
  `${COMMANDS} commands with a mutated answer`,
  async () => {
    const wrong: string[] = [];
    let longest = 0;
    for (let n = 0; n < COMMANDS; n++) {
      const seed = SEED * 1_000_003 + n;
      const [requests, argsOf] = COMMAND_LINES[
        n % COMMAND_LINES.length
      ] as (typeof COMMAND_LINES)[number];
      const { engine, what } = await wrongEngine(seed, requests);
      const args = argsOf(engine, n);
      const begin = performance.now();
      const end = await dit(args, {
        limitMs: 2 * HANG_MS,
        env: { DIT_ENGINE_LIMIT_MS: '400', DOCKER_HOST: undefined, XDG_STATE_HOME: folder },
      });
      const ms = Math.round(performance.now() - begin);
      longest = Math.max(longest, ms);
      const said = end.stdout + end.stderr;
      const isWrong =
        ![0, 2, 3, 4, 6].includes(end.code ?? -1) ||
        ms > HANG_MS ||
        CONTROLS.test(said) ||
        /dit: bug|TypeError|\[object/.test(said);
      if (isWrong)
        wrong.push(
          `${args.slice(0, 3).join(' ')}, ${what}: ${end.code} after ${ms} ms: ${end.stderr.slice(-500)}`,
        );
      await engine.close();
    }
    console.info(`the longest of ${COMMANDS} commands took ${longest} ms`);
    expect(wrong).toEqual([]);
    expect(readdirSync(folder).filter((name) => /\.tmp|\.lock/.test(name))).toEqual([]);
  },
  LIMIT_MS,
);
