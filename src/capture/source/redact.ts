/** `--redact`: what is kept of an argv, so that a trace still distinguishes shim, runc and container. */
import { parseContainerId } from '../../base/ids.js';

export const REDACTED = '…';

/** Words that shims and OCI runtimes are called with; anything else may be somebody's secret. */
const STRUCTURE: ReadonlySet<string> = new Set([
  '-namespace',
  '-id',
  'create',
  'start',
  'delete',
  'kill',
  'state',
  'run',
  'exec',
]);

/** argv[0] stays; `runc init` stays; where a container's id is among the arguments, it and the command stay. */
export function redactArguments(argv: readonly string[]): string[] {
  const ofRuntime = argv.some((argument) => parseContainerId(argument) !== undefined);
  return argv.map((argument, index) => {
    if (index === 0 || (argument === 'init' && argv.length === 2)) return argument;
    const kept = ofRuntime && (STRUCTURE.has(argument) || parseContainerId(argument) !== undefined);
    return kept ? argument : REDACTED;
  });
}
