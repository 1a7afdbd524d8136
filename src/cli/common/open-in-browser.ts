/** The browser of the desktop, for the user who is in front of it: never as root. */
import { DitError, EXIT } from '../../base/errors.js';
import { homeOf, isRoot, type Owner, sudoUser } from '../../platform/files/owner.js';
import { startProgram } from '../../platform/processes/child-process.js';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Before the page is made. A page shows what a trace says, and a trace is anybody's: root's browser would be its prize.
 * @throws DitError open-as-root (exit 2)
 */
export function refuseRootsBrowser(env: Env): void {
  if (!isRoot() || sudoUser(env) !== undefined) return;
  throw new DitError({
    code: 'open-as-root',
    exitCode: EXIT.usage,
    message: 'dit does not run a browser as root',
    remedy: "leave --open out, and open the page as the desktop's user: xdg-open FILE.html",
  });
}

/** @returns whether a browser was asked; it outlives dit */
export function openInBrowser(path: string, env: Env): Promise<boolean> {
  const owner = sudoUser(env);
  const as = owner === undefined ? { env: { ...env } } : { ...owner, env: envOf(owner, env) };
  const child = startProgram('xdg-open', [path], {
    endedBy: 'nobody',
    stdio: 'ignore',
    detached: true,
    cwd: '/',
    ...as,
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('spawn', () => resolve(true));
  });
}

/** What sudo keeps of a desktop, or every login has. */
const KEPT =
  /^(?:PATH|LANG|LC_.*|TERM|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|XDG_CURRENT_DESKTOP|BROWSER)$/;

/** The environment of who called sudo, as far as it is known behind it. */
function envOf(owner: Owner, env: Env): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => KEPT.test(name));
  const runtime = `/run/user/${owner.uid}`;
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    ...(env.SUDO_USER === undefined ? {} : { USER: env.SUDO_USER, LOGNAME: env.SUDO_USER }),
    HOME: homeOf(owner, env),
    XDG_RUNTIME_DIR: runtime,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus`,
  };
}
