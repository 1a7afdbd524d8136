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

/** @param doing "creating the container": what was asked of the engine */
export function engineError(error: unknown, doing: string, image = ''): DitError {
  if (error instanceof DitError) return error;
  const { status, message } = engineRefusal(error);
  const system = systemErrorCode(error);
  const fail = (code: string, text: Foreign, remedy: string): DitError =>
    new DitError({ code, exitCode: EXIT.engine, message: text, remedy, cause: error });

  if (system !== undefined && GONE.has(system) && status === 0) {
    return system === 'EACCES'
      ? fail(
          'engine-denied',
          quoting`the engine refuses this user while ${doing}: ${message}`,
          'run as root (sudo), or join the docker group',
        )
      : fail(
          'engine-gone',
          quoting`the engine does not answer while ${doing}: ${message}`,
          ENGINE_GONE_REMEDY,
        );
  }
  // "Parse Error: Expected HTTP/": node's parser's words for what is no HTTP.
  if (system?.startsWith('HPE_')) {
    return fail(
      'engine-nonsense',
      quoting`what answers does not speak the Docker API while ${doing}: ${message}`,
      'check the address of the engine: docker context ls, or name another with --host',
    );
  }
  if (status === 0) {
    return fail(
      'engine-gone',
      quoting`the engine went away while ${doing}: ${message}`,
      ENGINE_GONE_REMEDY,
    );
  }
  if (
    /dial tcp|no such host|TLS handshake|i\/o timeout|connection refused|Client\.Timeout|server misbehaving|network is unreachable|EOF$/i.test(
      raw(message),
    ) &&
    image !== ''
  ) {
    return fail(
      'registry-unreachable',
      quoting`the registry of image '${image}' cannot be reached: ${message}`,
      'check the network, load the image by hand (docker load), or leave the image out: dit trace run uses a built-in one',
    );
  }
  if (
    image !== '' &&
    (status === 404 ||
      /not found|manifest unknown|pull access denied|does not exist/i.test(raw(message)))
  ) {
    return fail(
      'image-not-found',
      quoting`image '${image}' is not here and the registry does not have it: ${message}`,
      'check the name, or leave it out: dit trace run uses a built-in image',
    );
  }
  if (/OCI runtime create failed|failed to create (task|shim)/i.test(raw(message))) {
    const missing = /executable file not found|no such file or directory|permission denied/i.test(
      raw(message),
    );
    return fail(
      missing ? 'command-not-found' : 'runtime-failed',
      quoting`the container cannot be started: ${message}`,
      missing
        ? 'check the command: is it in the image, and executable?'
        : 'what the runtime did up to its failure is in the trace: dit trace show',
    );
  }
  if (status === 409) {
    return fail(
      'engine-conflict',
      quoting`the engine refuses ${doing}: ${message}`,
      'choose another name with --name',
    );
  }
  return fail(
    'engine-refused',
    quoting`the engine refuses ${doing}: ${message}`,
    "read the engine's log: journalctl -u docker, or dit engine status for its own",
  );
}
