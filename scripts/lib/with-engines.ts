/** Runs a command with private engines around it; the rest of scripts/engines, which makes their folders. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { DitError } from '../../src/base/errors.js';
import { engineLayout, RUN_ROOT } from '../../src/engine/private/layout.js';
import {
  inMountNamespace,
  quoted,
  type Step,
} from '../../src/platform/processes/mount-namespace.js';
import type { PrivateEngine } from './bare-engines.js';
import { type EngineKind, engineKind } from './engine-kinds.js';

/** From "NAME=FOLDER". */
interface Chosen {
  readonly name: string;
  readonly folder: string;
  readonly kind: EngineKind;
}

function chosenOf(text: string): Chosen {
  const [name = '', folder = ''] = text.split('=');
  return { name, folder, kind: engineKind(name) };
}

/** The first engine's environment; where it is no Docker, none that the caller had is taken for it. */
function environment(
  engines: readonly PrivateEngine[],
  chosen: readonly Chosen[],
): NodeJS.ProcessEnv {
  const { DOCKER_HOST: _theirs, ...inherited } = process.env;
  const dockers = engines.flatMap(({ env }, i) =>
    chosen[i]?.kind.docker === true ? [`${chosen[i].name}=${env.DOCKER_HOST}`] : [],
  );
  const path = [process.env.PATH, ...new Set(engines.flatMap(({ binDirs }) => binDirs))];
  return {
    ...inherited,
    ...engines[0]?.env,
    DIT_TEST_ENGINES: dockers.join(' '),
    PATH: path.join(':'),
  };
}

/** Each once: of two engines that bring a folder of their own for the same path, the first one's is used. */
function stepsOf(engines: readonly PrivateEngine[]): Step[] {
  const byTarget = new Map<string, Step>();
  for (const step of engines.flatMap(({ steps }) => steps)) {
    const target = step.at(-1) ?? '';
    if (!byTarget.has(target)) byTarget.set(target, step);
  }
  return [...byTarget.values()];
}

/**
 * The environment of an engine that is left running. Its CONTAINER_RUN and CONTAINER_LIST enter a mount namespace of
 * their own each time.
 */
async function environmentToKeep(
  name: string,
  engine: PrivateEngine,
): Promise<PrivateEngine['env']> {
  if (engine.steps.length === 0) return engine.env;
  const inside = join(engineLayout(name).execRoot, 'inside');
  const script = inMountNamespace(engine.steps, ['"$@"']);
  const words = script.map((word) => (word === '"$@"' ? word : quoted(word)));
  await writeFile(inside, `#!/bin/sh\nexec ${words.join(' ')}\n`, { mode: 0o755 });
  return Object.fromEntries(
    Object.entries(engine.env).map(([key, value]) => [
      key,
      key.startsWith('CONTAINER_') ? `${inside} ${value}` : value,
    ]),
  );
}

/** Takes away engines whose scripts/engines was killed before it could. */
async function removeAbandoned(): Promise<void> {
  if (!existsSync(RUN_ROOT)) return;
  for (const instance of readdirSync(RUN_ROOT)) {
    const [, name, pid] =
      /^((?:docker-|podman|containerd|runc|crun).*)-(\d+)$/.exec(instance) ?? [];
    if (name === undefined || existsSync(`/proc/${pid}`)) continue;
    await engineKind(name).stop(instance, true);
  }
}

/** The command's exit status, 128 + n when signal n ended it. */
async function withEngines(chosen: readonly Chosen[], command: readonly string[]): Promise<number> {
  // Two calls with the same kind do not share an engine: the first to end would stop it.
  const instances = chosen.map(({ name }) => `${name}-${process.pid}`);
  let child: ReturnType<typeof spawn> | undefined;
  let ending: NodeJS.Signals | undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      ending = name;
      child?.kill(name);
    });
  }
  await removeAbandoned();
  try {
    const engines: PrivateEngine[] = [];
    for (const [i, { kind, folder }] of chosen.entries()) {
      if (ending !== undefined) return 128 + constants.signals[ending];
      engines.push(await kind.start(instances[i] ?? '', folder));
    }
    if (ending !== undefined) return 128 + constants.signals[ending];
    const env = environment(engines, chosen);
    const [program = '', ...args] = inMountNamespace(stepsOf(engines), command);
    const running = spawn(program, args, { stdio: 'inherit', env });
    child = running;
    return await new Promise<number>((resolve, reject) => {
      running.once('error', reject);
      running.once('exit', (code, by) =>
        resolve(by === null ? (code ?? 1) : 128 + constants.signals[by]),
      );
    });
  } finally {
    for (const [i, { kind }] of chosen.entries()) await kind.stop(instances[i] ?? '', true);
  }
}

async function main([action, ...args]: readonly string[]): Promise<number> {
  switch (action) {
    case '--start': {
      const { name, folder, kind } = chosenOf(args[0] ?? '');
      const env = await environmentToKeep(name, await kind.start(name, folder));
      for (const [key, value] of Object.entries(env)) process.stdout.write(`${key}=${value}\n`);
      return 0;
    }
    case '--stop': {
      const { name, kind } = chosenOf(args[0] ?? '');
      await kind.stop(name, false);
      return 0;
    }
    default: {
      const separator = args.indexOf('--');
      return withEngines(args.slice(0, separator).map(chosenOf), args.slice(separator + 1));
    }
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof DitError)) throw error;
  process.stderr.write(`dit: ${error.message}\ndit: remedy: ${error.remedy}\n`);
  process.exitCode = error.exitCode;
}
