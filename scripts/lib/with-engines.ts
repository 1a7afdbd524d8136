/** Runs a command with private engines around it; the rest of scripts/engines, which makes their folders. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { DitError } from '../../src/base/errors.js';
import { type EngineHandle, startEngine, stopEngine } from '../../src/platform/engine.js';

/** From "NAME=FOLDER". */
interface Release {
  readonly name: string;
  readonly treeRoot: string;
}

function releaseOf(text: string): Release {
  const [name = '', treeRoot = ''] = text.split('=');
  return { name, treeRoot };
}

const start = (release: Release, instance: string): Promise<EngineHandle> =>
  startEngine({
    name: instance,
    ...(release.treeRoot === '' ? {} : { treeRoot: release.treeRoot }),
  });

/** The command's exit status, 128 + n when signal n ended it. */
async function withEngines(
  releases: readonly Release[],
  command: readonly string[],
): Promise<number> {
  // Two calls with the same release do not share an engine: the first to end would stop it.
  const instances = releases.map(({ name }) => `${name}-${process.pid}`);
  let child: ReturnType<typeof spawn> | undefined;
  let ending: NodeJS.Signals | undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      ending = name;
      child?.kill(name);
    });
  }
  try {
    const engines: EngineHandle[] = [];
    for (const [i, release] of releases.entries()) {
      if (ending !== undefined) return 128 + constants.signals[ending];
      engines.push(await start(release, instances[i] ?? release.name));
    }
    if (ending !== undefined) return 128 + constants.signals[ending];
    const list = engines.map((engine, i) => `${releases[i]?.name}=${engine.endpoint}`);
    const env = {
      ...process.env,
      DOCKER_HOST: engines[0]?.endpoint,
      DIT_TEST_ENGINES: list.join(' '),
      PATH: `${process.env.PATH}:/var/lib/dit/engines/host/usr/bin`,
    };
    const [program = '', ...args] = command;
    const running = spawn(program, args, { stdio: 'inherit', env });
    child = running;
    return await new Promise<number>((resolve, reject) => {
      running.once('error', reject);
      running.once('exit', (code, by) =>
        resolve(by === null ? (code ?? 1) : 128 + constants.signals[by]),
      );
    });
  } finally {
    for (const name of instances) await stopEngine({ name, purge: true });
  }
}

async function main([action, ...args]: readonly string[]): Promise<number> {
  const releases = args.map(releaseOf);
  switch (action) {
    case '--start': {
      const { endpoint } = await start(releases[0] as Release, releases[0]?.name ?? '');
      process.stdout.write(`DOCKER_HOST=${endpoint}\n`);
      return 0;
    }
    case '--stop':
      await stopEngine({ name: releases[0]?.name ?? '' });
      return 0;
    default: {
      const separator = args.indexOf('--');
      return withEngines(releases.slice(0, separator), args.slice(separator + 1));
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
