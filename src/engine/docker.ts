/** The door to dockerode: connecting, and the engine's refusals in dit's words. */

import type Dockerode from 'dockerode';
import { DitError, EXIT, messageOf, systemErrorCode } from '../base/errors.js';
import { type Foreign, quoting, raw } from '../base/foreign.js';
import { guardModem } from './api/guarded-modem.js';
import { dockerodeOptions, type EngineEndpoint } from './endpoint.js';

/**
 * @param signal of the command: it ends the requests that are under way; undefined: the command has none
 */
export async function connectDocker(
  endpoint: EngineEndpoint,
  signal: AbortSignal | undefined,
): Promise<Dockerode> {
  const { default: Docker } = await import('dockerode');
  const docker = new Docker(dockerodeOptions(endpoint));
  guardModem(docker, signal);
  return docker;
}

interface EngineRefusal {
  readonly status: number;
  readonly message: Foreign;
}

/** The HTTP status and the engine's own message of what a request threw; status 0: it did not answer. */
export function engineRefusal(error: unknown): EngineRefusal {
  const record =
    typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const status = typeof record.statusCode === 'number' ? record.statusCode : 0;
  return { status, message: messageOf(error).trim() };
}

const GONE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'EACCES', 'ETIMEDOUT']);

export const ENGINE_GONE_REMEDY =
  'check that it runs: dit engine status, or systemctl status docker';

/** What an engine's refusal is about: the first rule that holds says it. */
interface RefusalRule {
  readonly holds: (refusal: Refusal) => boolean;
  readonly code: string;
  readonly message: (refusal: Refusal) => Foreign;
  readonly remedy: string;
}

interface Refusal extends EngineRefusal {
  /** Of the connection: ECONNREFUSED, HPE_INVALID_CONSTANT …; undefined: the engine did answer. */
  readonly system: string | undefined;
  readonly doing: string;
  /** The image that was asked for; '' where none was. */
  readonly image: string;
}

const UNREACHABLE =
  /dial tcp|no such host|TLS handshake|i\/o timeout|connection refused|Client\.Timeout|server misbehaving|network is unreachable|EOF$/i;
const NO_IMAGE = /not found|manifest unknown|pull access denied|does not exist/i;
const OF_RUNTIME = /OCI runtime create failed|failed to create (task|shim)/i;
const NO_COMMAND = /executable file not found|no such file or directory|permission denied/i;

const isGone = ({ system, status }: Refusal): boolean =>
  system !== undefined && GONE.has(system) && status === 0;
const cannotStart = ({ message }: Refusal): Foreign =>
  quoting`the container cannot be started: ${message}`;

const REFUSALS: readonly RefusalRule[] = [
  {
    holds: (refusal) => isGone(refusal) && refusal.system === 'EACCES',
    code: 'engine-denied',
    message: ({ doing, message }) =>
      quoting`the engine refuses this user while ${doing}: ${message}`,
    remedy: 'run as root (sudo), or join the docker group',
  },
  {
    holds: isGone,
    code: 'engine-gone',
    message: ({ doing, message }) => quoting`the engine does not answer while ${doing}: ${message}`,
    remedy: ENGINE_GONE_REMEDY,
  },
  {
    // "Parse Error: Expected HTTP/": node's parser's words for what is no HTTP.
    holds: ({ system }) => system?.startsWith('HPE_') === true,
    code: 'engine-nonsense',
    message: ({ doing, message }) =>
      quoting`what answers does not speak the Docker API while ${doing}: ${message}`,
    remedy: 'check the address of the engine: docker context ls, or name another with --host',
  },
  {
    holds: ({ status }) => status === 0,
    code: 'engine-gone',
    message: ({ doing, message }) => quoting`the engine went away while ${doing}: ${message}`,
    remedy: ENGINE_GONE_REMEDY,
  },
  {
    holds: ({ image, message }) => image !== '' && UNREACHABLE.test(raw(message)),
    code: 'registry-unreachable',
    message: ({ image, message }) =>
      quoting`the registry of image '${image}' cannot be reached: ${message}`,
    remedy:
      'check the network, load the image by hand (docker load), or leave the image out: dit trace run uses a built-in one',
  },
  {
    holds: ({ image, status, message }) =>
      image !== '' && (status === 404 || NO_IMAGE.test(raw(message))),
    code: 'image-not-found',
    message: ({ image, message }) =>
      quoting`image '${image}' is not here and the registry does not have it: ${message}`,
    remedy: 'check the name, or leave it out: dit trace run uses a built-in image',
  },
  {
    holds: ({ message }) => OF_RUNTIME.test(raw(message)) && NO_COMMAND.test(raw(message)),
    code: 'command-not-found',
    message: cannotStart,
    remedy: 'check the command: is it in the image, and executable?',
  },
  {
    holds: ({ message }) => OF_RUNTIME.test(raw(message)),
    code: 'runtime-failed',
    message: cannotStart,
    remedy: 'what the runtime did up to its failure is in the trace: dit trace show',
  },
  {
    holds: ({ status }) => status === 409,
    code: 'engine-conflict',
    message: ({ doing, message }) => quoting`the engine refuses ${doing}: ${message}`,
    remedy: 'choose another name with --name',
  },
];

const ANY_OTHER: Omit<RefusalRule, 'holds'> = {
  code: 'engine-refused',
  message: ({ doing, message }) => quoting`the engine refuses ${doing}: ${message}`,
  remedy: "read the engine's log: journalctl -u docker, or dit engine status for its own",
};

/** @param doing "creating the container": what was asked of the engine */
export function engineError(error: unknown, doing: string, image = ''): DitError {
  if (error instanceof DitError) return error;
  const refusal = { ...engineRefusal(error), system: systemErrorCode(error), doing, image };
  const { code, message, remedy } = REFUSALS.find(({ holds }) => holds(refusal)) ?? ANY_OTHER;
  return new DitError({
    code,
    exitCode: EXIT.engine,
    message: message(refusal),
    remedy,
    cause: error,
  });
}
