/** Who typed the command: behind sudo that is not the user that dit runs as. */
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { printedBy } from '../processes/child-process.js';

type Env = Readonly<Record<string, string | undefined>>;

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export const isRoot = (): boolean => process.geteuid?.() === 0;

/** Who called sudo, and is to own what dit makes; undefined where dit runs for its own user. */
export function sudoUser({ SUDO_UID, SUDO_GID }: Env): Owner | undefined {
  if (!isRoot() || !isId(SUDO_UID) || !isId(SUDO_GID)) return undefined;
  const [uid, gid] = [Number(SUDO_UID), Number(SUDO_GID)];
  return uid === 0 ? undefined : { uid, gid };
}

/** -1 as an id would mean "leave it". */
const isId = (text: string | undefined): text is string =>
  text !== undefined && /^\d{1,10}$/.test(text) && Number(text) < 2 ** 32 - 1;

/** Folders of the XDG base directory specification: the variable, and where it is below the home. */
const XDG = {
  state: { variable: 'XDG_STATE_HOME', below: '.local/state' },
  cache: { variable: 'XDG_CACHE_HOME', below: '.cache' },
} as const;

/**
 * Where a user's state or cache lies. Behind sudo it is the one of who called it: sudo sets HOME to root's, or keeps
 * another's, so both are believed only where they are that user's.
 */
export function userFolder(kind: keyof typeof XDG, env: Env): string {
  const { variable, below } = XDG[kind];
  const owner = sudoUser(env);
  const named = env[variable];
  if (owner === undefined) return named || join(env.HOME || homedir(), below);
  if (named && isOf(named, owner)) return named;
  return join(homeOf(owner, env), below);
}

/** Of who called sudo. */
export function homeOf(owner: Owner, { HOME }: Env): string {
  if (HOME && isOf(HOME, owner)) return HOME;
  return homeInPasswd(owner.uid) ?? HOME ?? homedir();
}

/** Whether a folder, or the nearest one above it that is there, is a user's. */
function isOf(path: string, { uid }: Owner): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat !== undefined) return stat.uid === uid;
    if (folder === dirname(folder)) return false;
  }
}

/** /etc/passwd, else what the name service knows: LDAP, systemd-homed. */
function homeInPasswd(uid: number): string | undefined {
  try {
    const own = homeOfLine(readFileSync('/etc/passwd', 'utf8'), uid);
    if (own !== undefined) return own;
    return homeOfLine(printedBy('getent', ['passwd', String(uid)]) ?? '', uid);
  } catch {
    // Nobody who can be looked up: the environment's home is taken.
    return undefined;
  }
}

/** @param passwd "bob:x:1000:1000:Bob:/home/bob:/bin/sh", a line each */
export function homeOfLine(passwd: string, uid: number): string | undefined {
  for (const line of passwd.split('\n')) {
    const [, , id, , , home] = line.split(':');
    if (id === String(uid) && home?.startsWith('/')) return home;
  }
  return undefined;
}
