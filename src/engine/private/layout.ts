/** Where a private engine keeps what: names and paths only, nothing is touched here. */

import { join } from 'node:path';
import { DitError, EXIT } from '../../base/errors.js';
import { safeJson } from '../../base/escape.js';

export const DEFAULT_ENGINE = 'engine';

/** Binaries that `scripts/set-up engine` unpacks beside the system. */
export const UNPACKED_ENGINE = '/var/lib/dit/engines/host';

/** Locks and run directories of all private engines. */
export const RUN_ROOT = '/run/dit';

/** What outlives a boot: binaries, and data roots where DIT_DATA_ROOT names no other place. */
export const STATE_ROOT = '/var/lib/dit';

export interface EngineLayout {
  readonly name: string;
  /** Socket, pid file, log, exec root; gone after a stop. */
  readonly runDir: string;
  /** Images and containers; outlives a stop. */
  readonly dataRoot: string;
  /** On the command line of every process of this engine: how they are recognised. */
  readonly execRoot: string;
  readonly socketPath: string;
  readonly pidFile: string;
  readonly configFile: string;
  readonly stateFile: string;
  readonly logFile: string;
}

// The socket's path must stay below 108 bytes; /var/lib/dit/engines holds the binaries.
const NAME = /^(?!engines$)[a-z][a-z0-9.-]{0,31}$/;

/** `dataRoot` defaults to NAME below $DIT_DATA_ROOT, or below /var/lib/dit. */
export function engineLayout(name = DEFAULT_ENGINE, dataRoot?: string): EngineLayout {
  if (!NAME.test(name)) {
    throw new DitError({
      code: 'engine-name',
      exitCode: EXIT.usage,
      message: `${safeJson(name)} is not a name for a private engine`,
      remedy: 'use up to 32 of a-z, 0-9, "." and "-", beginning with a letter',
    });
  }
  const runDir = join(RUN_ROOT, name);
  return {
    name,
    runDir,
    dataRoot: dataRoot ?? join(process.env.DIT_DATA_ROOT || STATE_ROOT, name),
    execRoot: join(runDir, 'exec'),
    socketPath: join(runDir, 'docker.sock'),
    pidFile: join(runDir, 'dockerd.pid'),
    configFile: join(runDir, 'daemon.json'),
    stateFile: join(runDir, 'state.json'),
    logFile: join(runDir, 'dockerd.log'),
  };
}
