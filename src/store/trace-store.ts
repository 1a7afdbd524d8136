/** Where recordings go that are given no name: one folder a user, so that "the last trace" is known. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DitError, EXIT, messageOf, systemErrorCode } from '../base/errors.js';
import { plainName } from '../base/escape.js';
import { quoting } from '../base/foreign.js';
import { makeFolders } from '../platform/files/folders.js';
import { sudoUser, userFolder } from '../platform/files/owner.js';

type Env = Readonly<Record<string, string | undefined>>;

export interface StoredTrace {
  readonly path: string;
  readonly bytes: number;
  readonly modified: Date;
}

/** $DIT_TRACES, else dit/traces in the XDG state folder of who typed the command. */
export function tracesFolder(env: Env): string {
  return env.DIT_TRACES || join(userFolder('state', env), 'dit/traces');
}

/**
 * A path for a new trace, "…/20251121-080512-alpine-3f2a.dit"; makes the folder. Names sort by time.
 * @param unique some hex digits that tell two recordings of one second apart
 */
export function newTracePath(env: Env, image: string, now: Date, unique: string): string {
  const folder = tracesFolder(env);
  try {
    makeFolders(folder, { mode: 0o700, owner: sudoUser(env) });
  } catch (error) {
    throw new DitError({
      code: 'traces-folder',
      exitCode: EXIT.usage,
      message: quoting`the traces folder "${folder}" cannot be made: ${messageOf(error)}`,
      remedy: 'name a file with -o FILE, or a folder with DIT_TRACES',
      cause: error,
    });
  }
  const time = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const name = plainName(image.split('/').at(-1) ?? '', 40);
  return join(folder, `${time}-${name}-${unique}.dit`);
}

/** Newest first. */
export function storedTraces(env: Env): StoredTrace[] {
  const folder = tracesFolder(env);
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.dit'));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw new DitError({
      code: 'traces-folder',
      exitCode: EXIT.usage,
      message: quoting`the traces folder "${folder}" cannot be read: ${messageOf(error)}`,
      remedy: 'name a trace file, or a folder with DIT_TRACES',
      cause: error,
    });
  }
  return names
    .map((name) => join(folder, name))
    .flatMap((path): StoredTrace[] => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat?.isFile() ? [{ path, bytes: stat.size, modified: stat.mtime }] : [];
    })
    .sort((a, b) => b.modified.getTime() - a.modified.getTime() || (a.path < b.path ? 1 : -1));
}

/** The file that was named, else the newest one. @throws DitError where there is none. */
export function namedOrLastTrace(env: Env, file: string | undefined): string {
  const path = file ?? storedTraces(env)[0]?.path;
  if (path !== undefined) return path;
  throw new DitError({
    code: 'trace-none',
    exitCode: EXIT.usage,
    message: `there is no trace in "${tracesFolder(env)}" yet`,
    remedy: 'record one: sudo dit trace run, or name a file: dit trace show FILE',
  });
}
