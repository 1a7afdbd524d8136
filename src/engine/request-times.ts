/**
 * When a request really went out to the engine, and when its answer had come in. Between the call of the client library
 * and the write to the socket lie the connecting and whatever else JavaScript does meanwhile: 15 ms have been seen. Node
 * says when it has handed a request to its socket, and when an answer has ended.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { ASKED_DETAIL } from '../model/trace/own-requests.js';
import type { RawMark } from './marks.js';

/** Absolute CLOCK_MONOTONIC, ns. */
interface RequestTimes {
  readonly asked: bigint;
  /** Right after write(2) had returned. */
  written?: bigint;
  /** Its last byte had been read. */
  answered?: bigint;
}

const underWay = new AsyncLocalStorage<RequestTimes>();
let watching = false;

/** One request, from the call of the client library on. */
export class TimedRequest {
  readonly #times: RequestTimes = { asked: process.hrtime.bigint() };

  /** @param send calls the client library, which makes one request */
  run<T>(send: () => Promise<T>): Promise<T> {
    watch();
    return underWay.run(this.#times, send);
  }

  /** For the mark of the request, which has ended: with its answer, or with an error now. */
  mark(
    detail: Readonly<Record<string, string>> = {},
  ): Pick<RawMark, 'startNs' | 'endNs' | 'detail'> {
    const { asked, written, answered } = this.#times;
    const startNs = written ?? asked;
    return {
      startNs,
      endNs: answered ?? process.hrtime.bigint(),
      detail:
        written === undefined ? detail : { ...detail, [ASKED_DETAIL]: String(written - asked) },
    };
  }
}

function watch(): void {
  if (watching) return;
  watching = true;
  subscribe('http.client.request.start', (message) => {
    const times = underWay.getStore();
    // Of a redirection the first request counts.
    if (times === undefined || times.written !== undefined) return;
    const { request } = message as { readonly request: ClientRequest };
    noteWrite(request, times);
    // In front of the client library's own listeners, which take their time.
    request.prependOnceListener('response', (response: IncomingMessage) => {
      response.once('end', () => {
        times.answered = process.hrtime.bigint();
      });
    });
  });
}

/** Node has written the request just now, or does it first of all when the socket is connected. */
function noteWrite({ socket }: ClientRequest, times: RequestTimes): void {
  const note = (): void => {
    times.written = process.hrtime.bigint();
  };
  if (socket?.connecting !== true) note();
  else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', note);
}
