/** Commands in a mount namespace of their own, made ready for them by steps. */

/** One command of the steps: its words. mount(8) and umount(8) with -n: without, they make /run/mount. */
export type Step = readonly string[];

/**
 * With steps a mount namespace of its own in which the command is executed after them; without any the command
 * itself. What is mounted on the machine later is seen in it; what is mounted in it, nowhere else.
 */
export function inMountNamespace(steps: readonly Step[], command: Step): Step {
  if (steps.length === 0) return command;
  const script = [...steps.map((step) => step.map(quoted).join(' ')), 'exec "$@"'].join('\n');
  const own = ['unshare', '--mount', '--propagation', 'slave'];
  return [...own, 'sh', '-euc', script, 'sh', ...command];
}

/** A word that the shell takes as it is. */
export const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

export const hideMounts = (targets: readonly string[]): Step[] =>
  targets.map((target) => ['umount', '-n', '--lazy', target]);
