/** Plain requests to an engine's API without a client library: is it there, what is it, kill what runs. */

import { httpRequest } from '../../platform/http-request.js';
import { checkedAnswer, nonsense, silent } from './answers.js';

export interface ApiAddress {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
}

/** Lists of containers and images are the longest that are asked for here. */
const MOST_BYTES = 16 << 20;

/** Another status than 2xx. */
export class StatusError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number) {
    super(`HTTP status ${statusCode}`);
    this.statusCode = statusCode;
  }
}

/**
 * The body of a 2xx answer.
 * @throws the system's error, a StatusError, DitError engine-silent or engine-nonsense, or what the signal was
 * aborted with
 */
async function request(
  method: 'GET' | 'POST',
  address: ApiAddress,
  path: string,
  limitMs: number,
  signal?: AbortSignal,
): Promise<string> {
  const { tls, ...where } = address;
  const { status, body, isCut } = await httpRequest({
    method,
    to: { ...where, ...tls, secure: tls !== undefined },
    path,
    headers: { Host: 'docker', 'Content-Length': 0 },
    limitMs,
    late: () => silent(method, path, limitMs),
    signal,
    mostBytes: MOST_BYTES,
  });
  if (status < 200 || status > 299) throw new StatusError(status);
  if (isCut) throw nonsense(method, path, `the answer is longer than ${MOST_BYTES >> 20} MiB`);
  return body.toString('utf8');
}

/** The JSON that GET `path` answers, checked. @throws as `request` */
export async function getJson(
  address: ApiAddress,
  path: string,
  limitMs: number,
  signal?: AbortSignal,
): Promise<unknown> {
  return checkedAnswer('GET', path, await request('GET', address, path, limitMs, signal));
}

/** Resolves when the engine answers; rejects with the reason otherwise. */
export async function ping(
  address: ApiAddress,
  limitMs = 2000,
  signal?: AbortSignal,
): Promise<void> {
  await request('GET', address, '/_ping', limitMs, signal);
}

export async function engineVersion(
  address: ApiAddress,
  limitMs = 2000,
  signal?: AbortSignal,
): Promise<string> {
  const { Version } = (await getJson(address, '/version', limitMs, signal)) as { Version: string };
  return Version;
}

/** Kills all running containers, for good: the API's kill also ends a restart policy. */
export async function killRunningContainers(
  address: ApiAddress,
  limitMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const list = (await getJson(address, '/containers/json', limitMs, signal)) as { Id: string }[];
  await Promise.all(
    list.map(({ Id }) => request('POST', address, `/containers/${Id}/kill`, limitMs, signal)),
  );
}
