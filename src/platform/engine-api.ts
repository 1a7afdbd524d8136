/** Plain requests to an engine's API without a client library: is it there, what is it, kill what runs. */
import http from 'node:http';
import https from 'node:https';

export interface ApiAddress {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
}

/** The answers asked for here are some kilobytes; whoever sends more is no engine. */
const MAX_ANSWER_BYTES = 1 << 20;

/** The body of a 2xx answer, or an error: refused, timed out, another status, too long. */
function request(
  method: 'GET' | 'POST',
  address: ApiAddress,
  path: string,
  timeoutMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const { tls, ...where } = address;
    const client = tls === undefined ? http : https;
    const sent = client.request(
      { ...where, ...tls, method, path, agent: false, headers: { Host: 'docker' } },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES) sent.destroy(new Error('the answer is too long'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          clearTimeout(limit);
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve(Buffer.concat(chunks).toString('utf8'));
          else reject(new Error(`HTTP status ${status}`));
        });
      },
    );
    const limit = setTimeout(
      () => sent.destroy(new Error(`no answer in ${timeoutMs} ms`)),
      timeoutMs,
    );
    sent.on('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    sent.end();
  });
}

/** The JSON that GET `path` answers; rejects with the reason. */
export async function getJson(
  address: ApiAddress,
  path: string,
  timeoutMs: number,
): Promise<unknown> {
  return JSON.parse(await request('GET', address, path, timeoutMs));
}

/** Resolves when the engine answers; rejects with the reason otherwise. */
export async function ping(address: ApiAddress, timeoutMs = 2000): Promise<void> {
  await request('GET', address, '/_ping', timeoutMs);
}

export async function engineVersion(address: ApiAddress, timeoutMs = 2000): Promise<string> {
  const answer = await getJson(address, '/version', timeoutMs);
  if (typeof answer === 'object' && answer !== null && 'Version' in answer) {
    return String(answer.Version);
  }
  return 'unknown';
}

/** Kills all running containers, for good: the API's kill also ends a restart policy. */
export async function killRunningContainers(address: ApiAddress, timeoutMs: number): Promise<void> {
  const list = await getJson(address, '/containers/json', timeoutMs);
  if (!Array.isArray(list)) return;
  const ids = list
    .map((each: { Id?: unknown }) => String(each.Id))
    .filter((id) => /^\w+$/.test(id));
  await Promise.all(ids.map((id) => request('POST', address, `/containers/${id}/kill`, timeoutMs)));
}
