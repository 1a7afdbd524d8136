/** Runs a command with private engines around it; the rest of scripts/engines, which makes their folders. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { DitError } from '../../src/base/errors.js';
import { hideMounts, inMountNamespace } from '../../src/platform/engine-launch.js';
import { RUN_ROOT } from '../../src/platform/engine-layout.js';
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
    const hidden = [...new Set(engines.flatMap(({ hiddenMounts }) => hiddenMounts))];
    const [program = '', ...args] = inMountNamespace(hideMounts(hidden), command);
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
      const { env } = await kind.start(name, folder);
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
