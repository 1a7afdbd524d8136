/**
 * What engines and runtimes make outside the folders that they are given. A private engine gets folders of its own in
 * their place, in its mount namespace: it changes nothing there, and other engines' files stay unseen. Only the mount
 * points have to be there; those that were not are taken away with the last engine.
 */

import {
  cpSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { systemErrorCode } from '../../base/errors.js';
import { safeJson } from '../../base/escape.js';
import type { Step } from '../../platform/processes/mount-namespace.js';
import { bootId } from '../../platform/processes/process-identity.js';
import { type EngineLayout, RUN_ROOT, STATE_ROOT } from './layout.js';
import { hasOtherEngines } from './state.js';

interface OutsideFolder {
  readonly path: string;
  readonly mode: number;
  /** What the machine has there is the engine's to read: certificates of registries. */
  readonly copied?: boolean;
}

/** By whom: Docker, containerd, the runtimes, podman, CNI. */
const FOLDERS: readonly OutsideFolder[] = [
  { path: '/etc/docker', mode: 0o755, copied: true },
  { path: '/run/docker', mode: 0o700 },
  { path: '/opt/containerd', mode: 0o711 },
  { path: '/run/containerd', mode: 0o711 },
  { path: '/run/runc', mode: 0o700 },
  { path: '/run/crun', mode: 0o700 },
  { path: '/run/libpod', mode: 0o700 },
  { path: '/run/containers', mode: 0o755 },
  { path: '/var/lib/containers', mode: 0o755 },
  { path: '/run/netns', mode: 0o755 },
  { path: '/run/cni', mode: 0o755 },
  { path: '/var/lib/cni', mode: 0o755 },
];

/** A folder that dit made: the path may have become another's. */
interface Made {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
  /** Whose: of the engines that share a /run/dit. Another boot's are nobody's. */
  readonly view: string;
}

/** Outlives a boot, as some of the folders do. */
const REGISTER = join(STATE_ROOT, 'outside.json');

/**
 * Makes the engine's own folders and the mount points, under the lock of all engines.
 * @returns the steps of its mount namespace
 */
export function ownOutside(layout: EngineLayout): Step[] {
  const steps: Step[] = [];
  for (const { path, mode, copied } of FOLDERS) {
    if (!makeMountPoint(path, mode)) continue;
    const own = join(layout.execRoot, 'outside', path);
    mkdirSync(dirname(own), { recursive: true });
    if (copied === true) cpSync(path, own, { recursive: true, verbatimSymlinks: true });
    else mkdirSync(own, { recursive: true, mode });
    steps.push(['mount', '-n', '--bind', own, path]);
  }
  return steps;
}

/** False where the machine cannot have one: then no engine can write there either. */
function makeMountPoint(path: string, mode: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there !== undefined) return there.isDirectory();
  const parent = dirname(path);
  if (!makeMountPoint(parent, 0o755)) return false;
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (['EROFS', 'EACCES', 'EPERM', 'ENOTDIR'].includes(systemErrorCode(error) ?? ''))
      return false;
    throw error;
  }
  const { dev, ino } = statSync(path);
  writeRegister([...readRegister(), { path, dev, ino, view: ownView() }]);
  return true;
}

/**
 * Takes away what was made for engines when the last one goes, under their lock; what is in use now stays. Who sees
 * another /run (a container) does not see all engines: what they may use too is left to them.
 */
export function removeOutside(layout: EngineLayout): void {
  if (hasOtherEngines(layout)) return;
  const register = readRegister();
  const view = ownView();
  const boot = bootId();
  const isTheirs = (made: Made): boolean => made.view !== view && made.view.startsWith(boot);
  const heir = register.find(isTheirs)?.view;
  if (heir === undefined) {
    register.toReversed().forEach(removeEmpty);
    rmSync(REGISTER, { force: true });
    return;
  }
  // They see all but what lies in this /run.
  const runDevice = statSync(RUN_ROOT).dev;
  const isOursAlone = (made: Made): boolean => !isTheirs(made) && made.dev === runDevice;
  register.filter(isOursAlone).reverse().forEach(removeEmpty);
  const left = register.filter((made) => !isOursAlone(made));
  writeRegister(left.map((made) => (isTheirs(made) ? made : { ...made, view: heir })));
}

function removeEmpty({ path, dev, ino }: Made): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.dev !== dev || there.ino !== ino) return;
  try {
    rmdirSync(path);
  } catch (error) {
    if (!['ENOTEMPTY', 'EBUSY', 'ENOENT'].includes(systemErrorCode(error) ?? '')) throw error;
  }
}

/** The boot, and /run/dit as it is seen here. */
function ownView(): string {
  const { dev, ino } = statSync(RUN_ROOT);
  return `${bootId()} ${dev}-${ino}`;
}

function readRegister(): Made[] {
  try {
    // Only root can write there.
    const made = JSON.parse(readFileSync(REGISTER, 'utf8')) as (Omit<Made, 'view'> &
      Partial<Made>)[];
    // An earlier dit noted no view.
    return made.map((each) => ({ view: '', ...each }));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || error instanceof SyntaxError) return [];
    throw error;
  }
}

function writeRegister(made: readonly Made[]): void {
  mkdirSync(STATE_ROOT, { recursive: true, mode: 0o711 });
  writeFileSync(REGISTER, safeJson(made), { mode: 0o600 });
}
