/** One HTTP request with everything bounded: how long it may take, and how much of its answer is kept. */
import http from 'node:http';
import https from 'node:https';
import { Deadline } from './deadline.js';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Node's own options: socketPath, or host and port; ca, cert and key make it https. */
  readonly to: https.RequestOptions & { readonly secure: boolean };
  readonly path: string;
  readonly headers: http.OutgoingHttpHeaders;
  readonly body?: Uint8Array;
  /** From the look-up of the host's name to the answer's last byte. */
  readonly limitMs: number;
  /** What is thrown when it is over. */
  readonly late: () => Error;
  readonly signal?: AbortSignal | undefined;
  /** The answer is read up to here. */
  readonly mostBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** There was more. */
  readonly isCut: boolean;
}

/** @throws the system's error, `late()`, or what the signal was aborted with */
export function httpRequest(request: HttpRequest): Promise<HttpAnswer> {
  const { method, path, headers, body, limitMs, late, signal, mostBytes } = request;
  const { secure, ...to } = request.to;
  return new Promise<HttpAnswer>((resolve, reject) => {
    const deadline = new Deadline({ limitMs, late, signals: [signal] });
    const end = (settle: () => void): void => {
      deadline.close();
      settle();
      sent.destroy();
    };
    // Its own connection: one that is kept open would keep the process.
    const options = { ...to, method, path, headers, agent: false } as const;
    const sent = (secure ? https : http).request(options, (response) => {
      const chunks: Buffer[] = [];
      let left = mostBytes;
      const answer = (isCut: boolean): void =>
        end(() =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
            isCut,
          }),
        );
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk.subarray(0, left));
        left -= chunk.length;
        if (left < 0) answer(true);
      });
      response.on('end', () => answer(false));
      response.on('error', (error) => end(() => reject(error)));
      response.on('close', () => end(() => reject(new Error('the answer ends too early'))));
    });
    sent.on('error', (error) => end(() => reject(error)));
    sent.on('close', () => end(() => reject(new Error('the connection was closed'))));
    const stop = (): void => end(() => reject(deadline.signal.reason as Error));
    if (deadline.signal.aborted) return stop();
    deadline.signal.addEventListener('abort', stop);
    sent.end(body);
  });
}
