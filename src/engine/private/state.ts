/** What a private engine remembers of itself until it is cleared away, by whom ever; and the lock of all engines. */

import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../base/errors.js';
import { safeJson } from '../../base/escape.js';
import { withFileLock } from '../../platform/files/file-lock.js';
import { type EngineLayout, engineLayout, RUN_ROOT } from './layout.js';

export interface EngineState {
  readonly dataRoot: string;
  /** Below the root of every hierarchy; only this engine uses it. */
  readonly cgroupParent: string;
  /** Of the bridge that it has or was about to make. */
  readonly bridge?: string;
}

/** A start waits for other starts, each half a minute at most. */
const LOCK_WAIT_S = 120;

/** One lock for all engines: they choose bridges and networks from the same lists. */
export function withEngineLock<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  mkdirSync(RUN_ROOT, { recursive: true, mode: 0o711 });
  return withFileLock(join(RUN_ROOT, 'lock'), LOCK_WAIT_S, work, signal);
}

export async function writeState(layout: EngineLayout, state: EngineState): Promise<void> {
  await writeFile(layout.stateFile, safeJson(state));
}

/** Undefined where nothing is to be cleared away, or only half of it was written. */
export async function readState(name?: string): Promise<EngineState | undefined> {
  try {
    const text = await readFile(engineLayout(name).stateFile, 'utf8');
    // Only root can write there.
    return JSON.parse(text) as EngineState;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether engines besides this one run, or were killed and are not cleared away yet. */
export function hasOtherEngines(layout: EngineLayout): boolean {
  return readdirSync(RUN_ROOT, { withFileTypes: true }).some(
    (entry) =>
      entry.isDirectory() &&
      entry.name !== layout.name &&
      existsSync(engineLayout(entry.name).stateFile),
  );
}

/**
 * An engine's data root as the kernel knows it, "64768-2244634": an engine of the same name in another file tree
 * (a container) has another. Undefined while there is none.
 */
export function dataRootIdentity(layout: EngineLayout): string | undefined {
  const root = statSync(layout.dataRoot, { throwIfNoEntry: false });
  return root && `${root.dev}-${root.ino}`;
}
